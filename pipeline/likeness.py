"""What is kept of a text to know it again: a fingerprint of the whole, and a sample of its pairs of words. Pure."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from zlib import crc32

SHORT = 8
"""Pairs of words; of a text that has fewer, a changed word changes too much to compare it."""

_MOST = 96
"""Pairs that a sample holds at most."""

_SPACELESS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Kana and Chinese characters: their words have no spaces between them, so each counts as one."""

_WORD = re.compile(rf"[{_SPACELESS}]|(?:(?![{_SPACELESS}])\w)+")


@dataclass(frozen=True, slots=True)
class Look:
    """How one language of an entry reads: fingerprints of its text and its title, and a sample of its pairs of words.

    Empty where there is no text or title, or an earlier version of Kith kept none.
    """

    lang: str
    digest: str
    title: str = ""
    sample: bytes = b""

    @property
    def short(self) -> bool:
        """Whether the text has too few words to compare it with others."""
        return len(self.sample) <= 1 + 4 * SHORT and self.sample[:1] == b"\0"


def digest(text: str) -> str:
    """The fingerprint of a text, whatever its spaces and line breaks; empty for none."""
    plain = " ".join(text.split())
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest() if plain else ""


def look(lang: str, title: str, body: str) -> Look:
    """All that is kept of one language of an entry."""
    return Look(lang, digest(body), digest(title.casefold()), sample(body))


def sample(text: str) -> bytes:
    """Pairs of neighbouring words as numbers: of a long text one in two, four, eight …, the same ones in every text.

    The first byte says how often that was halved.
    """
    words = _WORD.findall(text.casefold())
    found = {crc32(f"{one} {two}".encode("utf-8", "surrogatepass")) for one, two in pairwise(words)}
    found = found or {crc32(word.encode("utf-8", "surrogatepass")) for word in words}
    halved = 0
    while len(found) > _MOST:
        halved += 1
        found = {one for one in found if one < 2**32 >> halved}
    return struct.pack(f">B{len(found)}I", halved, *sorted(found))


def likeness(one: bytes, other: bytes) -> float:
    """How much of the shorter text stands in the longer one, from 0 to 1, going by their samples."""
    if not one or not other:
        return 0.0
    below = 2**32 >> max(one[0], other[0])
    left, right = ({one for one in pairs(kept) if one < below} for kept in (one, other))
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


def pairs(kept: bytes) -> tuple[int, ...]:
    """The numbers that a sample holds."""
    return struct.unpack(f">{(len(kept) - 1) // 4}I", kept[1:])
