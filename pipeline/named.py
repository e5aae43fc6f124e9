"""Names that must stand in nothing that leaves: people's, by which they are known here, their addresses, circles'.

A full name (two words, or a Chinese surname with what follows it) and an address are sought as they are. A name of
one word, an id and a circle's name may be ordinary words: where the author's own text has them, they are his words.
Names of less than three letters, or of one character, are not sought: they stand everywhere. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.model import Circle, House, Person
from pipeline.sieve import Sought, What
from pipeline.surnames import is_full_name
from pipeline.undone import is_alone, spoken

PEOPLE = "subscribers.yml"
_FEWEST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Known:
    """Something private that stands in no noun of the house, such as an address in a file under `private/`."""

    path: str
    line: int
    who: str
    text: str
    what: What = What.PERSON


Wholes = Mapping[str, tuple[tuple[bytes, ...], ...]]
"""Person → what they are called, each as its words."""


def called(house: House, more: Iterable[Known] = ()) -> Wholes:
    """The names, the id and the address of every person."""
    found: dict[str, dict[tuple[bytes, ...], None]] = {}
    for one in (*(one for person in house.people for one in _person(person)), *more):
        if words := spoken(one.text):
            found.setdefault(one.who, {})[words] = None
    return {who: tuple(wholes) for who, wholes in found.items()}


def names(house: House, more: Iterable[Known] = ()) -> list[Sought]:
    """Every name, id and address of people, every name and title of circles; the house's own are left out."""
    own = _own(house)
    allowed = set(house.settings.privacy.allow)
    found: dict[tuple[object, ...], Sought] = {}
    known = [*(one for person in house.people for one in _person(person)), *more]
    known += [one for circle in house.circles for one in _circle(circle)]
    for one in known:
        if one.text in allowed or (one.who.removeprefix("circle:") in allowed and one.what is not What.ADDRESS):
            continue
        sought = _sought(one)
        if sought and b" %b " % b" ".join(sought.words) not in own:
            found.setdefault((sought.words, sought.what, sought.who), sought)
    return list(found.values())


def _own(house: House) -> bytes:
    """The words of the house's own name, author, mailboxes and address."""
    settings = house.settings
    mail = settings.mail
    texts = [settings.author, settings.url, mail.sender, mail.reply_to, mail.postal, mail.unsubscribe]
    texts += [*settings.title.values(), *settings.description.values()]
    return b"".join(b"  " + b" ".join(spoken(text)) + b"  " for text in texts)


def _person(person: Person) -> Iterator[Known]:
    for name in (*person.name.values(), *person.greeting.values()):
        yield Known(PEOPLE, person.line, person.id, name)
    yield Known(PEOPLE, person.line, person.id, person.id, What.WORD)
    if person.address:
        yield Known(PEOPLE, person.line, person.id, person.address, What.ADDRESS)


def _circle(circle: Circle) -> Iterator[Known]:
    for name in (circle.name, *circle.title.values()):
        yield Known(PEOPLE, 0, f"circle:{circle.name}", name, What.WORD)


def _sought(one: Known) -> Sought | None:
    words = spoken(one.text)
    short = not words or (len(words) == 1 and (is_alone(words[0]) or len(words[0].decode()) < _FEWEST_LETTERS))
    if short and one.what is not What.ADDRESS:
        return None
    what = What.WORD if one.what is What.PERSON and not is_full_name(words) else one.what
    return Sought(words, what, one.path, one.line, one.text, who=one.who) if words else None
