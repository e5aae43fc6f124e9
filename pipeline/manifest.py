"""What the site in place was made from, and the folder that it stands in: every file is put there in one move.

A file is put in place only when its bytes differ. While files are moved, a mark says so: whoever finds it later
looks through the whole folder, takes away what nobody knows of, and makes anew what is not as it was noted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import kept
from pipeline.errors import Problem
from pipeline.walked import Stamp
from pipeline.workshop import Words

_FORM = "site 3"


@dataclass(slots=True)
class Manifest:
    """Under each path of a page its key and what the sitemap says of it; likewise for feeds and other documents.

    ``bunches`` are pages that mostly stay together: their paths under the key of them all. ``files`` are the size and
    time of every file of the site, ``folders`` the time of every folder. ``refs`` are the addresses that a version's
    text asks for, under the key of its text; ``media`` what became of the files they lead to. ``whole`` is the key of
    everything, ``extra`` the documents that are neither pages nor the site's own.
    """

    leaves: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    bunches: dict[str, tuple[bytes, tuple[str, ...]]] = field(default_factory=dict)
    parts: dict[str, tuple[bytes, tuple[str, ...]]] = field(default_factory=dict)
    single: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    refs: dict[bytes, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    media: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    whole: bytes = b""
    extra: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest at ``path``; an empty one, which makes the site anew, when it cannot be read."""
        found = kept.load(path, _FORM)
        return cls(*found) if found else cls()

    def write(self, path: Path) -> None:
        """Replaces the manifest in one move."""
        pages = self.leaves, self.bunches, self.parts, self.single
        others = self.files, self.refs, self.media, self.folders
        kept.store(path, _FORM, (*pages, *others, self.whole, self.extra))

    def damaged(self, there: Mapping[str, Stamp]) -> set[str]:
        """The files that are not as they were put there, going by what a walk found."""
        nothing = ()
        return {name for name, was in self.files.items() if there.get(name, nothing)[:2] != was}


Extra = Callable[[Callable[[str], int | None]], Mapping[str, bytes]]
"""More documents to publish with the site: path → bytes, given each public file's size in bytes."""


Verify = Callable[[Path], object]
"""Looks at a folder that holds what changed of the site; raises when it must not be put in place."""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What became of the site: pages by whether their bytes changed; ``others`` are feeds and other documents.

    ``there`` is every file of the site as it is now; ``problems`` are what a program that reads feeds would stumble on.
    """

    index: Path
    changed: int = 0
    kept: int = 0
    removed: int = 0
    pages: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    others_changed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    there: Mapping[str, Stamp] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a house keeps its site: ``build`` is the folder that all of it is made in."""

    root: Path
    build: Path

    @property
    def site(self) -> Path:
        return self.build / "site"

    @property
    def fresh(self) -> Path:
        return self.build / "site.new"

    @property
    def notes(self) -> Path:
        return self.build / "cache" / "site"

    @property
    def mark(self) -> Path:
        return self.notes / "moving"


@dataclass(frozen=True, slots=True)
class Start:
    """What a build finds: the folders, what was noted, what is there, and the keys of what there is now.

    ``there`` is every file of the site, ``damaged`` those that are not as they were noted.
    ``around`` is the key of what every page depends on, ``whole`` of everything.
    """

    folders: Folders
    before: Manifest
    there: dict[str, Stamp]
    damaged: set[str]
    words: Words
    around: bytes
    whole: bytes


class Place:
    """The site's folder and one beside it, in which what is new waits until all of it was looked at."""

    def __init__(self, site: Path, fresh: Path, mark: Path) -> None:
        self.site, self.fresh, self.mark = site, fresh, mark
        self.changed: set[str] = set()
        self._folders: set[str] = set()

    def begin(self) -> None:
        """Throws away what an earlier run left waiting."""
        shutil.rmtree(self.fresh, ignore_errors=True)
        self._folders.clear()

    def put(self, name: str, data: bytes) -> bool:
        """Writes a document beside the site, unless the site holds the very same; whether it differs."""
        if _holds(f"{self.site}/{name}", data):
            return False
        waiting = f"{self.fresh}/{name}"
        above = waiting.rpartition("/")[0]
        if above not in self._folders:
            _folder(above)
            self._folders.add(above)
        _write(waiting, data)
        self.changed.add(name)
        return True

    def copy(self, name: str, source: Path) -> bool:
        """Likewise with a file that lies somewhere else; its time goes with it."""
        if same(source, self.site / name):
            return False
        waiting = self.fresh / name
        waiting.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, waiting)
        self.changed.add(name)
        return True

    def settle(self, gone: Iterable[str]) -> None:
        """Moves everything into its place and takes away what is gone; the mark stays until `settled`."""
        self.mark.parent.mkdir(parents=True, exist_ok=True)
        self.mark.touch()
        if not self.site.exists():
            if self.fresh.exists():
                self.fresh.rename(self.site)
            return
        for name in sorted(self.changed):
            self._move(name)
        for name in gone:
            self._remove(name)
        shutil.rmtree(self.fresh, ignore_errors=True)

    def settled(self) -> None:
        """Says that everything is in its place and noted."""
        self.mark.unlink(missing_ok=True)

    def _move(self, name: str) -> None:
        target = self.site / name
        try:
            os.replace(self.fresh / name, target)  # noqa: PTH105 - thousands of moves, and a Path for each costs more
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.fresh / name).replace(target)
        except (NotADirectoryError, IsADirectoryError):
            self._clear(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.fresh / name).replace(target)

    def _clear(self, target: Path) -> None:
        """Takes away what stands where a file, or a folder for it, must be."""
        if target.is_dir():
            shutil.rmtree(target)
        for above in target.parents:
            if above.is_file():
                above.unlink()
            if above == self.site:
                break

    def _remove(self, name: str) -> None:
        target = self.site / name
        target.unlink(missing_ok=True)
        for above in target.parents:
            if above == self.site or not above.is_dir() or any(above.iterdir()):
                break
            above.rmdir()


def _holds(name: str, data: bytes) -> bool:
    """Whether there is a file of that name with these bytes."""
    try:
        if os.stat(name).st_size != len(data):  # noqa: PTH116 - as in `_write`
            return False
        with open(name, "rb") as file:  # noqa: PTH123 - as in `_write`
            return file.read() == data
    except OSError:
        return False


def _folder(name: str) -> None:
    """Makes a folder; most times the one that it stands in is there."""
    try:
        os.mkdir(name)  # noqa: PTH102 - thousands of folders, as in `_write`
    except FileExistsError:
        pass
    except FileNotFoundError:
        os.makedirs(name, exist_ok=True)  # noqa: PTH103 - likewise


def _write(name: str, data: bytes) -> None:
    """Writes a file with as few calls as there can be: there are thousands, and a Path for each costs as much as it."""
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(file, left) :]
    finally:
        os.close(file)


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    try:
        return one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
    except OSError:
        return False
