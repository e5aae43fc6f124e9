"""What only some may read, as runs of words that must stand in no wider output. Pure.

A longer text is sought in every run of `RUN` words, so that neither markup nor line breaks hide a part of it. What is
short (a title, a tag, the name of a file, a line of a list) is sought whole. Runs of nothing but numbers are not
sought: every page has dates.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from pipeline import passages
from pipeline.model import PUBLIC, Audience, Entry, House, Person, PersonalLine, Version
from pipeline.sieve import RUN, Needs, Sought, What
from pipeline.undone import is_alone, spoken

_LEAST_NAME, _LEAST_LINE = 1.0, 2.0
"""Words a text must have to be sought whole: of a title, tag or name, and of a line of a body."""

_FEWEST_LETTERS = 4
"""Of a single word: shorter ones stand everywhere."""

_DATES = frozenset("年月日号號時时分".encode()[at : at + 3] for at in range(0, 24, 3))
_STARTS = re.compile(r"[\s>]*(?:#{1,6}\s|[-*+]\s|\d{1,9}[.)]\s|\||!!!|\?\?\?|===|```|~~~|:\s|\[\^|$)")
_MARKUP = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])|[*_`~=^+]+|\{[^}]*\}")
_PICTURE = re.compile(r"!\[([^\]]*)\]")
_TARGET = re.compile(r"\]\(\s*<?([^)\s>]+)|^\s*\[[^\]]+\]:\s*<?([^\s>]+)|\b(?:src|href)\s*=\s*[\"']?([^\"'\s>]+)")


def may(needs: Needs, audience: Audience) -> bool:
    """Whether somebody who reads ``audience`` may read what stands inside all of these."""
    return all(audience.intersection(names) for names in needs)


def narrower(house: House) -> list[Sought]:
    """Every recognisable run of words that not everyone may read, of entries that wait for their day too."""
    found: dict[tuple[tuple[bytes, ...], Needs], Sought] = {}
    for entry in house.guarded:
        around: Needs = () if entry.public else ((entry.visibility,),)
        for version in entry.versions:
            for one in (*_front(entry, version, around), *_body(version, around)):
                found.setdefault((one.words, one.needs), one)
    everybody = tuple(circle.name for circle in house.circles)
    for opening in house.openings:
        # What is said in letters stands nowhere else, not even where everyone of a circle may read.
        heard = tuple(sorted(told_to(name) for name in opening.circles or everybody))
        for one in _body(opening.version, (heard,)):
            found.setdefault((one.words, one.needs), one)
    return list(found.values())


def personal(lines: Mapping[str, PersonalLine]) -> list[Sought]:
    """The personal lines that wait, by person: each may stand in that person's own email only."""
    return [
        one for who, line in lines.items() for one in _runs(line.text, _LEAST_LINE, note_of(who), 0, ((own(who),),))
    ]


def note_of(person: str) -> str:
    """Where a person's line comes from, as a message names it."""
    return f"kith note {person}"


def own(person: str) -> str:
    """What a person may read that nobody else may: the line that is for them alone."""
    return f"person:{person}"


def told_to(circle: str) -> str:
    """What somebody in a circle may read besides what it reads: what is said to it in letters."""
    return f"circle:{circle}"


def heard_by(house: House, person: Person) -> Audience:
    """What a person may read in a letter."""
    return house.audience(person) | {told_to(name) for name in person.circles}


def _front(entry: Entry, version: Version, around: Needs) -> Iterator[Sought]:
    """What stands above the body, and the names by which the entry is known."""
    if not around:
        return
    stem = posixpath.splitext(posixpath.basename(version.path))[0]
    lines = [("title", version.title), ("summary", version.summary), ("series", entry.series)]
    lines += [("tags", tag) for tag in entry.tags]
    lines += [("id", entry.id), ("", entry.slug), ("", stem)]
    for key, text in lines:
        yield from _runs(text, _LEAST_NAME, version.path, version.at(key), around)


def _body(version: Version, around: Needs) -> Iterator[Sought]:
    if not around and ":::" not in version.body:
        return
    for number, needs, text in _units(version.body, around):
        place = version.path, version.line + number - 1, needs
        least = _LEAST_NAME if re.match(r"[\s>]*#{1,6}\s", text) else _LEAST_LINE
        # As it is written too: what looks like markup is part of the text in code, and names have underscores.
        for said in dict.fromkeys((plain(text), text)):
            yield from _runs(said, least, *place)
        for alt in _PICTURE.findall(text):
            yield from _runs(alt, _LEAST_NAME, *place)
        for target in addresses(text):
            yield from _runs(target, _LEAST_LINE, *place)


def _units(body: str, around: Needs) -> Iterator[tuple[int, Needs, str]]:
    """The paragraphs, list items, headings and cells of narrower lines, each with the number of its first line."""
    held: list[str] = []
    first, inside = 0, around
    for line in passages.lines(body):
        needs = around + line.within
        narrow = bool(needs) and not line.marker and any(names != (PUBLIC,) for names in needs)
        if held and (not narrow or needs != inside or _STARTS.match(line.text)):
            yield from _cells(first, inside, held)
            held = []
        if narrow and line.text.strip():
            if not held:
                first, inside = line.number, needs
            held.append(line.text)
    if held:
        yield from _cells(first, inside, held)


def _cells(number: int, needs: Needs, held: list[str]) -> Iterator[tuple[int, Needs, str]]:
    text = " ".join(held)
    for cell in text.split("|") if text.lstrip(" >").startswith("|") else [text]:
        yield number, needs, cell


def plain(markdown: str) -> str:
    """The words of a piece of Markdown, without the addresses in it."""
    return _MARKUP.sub(lambda match: match[1] or "", markdown)


def addresses(markdown: str) -> list[str]:
    """The last part of every address in a piece of Markdown, such as a picture's file name; all of one elsewhere."""
    found = ["".join(groups) for groups in _TARGET.findall(markdown)]
    return [one if "://" in one else one.rstrip("/").rpartition("/")[2] for one in found]


def _runs(text: str, least: float, path: str, line: int, needs: Needs) -> Iterator[Sought]:
    words = spoken(text)
    if len(words) < RUN:
        if _tells(words, least):
            yield Sought(words, What.TEXT, path, line, text, needs)
        return
    for start in range(len(words) - RUN + 1):
        run = words[start : start + RUN]
        if _tells(run, _LEAST_LINE):
            yield Sought(run, What.TEXT, path, line, "", needs)


def _tells(words: tuple[bytes, ...], least: float) -> bool:
    """Whether words are enough to know a text by: characters without spaces count half, numbers and dates nothing."""
    telling = [word for word in words if not word.isdigit() and word not in _DATES]
    if size(telling) < least:
        return False
    return len(words) > 1 or len(telling[0]) >= _FEWEST_LETTERS


def size(words: Iterable[bytes]) -> float:
    """How many words these are, a character without spaces being half of one."""
    return sum(0.5 if is_alone(word) else 1.0 for word in words)
