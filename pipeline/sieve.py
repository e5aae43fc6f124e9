"""Finds which of many short runs of words stand in a text, in about the time it takes to split it into words.

A run of `RUN` words holds, wherever it stands, three words in a row that begin at a multiple of three. So a text is
looked through in steps of three, in C, and only where such three are sought it is looked at closely. Shorter runs are
found by their longest word. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class Sought:
    """A run of words that not everyone may read: where it comes from, and who may, or whom it names.

    ``who`` is a person's id, or ``circle:NAME``; ``shown`` is the run as a person wrote it.
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


class Sieve:
    """All that is sought; `find` says what of it a text holds."""

    def __init__(self, sought: Iterable[Sought]) -> None:
        self.sought: dict[bytes, list[Sought]] = {}
        self._by_word: dict[bytes, list[bytes]] = {}
        self._by_three: dict[tuple[bytes, ...], list[bytes]] = {}
        for one in sought:
            run = b" ".join(one.words)
            if run not in self.sought:
                self._file(run, one.words)
            self.sought.setdefault(run, []).append(one)
        self._words, self._threes = frozenset(self._by_word), frozenset(self._by_three)

    def _file(self, run: bytes, words: tuple[bytes, ...]) -> None:
        if len(words) < RUN:
            self._by_word.setdefault(max(words, key=len), []).append(run)
            return
        for start in range(3):
            self._by_three.setdefault(words[start : start + 3], []).append(run)

    def find(self, words: Sequence[bytes]) -> list[Hit]:
        """Every place where something sought stands; the words beside the ends of a text are empty."""
        runs: set[bytes] = set()
        for word in self._words.intersection(words):
            runs.update(self._by_word[word])
        for three in self._threes.intersection(_threes(words)):
            runs.update(self._by_three[three])
        if not runs:
            return []
        text = b"  " + b" ".join(words) + b"  "
        return [hit for run in sorted(runs) for hit in _places(text, run)]


def _threes(words: Sequence[bytes]) -> Iterable[tuple[bytes, ...]]:
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
