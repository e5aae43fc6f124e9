"""Looks a feed's documents over as a validator would: what a reader's program would stumble on, with its file. Pure.

The three forms are read back and must tell the same of the same entries; what they tell is then weighed once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from pipeline.errors import Problem
from pipeline.feedhtml import KNOWN, whole
from pipeline.feedread import Known, Reading, Told, read
from pipeline.feeds import FORMS, LIMIT, Part
from pipeline.links import Links
from pipeline.model import Version

MOST = 50
"""Entries in a current document: more are a burden to every program that asks again and again."""

_TAG = re.compile(r"<[a-z][^<>]*>")
_ADDRESS = re.compile(r'\s(?:href|src|cite|poster)="([^"]*)"')
_OURS = re.compile(r'\bheaderlink\b|"__codelineno|\son[a-z]+="')
_NAME = re.compile(r"<([a-z][^\s<>/]*)")
_OURSELVES = "This is a fault of Kith, not yours: please report it."


@dataclass(frozen=True, slots=True)
class Seen:
    """What was looked over before: entries in which nothing was wrong, and those of the last document of each form.

    The same entries stand in several parts, and often nothing else.
    """

    sound: set[int] = field(default_factory=set)
    read: Known = field(default_factory=dict)


def proof(part: Part, documents: Mapping[str, bytes], links: Links, seen: Seen | None = None) -> list[Problem]:
    """Everything wrong with a part's ``documents`` (path on the site → bytes), some of whose entries were ``seen``.

    What only an entry can mend has the entry's file as its place; all else the document, under ``build/site/``.
    """
    seen = seen or Seen()
    versions = {links.uri(chosen.entry.id): chosen.version for chosen in part.chosen}
    found: list[Problem] = []
    readings: list[Reading] = []
    for form in FORMS:
        address = links.feed(part.archive or part.info.name, form)
        place, data = f"build/site/{unquote(address)}", documents[unquote(address)]
        found += _size(part, place, data)
        try:
            one = read(form, data, seen.read)
        except ValueError as error:
            found.append(Problem(place, 0, f"it cannot be read back: {str(error)[:120]}", _OURSELVES))
            continue
        readings.append(one)
        facts = [*_belong(list(versions), one), *one.faults, *_whole_of(one), *_self(one.own, links.absolute(address))]
        if [_known(told) for told in one.told] != [_known(told) for told in readings[0].told]:
            facts.append("it does not tell what the other forms tell")
        found += [Problem(place, 0, fact, _OURSELVES) for fact in facts]
    return found + [problem for one in readings[:1] for problem in _entries(versions, one, seen.sound)]


def _belong(wanted: list[str], one: Reading) -> Iterator[str]:
    """Whether the entries are those that were chosen for it, from the newest on."""
    if [told.id for told in one.told] != wanted[: len(one.told)] or (wanted and not one.told):
        yield "other entries stand in it than belong there"


def _known(told: Told) -> tuple[object, ...]:
    """What each form tells of an entry."""
    return told.id, told.url, told.html, told.moment


def _size(part: Part, place: str, data: bytes) -> Iterator[Problem]:
    """Whether a current document is too long; the entry that says most about itself is why."""
    if part.archive or len(data) <= LIMIT or not part.chosen:
        return
    longest = max((one.version for one in part.chosen), key=lambda version: len(version.summary))
    fact = f"with it `{place}` has {len(data) // 1024} KB; {LIMIT // 1024} KB are bearable"
    yield Problem(longest.path, longest.at("summary"), fact, "Write a shorter `summary`.")


def _self(own: str, address: str) -> Iterator[str]:
    if not whole(own) or unquote(urlsplit(own).path) != unquote(urlsplit(address).path):
        yield f"it says that it stands at `{own}`"


def _whole_of(one: Reading) -> Iterator[str]:
    """How entries stand: each once, the newest first, and its date on the whole."""
    ids = [told.id for told in one.told]
    if len(set(ids)) < len(ids):
        yield "an entry stands in it twice"
    if len(ids) > MOST:
        yield f"{len(ids)} entries stand in it; {MOST} are the most"
    if any(later.moment > told.moment for told, later in pairwise(one.told)):
        yield "the newest entry is not the first"
    if one.told and one.updated not in (None, one.told[0].moment):
        yield "its date is not that of its newest entry"
    yield from (f"`{one}` is no lasting name of an entry" for one in ids if not one.startswith("tag:"))


def _entries(versions: Mapping[str, Version], one: Reading, sound: set[int]) -> Iterator[Problem]:
    """What stands in the entries themselves."""
    for told in one.told:
        version, known = versions.get(told.id), hash(told)
        if version is None or known in sound:
            continue
        found = list(_weighed(told))
        yield from (Problem(version.path, _line(version, about), fact, hint) for about, fact, hint in found)
        if not found:
            sound.add(known)


def _line(version: Version, address: str) -> int:
    """The line of the text in which an address stands, as far as it can be known by its last part."""
    name = unquote(address).rstrip("/").rpartition("/")[2]
    lines = version.body.split("\n") if name else []
    return version.line + next((number for number, line in enumerate(lines) if name in line), 0)


def _weighed(told: Told) -> Iterator[tuple[str, str, str]]:
    """What is wrong with an entry: the address it is about, the fact, the suggestion."""
    tags = "".join(dict.fromkeys(_TAG.findall(told.html)))
    for address in dict.fromkeys(map(unescape, _ADDRESS.findall(tags))):
        if not whole(address):
            yield address, f"feeds cannot lead to {_short(address)}: it is no whole address", "Write it whole."
    if not whole(told.url):
        yield "", f"feeds lead to it at {_short(told.url)}, which is no address", "Give it another slug."
    for ours in sorted({*_OURS.findall(tags), *(set(_NAME.findall(tags)) - KNOWN)}):
        yield "", f"`{ours.strip()}` stands in it, which feed readers cannot show", _OURSELVES
    for url, kind, length in told.files:
        if not (whole(url) and kind):
            yield url, f"the file {_short(url)} that goes with it has no address or type", _OURSELVES
        if not length.isdigit() or length == "0":
            yield url, f"the file {_short(url)} that goes with it is empty", "Copy it again, or take it out."


def _short(address: str) -> str:
    return f"`{address if len(address) < 81 else address[:80] + '…'}`"
