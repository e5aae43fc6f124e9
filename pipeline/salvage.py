"""Cuts a broken YAML text into the pieces that can be read on their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_KEY = re.compile(r"""(["']?)(?P<key>[^\s#"'\[\]{}:,&*!|>%@`-][^\n"':]*?)\1[ \t]*:(?=\s|$)""")
_ROW = re.compile(r"-(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """One key with what belongs to it, or (``key`` is None) one part of a row; ``line`` counts from 0."""

    key: str | None
    line: int
    text: str


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of ``text`` at its outermost indentation; a line that begins none belongs to the one above it.

    Lines above the first piece come as one piece whose key is ``""``.
    """
    lines = text.split("\n")
    said = [number for number, line in enumerate(lines) if _says(line)]
    margin = min((_indent(lines[number]) for number in said), default=0)
    starts = [number for number in said if _indent(lines[number]) == margin and _begins(lines[number])]
    if any(_key(lines[number]) for number in starts):
        starts = [number for number in starts if _key(lines[number])]
    if said and (not starts or said[0] < starts[0]):
        yield Piece("", said[0], "\n".join(lines[said[0] : starts[0] if starts else None]))
    for start, end in pairwise([*starts, len(lines)]):
        yield Piece(_key(lines[start]), start, "\n".join(lines[start:end]))


def _says(line: str) -> bool:
    said = line.strip()
    return bool(said) and not said.startswith("#") and said not in ("---", "...")


def _indent(line: str) -> int:
    """Columns before the first sign; a tab, which YAML forbids there, counts as many."""
    wide = line.expandtabs(8)
    return len(wide) - len(wide.lstrip(" "))


def _begins(line: str) -> bool:
    return bool(_ROW.match(line.strip())) or _key(line) is not None


def _key(line: str) -> str | None:
    said = line.strip()
    match = None if _ROW.match(said) else _KEY.match(said)
    return match["key"] if match else None
