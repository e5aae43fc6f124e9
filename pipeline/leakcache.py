"""Remembers which files of the site were found clean, so that only what changed is looked at again.

A file is known by its size, times and place on the disk, or else by the hash of its bytes. The memory holds for one
set of sought words and one state of this code, and only while every excuse it went by still holds. It may be deleted
at any time; one that is damaged is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.excuses import Key
from pipeline.sieve import Sought, What
from pipeline.walked import Stamp

FILE = "leaks.json"
_CODE = "undone sieve privacy named private excuses wording leak leakcache leakfiles leakcheck leaving pictext".split()


def digest(name: str, data: bytes) -> str:
    """A file's name and bytes in short."""
    return hashlib.blake2b(data, digest_size=16, key=hashlib.blake2b(name.encode()).digest()[:32]).hexdigest()


def fingerprint(sought: Iterable[Sought]) -> str:
    """All that is sought, and the code that seeks it."""
    found = hashlib.blake2b(digest_size=16)
    for one in sought:
        found.update(b" ".join(one.words) + f"\0{one.what}\0{one.needs}\0{one.who}\n".encode())
    for name in _CODE:
        found.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return found.hexdigest()


@dataclass(slots=True)
class Memory:
    """The files found clean for one fingerprint: name → stamp and digest; their excuses, and on what ground."""

    key: str
    clean: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    excuses: set[Key] = field(default_factory=set)
    ground: str = ""

    @classmethod
    def read(cls, folder: Path, key: str) -> Memory:
        """The memory in ``folder``; an empty one when it is of something else, or cannot be read."""
        try:
            data = json.loads((folder / FILE).read_bytes())
            if data["key"] != key:
                return cls(key)
            clean = {str(name): (_stamp(row[0]), str(row[1])) for name, row in data["clean"].items()}
            return cls(key, clean, {_key(row) for row in data["excuses"]}, str(data["ground"]))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return cls(key)

    def write(self, folder: Path) -> None:
        """Keeps it, whole or not at all; where that cannot be, everything is looked at again next time."""
        excuses = sorted([what.value, who, *(part.hex() for part in parts)] for what, who, *parts in self.excuses)
        clean = dict(sorted(self.clean.items()))
        data = json.dumps({"key": self.key, "ground": self.ground, "excuses": excuses, "clean": clean}).encode()
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if (folder / FILE).is_file() and (folder / FILE).read_bytes() == data:
                return
            partial = folder / f"{FILE}.partial"
            partial.write_bytes(data)
            partial.replace(folder / FILE)

    def knows(self, name: str, stamp: Stamp) -> bool:
        """Whether a file was clean and has not been touched since."""
        row = self.clean.get(name)
        return row is not None and row[0] == stamp

    def knows_bytes(self, name: str, short: str) -> bool:
        """Whether a file with these bytes was clean."""
        row = self.clean.get(name)
        return row is not None and row[1] == short


def _stamp(row: list[int]) -> Stamp:
    size, changed, touched, number = map(int, row)
    return size, changed, touched, number


def _key(row: list[str]) -> Key:
    run, left, right = (bytes.fromhex(part) for part in row[2:])
    return What(row[0]), str(row[1]), run, left, right
