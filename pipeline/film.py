"""Tells whether a film or recording names the place it was made at (MP4 and its kin, ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

SUFFIXES = frozenset({".3gp", ".m4a", ".m4v", ".mov", ".mp4"})

_PLACES = (b"\xa9xyz", b"loci", b"com.apple.quicktime.location", b"gpmd", b"camm", b"GPSL", b"GPSCoordinates")
"""What cameras and telephones call it: one place for the whole film, or a track of places along it."""

_MOST = 64 << 20
"""Bytes of one description: pictures and sound lie beside it, so that a longer one is none."""


def names_a_place(film: BinaryIO) -> bool:
    """Whether one of the film's descriptions names a place; its pictures and sound are not looked at."""
    return any(name in part for part in _descriptions(film) for name in _PLACES)


def _descriptions(film: BinaryIO) -> Iterator[bytes]:
    """Every box at the top that describes the film."""
    end = film.seek(0, 2)
    at = 0
    while at + 8 <= end:
        film.seek(at)
        head = film.read(16)
        size, kind = int.from_bytes(head[:4]), head[4:8]
        size = int.from_bytes(head[8:16]) if size == 1 else size or end - at
        if size < 8:
            return
        if kind in {b"moov", b"meta", b"udta", b"uuid"}:
            film.seek(at)
            yield film.read(min(size, _MOST))
        at += size
