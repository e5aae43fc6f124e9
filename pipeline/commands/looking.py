"""Commands that show what would happen; nothing leaves."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from pipeline.commands.base import Session, as_json, helped, json_option, now, receipt, receipt_lines, say

if TYPE_CHECKING:
    from pipeline.still import Look


@click.command()
@click.option("--at", "at", default="", help="Plan for this day instead of now, such as 2026-12-01.")
@json_option
@click.pass_obj
def plan(session: Session, at: str, json_: bool) -> None:
    """Show who would get what, when, and what is held and why."""
    from pipeline import report
    from pipeline.opened import open_house
    from pipeline.plan import plan as decide

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
        *report.unclear_lines(opened.house.unclear),
    ):
        say(line)


def _moment(at: str, session: Session) -> datetime:
    """The moment to plan for: now, or the end of a day in the house's time zone."""
    if not at:
        return now(session)
    from pipeline.config import read_settings, zone

    try:
        day = datetime.fromisoformat(at)
    except ValueError:
        raise click.UsageError(f"`{at}` is not a day. Write one such as 2026-12-01.") from None
    moment = day if day.tzinfo else day.replace(tzinfo=zone(read_settings(session.root)))
    return moment.replace(hour=23, minute=59) if len(at) == 10 else moment


@click.command()
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


@click.command()
@click.option("--as", "name", required=True, metavar="PERSON", help="Whose eyes to see it with.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="The port on this machine."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@json_option
@click.pass_obj
def preview(session: Session, name: str, port: int, no_browser: bool, json_: bool) -> None:
    """Show the house as one person sees it.

    PERSON is an id, a broadcast circle, or `public` for everybody.
    """
    from pipeline.eyes import sight_data
    from pipeline.seen import ROOM, Eyes, seen_by
    from pipeline.serve import show

    _, one = seen_by(session.root, session.environ, now(session), name)
    if json_:
        as_json(sight_data(one))
        return
    studio = Eyes(session.root, session.environ, session.clock, say, name)
    show(studio, port, {"Seen": ROOM, "Site": ""}, open_browser=not no_browser)


@click.command()
@click.option("--full", is_flag=True, help="Make the whole site anew, as if there were none yet.")
@click.pass_obj
def build(session: Session, full: bool) -> None:
    """Make pages, feeds and letters in build/; nothing leaves."""
    from pipeline import still

    found = still.look(session.root)
    if not full and (known := still.said(session.root, found, session.clock())):
        say(known)
        return
    if full:
        _build(session, found, full=True)
        return
    with helped(session.root):
        _build(session, found, full=False)


def _build(session: Session, found: Look | None, *, full: bool) -> None:
    from dataclasses import replace

    from pipeline import report, still
    from pipeline.preview import preview

    there = found.content if found else None
    opened, decided, built = preview(session.root, session.environ, session.clock(), full=full, there=there)
    receipt(opened, decided, built, [])
    if built.letters:
        say(report.labelled("", "letters to look through: build/letters/index.html"))
    if built.problems:
        raise SystemExit(1)
    again = replace(built, web=built.web.again if built.web else None)
    still.note(session.root, found, opened, built, receipt_lines(opened, decided, again, []))


COMMANDS = (plan, serve, preview, build)
