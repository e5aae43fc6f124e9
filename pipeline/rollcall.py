"""The settings, circles and people of unchanged files, without checking again what was found sound."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from pipeline import kept
from pipeline.addresses import Books
from pipeline.config import FILE as SETTINGS
from pipeline.errors import Problem
from pipeline.model import Cadence, Circle, Interests, Person, State
from pipeline.register import Register
from pipeline.regular import read_regular
from pipeline.settings import Settings

PEOPLE = "subscribers.yml"
_PARTS: dict[str, Any] = {one.name: type(one.default) for one in fields(Settings) if is_dataclass(one.default)}


class Roll:
    """Reads a house's settings and register; `keep` stores what was sound for the next time."""

    def __init__(self, root: Path, cache: Path) -> None:
        self._root, self._cache = root, cache
        self._found: list[tuple[str, object, Any]] = []

    def settings(self) -> tuple[Settings, list[Problem]]:
        """What `config.settings_of` gives."""
        digest = _digest(self._root / SETTINGS)
        known = kept.load(self._cache / "settings", digest) if digest else None
        if known is not None:
            return Settings(**(known | {name: kind(**known[name]) for name, kind in _PARTS.items()})), []
        from pipeline.config import settings_of

        settings, problems = settings_of(self._root)
        if digest and not problems:
            self._found.append(("settings", digest, asdict(settings)))
        return settings, problems

    def register(self, languages: tuple[str, ...], environ: Mapping[str, str]) -> Register:
        """What `subscribers.read_subscribers` gives; addresses that stand elsewhere are never kept."""
        digest = _digest(self._root / PEOPLE)
        known = kept.load(self._cache / "people", (digest, languages)) if digest else None
        if known is not None and (register := _called(known[0], known[1], self._root, environ)):
            return register
        from pipeline.subscribers import read_subscribers

        register = read_subscribers(self._root, languages, environ)
        if digest and not register.problems:
            circles = [tuple(map(_plain, _values(circle))) for circle in register.circles]
            people = [_packed(person, register.written.get(person.id, "")) for person in register.people]
            self._found.append(("people", (digest, languages), (circles, people)))
        return register

    def keep(self) -> None:
        """Stores what was read anew."""
        for name, key, value in self._found:
            kept.store(self._cache / name, key, value)


def _called(
    circles: list[tuple[Any, ...]], people: list[tuple[Any, ...]], root: Path, environ: Mapping[str, str]
) -> Register | None:
    """The register, with every address looked up anew; None when something is wrong with one of them."""
    books = Books(root, environ, PEOPLE)
    found = [_person(one, books) for one in people]
    addresses = [one.address.lower() for one in found if one.address]
    if books.problems or len(set(addresses)) < len(addresses):
        return None
    return Register([_circle(one) for one in circles], found, known=True)


def _circle(values: tuple[Any, ...]) -> Circle:
    made = Circle(*values)
    return replace(made, cadence=Cadence(made.cadence))


def _packed(person: Person, written: str) -> tuple[Any, ...]:
    return (
        person.id, person.circles, person.name, written, person.languages,
        (person.interests.more, person.interests.mute),
        _plain(person.cadence), person.max_per_month, str(person.state), person.consent, person.line,
        person.greeting,
    )  # fmt: skip


def _person(values: tuple[Any, ...], books: Books) -> Person:
    id_, circles, name, written, languages, interests, cadence, most, state, consent, line, greeting = values
    address = books.address(written, line)
    pace = None if cadence is None else Cadence(cadence)
    return Person(
        id_, circles, name, address, languages, Interests(*interests), pace, most, State(state), consent, line, greeting
    )


def _values(one: Any) -> list[Any]:
    return [getattr(one, each.name) for each in fields(one)]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Cadence) else value


def _digest(path: Path) -> str:
    """The hash of a plain file; ``""`` for anything else, which is to be read with all care."""
    try:
        return "" if path.is_symlink() or not path.is_file() else hashlib.sha256(read_regular(path)).hexdigest()
    except OSError:
        return ""
