"""One build on its way: what there was, what is kept of it, and what will be noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pipeline.desk import Bunch, Desk, Leaf
from pipeline.errors import Problem
from pipeline.fragments import Fragments
from pipeline.making import file_of
from pipeline.manifest import Folders, Manifest, Place, Start
from pipeline.model import House

Printed = tuple[list[str], list[tuple[str, bytes, tuple[str, ...], list[str], list[Any]]], list[tuple[str, bytes, Any]]]
"""Feeds that stay as they are; feeds that were made, each with its key, its files, those of them that are new, and what
is wrong with it; documents of their own, each with its key and whether it is new (None if nothing was made of it)."""


@dataclass
class Underway:
    """One build on its way: what is there, what must be made, and what will be noted of it."""

    start: Start
    house: House
    desk: Desk
    place: Place
    fragments: Fragments
    now: Manifest = field(default_factory=Manifest)
    todo: list[Leaf] = field(default_factory=list)
    bunches: list[Bunch] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    @property
    def before(self) -> Manifest:
        """What was noted of the site in place."""
        return self.start.before

    @property
    def around(self) -> bytes:
        """The key of what every page depends on."""
        return self.start.around

    @property
    def folders(self) -> Folders:
        """Where the site is."""
        return self.start.folders

    @property
    def pages(self) -> list[str]:
        """The address of every page."""
        return list(self.now.leaves)

    @cached_property
    def leaves(self) -> dict[str, Leaf]:
        """Every page by its address; few builds need them all."""
        return {leaf.path: leaf for bunch in self.bunches for leaf in bunch.leaves()}

    def holds(self, name: str) -> bool:
        """Whether the file stands in the site as it was put there."""
        return name in self.before.files and name not in self.start.damaged

    def hold(self, paths: Iterable[str]) -> bool:
        """Whether the files of all these pages do, of which there were some when they were noted."""
        return not self.start.damaged or all(self.holds(file_of(path)) for path in paths)

    def keep(self, path: str) -> None:
        """Notes a page as it was."""
        name = file_of(path)
        self.now.leaves[path] = self.before.leaves[path]
        self.now.files[name] = self.before.files[name]

    def single(self, name: str, key: bytes, make: Callable[[], bytes]) -> None:
        """A document of its own: kept under its key, else made."""
        self.now.single[name] = key
        if self.before.single.get(name) == key and self.holds(name):
            self.now.files[name] = self.before.files[name]
            return
        self.place.put(name, make())
        self.now.files[name] = (0, 0)

    def printed(self, made: Printed) -> None:
        """Notes what became of the feeds."""
        stay, parts, singles = made
        for name in stay:
            was = self.now.parts[name] = self.before.parts[name]
            self.now.files.update({file: self.before.files[file] for file in was[1]})
        for name, key, files, changed, said in parts:
            self.now.parts[name] = b"" if said else key, files
            self.faults += [Problem(*one) for one in said]
            self.now.files.update(dict.fromkeys(files, (0, 0)))
            self.place.changed.update(changed)
        for name, key, new in singles:
            self.now.single[name] = key
            self.now.files[name] = self.before.files[name] if new is None else (0, 0)
            if new:
                self.place.changed.add(name)
            self.extra.append(name)
        self.extra += [file for _, files in self.now.parts.values() for file in files]
