"""Commands for whoever writes: a house, a file to write in, what is wrong, templates, a line for one person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.base import Session, as_json, json_option, now, say

if TYPE_CHECKING:
    from pipeline.errors import Problem


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--title", default="", help="The name of the site: yours, most often.")
@click.option("--language", default="en", show_default=True, help="The language you write in.")
@click.pass_obj
def init(session: Session, folder: Path, title: str, language: str) -> None:
    """Make a new project in FOLDER."""
    from pipeline.starter import make_house

    for line in make_house(folder, title, language, now(session)):
        say(line)


@click.command()
@click.argument("kind", type=click.Choice(["post", "update", "page"]), required=False)
@click.argument("title", required=False, default="")
@click.option("--translate", type=click.Path(path_type=Path), metavar="FILE",
              help="Start a translation of FILE into --lang, beside it.")  # fmt: skip
@click.option("--lang", default="", help="Its language, if not the project's first.")
@click.option("--visibility", default="", help="Who may read it; everyone, if left out.")
@click.pass_obj
def new(session: Session, kind: str | None, title: str, translate: Path | None, lang: str, visibility: str) -> None:
    """Start a post, update, page or translation, ready to write in."""
    from pipeline.config import read_settings, zone
    from pipeline.new_files import new_file, new_translation

    if translate and (kind or visibility or not lang):
        raise click.UsageError("--translate FILE takes --lang LANGUAGE, and nothing else.")
    if not translate and not kind:
        raise click.UsageError('Say what to start: post, update or page, as in `kith new post "What I learned"`.')
    settings = read_settings(session.root)
    if translate:
        there = translate if translate.exists() else session.root / translate
        path = new_translation(session.root, settings, there, lang)
    else:
        now_ = session.clock().astimezone(zone(settings))
        path = new_file(session.root, settings, str(kind), title, lang, visibility, now_)
    say(session.shown(path))


@click.command()
@json_option
@click.pass_obj
def check(session: Session, json_: bool) -> None:
    """Read everything and report every problem."""
    from pipeline import report
    from pipeline.errors import Problems, Tripped
    from pipeline.mailready import warnings
    from pipeline.opened import open_house
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
        as_json([_row(one) for one in error.problems])
        raise SystemExit(1) from None
    found = warnings(session.root, opened.house, session.environ)
    if json_:
        as_json([_row(one) | {"warning": True} for one in found])
        return
    say(report.read_line(opened.house))
    for one in found:
        say(f"Warning: {one}")
    say(f"No problems, {report.counted(len(found), 'warning')}." if found else "No problems.")
    for line in report.unclear_lines(opened.house.unclear):
        say(line)


def _row(one: Problem) -> dict[str, str | int]:
    return {"path": one.path, "line": one.line, "fact": one.fact, "suggestion": one.suggestion}


@click.command()
@click.option("--copy", "name", default="", metavar="NAME", help="Copy this one into the house, to change it there.")
@json_option
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


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def schema(session: Session, folder: Path | None) -> None:
    """Write JSON Schemas, for editors that complete and check files.

    They go to FOLDER, or to build/schemas.
    """
    from pipeline.schemas import write_schemas

    for path in write_schemas(folder.absolute() if folder else session.root / "build" / "schemas"):
        say(session.shown(path))


@click.command()
@click.argument("person", required=False, default="")
@click.argument("text", required=False, default="")
@click.option("--remove", is_flag=True, help="Take back the line that waits for PERSON.")
@json_option
@click.pass_obj
def note(session: Session, person: str, text: str, remove: bool, json_: bool) -> None:
    """Put one sentence on top of PERSON's next letter only.

    Without TEXT, shows the lines that wait.
    """
    from pipeline import notes

    if remove and (text or not person):
        raise click.UsageError("--remove takes PERSON, and no text.")
    if text or remove:
        say(notes.note(session.root, session.environ, person, text, now(session)))
        return
    waiting = notes.waiting(session.root, session.environ, person, now(session))
    if json_:
        as_json([{"person": who, "text": said} for who, said in waiting])
        return
    for line in notes.lines(waiting):
        say(line)


COMMANDS = (init, new, check, templates, schema, note)
