"""What is wrong between the circles and people of ``subscribers.yml``: names, doubles, numbers, empty places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import Problem
from pipeline.model import PUBLIC, Circle, Person, State
from pipeline.validate import LANGUAGE, did_you_mean, visible
from pipeline.written import TOP
from pipeline.yamlfile import Document, Path

FILE = "subscribers.yml"

_NAME = re.compile(r"[\w][\w.-]{0,63}")
_OUTER = {"version": (int, "Write `version: 1`."), "circles": (dict, "Write `inner: {title: Close friends}` below it."),
          "people": (list, "Write `- id: wei` below it.")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A person and their place in the file; ``wrote`` is whether they have an address there, sound or not."""

    person: Person
    index: int
    wrote: bool


class Faults:
    """Notes problems at paths of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def say(self, path: Path, fact: str, suggestion: str) -> None:
        self.problems.append(Problem(FILE, self.document.line(path), fact, suggestion))


def shape_faults(value: Mapping[str, Any], document: Document) -> list[Problem]:
    """Unknown keys, and known ones that hold something else altogether."""
    faults = Faults(document)
    for key, one in value.items():
        if key not in TOP:
            faults.say((key,), f"unknown key `{visible(key)}`", did_you_mean(key, TOP))
        elif key == "version" and one != 1 and (key,) not in document.unread:
            faults.say((key,), f"`version` is `{visible(str(one))}`", "Write `version: 1`.")
        elif key in _OUTER and not isinstance(one, _OUTER[key][0]) and (key,) not in document.unread:
            faults.say((key,), f"`{key}` holds something else than it should", _OUTER[key][1])
    return faults.problems


def faults(circles: list[Circle], rows: list[Row], doubtful: set[str], document: Document) -> list[Problem]:
    """Every problem between circles and people; circles in ``doubtful`` have had theirs told."""
    found = Faults(document)
    known = {circle.name: circle for circle in circles}
    for circle in circles:
        if circle.name not in doubtful:
            _circle(found, circle, known)
        inside = sum(circle.name in row.person.circles for row in rows)
        if circle.max is not None and 0 < circle.max < inside:
            fact = f"`{circle.name}` has {inside} people; its `max` is {circle.max}"
            found.say(_place(circle, "max"), fact, "A circle that grows stops being one: move somebody, or raise it.")
    _doubles(found, rows)
    for row in rows:
        _person(found, row, known)
    return found.problems


def _place(circle: Circle, key: str) -> Path:
    return ("circles", circle.name, key)


def _circle(found: Faults, circle: Circle, known: Mapping[str, Circle]) -> None:
    name = visible(circle.name)
    if not _NAME.fullmatch(circle.name) or circle.name in (PUBLIC, "auto", "none"):
        hint = "It has a meaning of its own: choose another word." if _NAME.fullmatch(circle.name) else (
            "Write letters, digits, `-`, `_` or `.`, at most 64."
        )  # fmt: skip
        found.say(("circles", circle.name), f"`{name}` cannot be a circle's name", hint)
    for read in sorted(circle.reads - {PUBLIC, *known}):
        hint = did_you_mean(read, {*known, PUBLIC})
        found.say(
            _place(circle, "reads"), f"`{name}` reads `{visible(read)}`, which is neither `public` nor a circle", hint
        )
    for channel in circle.channels:
        if not re.fullmatch(r"paste:[\w-]+", channel):
            found.say(_place(circle, "channels"), f"unknown channel `{visible(channel)}`", "Write `paste:wechat`.")
    if circle.broadcast and not circle.channels:
        found.say(
            _place(circle, "kind"), f"the broadcast circle `{name}` has no channel", "Add `channels: [paste:wechat]`."
        )
    for key in ("max", "reach"):
        if (number := getattr(circle, key)) is not None and number < 1:
            found.say(_place(circle, key), f"`{key}` is {number}", "Write a whole number from 1 on, or leave it out.")
    _least(found, circle.max_per_month, _place(circle, "max_per_month"))
    _languages(found, circle.languages, _place(circle, "languages"))
    _plain(found, (*circle.title.values(), *circle.tags), ("circles", circle.name), f"the circle `{name}`")


def _doubles(found: Faults, rows: list[Row]) -> None:
    ids: dict[str, Row] = {}
    addresses: dict[str, Row] = {}
    for row in rows:
        person, line = row.person, found.document.line
        if other := ids.get(person.id.casefold()):
            same = (
                "stands here twice"
                if other.person.id == person.id
                else f"differs from `{visible(other.person.id)}` only in case"
            )
            where = line(("people", other.index, "id"))
            fact = f"the id `{visible(person.id)}` {same}"
            found.say(
                ("people", row.index, "id"), fact, f"The other is on line {where}: give one of them another `id`."
            )
        ids.setdefault(person.id.casefold(), row)
        if person.address and (other := addresses.get(person.address.lower())):
            fact = f"`{visible(person.id)}` has the same address as `{visible(other.person.id)}`"
            where = line(("people", other.index, "address"))
            found.say(
                ("people", row.index, "address"), fact, f"The other is on line {where}: keep one of the two people."
            )
        addresses.setdefault(person.address.lower(), row)


def _person(found: Faults, row: Row, known: Mapping[str, Circle]) -> None:
    person, path = row.person, ("people", row.index)
    if not _NAME.fullmatch(person.id):
        shown = f"`{visible(person.id)}`" if person.id else "an empty text"
        found.say((*path, "id"), f"{shown} is not an id", "Write letters, digits, `-`, `_` or `.`, at most 64.")
    for number, name in enumerate(person.circles):
        if name not in known:
            hint = did_you_mean(name, known, "" if known else "Add it below `circles:`.")
            found.say((*path, "circles", number), f"unknown circle `{visible(name)}`", hint)
        elif known[name].broadcast:
            fact = f"`{name}` is a broadcast circle, which has no people in it"
            found.say((*path, "circles", number), fact, "Remove it here.")
    if person.state is State.SUBSCRIBED and not row.wrote:
        fact = f"`{visible(person.id)}` is subscribed but has no address"
        found.say((*path, "state"), fact, "Add `address`, or write `state: contact`.")
    _least(found, person.max_per_month, (*path, "max_per_month"))
    _languages(found, person.languages, (*path, "languages"))
    _plain(found, (*person.name.values(), *person.circles), (*path, "name"), "the name")
    _plain(found, person.greeting.values(), (*path, "greeting"), "the greeting")


def _least(found: Faults, number: int | None, path: Path) -> None:
    if number is not None and number < 0:
        found.say(path, f"`{path[-1]}` is {number}", "Write a whole number from 0 on, or leave it out.")


def _languages(found: Faults, languages: Iterable[str], path: Path) -> None:
    for tag in languages:
        if not LANGUAGE.fullmatch(tag):
            found.say(path, f"`{visible(tag)}` is not a language tag", "Write one such as `en`, `zh` or `pt-BR`.")


def _plain(found: Faults, texts: Iterable[str], path: Path, what: str) -> None:
    """A line break in what becomes a header would start another header."""
    if any(ord(character) < 32 or ord(character) == 127 for text in texts for character in text):
        found.say(path, f"there is a line break or control character in {what}", "Keep it to one line of text.")
