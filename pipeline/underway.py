"""One build on its way: what there was, what is kept of it, and what will be noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.desk import Bunch, Desk, Leaf
from pipeline.errors import Problem
from pipeline.fragments import Fragments
from pipeline.making import file_of
from pipeline.manifest import Folders, Manifest, Place, Start
from pipeline.model import House


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
