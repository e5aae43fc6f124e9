"""Follows every link and picture of a house's texts, without rendering them, and says which lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from html import unescape
from typing import Protocol
from urllib.parse import quote, unquote

from pipeline import markup, passages
from pipeline.errors import Problem
from pipeline.links import Links, Shelf, Target, inside
from pipeline.model import EVERYONE, Entry, House, Kind, Version, closest
from pipeline.validate import did_you_mean, visible

_SCRIPT = ("javascript:", "vbscript:", "data:")
_GUESSES = 100
"""Suggestions for dead links in one run: a guess compares names, and a thousand dead links have one cause."""


class Lookup(Protocol):
    """The files of ``content/`` by their path inside it."""

    def __contains__(self, path: object, /) -> bool: ...

    def names(self) -> list[str]: ...


class Follower:
    """Knows where every address of one house leads."""

    def __init__(self, house: House, files: Lookup) -> None:
        everything = House(house.settings, house.entries + house.waiting, (), house.pages)
        self._shelf = Shelf.of(everything)
        self._files = files
        self._guesses = _GUESSES

    def problems(self, version: Version, entry: Entry | None) -> Iterator[Problem]:
        """Every link and picture of ``version`` that does not lead where its readers can go."""
        source = inside(version.path)
        found = markup.references(version.body)
        everyone = passages.body_for(version.body, EVERYONE) if found and (entry is None or entry.public) else ""
        shown = {address for _, _, address in markup.references(everyone)}
        for number, tag, address in found:
            target = self._shelf.find(source, address)
            fault = self._fault(target, tag, address) or (self._narrower(target) if address in shown else None)
            if fault:
                yield Problem(version.path, version.line + number - 1, *fault)

    def _narrower(self, target: Target) -> tuple[str, str] | None:
        entry = self._shelf.entries[target.path][0] if target.kind == "entry" else None
        if entry is None or entry.public:
            return None
        fact = f"everyone may read this link to `{target.path}`, which is for `{visible(entry.visibility)}`"
        return fact, "Put it into a passage, or take it out."

    def _fault(self, target: Target, tag: str, address: str) -> tuple[str, str] | None:
        shown = f"`{visible(address, 100)}`"
        if target.kind == "outside":
            return _outside(tag, address, shown)
        if target.kind == "file" and target.path.startswith("../"):
            return f"{shown} leads out of `content/`", "Copy the file to `content/media/`, or take the link out."
        if target.kind == "file" and target.path not in self._files:
            return self._missing(target, tag, shown)
        if target.kind == "site" and quote(target.path).rstrip("/") not in self._addresses:
            if tag != "a":
                return f"there is no picture {shown}", f"It would be `content/{visible(target.path, 100)}`."
            return f"the link {shown} leads to no page of this site", "Link to the file: `[words](other-post.md)`."
        return None

    def _missing(self, target: Target, tag: str, shown: str) -> tuple[str, str]:
        there = f"It would be `content/{visible(target.path, 100)}`."
        if tag == "a":
            guess = self._guess(target.path, [*self._shelf.entries, *self._shelf.pages, *self._files.names()])
            return f"the link {shown} leads to no file", guess or there
        return f"there is no {'picture' if tag == 'img' else 'file'} {shown}", self._guess(target.path, self._files.names()) or there

    def _guess(self, path: str, names: Iterable[str]) -> str:
        if self._guesses == 0:
            return ""
        self._guesses -= 1
        known = list(names)
        same = [name for name in known if name.rsplit("/")[-1].casefold() == path.rsplit("/")[-1].casefold()]
        near = did_you_mean(path, same or known, " ")
        return near.strip() if near.startswith("Did") else f"Did you mean `{same[0]}`?" if same else ""

    @cached_property
    def _addresses(self) -> frozenset[str]:
        """Every page of the site, without the slash at its end."""
        shelf, links = self._shelf, self._shelf.links
        known = [page(lang) for lang in links.languages for page in _rooms(links)]
        known += [links.entry(entry, lang) for entry, lang in shelf.entries.values() if entry.kind is Kind.POST]
        known += [links.page(page, closest(lang, page.languages) or lang) for page, lang in shelf.pages.values()]
        known += [
            links.month(entry.date.year, entry.date.month, lang)
            for entry, lang in shelf.entries.values()
            if entry.kind is Kind.UPDATE
        ]
        known += [links.tag(tag, lang) for entry, lang in shelf.entries.values() for tag in entry.tags]
        return frozenset(quote(unquote(address)).rstrip("/") for address in known)


def _rooms(links: Links) -> tuple[Callable[[str], str], ...]:
    return links.front, links.updates, links.archive, links.tags, links.subscribe


def _outside(tag: str, address: str, shown: str) -> tuple[str, str] | None:
    """What is wrong with an address outside the house; white space and entities hide nothing from a browser."""
    bare = re.sub(r"[\x00-\x20]", "", unescape(address)).lower()
    if bare.startswith("file:") or re.match(r"[a-z]:[/\\]", bare):
        what = "link" if tag == "a" else "picture"
        return f"the {what} {shown} is a file of this machine", "Copy it to `content/media/` and link to it there."
    if bare.startswith(_SCRIPT) and (tag == "a" or not bare.startswith("data:")):
        return f"the link {shown} runs a script", "Take it out: letters and feeds drop it, and readers distrust it."
    return None
