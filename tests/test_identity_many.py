"""Thousands of files that change at once cost seconds, and are told apart all the same."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from functools import partial

import pytest

from pipeline.identity import Item, Memory, Trace, resolve
from pipeline.likeness import Look, look

MANY = 1500
DICE = random.Random(7)
WORDS = ["".join(DICE.choices("abcdefghijklmnop", k=5)) for _ in range(3000)]
TEXTS = [" ".join(DICE.choices(WORDS, k=60)) for _ in range(MANY)]


def memory() -> Memory:
    looks = {f"old-{number}": (look("en", f"Title {number}", text),) for number, text in enumerate(TEXTS)}

    def kept(entries: Iterable[str]) -> dict[str, tuple[Look, ...]]:
        return {entry: looks[entry] for entry in entries}

    return Memory(
        known=looks.keys(),
        there={entry: Trace(entry, "", "post", "") for entry in looks},
        owners={found[0].digest: frozenset({entry}) for entry, found in looks.items()},
        looks=kept,
    )


def item(number: int, name: str, title: str, text: str) -> Item:
    found = (look("en", title, text),)
    return Item(name, "", "post", "", frozenset({found[0].digest}), f"{name}.md", looks=partial(tuple, found))


@pytest.mark.parametrize("more", ["", " and a few more words at its end"])
def test_many_files_that_are_renamed_at_once_are_each_known_or_asked_about(more: str) -> None:
    began = time.process_time()
    items = tuple(item(number, f"new-{number}", "", text + more) for number, text in enumerate(TEXTS))
    done = resolve(items, memory())
    found = done.unclear if more else {number: (name,) for number, name in done.ids.items()}
    assert [found[number][0] for number in range(MANY)] == [f"old-{number}" for number in range(MANY)]
    assert bool(done.unclear) is bool(more)
    assert time.process_time() - began < 20


def test_many_new_texts_beside_many_that_vanished_are_new() -> None:
    fresh = [" ".join(DICE.choices(WORDS, k=60)) for _ in range(MANY)]
    items = tuple(item(number, f"new-{number}", "", text) for number, text in enumerate(fresh))
    assert not resolve(items, memory()).unclear
