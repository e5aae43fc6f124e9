"""Commands for what comes afterwards: what became of letters, and what readers asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.base import Session, as_json, ask, json_option, now, say, yes_option
from pipeline.regular import read_regular

if TYPE_CHECKING:
    from pipeline.explain import Rule
    from pipeline.model import House
    from pipeline.outgoing import Delivery


@click.command()
@click.option("--show", "shown", default="", metavar="ID", help="Show the email of this delivery, as it was composed.")
@json_option
@click.pass_obj
def report(session: Session, shown: str, json_: bool) -> None:
    """Show what was submitted, what is held, and what needs a person."""
    from pipeline import report as words
    from pipeline.reporting import reported

    if shown:
        _show(session, shown, json_)
        return
    found = reported(session.root, session.environ, session.clock())
    if json_:
        held = [{"who": one.who, "reason": one.reason, "until": str(one.until or "")} for one in found.held]
        deliveries = [_row(one) for one in found.deliveries]
        as_json({"counts": found.counts, "deliveries": deliveries, "held": held, "problems": list(found.problems)})
    else:
        for line in words.report_lines(found.counts, found.deliveries, found.held):
            say(line)
        for line in (*words.unclear_lines(found.unclear), *words.unread_lines(found.problems)):
            say(line)
    if words.unsettled(found.deliveries, found.blocked) or found.unclear:
        raise SystemExit(1)


def _show(session: Session, delivery: str, json_: bool) -> None:
    from pipeline.reporting import one_email

    page, letter = one_email(session.root, delivery)
    if json_:
        as_json({"from": letter.sender, "to": letter.to, "subject": letter.subject, "date": letter.date.isoformat(),
                 "text": letter.text, "html": letter.html})  # fmt: skip
        return
    for key, value in (("From", letter.sender), ("To", letter.to), ("Subject", letter.subject)):
        say(f"{key:<10}{value}")
    say(f"{'Date':<10}{letter.date:%Y-%m-%d %H:%M}")
    say(f"Page      {session.shown(page)}\n\n{letter.text}")


def _row(one: Delivery) -> dict[str, str]:
    return {"id": one.id, "issue": one.issue, "who": one.who, "state": one.state, "reason": one.reason,
            "message_id": one.message_id, "subject": one.subject,
            "changed": one.changed.isoformat() if one.changed else ""}  # fmt: skip


@click.command()
@click.argument("person")
@click.argument("entry", required=False, default="")
@json_option
@click.pass_obj
def explain(session: Session, person: str, entry: str, json_: bool) -> None:
    """Say why PERSON did, or will, get ENTRY, or why not, and when."""
    from pipeline import report as words
    from pipeline.explain import explain as ask
    from pipeline.explain import rules
    from pipeline.ledger import Ledger
    from pipeline.opened import open_house
    from pipeline.standing import stance, who_is

    opened = open_house(session.root, session.environ, session.clock())
    who = who_is(opened.house, person)
    ledger = Ledger.peek(session.root / "private")
    record = ledger.record(who) if ledger else {}
    if ledger:
        ledger.close()
    verdicts = ask(opened.house, opened.history, opened.now, who, record)
    if entry:
        verdicts = [verdict for verdict in verdicts if verdict.entry == _known_entry(opened.house, entry)]
    entries = {one.id: one for one in opened.house.entries + opened.house.waiting}

    def ruled(name: str) -> tuple[Rule, ...]:
        return rules(opened.house, opened.history, who, entries[name])

    if json_:
        as_json(
            [
                {"entry": v.entry, "now": v.told, "reason": v.reason, "until": str(v.until or "")}
                | words.rule_data(ruled(v.entry))
                for v in verdicts
            ]
        )
        return
    for line in words.explain_lines(who, stance(opened.house, opened.history, who), verdicts, ruled, 12):
        say(line)


def _known_entry(house: House, name: str) -> str:
    from pipeline.errors import KithError
    from pipeline.validate import did_you_mean

    everything = house.entries + house.waiting
    for entry in everything:
        if name in (entry.id, entry.slug, *(version.path for version in entry.versions)):
            return entry.id
    raise KithError(f"there is no entry `{name}`. {did_you_mean(name, [entry.id for entry in everything])}")


@click.command()
@click.argument("delivery")
@click.argument("verdict", type=click.Choice(["taken", "not-taken"]))
@click.pass_obj
def settle(session: Session, delivery: str, verdict: str) -> None:
    """Say what became of an uncertain (or refused) DELIVERY.

    `all` is everything that is uncertain, `refused` everything that was refused.
    """
    from pipeline.standing import settle as decide

    for line in decide(session.root, delivery, verdict == "taken", session.clock()):
        say(line)


@click.command()
@click.argument("what", default="all")
@yes_option
@json_option
@click.pass_obj
def withdraw(session: Session, what: str, yes: bool, json_: bool) -> None:
    """Take back emails that were composed and never submitted.

    WHAT is `all` (as without it), an issue, a PERSON, or a delivery. Their entries wait again for these people.
    """
    from pipeline import report as words
    from pipeline.leftover import withdraw as take_back
    from pipeline.leftover import withdrawn_line

    def agreed(found: list[Delivery], others: int) -> bool:
        for line in words.withdraw_lines(found, others) if not json_ else ():
            say(line)
        return yes or (not json_ and ask(f"Withdraw {words.counted(len(found), 'email')}?"))

    done = take_back(session.root, what, now(session), agreed)
    if json_:
        as_json({"withdrawn": [_row(one) for one in done or ()]})
    else:
        say("Cancelled: nothing was withdrawn." if done is None else withdrawn_line(done))
    if done is None:
        raise SystemExit(1)


@click.command()
@click.argument("source", default="-")
@click.pass_obj
def events(session: Session, source: str) -> None:
    """Take in what SendGrid said of letters afterwards.

    SOURCE is a saved payload of its event webhook, a folder of them, or - for standard input.
    """
    from pipeline.errors import KithError
    from pipeline.standing import take_events

    lines, bad = take_events(session.root, session.environ, _payloads(source), now(session))
    for line in lines:
        say(line)
    if bad:
        raise KithError("\n".join([*bad, "The others were taken in."]))


def _payloads(source: str) -> list[tuple[str, bytes]]:
    """Every payload of a source, by name; a folder's files in the order of their names."""
    import sys

    if source == "-":
        return [("standard input", sys.stdin.buffer.read())]
    path = Path(source)
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    return [(str(one), read_regular(one)) for one in files]


@click.command()
@click.argument("person")
@click.option("--leave", "state", flag_value="unsubscribed", help="They want no more letters.")
@click.option("--pause", "state", flag_value="paused", help="Not for now.")
@click.option("--resume", "state", flag_value="resume", help="They are back from a pause.")
@click.option("--return", "state", flag_value="return", help="They had left, and asked for letters again.")
@click.option(
    "--cadence", default="", help="How often: each, daily, weekly, fortnightly, monthly, quarterly, yearly, never."
)
@click.option("--languages", default="", help="In which languages, the favourite first: zh,en")
@click.pass_obj
def choice(session: Session, person: str, state: str | None, cadence: str, languages: str) -> None:
    """Record what PERSON asked for; it beats the file.

    PERSON is an id, an address, or the token from their mail.
    """
    from pipeline.standing import choose

    for line in choose(session.root, session.environ, person, state or "", cadence, languages, session.clock()):
        say(line)


@click.command()
@yes_option
@click.pass_obj
def baseline(session: Session, yes: bool) -> None:
    """Record everything as told, without telling anyone."""
    from pipeline.standing import baseline as record

    if not (yes or ask("Record every entry as told to everyone, without telling them?")):
        raise SystemExit(1)
    for line in record(session.root, session.environ, session.clock()):
        say(line)


@click.command()
@click.argument("entry")
@click.option("--same-as", default="", metavar="OLD", help="It is the entry OLD under another name.")
@click.option("--new", is_flag=True, help="It is a new entry.")
@click.pass_obj
def identify(session: Session, entry: str, same_as: str, new: bool) -> None:
    """Say whether ENTRY is an older one under another name, or new."""
    from pipeline.standing import identify as note

    if bool(same_as) is new:
        raise click.UsageError("Say either --same-as OLD or --new.")
    for line in note(session.root, session.environ, entry, same_as, now(session)):
        say(line)


@click.command()
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def rotate(session: Session, yes: bool, json_: bool) -> None:
    """Make every link to a sealed page in older letters useless."""
    from pipeline.rotate import rotate as begin_anew

    def agreed(lines: list[str]) -> bool:
        for line in lines if not json_ else ():
            say(line)
        return yes or (not json_ and ask("Rotate?"))

    done = begin_anew(session.root, session.environ, now(session), agreed)
    if json_:
        as_json({"rotated": done.rotated, "pages": done.pages, "waiting": done.waiting, "pastes": done.pastes})
    elif done.rotated:
        say("Done. Run `kith publish` to put the pages at their new addresses.")
    else:
        say("Nothing was changed.")
    if not done.rotated:
        raise SystemExit(1)


COMMANDS = (report, explain, settle, withdraw, events, choice, baseline, identify, rotate)
