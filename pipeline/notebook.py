"""What earlier readings of unchanged files gave, so that only what changed is read again.

A file is unchanged when its size, its times and its place on the disk are; one that was changed in the very
moment of its reading is read again the next time. Only what was sound is kept. Bodies are not: they stand in the files
themselves, and are read from there when somebody asks for them.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipeline import kept
from pipeline.errors import KithError
from pipeline.keys import content_key, entry_key
from pipeline.model import Entry, Kind, Page, Remembered, Version
from pipeline.textfile import read_text
from pipeline.validate import visible

Stamp = tuple[int, int, int, int]
"""A file's size, the times of its text and of its place, and its number on the disk."""

Note = tuple[tuple[tuple[int, str, str, bool], ...], tuple[tuple[int, str], ...]]
"""What the rest of the house decides about a version: its links within the house, the names its passages are for."""

_MOMENT = 50_000_000
"""Nanoseconds: more than a disk's clock stands still between two ticks."""

_MOST = 200
"""Groups that stand in the small file before the large one is written anew."""


@dataclass(frozen=True, slots=True)
class Group:
    """The files that are one thing in several languages, and what they made."""

    paths: tuple[str, ...]
    packed: Any
    notes: dict[str, Note]


@dataclass(slots=True)
class Notebook:
    """Known files by their path in the house, with their stamp and group; known groups by their key.

    A large file holds what once was everything, and a small one beside it what changed since then.
    """

    root: Path
    folder: Path
    key: object
    files: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    groups: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    began: int = 0
    _base: bytes = b""
    _later: tuple[set[str], set[str]] = field(default_factory=lambda: (set(), set()))

    @classmethod
    def open(cls, root: Path, folder: Path, key: object) -> Notebook:
        """The notes on the house at ``root`` in ``folder``; none when they are missing, or of another ``key``."""
        book = cls(root, folder, key)
        found = kept.load(folder / "texts", key)
        if found is not None:
            book._base, book.files, book.groups = found
            later = kept.load(folder / "texts.later", (key, book._base))
            if later is not None:
                files, groups = later
                _lay(book.files, files)
                _lay(book.groups, groups)
                book._later = set(files), set(groups)
        return book

    def known(self, path: str, stamp: Stamp | None) -> str:
        """The key of an unchanged file's group; ``""`` when it must be read."""
        found = self.files.get(path)
        return found[1] if found and stamp and found[0] == stamp else ""

    def group(self, key: str, paths: tuple[str, ...]) -> Group | None:
        """What these files, all of them unchanged, made."""
        found = self.groups.get(key)
        return Group(*found) if found and found[0] == paths else None

    def begin(self) -> None:
        """Notes when reading begins: a file that changed hardly before may change again without a new time."""
        self.began = self.began or time.time_ns() - _MOMENT

    def take(self, key: str, stamps: Mapping[str, Stamp | None], packed: Any, notes: dict[str, Note]) -> None:
        """Takes down what a group of files made, unless one of them may just be changing."""
        safe = {path: stamp for path, stamp in stamps.items() if stamp and stamp[2] < self.began}
        if len(safe) == len(stamps):
            self.groups[key] = (tuple(stamps), packed, notes)
            self.files.update({path: (stamp, key) for path, stamp in safe.items()})
            self.fresh.add(key)

    def save(self, there: Collection[str], groups: Collection[str]) -> None:
        """Keeps what is known of the files and groups that are still there."""
        gone = self.files.keys() - set(there), self.groups.keys() - set(groups)
        if not (self.fresh or gone[0] or gone[1]):
            return
        for path in gone[0]:
            del self.files[path]
        for key in gone[1]:
            del self.groups[key]
        files = self._later[0] | gone[0] | {path for key in self.fresh for path in self.groups[key][0]}
        changed = self._later[1] | gone[1] | self.fresh
        if not self._base or len(changed) > max(_MOST, len(self.groups) // 20):
            self._base = os.urandom(16)
            kept.store(self.folder / "texts", self.key, (self._base, self.files, self.groups))
            files, changed = set(), set()
        later = {path: self.files.get(path) for path in files}, {one: self.groups.get(one) for one in changed}
        kept.store(self.folder / "texts.later", (self.key, self._base), later)


def _lay(known: dict[str, Any], later: Mapping[str, Any]) -> None:
    for key, value in later.items():
        if value is None:
            known.pop(key, None)
        else:
            known[key] = value


def stamps_below(base: Path, prefix: str) -> dict[str, Stamp | None] | None:
    """Every plain file below ``base`` with its stamp, hidden ones left out; ``prefix`` goes before its path.

    A link has no stamp. None when there is something that must be looked at slowly: a link to a folder, a closed one.
    """
    found: dict[str, Stamp | None] = {}
    waiting = [(str(base), prefix)]
    try:
        while waiting:
            folder, name = waiting.pop()
            with os.scandir(folder) as listed:
                for one in listed:
                    if one.name.startswith("."):
                        continue
                    if one.is_symlink():
                        if one.is_dir():
                            return None
                        found[name + one.name] = None
                    elif one.is_dir():
                        if "." in one.name:
                            return None
                        waiting.append((one.path, f"{name}{one.name}/"))
                    else:
                        seen = one.stat(follow_symlinks=False)
                        found[name + one.name] = (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
    except OSError:
        return None
    return found


def pack_entry(entry: Entry) -> tuple[Any, ...]:
    """An entry as plain values; the date of one that has none is left out."""
    when = entry.date
    date = (when.year, when.month, when.day, when.hour, when.minute, when.second, when.microsecond, when.fold)
    return (
        entry.id, str(entry.kind), entry.slug, date if entry.dated else None, _packed(entry.versions),
        entry.visibility, entry.tell, entry.tags, entry.note, entry.series, entry.ask, entry.draft, entry_key(entry),
    )  # fmt: skip


def pack_page(page: Page) -> tuple[Any, ...]:
    """A page as plain values."""
    return page.slug, _packed(page.versions)


def _packed(versions: tuple[Version, ...]) -> tuple[Any, ...]:
    return tuple([_noted(one) for one in versions])


def _noted(version: Version) -> tuple[Any, ...]:
    """A version, and in place of its body how to find it: the blank beginning, the length of the rest, the whole's sum.

    The rest is the end of its file; between the two there may have been a heading, which became the title.
    """
    body, facts = version.body, list(_facts(version))
    rest = body.lstrip()
    facts[_BODY] = ""
    # most front matter has the same keys on the same lines, and what is the same object is stored once
    facts[_LINES] = _ALIKE.setdefault(tuple(version.lines.items()), version.lines)
    found = body[: len(body) - len(rest)], len(rest), _sum(body)
    return tuple(facts), content_key(version), version.veiled, version.pictured, found


_facts = attrgetter(*(one.name for one in fields(Version) if one.init))
_PATH, _BODY, _LINES = [[one.name for one in fields(Version)].index(name) for name in ("path", "body", "lines")]
_ALIKE: dict[tuple[tuple[str, int], ...], dict[str, int]] = {}


def _sum(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _unpacked(packed: tuple[Any, ...], root: Path) -> tuple[Version, ...]:
    return tuple(
        [
            Version.remembered(facts, Remembered(key, veiled, pictured, partial(_body, root, facts[_PATH], *found)))
            for facts, key, veiled, pictured, found in packed
        ]
    )


def _body(root: Path, path: str, begins: str, length: int, whole: bytes) -> str:
    """The body that an earlier reading found in a file. Raises `KithError` when the file is another by now."""
    text, _ = read_text(root / path, path, root)
    body = begins + (text[-length:] if length else "")
    if _sum(body) != whole:
        raise KithError(f"{visible(path, 300)}: it changed while it was read. Run it again.")
    return body


def entry_of(
    packed: tuple[Any, ...], zone: ZoneInfo, dates: Mapping[str, datetime], now: datetime, root: Path
) -> Entry:
    """The entry that was packed; one without a date is given the one it was first seen at, else ``now``."""
    id_, kind, slug, date, versions, visibility, tell, tags, note, series, ask, draft, key = packed
    when = dates.get(id_) or now
    if date is not None:
        year, month, day, hour, minute, second, micro, fold = date
        when = datetime(year, month, day, hour, minute, second, micro, zone, fold=fold)
    made, own = _KINDS[kind], _unpacked(versions, root)
    entry = Entry(id_, made, slug, when, own, visibility, tell, tags, note, series, ask, draft, date is not None)
    object.__setattr__(entry, "known", key)  # frozen for everybody else
    return entry


def page_of(packed: tuple[Any, ...], root: Path) -> Page:
    """The page of the house at ``root`` that was packed."""
    return Page(packed[0], _unpacked(packed[1], root))


_KINDS = {str(kind): kind for kind in Kind}
