"""Leaves out of a file what stood in another one that was clean: the same texts stand on pages, in lists and in feeds.

They stand between the same lines of a template. Where a piece ends is for its last line to say, so that it ends there
everywhere; its ends stay, for what runs on over them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_SHORT, _ENDS = 400, 100
"""Bytes up to which a piece of a file is not worth remembering, and of each end that is looked at again."""


class Pieces:
    """The pieces of files that were clean."""

    def __init__(self) -> None:
        self._clean: set[int] = set()

    def unseen(self, data: bytes) -> tuple[bytes, list[int]]:
        """A file without the middle of pieces that are known, and the pieces that are new."""
        shown: list[bytes] = []
        new: list[int] = []
        for piece in _parted(data.split(b"\n")):
            known = hash(piece)
            if len(piece) <= _SHORT:
                shown.append(piece)
            elif known in self._clean:
                shown.append(piece[:_ENDS] + b" " + piece[-_ENDS:])
            else:
                shown.append(piece)
                new.append(known)
        return b"\n".join(shown), new

    def learn(self, pieces: Iterable[int]) -> None:
        """Knows these too."""
        self._clean.update(pieces)


def _parted(lines: list[bytes]) -> Iterator[bytes]:
    start = 0
    for number, line in enumerate(lines, start=1):
        if len(line) > _SHORT or not hash(line) & 7:
            yield b"\n".join(lines[start:number])
            start = number
    yield b"\n".join(lines[start:])
