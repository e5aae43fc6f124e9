"""Remembers which files of the site were found clean, so that only what changed is looked at again.

A file is known by its size, times and place on the disk, or else by the hash of its bytes. The memory holds for one
set of sought words and one edition of Kith, and only while every excuse it went by still holds. It may be deleted
at any time; one that is damaged is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import kept
from pipeline.excuses import Key
from pipeline.sieve import Sought, What
from pipeline.walked import Stamp

FILE = "leaks"


def digest(name: str, data: bytes) -> str:
    """A file's name and bytes in short."""
    return hashlib.sha256(b"%b\0%b" % (name.encode("utf-8", "surrogateescape"), data)).hexdigest()[:32]


def fingerprint(sought: Iterable[Sought]) -> str:
    """All that is sought."""
    found = hashlib.blake2b(digest_size=16)
    for one in sought:
        found.update(b" ".join(one.words) + f"\0{one.what}\0{one.needs}\0{one.who}\n".encode())
    return found.hexdigest()


@dataclass(slots=True)
class Memory:
    """The files found clean for one fingerprint: name → stamp and digest; their excuses, and on what ground.

    ``spared`` are long ones in which not even a word stands by which something sought is known.
    """

    key: str
    clean: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    excuses: set[Key] = field(default_factory=set)
    ground: str = ""
    spared: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path, key: str) -> Memory:
        """The memory in ``folder``; an empty one when it is of something else, or cannot be read."""
        found = kept.load(folder / FILE, key)
        if found is None:
            return cls(key)
        clean, excuses, ground, spared = found
        return cls(key, clean, {(What(what), *rest) for what, *rest in excuses}, ground, spared)

    def write(self, folder: Path) -> None:
        """Keeps it, whole or not at all; where that cannot be, everything is looked at again next time."""
        excuses = sorted((str(what), *rest) for what, *rest in self.excuses)
        kept.store(folder / FILE, self.key, (self.clean, excuses, self.ground, self.spared))

    def and_also(self, clean: dict[str, tuple[Stamp, str]], excuses: set[Key], spared: set[str]) -> Memory:
        """The same with files that were looked at since."""
        left = self.spared.difference(clean) | spared
        return Memory(self.key, self.clean | clean, self.excuses | excuses, self.ground, left)

    def only(self, names: set[str]) -> Memory:
        """The same without files that are no more."""
        clean = {name: row for name, row in self.clean.items() if name in names}
        return Memory(self.key, clean, self.excuses, self.ground, self.spared & names)

    def knows(self, name: str, stamp: Stamp) -> bool:
        """Whether a file was clean and has not been touched since."""
        row = self.clean.get(name)
        return row is not None and row[0] == stamp

    def knows_bytes(self, name: str, short: str) -> bool:
        """Whether a file with these bytes was clean."""
        row = self.clean.get(name)
        return row is not None and row[1] == short
