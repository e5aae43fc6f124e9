"""Checks what only the whole house can tell: circles, passages, links and pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline import markup, passages
from pipeline.errors import Problem
from pipeline.links import Shelf, Target, inside
from pipeline.model import EVERYONE, PUBLIC, Entry, House, Kind, Version, closest
from pipeline.validate import did_you_mean

_ID = re.compile(r"[\w][\w.:/+-]{0,119}")


def check(house: House, exists: Callable[[str], bool]) -> list[Problem]:
    """Every problem between the files of a house; ``exists`` answers for a path inside ``content/``."""
    everything = House(house.settings, house.entries + house.waiting, (), house.pages, house.circles, house.people)
    names = sorted(frozenset[str]().union(*(circle.reads for circle in house.circles)) - {PUBLIC})
    shelf = Shelf.of(everything)
    problems: list[Problem] = []
    for entry in everything.entries:
        problems += _entry(entry, house, names)
        for version in entry.versions:
            problems += _links(version, entry, shelf, exists)
    for page in house.pages:
        for version in page.versions:
            problems += _links(version, None, shelf, exists)
            problems += _passages(version, names)
    return [*problems, *_circles(house, names)]


def _entry(entry: Entry, house: House, names: list[str]) -> Iterator[Problem]:
    version = entry.master
    if not _ID.fullmatch(entry.id):
        hint = "Write letters, digits and `-`, at most 120."
        yield Problem(version.path, version.at("id"), f"`{entry.id}` is not an id", hint)
    if entry.visibility != PUBLIC and entry.visibility not in names:
        fact = f"`visibility: {entry.visibility}` is a name that no circle reads"
        yield Problem(version.path, version.at("visibility"), fact, did_you_mean(entry.visibility, [*names, PUBLIC]))
    yield from _tell(entry, house)
    for one in entry.versions:
        yield from _passages(one, names)


def _tell(entry: Entry, house: House) -> Iterator[Problem]:
    version, line = entry.master, entry.master.at("tell")
    circles = {circle.name: circle for circle in house.circles}
    for name in entry.tell or ():
        if name in ("auto", "none"):
            hint = "Write `auto`, `none`, or circles."
            yield Problem(version.path, line, f"`tell` mixes `{name}` with circles", hint)
        elif name not in circles:
            yield Problem(version.path, line, f"unknown circle `{name}`", did_you_mean(name, [*circles, "auto", "none"]))
        elif entry.visibility not in circles[name].reads:
            fact = f"`{name}` is told, but may not read `{entry.visibility}`"
            yield Problem(version.path, line, fact, f"Leave `{name}` out of `tell`, or widen `visibility`.")


def _passages(version: Version, names: list[str]) -> Iterator[Problem]:
    for number, name in passages.names(version.body):
        if name not in names:
            place = version.line + number - 1
            fact = f"a passage for `{name}`, a name that no circle reads"
            yield Problem(version.path, place, fact, did_you_mean(name, names))


def _circles(house: House, names: list[str]) -> Iterator[Problem]:
    if not house.circles:
        return
    own = {circle.name for circle in house.circles}
    for name in names:
        if name not in own:
            fact = f"a circle reads `{name}`, which is neither `public` nor a circle"
            yield Problem("subscribers.yml", 0, fact, did_you_mean(name, own | {PUBLIC}))


def _links(version: Version, entry: Entry | None, shelf: Shelf, exists: Callable[[str], bool]) -> Iterator[Problem]:
    source = inside(version.path)
    everyone = passages.body_for(version.body, EVERYONE) if entry is None or entry.public else ""
    shown = {address for _, _, address in markup.references(everyone)}
    for number, tag, address in markup.references(version.body):
        target = shelf.find(source, address)
        line = version.line + number - 1
        fault = _fault(target, tag, address, shelf, exists)
        if fault:
            yield Problem(version.path, line, *fault)
        elif target.kind == "entry" and address in shown and not shelf.entries[target.path][0].public:
            fact = f"everyone may read this link to `{target.path}`, which is for `{shelf.entries[target.path][0].visibility}`"
            yield Problem(version.path, line, fact, "Put it into a passage, or take it out.")


def _fault(
    target: Target, tag: str, address: str, shelf: Shelf, exists: Callable[[str], bool]
) -> tuple[str, str] | None:
    if target.kind == "outside":
        if tag == "img" and address.startswith("file:"):
            return f"the picture `{address}` is a file of this machine", "Copy it to `content/media/`."
        return None
    if target.kind == "file" and not exists(target.path):
        if tag == "a":
            hint = did_you_mean(target.path, [*shelf.entries, *shelf.pages], "Is the file's name right?")
            return f"the link `{address}` leads to no file", hint
        return f"there is no picture `{address}`", f"It would be `content/{target.path}`."
    if target.kind == "site" and not _on_site(target.path, shelf):
        return f"the link `{address}` leads to no page of this site", "Link to the file: `[words](other-post.md)`."
    return None


def _on_site(path: str, shelf: Shelf) -> bool:
    from urllib.parse import quote, unquote

    links = shelf.links
    wanted = quote(unquote(path)).rstrip("/")
    for language in links.languages:
        for page in (links.front, links.updates, links.archive, links.tags, links.subscribe):
            if page(language).rstrip("/") == wanted:
                return True
    known = [links.entry(entry, lang) for entry, lang in shelf.entries.values() if entry.kind is Kind.POST]
    known += [links.page(page, closest(lang, page.languages) or lang) for page, lang in shelf.pages.values()]
    known += [links.month(e.date.year, e.date.month, lang) for e, lang in shelf.entries.values() if e.kind is Kind.UPDATE]
    known += [links.tag(tag, lang) for entry, lang in shelf.entries.values() for tag in entry.tags]
    return wanted in {address.rstrip("/") for address in known}
