"""The `kith` command: reads what was typed, says what happened, and ends with 0, 1 or 2."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.explain import Rule
    from pipeline.model import Delivery, House, Plan
    from pipeline.publish import Built, Late, Opened

_ORDER = (
    "init", "new", "check", "templates", "note", "plan", "serve", "preview", "build", "deploy", "deliver", "publish",
    "report", "explain", "settle", "events", "choice", "baseline", "rotate",
)  # fmt: skip


class Ordered(click.Group):
    """Lists commands in the order in which a person meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in that order."""
        return sorted(super().list_commands(ctx), key=_ORDER.index)


class Session:
    """Where the command runs and what time it is; tests hand in both."""

    def __init__(self, root: Path, environ: dict[str, str], clock: Any = None) -> None:
        self.root = root
        self.environ = environ
        self.clock = clock or (lambda: datetime.now(UTC))


@click.group(cls=Ordered, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--house", "house", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default=True,
              help="The folder of the house.")  # fmt: skip
@click.version_option(package_name="kith", prog_name="kith")
@click.pass_context
def kith(ctx: click.Context, house: Path) -> None:
    """Publish once; each circle hears what is meant for it, in its own language, at its own pace.

    Posts and updates in content/ and the people in subscribers.yml become a site, feeds and letters.
    """
    import os

    if ctx.obj is None:
        ctx.obj = Session(house.resolve(), dict(os.environ))
    elif house != Path():
        ctx.obj.root = house.resolve()


def say(text: str = "") -> None:
    """Prints one line."""
    click.echo(text)


def as_json(data: object) -> None:
    """Prints data for another program."""
    import json

    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


_json = click.option("--json", "json_", is_flag=True, help="Print data for another program instead.")
_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask before anything leaves.")
_late = click.option(
    "--late", type=click.Choice(["ask", "go", "hold"]), default="ask", show_default=True,
    help="Letters that waited too long: let them go, or hold them for good.",
)  # fmt: skip


@kith.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--title", default="", help="The name of the house: yours, most often.")
@click.option("--language", default="en", show_default=True, help="The language you write in.")
@click.pass_obj
def init(session: Session, folder: Path, title: str, language: str) -> None:
    """Make a new house in FOLDER."""
    from pipeline.starter import make_house

    for line in make_house(folder, title, language, _now(session)):
        say(line)


@kith.command()
@click.argument("kind", type=click.Choice(["post", "update"]))
@click.argument("title", required=False, default="")
@click.option("--lang", default="", help="Its language, if not the house's first.")
@click.option("--visibility", default="", help="Who may read it; everyone, if left out.")
@click.pass_obj
def new(session: Session, kind: str, title: str, lang: str, visibility: str) -> None:
    """Start a post or an update, ready to write in."""
    from pipeline.config import read_settings, zone
    from pipeline.starter import new_file

    settings = read_settings(session.root)
    path = new_file(session.root, settings, kind, title, lang, visibility, session.clock().astimezone(zone(settings)))
    say(str(path.relative_to(session.root)))


@kith.command()
@_json
@click.pass_obj
def check(session: Session, json_: bool) -> None:
    """Read everything and report every problem."""
    from pipeline import report
    from pipeline.errors import Problems, Tripped
    from pipeline.publish import open_house
    from pipeline.templates import check as check_templates
    from pipeline.tripwire import tripped

    try:
        opened = open_house(session.root, session.environ, session.clock())
        check_templates(session.root)
        if found := tripped(session.root, opened.house, session.environ):
            raise Tripped(found)
    except Problems as error:
        if not json_:
            raise
        as_json([{"path": p.path, "line": p.line, "fact": p.fact, "suggestion": p.suggestion} for p in error.problems])
        raise SystemExit(1) from None
    if json_:
        as_json([])
        return
    say(report.read_line(opened.house))
    say("No problems.")


@kith.command()
@click.option("--copy", "name", default="", metavar="NAME", help="Copy this one into the house, to change it there.")
@_json
@click.pass_obj
def templates(session: Session, name: str, json_: bool) -> None:
    """List the letters' templates and every value they get."""
    from pipeline import templates as own

    if name:
        say(own.copy(session.root, name))
        return
    listed = own.listing(session.root)
    if json_:
        as_json(own.data(listed))
        return
    for line in own.lines(listed):
        say(line)


@kith.command()
@click.argument("person", required=False, default="")
@click.argument("text", required=False, default="")
@click.option("--remove", is_flag=True, help="Take back the line that waits for PERSON.")
@_json
@click.pass_obj
def note(session: Session, person: str, text: str, remove: bool, json_: bool) -> None:
    """Put one sentence on top of PERSON's next letter only.

    Without TEXT, shows the lines that wait.
    """
    from pipeline import notes

    if remove and (text or not person):
        raise click.UsageError("--remove takes PERSON, and no text.")
    if text or remove:
        say(notes.note(session.root, session.environ, person, text, _now(session)))
        return
    waiting = notes.waiting(session.root, session.environ, person, _now(session))
    if json_:
        as_json([{"person": who, "text": said} for who, said in waiting])
        return
    for line in notes.lines(waiting):
        say(line)


@kith.command()
@click.option("--at", "at", default="", help="Plan for this day instead of now, such as 2026-12-01.")
@_json
@click.pass_obj
def plan(session: Session, at: str, json_: bool) -> None:
    """Show who would get what, when, and what is held and why."""
    from pipeline import report
    from pipeline.plan import plan as decide
    from pipeline.publish import open_house

    opened = open_house(session.root, session.environ, _moment(at, session))
    decided = decide(opened.house, opened.history, opened.now)
    if json_:
        import json

        from pipeline.leakcheck import LeakCheck

        data = report.plan_data(opened.house, decided)
        text = json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")
        LeakCheck(opened.house, session.root).refuse_bodies("the plan's JSON", text)
        as_json(data)
        return
    say(report.read_line(opened.house))
    for line in (
        *report.letter_lines(opened.house, decided),
        *report.note_lines(decided),
        *report.baseline_line(decided),
    ):
        say(line)


def _moment(at: str, session: Session) -> datetime:
    """The moment to plan for: now, or the end of a day in the house's time zone."""
    if not at:
        return _now(session)
    from pipeline.config import read_settings, zone

    try:
        day = datetime.fromisoformat(at)
    except ValueError:
        raise click.UsageError(f"`{at}` is not a day. Write one such as 2026-12-01.") from None
    moment = day if day.tzinfo else day.replace(tzinfo=zone(read_settings(session.root)))
    return moment.replace(hour=23, minute=59) if len(at) == 10 else moment


def _now(session: Session) -> datetime:
    moment: datetime = session.clock()
    return moment


@kith.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="The port on this machine."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--drafts", is_flag=True, help="Show drafts, and what is dated ahead, as if they were out.")
@click.pass_obj
def serve(session: Session, port: int, no_browser: bool, drafts: bool) -> None:
    """Preview the site and every letter as you write."""
    from pipeline.serve import serve as run

    run(session.root, session.environ, session.clock, port, say, open_browser=not no_browser, drafts=drafts)


@kith.command()
@click.option("--as", "name", required=True, metavar="PERSON", help="Whose eyes to see it with.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="The port on this machine."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@_json
@click.pass_obj
def preview(session: Session, name: str, port: int, no_browser: bool, json_: bool) -> None:
    """Show the house as one person sees it.

    PERSON is an id, a broadcast circle, or `public` for everybody.
    """
    from pipeline.eyes import sight_data
    from pipeline.seen import ROOM, Eyes, seen_by
    from pipeline.serve import show

    _, one = seen_by(session.root, session.environ, _now(session), name)
    if json_:
        as_json(sight_data(one))
        return
    studio = Eyes(session.root, session.environ, session.clock, say, name)
    show(studio, port, {"Seen": ROOM, "Site": ""}, open_browser=not no_browser)


@kith.command()
@click.option("--full", is_flag=True, help="Make the whole site anew, as if there were none yet.")
@click.pass_obj
def build(session: Session, full: bool) -> None:
    """Make pages, feeds and letters in build/; nothing leaves."""
    from pipeline import report
    from pipeline.preview import preview

    opened, decided, built = preview(session.root, session.environ, session.clock(), full=full)
    _receipt(opened, decided, built, [])
    if built.letters:
        say(report.labelled("", "letters to look through: build/letters/index.html"))
    if built.problems:
        raise SystemExit(1)


def _receipt(opened: Opened, decided: Plan, built: Built, left: list[Delivery]) -> None:
    from pipeline import report

    say(report.read_line(opened.house))
    if built.web:
        web = built.web
        index = web.index.relative_to(opened.root) if web.index.is_relative_to(opened.root) else web.index
        counts = (web.pages_changed, web.pages_kept, str(index), web.feeds_changed, web.feeds, *web.sealed)
        for line in report.site_lines(*counts):
            say(line)
    for line in report.letter_lines(opened.house, decided):
        say(line)
    for line in (
        *report.note_lines(decided),
        *report.baseline_line(decided),
        *report.left_lines(left),
        *report.privacy_line(built.narrow, built.outputs),
        *report.pictures_line(built.pictures.pictures, built.pictures.freed, built.pictures.located),
        *report.fault_lines(built.problems),
    ):
        say(line)


@kith.command()
@click.option("--again", is_flag=True, help="Even if nothing changed since the last time.")
@_yes
@click.pass_obj
def deploy(session: Session, again: bool, yes: bool) -> None:
    """Put build/site online."""
    from pipeline.deploy import target
    from pipeline.ledger import Ledger
    from pipeline.publish import deploy_if_changed, open_house
    from pipeline.secret import private_folder, read_secret

    with Ledger.open(private_folder(session.root), session.clock()) as ledger:
        read_secret(session.root)
        house = open_house(session.root, session.environ, session.clock(), ledger).house
        where = target(house.settings.deploy)
        if not where:
            say("The site goes nowhere yet: set `to` in [tool.kith.deploy]. It is in build/site.")
            return
        if not (yes or _ask(f"Deploy to {where}?")):
            raise SystemExit(1)
        if again:
            ledger.note_deployed("")
        deploy_if_changed(session.root, house, ledger, session.environ, say)


def _ask(question: str) -> bool:
    """Asks on a terminal; elsewhere nobody can answer, so that the answer is no."""
    import sys

    if not sys.stdin.isatty():
        say(f"{question} Nobody is there to ask: run it again with --yes.")
        return False
    return click.confirm(question)


@kith.command()
@_yes
@_late
@click.pass_obj
def deliver(session: Session, yes: bool, late: str) -> None:
    """Submit the planned letters, without touching the site."""
    _run(session, yes, late, site=False)


@kith.command()
@_yes
@_late
@click.pass_obj
def publish(session: Session, yes: bool, late: str) -> None:
    """Do all of it, in order: site, feeds, deploy, letters."""
    _run(session, yes, late, site=True)


def _run(session: Session, yes: bool, late: str, *, site: bool) -> None:
    from pipeline import report
    from pipeline.errors import Misconfigured
    from pipeline.publish import Job
    from pipeline.publish import publish as whole
    from pipeline.terminal import around, transport_for

    transport = transport_for(session.root, session.environ)
    job = Job(
        root=session.root,
        environ=session.environ,
        now=_now(session),
        transport=transport,
        around=lambda may_go: around(session.clock, may_go),
        confirm=lambda opened, decided, built, left, deploys: _confirm(opened, decided, built, left, deploys, yes),
        late=lambda waiting: _about_late(waiting, late),
        step=say,
        site=site,
    )
    try:
        tally = whole(job)
    except Misconfigured as error:
        raise Misconfigured(f"{error} Nothing is lost: what was planned stays planned.") from None
    if tally is None:
        say("That was no yes: nothing was deployed or submitted.")
        raise SystemExit(1)
    if tally.submitted or tally.needs_a_person or tally.held:
        line = report.tally_line(tally.submitted, tally.refused, tally.uncertain, tally.held, tally.pending)
        say(f"{line:<48} kith report")
    elif tally.unsettled:
        say(f"{report.counted(tally.unsettled, 'letter')} of earlier runs need a person: kith report")
    if tally.stopped:
        say(f"Stopped: {tally.stopped}.".replace("..", "."))
        if tally.pending:
            say("What is pending goes with the next `kith publish`.")
    if tally.needs_a_person:
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


def _confirm(opened: Opened, decided: Plan, built: Built, left: list[Delivery], deploys: bool, yes: bool) -> bool:
    """Prints the receipt and asks, when something would leave this machine."""
    from pipeline.deploy import target
    from pipeline.report import counted

    _receipt(opened, decided, built, left)
    settings = opened.house.settings
    leaving = [f"deploy to {target(settings.deploy)}"] if deploys else []
    if built.letters and settings.mail.transport != "outbox":
        leaving.append(f"deliver {counted(built.letters, 'letter')} with {settings.mail.transport}")
    if not built.letters and not left:
        say("Nobody is told anything now.")
    if not leaving or yes:
        return True
    return _ask(f"{' and '.join(leaving).capitalize()}?")


@kith.command()
@_json
@click.pass_obj
def report(session: Session, json_: bool) -> None:
    """Show what was submitted, what is held, and what needs a person."""
    from pipeline import report as words
    from pipeline.ledger import Ledger
    from pipeline.plan import plan as decide
    from pipeline.publish import open_house

    opened = open_house(session.root, session.environ, session.clock())
    decided = decide(opened.house, opened.history, opened.now)
    ledger = Ledger.peek(session.root / "private")
    deliveries = ledger.deliveries() if ledger else []
    counts = ledger.counts() if ledger else {}
    if ledger:
        ledger.audit()
        ledger.close()
    if json_:
        held = [{"who": one.who, "reason": one.reason, "until": str(one.until or "")} for one in decided.held]
        as_json({"counts": counts, "deliveries": [_row(one) for one in deliveries], "held": held})
    else:
        for line in words.report_lines(counts, deliveries, decided.held):
            say(line)
    if words.unsettled(deliveries, opened.history.blocked):
        raise SystemExit(1)


def _row(one: Delivery) -> dict[str, str]:
    return {"id": one.id, "issue": one.issue, "who": one.who, "state": one.state, "reason": one.reason,
            "message_id": one.message_id, "subject": one.subject,
            "changed": one.changed.isoformat() if one.changed else ""}  # fmt: skip


@kith.command()
@click.argument("person")
@click.argument("entry", required=False, default="")
@_json
@click.pass_obj
def explain(session: Session, person: str, entry: str, json_: bool) -> None:
    """Say why PERSON did, or will, get ENTRY, or why not, and when."""
    from pipeline import report as words
    from pipeline.explain import explain as ask
    from pipeline.explain import rules
    from pipeline.ledger import Ledger
    from pipeline.publish import open_house
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


@kith.command()
@click.argument("delivery")
@click.argument("verdict", type=click.Choice(["taken", "not-taken"]))
@click.pass_obj
def settle(session: Session, delivery: str, verdict: str) -> None:
    """Say what became of an uncertain (or refused) DELIVERY.

    `all` is everything that is uncertain.
    """
    from pipeline.standing import settle as decide

    for line in decide(session.root, delivery, verdict == "taken", session.clock()):
        say(line)


@kith.command()
@click.argument("source", default="-")
@click.pass_obj
def events(session: Session, source: str) -> None:
    """Take in what SendGrid said of letters afterwards.

    SOURCE is a saved payload of its event webhook, a folder of them, or - for standard input.
    """
    from pipeline.errors import KithError
    from pipeline.standing import take_events

    lines, bad = take_events(session.root, session.environ, _payloads(source), _now(session))
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
    return [(str(one), one.read_bytes()) for one in files]


@kith.command()
@click.argument("person")
@click.option("--leave", "state", flag_value="unsubscribed", help="They want no more letters.")
@click.option("--pause", "state", flag_value="paused", help="Not for now.")
@click.option("--resume", "state", flag_value="resume", help="They are back from a pause.")
@click.option("--return", "state", flag_value="return", help="They had left, and asked for letters again.")
@click.option("--cadence", default="", help="How often: each, daily, weekly, monthly, quarterly, yearly, never.")
@click.option("--languages", default="", help="In which languages, the favourite first: zh,en")
@click.pass_obj
def choice(session: Session, person: str, state: str | None, cadence: str, languages: str) -> None:
    """Record what PERSON asked for; it beats the file.

    PERSON is an id, an address, or the token from their mail.
    """
    from pipeline.standing import choose

    for line in choose(session.root, session.environ, person, state or "", cadence, languages, session.clock()):
        say(line)


@kith.command()
@_yes
@click.pass_obj
def baseline(session: Session, yes: bool) -> None:
    """Record everything as told, without telling anyone."""
    from pipeline.standing import baseline as record

    if not (yes or _ask("Record every entry as told to everyone, without telling them?")):
        raise SystemExit(1)
    for line in record(session.root, session.environ, session.clock()):
        say(line)


@kith.command()
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@_json
@click.pass_obj
def rotate(session: Session, yes: bool, json_: bool) -> None:
    """Make every link to a sealed page in older letters useless."""
    from pipeline.rotate import rotate as begin_anew

    def agreed(lines: list[str]) -> bool:
        for line in lines if not json_ else ():
            say(line)
        return yes or (not json_ and _ask("Rotate?"))

    done = begin_anew(session.root, session.environ, _now(session), agreed)
    if json_:
        as_json({"rotated": done.rotated, "pages": done.pages, "waiting": done.waiting, "pastes": done.pastes})
    elif done.rotated:
        say("Done. Run `kith publish` to put the pages at their new addresses.")
    else:
        say("Nothing was changed.")
    if not done.rotated:
        raise SystemExit(1)
