"""What every command shares: where and when it runs, how it prints, how it asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.build import Built
    from pipeline.opened import Opened
    from pipeline.outgoing import Delivery
    from pipeline.planned import Plan


class Session:
    """Where the command runs and what time it is; tests hand in both."""

    def __init__(self, root: Path, environ: dict[str, str], clock: Any = None) -> None:
        self.root = root
        self.environ = environ
        self.clock = clock or (lambda: datetime.now(UTC))
        self.here: Path | None = None
        """The folder where the command was typed, when the project was found from it."""

    def shown(self, path: Path) -> str:
        """A path of the project as it can be pasted where the command was typed."""
        return os.path.relpath(path, self.here or self.root)


def now(session: Session) -> datetime:
    """What time it is."""
    moment: datetime = session.clock()
    return moment


def say(text: str = "") -> None:
    """Prints one line."""
    click.echo(text)


def as_json(data: object) -> None:
    """Prints data for another program."""
    import json

    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


json_option = click.option("--json", "json_", is_flag=True, help="Print data for another program instead.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask before anything leaves.")


def ask(question: str) -> bool:
    """Asks on a terminal; elsewhere nobody can answer, so that the answer is no."""
    import sys

    if not sys.stdin.isatty():
        say(f"{question} There is no terminal to answer on, so the answer is no. Run it again with --yes.")
        return False
    return click.confirm(question)


@contextmanager
def helped(root: Path) -> Iterator[None]:
    """Has a second process begin with what a build will need in which something changed."""
    from pipeline import ahead

    ahead.begin(root / "build" / "site", root / "build" / "cache" / "site" / "manifest", _converted)
    try:
        yield
    finally:
        ahead.end()


def _converted(text: str) -> object:
    from pipeline.markup import converted

    return converted(text)


def receipt(opened: Opened, decided: Plan, built: Built, left: list[Delivery]) -> None:
    """Prints what was made, who is about to get what, and what was found; nothing has left yet."""
    for line in receipt_lines(opened, decided, built, left):
        say(line)


def receipt_lines(opened: Opened, decided: Plan, built: Built, left: list[Delivery]) -> list[str]:
    """The receipt, line by line."""
    from pipeline import report

    lines = [report.read_line(opened.house)]
    if built.web:
        web = built.web
        index = web.index.relative_to(opened.root) if web.index.is_relative_to(opened.root) else web.index
        counts = (web.pages_changed, web.pages_kept, str(index), web.feeds_changed, web.feeds, *web.sealed)
        lines += report.site_lines(*counts)
    return [
        *lines,
        *report.letter_lines(opened.house, decided),
        *report.note_lines(decided),
        *report.baseline_line(decided),
        *report.unclear_lines(opened.house.unclear),
        *report.left_lines(left),
        *report.privacy_line(built.narrow, built.outputs),
        *report.pictures_line(built.pictures.pictures, built.pictures.freed, built.pictures.located),
        *([report.labelled("Hub", f"{built.hub}, once the site is online")] if built.hub else []),
        *report.fault_lines(built.problems),
    ]
