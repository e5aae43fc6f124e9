"""Reads a whole house: every problem in every file at once, or none."""

from __future__ import annotations

import dataclasses
import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pipeline.check import check
from pipeline.config import FILE
from pipeline.content import read_content
from pipeline.errors import Problem, Problems
from pipeline.model import Entry, House, Page
from pipeline.notebook import Notebook
from pipeline.openings import read_openings
from pipeline.private import private_problems
from pipeline.rollcall import PEOPLE, Roll
from pipeline.settings import Settings
from pipeline.textfile import files_below
from pipeline.walked import Stamp


def read_house(
    root: Path,
    dates: Mapping[str, datetime],
    environ: Mapping[str, str],
    now: datetime,
    there: Mapping[str, Stamp] | None = None,
) -> House:
    """The house at ``root`` as it stands at ``now``.

    ``dates``: when entries without a date were first seen. Raises `Problems` with all of them. What was sound and
    did not change since it was read last is not read again: it is remembered in `build/cache`. ``there`` is every file
    of ``content/``, where somebody just looked.
    """
    with _without_collecting():
        return _read(root, dates, environ, now, there)


def _read(
    root: Path,
    dates: Mapping[str, datetime],
    environ: Mapping[str, str],
    now: datetime,
    there: Mapping[str, Stamp] | None,
) -> House:
    cache = root / "build" / "cache" / "reading"
    roll = Roll(root, cache)
    settings, problems = roll.settings()
    if problems and not (root / FILE).exists() and not (root / "content").exists():
        raise Problems(problems)
    key = (os.path.realpath(root), settings.languages, settings.timezone, settings.foreign_keys)
    book = Notebook.open(root, cache, key)
    shelved = read_content(root, settings, dates, now, book, there)
    register = roll.register(settings.languages, environ)
    settings = _with_languages(settings, shelved.entries, shelved.pages)
    live = [entry for entry in shelved.entries if not entry.draft and entry.date <= now]
    house = House(
        settings=settings,
        entries=tuple(live),
        waiting=tuple(entry for entry in shelved.entries if entry.draft or entry.date > now),
        pages=tuple(sorted(shelved.pages, key=lambda page: page.slug)),
        circles=tuple(register.circles),
        people=tuple(register.people),
    )
    circles = {circle.name for circle in register.circles} | set(register.doubtful)
    openings, unfit = read_openings(root, settings, circles if register.known else None)
    house = dataclasses.replace(house, openings=tuple(openings))
    problems += shelved.problems + register.problems + unfit + private_problems(root)
    known = register.doubtful if register.known else None
    problems += check(house, Files(root / "content"), known, shelved.notes)
    if problems:
        raise Problems(problems)
    roll.keep()
    shelved.keep(book)
    return house


def read_people(root: Path, environ: Mapping[str, str]) -> tuple[House, list[Problem]]:
    """The settings, circles and people at ``root``, without an entry; and what is wrong with the file of people.

    For what has to work whatever state the texts, settings and looks are in. Raises `Problems` where nothing is.
    """
    roll = Roll(root, root / "build" / "cache" / "reading")
    settings, problems = roll.settings()
    if problems and not any((root / name).exists() for name in (FILE, PEOPLE, "content")):
        raise Problems(problems)
    register = roll.register(settings.languages, environ)
    return House(settings, circles=tuple(register.circles), people=tuple(register.people)), register.problems


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Thousands of values that all stay are no work for the collector of what is no longer used."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Files:
    """What lies in ``content/``, asked for by the path inside it."""

    def __init__(self, base: Path) -> None:
        self._base = Path(os.path.realpath(base))
        self._names: list[str] | None = None

    def __contains__(self, path: object) -> bool:
        """Whether there is such a file, and it is not a link to somewhere else."""
        try:
            found = Path(os.path.realpath(self._base / str(path)))
            return found.is_relative_to(self._base) and found.is_file()
        except (OSError, ValueError):
            return False

    def names(self) -> list[str]:
        """Every file that is no text, for suggestions."""
        if self._names is None:
            paths, _ = files_below(self._base, self._base)
            names = (path.relative_to(self._base).as_posix() for path in paths if not path.is_symlink())
            self._names = [name for name in names if not name.endswith(".md")]
        return self._names


def _with_languages(settings: Settings, entries: list[Entry], pages: list[Page]) -> Settings:
    """The house's languages and, after them, any other that something is written in."""
    found = {lang for entry in entries for lang in entry.languages} | {
        lang for page in pages for lang in page.languages
    }
    extra = sorted(found - set(settings.languages))
    return dataclasses.replace(settings, languages=(*settings.languages, *extra)) if extra else settings
