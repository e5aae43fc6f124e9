"""Looks through many files line by line, each line but once: the same ones stand on pages, in lists and in feeds.

Whatever is sought has a word by which it is known. A file in whose lines no such word stands holds nothing that is
sought, whatever their order. Every other file has to be looked at whole: this only spares the work. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.undone import apart, ascii_words, every_word, shown_apart

_MOST = 64_000_000
"""Bytes of lines that are known at once; where there are more, it begins anew."""

_TRIED = 100
"""Files after which it is given up where most had to be looked at whole: the words are too common in this house."""


class Lines:
    """Lines that were looked at; where they become too many, it begins anew."""

    def __init__(self) -> None:
        self._lines: set[bytes] = set()
        self._size = 0

    def lacks(self, lines: Iterable[bytes]) -> set[bytes]:
        """Those that are not among them."""
        known = self._lines
        return {line for line in lines if line not in known}

    def add(self, lines: set[bytes]) -> None:
        """Adds those to them that nothing was found in."""
        size = sum(map(len, lines))
        if self._size + size > _MOST:
            self._lines, self._size = set(), 0
        self._lines |= lines
        self._size += size


class Linewise:
    """The words by which all that is sought is known, and the lines in which none of them stands.

    They are known as they stand in files, and with escapes undone: the same line may mean something else as either.
    """

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._keys = frozenset(keys)
        self._ascii = all(key.isascii() for key in self._keys)
        self._known, self._plain = Lines(), Lines()
        self._tried = self._spared = 0

    def spares(self, data: bytes) -> bool:
        """Whether a file can hold nothing that is sought, so that it need not be looked at whole."""
        if self._tried >= _TRIED and self._spared * 2 < self._tried:
            return False
        spared = self._is_clean(data)
        self._tried += 1
        self._spared += spared
        return spared

    def learn(self, data: bytes) -> None:
        """Knows the lines of a file that was spared before."""
        self._known.add(self._known.lacks(data.split(b"\n")))

    def _is_clean(self, data: bytes) -> bool:
        fresh = self._known.lacks(data.split(b"\n"))
        undone = apart(fresh)
        if undone is None:
            return False
        plain, others = undone
        lines = plain | self._plain.lacks(others)
        if not self._hold_none(lines):
            return False
        self._known.add(fresh)
        self._plain.add(lines)
        return True

    def _hold_none(self, lines: set[bytes]) -> bool:
        """Whether none of the words stands in lines: going by their words of ASCII, where those decide it."""
        plain = lines if self._ascii else {line for line in lines if line.isascii()}
        if plain:
            shown = shown_apart(plain)
            if shown is None or not self._none(ascii_words(shown)):
                return False
        if len(plain) == len(lines):
            return True
        shown = shown_apart(lines - plain)
        return shown is not None and self._none(every_word(shown))

    def _none(self, words: list[bytes] | None) -> bool:
        return words is not None and self._keys.isdisjoint(words)
