"""Rulings: worked out once for all entries that are alike in everything that counts."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from small import circle, entry, house, person

from pipeline.model import Entry, Interests
from pipeline.rules import Ruling, Rulings, ruling

FACTS = ("visibility", "tell", "tags", "note", "ask")

CIRCLES = (
    circle("inner", reads=["inner", "public"]),
    circle("weak", 1, tags=("running",)),
    circle("calm", 2, ask_free=True),
)
WHO, TELL, TAGS = ("public", "inner"), (None, (), ("weak",)), ((), ("running",), ("cars", "running"))
ENTRIES = [
    entry(f"e{number}", visibility=visibility, tell=tell, tags=tags, note=note, ask=ask)
    for number, (visibility, tell, tags, note, ask) in enumerate(product(WHO, TELL, TAGS, (False, True), (False, True)))
]
READERS = [(("inner",), (), ()), (("weak",), ("cars",), ()), (("weak", "calm"), (), ("cars",)), (("calm",), (), ())]


class Watched:
    """An entry that knows what it was asked for; a property asks for what it is made of."""

    def __init__(self, one: Entry) -> None:
        self._one, self.asked = one, set[str]()

    def __getattr__(self, name: str) -> Any:
        found = getattr(Entry, name)
        if isinstance(found, property) and found.fget:
            return found.fget(self)
        self.asked.add(name)
        return getattr(self._one, name)


@pytest.mark.parametrize("reader", READERS)
def test_a_ruling_goes_by_nothing_but_the_facts(reader: tuple[tuple[str, ...], ...]) -> None:
    names, more, mute = reader
    circles = tuple(one for one in CIRCLES if one.name in names)
    asked: set[str] = set()
    for one in ENTRIES:
        watched: Any = Watched(one)
        assert ruling(watched, circles, frozenset(more), frozenset(mute)) == _of(one, reader)
        asked |= watched.asked
    assert asked and asked <= set(FACTS)


def _of(one: Entry, reader: tuple[tuple[str, ...], ...]) -> Ruling:
    names, more, mute = reader
    return ruling(one, tuple(each for each in CIRCLES if each.name in names), frozenset(more), frozenset(mute))


@pytest.mark.parametrize("reader", READERS)
def test_rulings_of_a_house_are_those_of_its_entries_one_by_one(reader: tuple[tuple[str, ...], ...]) -> None:
    names, more, mute = reader
    twins = [
        *ENTRIES,
        *(entry(f"twin-{one.id}", days=2, **{fact: getattr(one, fact) for fact in FACTS}) for one in ENTRIES),
    ]
    reading = person("ann", *names, interests=Interests(more, mute))
    found = Rulings(house(twins, list(CIRCLES), [reading])).of(reading)
    alone = {one.id: _of(one, reader) for one in sorted(twins, key=lambda one: one.order)}
    assert list(found.items()) == [(key, one) for key, one in alone.items() if one.told]
