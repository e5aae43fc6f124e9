"""The shapes of ``subscribers.yml`` as a person writes them, before defaults and addresses are filled in."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal

from pipeline.model import PUBLIC, Cadence, State
from pipeline.yamlfile import Document, Path

TOP = ("version", "defaults", "circles", "people")
_STRICT = {"extra": "forbid"}


@dataclass(frozen=True)
class WrittenDefaults:
    __pydantic_config__: ClassVar[Any] = _STRICT

    languages: tuple[str, ...] = ()
    cadence: Cadence = Cadence.MONTHLY
    max_per_month: int | None = None


@dataclass(frozen=True)
class WrittenCircle:
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
    also: bool = True
    ask_free: bool = False
    automatic: bool = False


@dataclass(frozen=True)
class WrittenInterests:
    __pydantic_config__: ClassVar[Any] = _STRICT

    more: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrittenConsent:
    __pydantic_config__: ClassVar[Any] = _STRICT

    when: str = ""
    how: str = ""


@dataclass(frozen=True)
class WrittenPerson:
    __pydantic_config__: ClassVar[Any] = _STRICT

    id: str
    circles: tuple[str, ...] = ()
    name: dict[str, str] = field(default_factory=dict)
    greeting: dict[str, str] = field(default_factory=dict)
    address: str = ""
    languages: tuple[str, ...] = ()
    interests: WrittenInterests = WrittenInterests()
    cadence: Cadence | None = None
    max_per_month: int | None = None
    state: State = State.CONTACT
    consent: WrittenConsent | None = None


def normalise(value: dict[str, Any], document: Document) -> None:
    """One text may stand for a text per language, one word for a row of words, a number for a text."""
    for key in [key for key in ("circles", "people", "defaults") if value.get(key, 0) is None]:
        del value[key]
    _plain(value.get("defaults"), "", ("languages",), ("defaults",), document)
    circles, people = value.get("circles"), value.get("people")
    for name, one in circles.items() if isinstance(circles, dict) else ():
        _plain(one, "title", ("reads", "tags", "languages", "channels"), ("circles", name), document)
    for index, one in enumerate(people) if isinstance(people, list) else ():
        _plain(one, "name", ("circles", "languages"), ("people", index), document)
        _plain(one, "greeting", (), ("people", index), document)
        if isinstance(one, dict):
            _plain(one.get("interests"), "", ("more", "mute"), ("people", index, "interests"), document)
            _plain(one.get("consent"), "", (), ("people", index, "consent"), document)


_TEXTS = ("id", "address", "when", "how", "kind", "cadence", "state")


def _plain(one: Any, worded: str, rows: tuple[str, ...], path: Path, document: Document) -> None:
    if not isinstance(one, dict):
        return
    for key in [key for key, value in one.items() if value is None and key not in ("reads", "circles")]:
        del one[key]
    for key in (*_TEXTS, *rows):
        if (*path, key) in document.texts:
            one[key] = document.texts[(*path, key)]
    if isinstance(one.get(worded), (str, int, float)):
        one[worded] = {"": document.texts.get((*path, worded), str(one[worded]))}
    for key in rows:
        if isinstance(one.get(key), str):
            one[key] = [one[key]]
        if isinstance(one.get(key), list):
            one[key] = [document.texts.get((*path, key, index), part) for index, part in enumerate(one[key])]


def keys() -> frozenset[str]:
    """Every key that may stand somewhere in the file."""
    kinds = (WrittenDefaults, WrittenCircle, WrittenInterests, WrittenConsent, WrittenPerson)
    return frozenset(TOP).union(*({one.name for one in fields(kind)} for kind in kinds))
