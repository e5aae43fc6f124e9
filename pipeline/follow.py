"""Follows every link and picture of a house's texts, without rendering them, and says which lead nowhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from html import unescape
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

from pipeline import markup, passages
from pipeline.errors import Problem
from pipeline.languages import closest
from pipeline.linkparts import BY_NAME
from pipeline.links import Links, Shelf, Target, inside, is_document
from pipeline.model import EVERYONE, Entry, House, Kind, Version
from pipeline.validate import did_you_mean, visible

_SCRIPT = ("javascript:", "vbscript:", "data:")
_GUESSES = 100
"""Suggestions for dead links in one run: a guess compares names, and a thousand dead links have one cause."""


class Lookup(Protocol):
    """The files of ``content/`` by their path inside it."""

    def __contains__(self, path: object, /) -> bool: ...

    def names(self) -> list[str]: ...


Link = tuple[int, str, str, bool]
"""A link or picture: its line in the body, the HTML element, the address, and whether everyone may read it."""


def links(version: Version, entry: Entry | None) -> tuple[Link, ...]:
    """Every link and picture of ``version`` that leads into the house, or is wrong wherever it leads."""
    found = [one for one in markup.references(version.body) if _matters(*one[1:])]
    everyone = passages.body_for(version.body, EVERYONE) if found and (entry is None or entry.public) else ""
    shown = {address for _, _, address in markup.references(everyone)}
    return tuple((number, tag, address, address in shown) for number, tag, address in found)


def _matters(tag: str, address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return _foreign(tag, address, "") is not None
    leads_away = bool(parts.scheme or parts.netloc or not parts.path) and not address.startswith(BY_NAME)
    return not leads_away or _foreign(tag, address, "") is not None


class Follower:
    """Knows where every address of one house leads."""

    def __init__(self, house: House, files: Lookup) -> None:
        everything = House(house.settings, house.entries + house.waiting, (), house.pages)
        self._shelf = Shelf.of(everything)
        self._files = files
        self._guesses = _GUESSES

    def problems(self, version: Version, found: Iterable[Link]) -> Iterator[Problem]:
        """Every link and picture of ``version`` among ``found`` that does not lead where its readers can go."""
        source = inside(version.path)
        for number, tag, address, shown in found:
            target = self._shelf.find(source, address)
            fault = self._fault(target, tag, address, source) or (self._narrower(target) if shown else None)
            if fault:
                yield Problem(version.path, version.line + number - 1, *fault)

    def _narrower(self, target: Target) -> tuple[str, str] | None:
        entry = self._shelf.entries[target.path][0] if target.kind == "entry" else None
        if entry is None or entry.public:
            return None
        fact = f"everyone may read this link to `{target.path}`, which is for `{visible(entry.visibility)}`"
        return fact, "Put it into a passage, or take it out."

    def _fault(self, target: Target, tag: str, address: str, source: str) -> tuple[str, str] | None:
        named = unquote(address.removeprefix(BY_NAME)) if address.startswith(BY_NAME) else ""
        shown = f"`[[{visible(named, 100)}]]`" if named else f"`{visible(address, 100)}`"
        if target.kind == "name":
            return f"the link {shown} names no text", self._called(named)
        if fault := _foreign(tag, address, shown):
            return fault
        if target.kind == "file" and target.path.startswith("../"):
            return f"{shown} leads out of `content/`", "Copy the file to `content/media/`, or take it out."
        if target.kind == "file" and target.path not in self._files:
            return self._missing(target, tag, shown, posixpath.dirname(source))
        if target.kind != "site" or is_document(target.path) or quote(target.path).rstrip("/") in self._addresses:
            return None
        return self._no_page(target, tag, shown)

    def _called(self, name: str) -> str:
        """The text with the most similar name, or how names are meant."""
        near = did_you_mean(name, self._shelf.names, " ") if self._may_guess() else ""
        if near.startswith("Did"):
            return f"Did you mean `[[{near[14:-2]}]]`?"
        return "Write a text's title or the name of its file, or take the brackets out."

    def _missing(self, target: Target, tag: str, shown: str, folder: str) -> tuple[str, str]:
        there = self._there(target.path)
        if tag == "a":
            guess = self._guess(target.path, [*self._shelf.entries, *self._shelf.pages, *self._files.names()], folder)
            return f"the link {shown} leads to no file", guess or there
        guess = self._guess(target.path, self._files.names(), folder)
        return f"there is no {'picture' if tag == 'img' else 'file'} {shown}", guess or there

    def _no_page(self, target: Target, tag: str, shown: str) -> tuple[str, str]:
        if tag != "a":
            return f"there is no picture {shown}", self._there(target.path)
        near = did_you_mean(quote(target.path).strip("/"), self._addresses, " ") if self._may_guess() else " "
        hint = (
            f"Did you mean `/{near[14:-2]}/`?"
            if near.startswith("Did")
            else "Link to the file: `[words](other-post.md)`."
        )
        return f"the link {shown} leads to no page of this site", hint

    def _there(self, path: str) -> str:
        """Where the file would be, or the folder that is not there at all: often a whole one was not copied."""
        above = "/"
        for part in path.split("/")[:-1]:
            above = f"{above}{part}/"
            if above[1:] not in self._folders:
                return f"There is no folder `content{visible(above, 100)}`: copy it there, or write the right path."
        return f"It would be `content/{visible(path, 100)}`."

    @cached_property
    def _folders(self) -> frozenset[str]:
        names = [*self._files.names(), *self._shelf.entries, *self._shelf.pages]
        return frozenset(name[: at + 1] for name in names for at, sign in enumerate(name) if sign == "/")

    def _guess(self, path: str, names: Iterable[str], folder: str) -> str:
        """The file with the most similar name, wherever it lies, as a text in ``folder`` would write it.

        ``""`` when none is similar, or enough was guessed.
        """
        if not self._may_guess():
            return ""
        places: dict[str, str] = {}
        for name in names:
            places.setdefault(_stem(name), name)
        near = did_you_mean(_stem(path), places, " ")
        if not near.startswith("Did"):
            return ""
        return f"Did you mean `{visible(posixpath.relpath(places[near[14:-2]], folder or '.'), 100)}`?"

    def _may_guess(self) -> bool:
        self._guesses -= 1
        return self._guesses >= 0

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
        known += [address for entry, _ in shelf.entries.values() if entry.public for address in _by_year(links, entry)]
        known += [links.tag(tag, lang) for entry, lang in shelf.entries.values() for tag in entry.tags]
        return frozenset(quote(unquote(address)).rstrip("/") for address in known)


def _by_year(links: Links, entry: Entry) -> Iterator[str]:
    """The pages of a year on which an entry stands: in the archive, and under tags that have so many."""
    year = str(entry.date.year) if entry.dated else "undated"
    for lang in {links.home, *entry.languages}:
        if entry.kind is Kind.POST:
            yield links.archive(lang, year)
        yield from (links.tag(tag, lang, str(entry.date.year)) for tag in entry.tags)


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _rooms(links: Links) -> tuple[Callable[[str], str], ...]:
    return links.front, links.updates, links.archive, links.tags, links.subscribe


def _foreign(tag: str, address: str, shown: str) -> tuple[str, str] | None:
    """What is wrong with an address of another kind; white space and entities hide nothing from a browser."""
    bare = re.sub(r"[\x00-\x20]", "", unescape(address)).lower()
    if bare.startswith("file:") or re.match(r"[a-z]:[/\\]", bare):
        what = "link" if tag == "a" else "picture"
        return f"the {what} {shown} is a file of this machine", "Copy it to `content/media/` and link to it there."
    if bare.startswith(_SCRIPT) and (tag == "a" or not bare.startswith("data:")):
        return f"the link {shown} runs a script", "Take it out."
    return None
