"""Reads ``subscribers.yml``: the circles, closest first, and the people in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from pipeline import yamlfile
from pipeline.errors import Problem
from pipeline.model import PUBLIC, Cadence, Circle, Interests, Person, State
from pipeline.textfile import read_text
from pipeline.validate import checked, did_you_mean

FILE = "subscribers.yml"
ADDRESSES = "private/addresses.yml"

_NAME = re.compile(r"[\w][\w.-]{0,63}")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_STRICT = {"extra": "forbid"}


@dataclass(frozen=True)
class _Defaults:
    __pydantic_config__: ClassVar[Any] = _STRICT

    languages: tuple[str, ...] = ()
    cadence: Cadence = Cadence.MONTHLY
    max_per_month: int | None = None


@dataclass(frozen=True)
class _Circle:
    __pydantic_config__: ClassVar[Any] = _STRICT

    title: dict[str, str] = field(default_factory=dict)
    kind: Literal["people", "broadcast"] = "people"
    cadence: Cadence | None = None
    reads: tuple[str, ...] = (PUBLIC,)
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    max: int | None = None
    max_per_month: int | None = None
    reach: int | None = None
    full: bool = False
    ask_free: bool = False
    automatic: bool = False


@dataclass(frozen=True)
class _Interests:
    __pydantic_config__: ClassVar[Any] = _STRICT

    more: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Consent:
    __pydantic_config__: ClassVar[Any] = _STRICT

    when: str = ""
    how: str = ""


@dataclass(frozen=True)
class _Person:
    __pydantic_config__: ClassVar[Any] = _STRICT

    id: str
    circles: tuple[str, ...] = ()
    name: dict[str, str] = field(default_factory=dict)
    address: str = ""
    languages: tuple[str, ...] = ()
    interests: _Interests = _Interests()
    cadence: Cadence | None = None
    max_per_month: int | None = None
    state: State = State.CONTACT
    consent: _Consent | None = None


@dataclass(frozen=True)
class _File:
    __pydantic_config__: ClassVar[Any] = _STRICT

    version: Literal[1] = 1
    defaults: _Defaults = _Defaults()
    circles: dict[str, _Circle] = field(default_factory=dict)
    people: tuple[_Person, ...] = ()


@dataclass(slots=True)
class Register:
    """What a reading of ``subscribers.yml`` gave."""

    circles: list[Circle] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_subscribers(root: Path, languages: tuple[str, ...], environ: Mapping[str, str]) -> Register:
    """The circles and people of the house at ``root``; ``languages`` serve where nobody says otherwise.

    An address may be written out, or stand in the environment (``env:NAME``) or in
    ``private/addresses.yml`` (``@key``), which git does not track.
    """
    register = Register()
    path = root / FILE
    if not path.exists():
        register.problems.append(Problem(FILE, 0, "there is no such file", "`kith init` shows what it looks like."))
        return register
    text, register.problems = read_text(path, FILE, root)
    if register.problems:
        return register
    document = yamlfile.parse(text)
    register.problems += document.named(FILE)
    file = _checked(document, register)
    if file is not None:
        register.circles = [_circle(name, one, rank, file.defaults) for rank, (name, one) in enumerate(file.circles.items())]
        books = _Books(root, environ, register, document)
        register.people = [_person(one, index, file, languages, books) for index, one in enumerate(file.people)]
        register.problems += _faults(register, document)
    return register


def _checked(document: yamlfile.Document, register: Register) -> _File | None:
    if document.value is None and not register.problems:
        register.problems.append(Problem(FILE, 1, "the file is empty", "Write `circles:` and `people:`."))
    if document.problems or document.value is None:
        return None
    if not isinstance(document.value, dict):
        register.problems.append(Problem(FILE, 1, "it is not a mapping", "Write `circles:` and `people:`."))
        return None
    _normalise(document.value)
    file, problems = checked(_File, document.value, FILE, document.line)
    register.problems += [_known(problem) for problem in problems]
    return file


def _known(problem: Problem) -> Problem:
    """Suggests the key for an unknown one, whose place pydantic gives without its kind."""
    match = re.fullmatch(r"unknown key `(.+)`", problem.fact)
    if not match or problem.suggestion.startswith("Did"):
        return problem
    keys = {key for kind in (_File, _Defaults, _Circle, _Interests, _Consent, _Person) for key in kind.__dataclass_fields__}
    return Problem(problem.path, problem.line, problem.fact, did_you_mean(match[1], keys, "Remove it."))


def _normalise(value: dict[str, Any]) -> None:
    """One text may stand for a text per language, one word for a row of words, a number for a text."""
    for key in ("circles", "people", "defaults"):
        if key in value and value[key] is None:
            del value[key]
    circles = value.get("circles")
    people = value.get("people")
    for one in (circles.values() if isinstance(circles, dict) else ()):
        _plain(one, "title", ("reads", "tags", "languages", "channels"))
    for one in people if isinstance(people, list) else ():
        _plain(one, "name", ("circles", "languages"))
        if isinstance(one, dict):
            for key in ("id", "address"):
                if isinstance(one.get(key), (int, float)) and not isinstance(one[key], bool):
                    one[key] = str(one[key])
            _plain(one.get("interests"), "", ("more", "mute"))


def _plain(one: Any, worded: str, rows: tuple[str, ...]) -> None:
    if not isinstance(one, dict):
        return
    for key in [key for key, value in one.items() if value is None]:
        del one[key]
    if isinstance(one.get(worded), (str, int, float)):
        one[worded] = {"": str(one[worded])}
    for key in rows:
        if isinstance(one.get(key), str):
            one[key] = [one[key]]


def _circle(name: str, one: _Circle, rank: int, defaults: _Defaults) -> Circle:
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
        ask_free=one.ask_free,
        automatic=one.automatic,
    )


def _person(one: _Person, index: int, file: _File, languages: tuple[str, ...], books: _Books) -> Person:
    consent = one.consent or _Consent()
    return Person(
        id=one.id,
        circles=one.circles,
        name=one.name,
        address=books.address(one.address, index),
        languages=one.languages or file.defaults.languages or languages,
        interests=Interests(one.interests.more, one.interests.mute),
        cadence=one.cadence,
        max_per_month=one.max_per_month,
        state=one.state,
        consent=tuple((key, value) for key, value in (("when", consent.when), ("how", consent.how)) if value),
        line=books.document.line(("people", index)),
    )


class _Books:
    """Resolves addresses and says where one cannot be resolved."""

    def __init__(self, root: Path, environ: Mapping[str, str], register: Register, document: yamlfile.Document) -> None:
        self.document = document
        self._root = root
        self._environ = environ
        self._problems = register.problems
        self._private: dict[str, Any] | None = None

    def address(self, written: str, index: int) -> str:
        line = self.document.line(("people", index, "address"))
        written = written.strip()
        if written.startswith("env:"):
            return self._from(self._environ, written[4:], line, "the environment variable", "Set it, or write")
        if written.startswith("@"):
            return self._from(self._addresses(), written[1:], line, f"`{ADDRESSES}` has no", "Add it there, or write")
        return self._sound(written, line, written)

    def _from(self, book: Mapping[str, Any], key: str, line: int, what: str, hint: str) -> str:
        value = str(book.get(key) or "").strip()
        if not value:
            fact = f"{what} `{key}` is not set" if book is self._environ else f"{what} `{key}`"
            self._problems.append(Problem(FILE, line, fact, f"{hint} the address itself."))
            return ""
        return self._sound(value, line, f"behind `{key}`")

    def _addresses(self) -> dict[str, Any]:
        if self._private is None:
            self._private = {}
            path = self._root / ADDRESSES
            if path.exists():
                text, problems = read_text(path, ADDRESSES, self._root)
                document = yamlfile.parse(text)
                self._problems += problems + document.named(ADDRESSES)
                self._private = document.value if isinstance(document.value, dict) else {}
        return self._private

    def _sound(self, address: str, line: int, shown: str) -> str:
        if not address or _PLAIN_ADDRESS.fullmatch(address):
            return address
        from email_validator import EmailNotValidError, validate_email

        try:
            return validate_email(address, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError as error:
            fact = f"the address `{shown}` is not one: {str(error).rstrip('.').lower()}"
            self._problems.append(Problem(FILE, line, fact, "Write it as `name@example.org`."))
            return ""


def _faults(register: Register, document: yamlfile.Document) -> list[Problem]:
    problems = _circle_faults(register, document)
    known = {circle.name for circle in register.circles}
    ids: dict[str, int] = {}
    addresses: dict[str, str] = {}
    for index, person in enumerate(register.people):
        def say(key: str, fact: str, hint: str, index: int = index) -> None:
            problems.append(Problem(FILE, document.line(("people", index, key)), fact, hint))

        if not _NAME.fullmatch(person.id) or ":" in person.id:
            say("id", f"`{person.id}` is not an id", "Write letters, digits, `-`, `_` or `.`.")
        if person.id.lower() in ids:
            say("id", f"the id `{person.id}` stands here twice", f"It is also on line {ids[person.id.lower()]}.")
        ids.setdefault(person.id.lower(), person.line)
        if person.address and person.address.lower() in addresses:
            other = addresses[person.address.lower()]
            say("address", f"`{person.id}` has the same address as `{other}`", "Keep one of them.")
        addresses.setdefault(person.address.lower(), person.id)
        for name in person.circles:
            if name not in known:
                say("circles", f"unknown circle `{name}`", did_you_mean(name, known))
            elif register.circles[[circle.name for circle in register.circles].index(name)].broadcast:
                say("circles", f"`{name}` is a broadcast circle, which has no people in it", "Remove it here.")
        if person.state is State.SUBSCRIBED and not person.address:
            say("state", f"`{person.id}` is subscribed but has no address", "Add one, or write `state: contact`.")
        problems += _language_faults(person.languages, document.line(("people", index, "languages")))
    return problems


def _circle_faults(register: Register, document: yamlfile.Document) -> list[Problem]:
    problems: list[Problem] = []
    for circle in register.circles:
        line = document.line(("circles", circle.name))
        if not _NAME.fullmatch(circle.name) or circle.name in (PUBLIC, "auto", "none"):
            problems.append(Problem(FILE, line, f"`{circle.name}` cannot be a circle's name", "Choose another word."))
        for channel in circle.channels:
            if not re.fullmatch(r"paste:[\w-]+", channel):
                problems.append(Problem(FILE, line, f"unknown channel `{channel}`", "Write `paste:wechat`."))
        if circle.broadcast and not circle.channels:
            hint = "Write `channels: [paste:wechat]`."
            problems.append(Problem(FILE, line, f"the broadcast circle `{circle.name}` has no channel", hint))
        inside = sum(circle.name in person.circles for person in register.people)
        if circle.max is not None and inside > circle.max:
            fact = f"`{circle.name}` has {inside} people; its `max` is {circle.max}"
            problems.append(Problem(FILE, line, fact, "A circle that grows stops being one: move somebody, or raise it."))
        problems += _language_faults(circle.languages, line)
    return problems


def _language_faults(languages: tuple[str, ...], line: int) -> list[Problem]:
    return [
        Problem(FILE, line, f"`{tag}` is not a language tag", "Write one such as `en`, `zh` or `pt-BR`.")
        for tag in languages
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag)
    ]
