"""Reads ``subscribers.yml``: the circles, closest first, and the people in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeline import yamlfile
from pipeline.addresses import Books
from pipeline.enrolled import FILE, Row, faults, shape_faults
from pipeline.errors import Problem
from pipeline.model import PUBLIC, Circle, Interests, Person
from pipeline.register import Register
from pipeline.textfile import read_text
from pipeline.validate import checked, did_you_mean, sound_part
from pipeline.written import WrittenCircle, WrittenConsent, WrittenDefaults, WrittenPerson, keys, normalise

__all__ = ["FILE", "Register", "read_subscribers"]

T = TypeVar("T")


def read_subscribers(root: Path, languages: tuple[str, ...], environ: Mapping[str, str]) -> Register:
    """The circles and people of the house at ``root``; ``languages`` serve where nobody says otherwise.

    An address may be written out, or stand in the environment (``env:NAME``) or in
    ``private/addresses.yml`` (``@key``), which git does not track.
    """
    register = Register()
    path = root / FILE
    if not path.exists() and not path.is_symlink():
        register.problems.append(Problem(FILE, 0, "there is no such file", "`kith init DIR` shows what it looks like."))
        return register
    text, register.problems = read_text(path, FILE, root)
    if register.problems:
        return register
    document = yamlfile.parse(text)
    register.problems += document.named(FILE)
    if isinstance(document.value, dict):
        _fill(register, document, languages, Books(root, environ, FILE))
    elif not document.problems:
        fact = "the file is empty" if document.value is None else "it is not `circles:` and `people:`"
        register.problems.append(Problem(FILE, 1, fact, "Write `circles:` and `people:`; `kith init DIR` shows how."))
    return register


def _fill(register: Register, document: yamlfile.Document, languages: tuple[str, ...], books: Books) -> None:
    value = document.value
    normalise(value, document)
    register.problems += shape_faults(value, document)
    defaults = _part(WrittenDefaults, value.get("defaults", {}), ("defaults",), register, document) or WrittenDefaults()
    circles = value.get("circles", {})
    register.known = isinstance(circles, dict) and ("circles" in value or not document.broken)
    for rank, (name, one) in enumerate(circles.items() if isinstance(circles, dict) else ()):
        shape = _part(WrittenCircle, one, ("circles", name), register, document)
        unread = any(path[:2] == ("circles", name) for path in document.unread)
        if shape is None or unread:
            register.doubtful.add(name)
        if shape is None and isinstance(one, dict):
            shape, _ = checked(WrittenCircle, sound_part(WrittenCircle, one), FILE, document.line)
        register.circles.append(_circle(name, shape or WrittenCircle(), rank, defaults))
    rows: list[Row] = []
    people = value.get("people", ())
    for index, one in enumerate(people if isinstance(people, list) else ()):
        person = _part(WrittenPerson, one, ("people", index), register, document)
        if person is None and isinstance(one, dict):
            person, _ = checked(
                WrittenPerson, {"id": f"person-{index}", **sound_part(WrittenPerson, one)}, FILE, document.line
            )
        if person is not None:
            address = books.address(person.address, document.line(("people", index, "address")))
            line = document.line(("people", index))
            register.people.append(_person(person, defaults, languages, address, line))
            register.written[person.id] = person.address
            rows.append(Row(register.people[-1], index, bool(person.address.strip())))
    register.problems += books.problems + faults(register.circles, rows, register.doubtful, document)


def _part(kind: type[T], data: Any, path: yamlfile.Path, register: Register, document: yamlfile.Document) -> T | None:
    """A part of the file as a ``kind``; None, and its problems noted, when it is none."""
    line = document.line(path)
    if data is None and (path in document.unread or any(number == line for number, _, _ in document.problems)):
        return None
    label = f"`{path[-1]}`" if isinstance(path[-1], str) else "a person"
    made, problems = checked(kind, data, FILE, lambda inner: document.line((*path, *inner)), label)
    register.problems += [_known(problem) for problem in problems]
    return made


def _known(problem: Problem) -> Problem:
    """Suggests a key of another place for an unknown one that is like none of its own."""
    said, _, key = problem.fact.rstrip("`").partition("unknown key `")
    if said or not key or problem.suggestion.startswith("Did"):
        return problem
    return Problem(problem.path, problem.line, problem.fact, did_you_mean(key, keys(), "Remove it."))


def _circle(name: str, one: WrittenCircle, rank: int, defaults: WrittenDefaults) -> Circle:
    return Circle(
        name=name,
        reads=frozenset(one.reads) | {PUBLIC},
        title=one.title,
        rank=rank,
        kind=one.kind,
        cadence=one.cadence or defaults.cadence,
        max=one.max,
        max_per_month=one.max_per_month if one.max_per_month is not None else defaults.max_per_month,
        tags=one.tags,
        languages=one.languages or defaults.languages,
        channels=one.channels,
        reach=one.reach,
        full=one.full,
        also=one.also,
        ask_free=one.ask_free,
        automatic=one.automatic,
    )


def _person(
    one: WrittenPerson, defaults: WrittenDefaults, languages: tuple[str, ...], address: str, line: int
) -> Person:
    consent = one.consent or WrittenConsent()
    return Person(
        id=one.id,
        circles=one.circles,
        name=one.name,
        address=address,
        languages=one.languages or defaults.languages or languages,
        interests=Interests(one.interests.more, one.interests.mute),
        cadence=one.cadence,
        max_per_month=one.max_per_month,
        state=one.state,
        consent=tuple((key, value) for key, value in (("when", consent.when), ("how", consent.how)) if value),
        line=line,
        greeting=one.greeting,
    )
