"""Reads ``content/letters/``: what the author says first in the next digest, one file for each language."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from pipeline import passages
from pipeline.config import zone
from pipeline.errors import Problem
from pipeline.filename import LETTERS, odd_name, read_name
from pipeline.frontmatter import Source, moment, take_apart, words
from pipeline.model import Opening, Version
from pipeline.settings import Settings
from pipeline.textfile import files_below, read_text
from pipeline.validate import did_you_mean, visible

LONGEST = 1_200
"""Characters: an opening is a few sentences; what is longer is a post."""

_USED = frozenset({"date", "lang", "tell", "draft", "names"})


def read_openings(
    root: Path, settings: Settings, circles: Collection[str] | None
) -> tuple[list[Opening], list[Problem]]:
    """Every opening of the house at ``root``, and what is wrong with them.

    ``circles`` are the names that `tell` may use, or None where they are not known.
    """
    base = root / "content" / LETTERS
    if not base.is_dir():
        return [], []
    paths, problems = files_below(base, root)
    found: list[Opening] = []
    seen: dict[tuple[str, str], str] = {}
    for path in [path for path in paths if path.suffix.lower() in (".md", ".markdown") and path.name != "README.md"]:
        source, opening = _read(path, root, settings, circles)
        if opening:
            other = seen.setdefault((opening.key, opening.version.lang.lower()), source.path)
            if other != source.path:
                source.say("lang", f"it is for the same letters and language as `{other}`", "Rename one of them.")
            found.append(opening)
        problems += source.problems
    return found, problems


def _read(path: Path, root: Path, settings: Settings, circles: Collection[str] | None) -> tuple[Source, Opening | None]:
    name = path.relative_to(root).as_posix()
    text, unread = read_text(path, name, root)
    if fault := odd_name(name):
        unread = [Problem(visible(name, 300), 1, fact=fault, suggestion="Give the file another name.")]
    if unread:
        return Source(name, problems=unread), None
    source = take_apart(text, name, settings.foreign_keys)
    slug, lang, day = read_name(path, source, settings)
    for key in source.meta.keys() - _USED:
        source.say(key, f"`{key}` says nothing here", "An opening has `date`, `lang`, `tell`, `names` and `draft`.")
    when = moment(source, zone(settings)) or _named(source, day or slug, settings)
    told = _tell(source, circles)
    _body(source)
    if when is None or source.broken or source.meta.get("draft") is True:
        return source, None
    version = Version(lang, "", "", source.body, name, source.line, lines=source.lines, names=words(source, "names"))
    return source, Opening(f"{day}-{slug}" if day and day != slug else slug, told, when, version)


def _named(source: Source, name: str, settings: Settings) -> datetime | None:
    """The first day of the month, or the day, that the file's name begins with."""
    match = re.match(r"\d{4}-\d{2}(-\d{2})?", name)
    when = None
    if match and source.meta.get("date") is None:
        day = Source(source.path, {"date": match[0] if match[1] else f"{match[0]}-01"})
        when = moment(day, zone(settings))
    if when is None and not source.problems and not source.broken:
        source.say("date", "it does not say from which day on", "Name the file after its month, such as `2026-11.md`.")
    return when


def _tell(source: Source, circles: Collection[str] | None) -> tuple[str, ...]:
    told = words(source, "tell")
    if told in ((), ("auto",)):
        return ()
    for name in told if circles is not None else ():
        if name not in (circles or ()):
            fact = f"`tell` names an unknown circle `{visible(name)}`"
            source.say("tell", fact, did_you_mean(name, circles or (), "Write circles, or leave it out."))
    return told


def _body(source: Source) -> None:
    body = source.body.strip()
    if not body and not source.broken and source.meta.get("draft") is not True:
        source.problems.append(
            Problem(source.path, source.line, "there is no text below the front matter", "Write it.")
        )
    if len(body) > LONGEST:
        fact = f"{len(body):,} characters; what is said first may have {LONGEST:,}"
        source.problems.append(Problem(source.path, source.line, fact, "Make a post of it."))
    for fault in passages.faults(source.body):
        place = source.line + fault.number - 1
        source.problems.append(Problem(source.path, place, visible(fault.fact, 200), fault.suggestion))
