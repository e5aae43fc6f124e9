"""Commands after which something leaves this machine: each asks first."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from pipeline.commands.base import Session, ask, helped, now, receipt, say, yes_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.build import Built
    from pipeline.opened import Opened
    from pipeline.outgoing import Delivery
    from pipeline.planned import Plan
    from pipeline.publish import Late

_late = click.option(
    "--late", type=click.Choice(["ask", "go", "hold"]), default="ask", show_default=True,
    help="Letters that waited too long: let them go, or hold them for good.",
)  # fmt: skip
_changed = click.option(
    "--changed", type=click.Choice(["ask", "again", "keep"]), default="ask", show_default=True,
    help="Pending emails of which something changed since: compose them again, or keep them as they are.",
)  # fmt: skip


@click.command()
@click.option("--again", is_flag=True, help="Even if nothing changed since the last time.")
@yes_option
@click.pass_obj
def deploy(session: Session, again: bool, yes: bool) -> None:
    """Put build/site online."""
    from pipeline import hub
    from pipeline.deploy import target
    from pipeline.ledger import Ledger
    from pipeline.opened import open_house
    from pipeline.publish import deploy_if_changed
    from pipeline.secret import private_folder, read_secret

    with Ledger.open(private_folder(session.root), session.clock()) as ledger:
        read_secret(session.root)
        house = open_house(session.root, session.environ, session.clock(), ledger).house
        where = target(house.settings.deploy)
        if not where:
            say("The site goes nowhere yet: set `to` in [tool.kith.deploy]. It is in build/site.")
            return
        news = hub.news(session.root, house, ledger).words
        if not (yes or ask(f"Deploy to {where}{f' and announce {news}' if news else ''}?")):
            raise SystemExit(1)
        if again:
            ledger.note_deployed("")
        deploy_if_changed(session.root, house, ledger, session.environ, say)


@click.command()
@yes_option
@_late
@_changed
@click.pass_obj
def deliver(session: Session, yes: bool, late: str, changed: str) -> None:
    """Submit the planned letters, without touching the site."""
    _run(session, yes, late, changed, site=False)


@click.command()
@yes_option
@_late
@_changed
@click.pass_obj
def publish(session: Session, yes: bool, late: str, changed: str) -> None:
    """Do all of it, in order: site, feeds, deploy, letters."""
    _run(session, yes, late, changed, site=True)


def _run(session: Session, yes: bool, late: str, changed: str, *, site: bool) -> None:
    from pipeline import report
    from pipeline.errors import Misconfigured
    from pipeline.publish import Job
    from pipeline.publish import publish as whole
    from pipeline.terminal import around, transport_for

    transport = transport_for(session.root, session.environ)
    job = Job(
        root=session.root,
        environ=session.environ,
        now=now(session),
        transport=transport,
        around=lambda may_go: around(session.clock, may_go),
        confirm=lambda opened, decided, built, left, deploys: _confirm(opened, decided, built, left, deploys, yes),
        late=lambda waiting: _about_late(waiting, late),
        anew=lambda waiting, why: _about_changed(waiting, why, changed, yes),
        step=say,
        site=site,
    )
    try:
        with helped(session.root) if site else nullcontext():
            tally = whole(job)
    except Misconfigured as error:
        raise Misconfigured(f"{error} Nothing is lost: what was planned stays planned.") from None
    if tally is None:
        say("Cancelled: nothing was deployed or submitted.")
        raise SystemExit(1)
    if tally.submitted or tally.needs_a_person or tally.held:
        line = report.tally_line(tally.submitted, tally.refused, tally.uncertain, tally.held, tally.pending)
        say(f"{line:<48} kith report")
    elif tally.unsettled:
        say(f"{report.counted(tally.unsettled, 'letter')} of earlier runs need a person: kith report")
    for line in report.blocked_lines(tally.blocked):
        say(line)
    if tally.stopped:
        say(f"Stopped: {tally.stopped}.".replace("..", "."))
        if tally.pending:
            say("What is pending goes with the next `kith publish`.")
    if tally.needs_a_person or tally.unclear:
        raise SystemExit(1)


def _about_late(waiting: list[Delivery], late: str) -> Late:
    """Asks about letters that were frozen long ago; where nobody can answer they stay pending."""
    import sys

    from pipeline.publish import Late
    from pipeline.report import counted, dated

    if late != "ask":
        return Late(late)
    oldest = min(one.issued for one in waiting if one.issued)
    since = f"{counted(len(waiting), 'letter')} of {dated(oldest.date())} did not go yet"
    if not sys.stdin.isatty():
        say(f"{since}. Say what is to be done with --late go or --late hold.")
        return Late.ASK
    return Late.GO if click.confirm(f"{since}. Deliver them all the same?") else Late.HOLD


def _about_changed(waiting: list[Delivery], why: Mapping[str, str], changed: str, yes: bool) -> bool:
    """Asks whether pending emails are composed again; where nobody can answer, they are."""
    import sys

    from pipeline.report import changed_lines

    for line in changed_lines(waiting, why):
        say(line)
    if changed == "ask" and sys.stdin.isatty() and not yes:
        return click.confirm("Compose them again? If not, they go as they are.", default=True)
    again = changed != "keep"
    say("They are composed again." if again else "They go as they are.")
    return again


def _confirm(opened: Opened, decided: Plan, built: Built, left: list[Delivery], deploys: bool, yes: bool) -> bool:
    """Prints the receipt and asks, when something would leave this machine."""
    from pipeline.deploy import target
    from pipeline.report import leaving_line

    receipt(opened, decided, built, left)
    settings = opened.house.settings
    leaving = [f"deploy to {target(settings.deploy)}"] if deploys else []
    leaving += [f"announce {built.hub}"] if built.hub else []
    if (built.letters or left) and settings.mail.transport != "outbox":
        leaving.append(leaving_line(built.letters, len(left), settings.mail.transport))
    if not built.letters and not left:
        say("Nobody is told anything now.")
    if not leaving or yes:
        return True
    return ask(f"{' and '.join(leaving).capitalize()}?")


COMMANDS = (deploy, deliver, publish)
