"""Reads a whole house: every problem in every file at once, or none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from pipeline.check import check
from pipeline.config import read_settings
from pipeline.content import read_content
from pipeline.errors import Problem, Problems
from pipeline.model import Entry, House, Page, Settings
from pipeline.subscribers import read_subscribers


def read_house(root: Path, dates: Mapping[str, datetime], environ: Mapping[str, str], now: datetime) -> House:
    """The house at ``root`` as it stands at ``now``.

    ``dates``: when entries without a date were first seen. Raises `Problems` with all of them.
    """
    settings = read_settings(root)
    shelved = read_content(root, settings, dates, now)
    register = read_subscribers(root, settings.languages, environ)
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
    problems = shelved.problems + register.problems
    if not _unread(register.problems):
        problems += check(house, _existing(root))
    if problems:
        raise Problems(problems)
    return house


def _unread(problems: list[Problem]) -> bool:
    """Whether the circles are unknown, so that checking against them would only add noise."""
    return any("YAML" in problem.fact or not problem.line for problem in problems)


def _existing(root: Path) -> Callable[[str], bool]:
    base = (root / "content").resolve()

    def exists(path: str) -> bool:
        found = (base / path).resolve()
        return found.is_relative_to(base) and found.is_file()

    return exists


def _with_languages(settings: Settings, entries: list[Entry], pages: list[Page]) -> Settings:
    """The house's languages and, after them, any other that something is written in."""
    found = {lang for entry in entries for lang in entry.languages} | {lang for page in pages for lang in page.languages}
    extra = sorted(found - set(settings.languages))
    return dataclasses.replace(settings, languages=(*settings.languages, *extra)) if extra else settings
