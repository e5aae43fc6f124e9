"""Finds which of many short runs of words stand in a text, in about the time it takes to split it into words.

A run of `RUN` words holds, wherever it stands, three words in a row that begin at a multiple of three. So a text is
looked through in steps of three, in C, and only where such three are sought it is looked at closely. Shorter runs are
found by the word that is rarest among all that is sought. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

RUN = 5
"""Words in a row that make a text recognisable; characters, where a script has no spaces."""

Needs = tuple[tuple[str, ...], ...]
"""Groups of visibility names; whoever may read it reads one of each."""


class What(StrEnum):
    """What kind of thing is sought: each has its own rule for when it is no leak."""

    TEXT = "text"
    ADDRESS = "address"
    PERSON = "person"
    WORD = "word"
    KEY = "key"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Sought:
    """A run of words that not everyone may read: where it comes from, and who may, or whom it names.

    ``who`` is a person's id, or ``circle:NAME``; ``shown`` is what a person wrote, if it is more than the words.
    """

    words: tuple[bytes, ...]
    what: What
    path: str
    line: int
    shown: str
    needs: Needs = ()
    who: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a sought run stands, with the words beside it."""

    run: bytes
    left: bytes
    right: bytes


def inside(words: tuple[bytes, ...], whole: tuple[bytes, ...], beside: Hit | None = None) -> bool:
    """Whether words stand in a row in ``whole``; with ``beside``, between the words that they were found between."""
    size = len(words)
    for at in range(len(whole) - size + 1):
        if whole[at : at + size] != words:
            continue
        left = not at or beside is None or whole[at - 1] == beside.left
        if left and (at + size == len(whole) or beside is None or whole[at + size] == beside.right):
            return True
    return False


Place = tuple[bytes, list[bytes], int]
"""A run, its words, and where in it the words stand by which it is found."""

_FEW = 15
"""Runs up to which it is faster to look for each of them in the whole text than to go through its words."""


class Sieve:
    """All that is sought; `find` says what of it a text holds."""

    def __init__(self, sought: Iterable[Sought]) -> None:
        self.sought: dict[bytes, list[Sought]] = {}
        self._by_word: dict[bytes, list[Place]] = {}
        self._by_three: dict[tuple[bytes, ...], list[Place]] = {}
        runs: dict[bytes, tuple[bytes, ...]] = {}
        for one in sought:
            run = b" ".join(one.words)
            runs[run] = one.words
            self.sought.setdefault(run, []).append(one)
        often = Counter(word for words in runs.values() for word in words)
        self.keys = {run: min(words, key=lambda word: (often[word], -len(word))) for run, words in runs.items()}
        for run, words in runs.items():
            self._file(run, words)
        self._words, self._threes = frozenset(self._by_word), frozenset(self._by_three)

    def _file(self, run: bytes, words: tuple[bytes, ...]) -> None:
        if len(words) < RUN:
            key = self.keys[run]
            self._by_word.setdefault(key, []).append((run, list(words), words.index(key)))
            return
        for start in range(3):
            self._by_three.setdefault(words[start : start + 3], []).append((run, list(words), start))

    def find(self, words: list[bytes]) -> list[Hit]:
        """Every place where something sought stands; the words beside the ends of a text are empty."""
        singles = self._words.intersection(words)
        threes = self._threes.intersection(_threes(words))
        if not (singles or threes):
            return []
        runs = {place[0] for word in singles for place in self._by_word[word]}
        runs.update(place[0] for three in threes for place in self._by_three[three])
        if len(runs) > _FEW:
            return [*self._on_the_way(words, singles), *self._in_steps(words, threes)]
        text = b"  " + b" ".join(words) + b"  "
        return [hit for run in sorted(runs) for hit in _places(text, run)]

    def _on_the_way(self, words: list[bytes], singles: frozenset[bytes]) -> Iterable[Hit]:
        for at, word in enumerate(words):
            if word in singles:
                yield from _standing(words, at, self._by_word[word])

    def _in_steps(self, words: list[bytes], threes: frozenset[tuple[bytes, ...]]) -> Iterable[Hit]:
        for number, three in enumerate(_threes(words)):
            if three in threes:
                yield from _standing(words, 3 * number, self._by_three[three])


def _standing(words: list[bytes], at: int, places: list[Place]) -> Iterable[Hit]:
    for run, sought, offset in places:
        start, end = at - offset, at - offset + len(sought)
        if start >= 0 and words[start:end] == sought:
            yield Hit(run, words[start - 1] if start else b"", words[end] if end < len(words) else b"")


def _threes(words: list[bytes]) -> Iterable[tuple[bytes, ...]]:
    steps = iter(words)
    return zip(steps, steps, steps, strict=False)


def _places(text: bytes, run: bytes) -> Iterable[Hit]:
    sought = b" " + run + b" "
    at = text.find(sought)
    while at >= 0:
        end = at + len(sought)
        left = text[text.rfind(b" ", 0, at) + 1 : at]
        yield Hit(run, left, text[end : text.find(b" ", end)])
        at = text.find(sought, end - 1)
