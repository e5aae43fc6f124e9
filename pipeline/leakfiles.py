"""Goes through the files of a site for the leak check: only those that may have changed, in two processes if many."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.crew import Lost, beside
from pipeline.excuses import Key
from pipeline.leak import Leak
from pipeline.leakcache import Memory, digest
from pipeline.walked import Stamp, stamp_of, walked

_MANY = 12_000_000
"""Bytes from which a second process pays."""

_FRESH = 20_000_000
"""Nanoseconds within which a file could change again without a new time."""

Look = Callable[[str, bytes], list[Leak]]
"""What must not be in a file, from its name inside the site and its bytes."""


class File(NamedTuple):
    """A file of the site, as it was when the folder was read."""

    name: str
    path: str
    stamp: Stamp


@dataclass(slots=True)
class Done:
    """What looking through files gave; ``excuses`` are those that clean files went by, ``spared`` needed none."""

    leaks: list[Leak] = field(default_factory=list)
    clean: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    excuses: set[Key] = field(default_factory=set)
    spared: set[str] = field(default_factory=set)

    def and_also(self, other: Done) -> Done:
        """Both together."""
        excuses, spared = self.excuses | other.excuses, self.spared | other.spared
        return Done(self.leaks + other.leaks, self.clean | other.clean, excuses, spared)


@dataclass(frozen=True, slots=True)
class Search:
    """One way to look at files; ``ready`` makes what it needs; ``excuses`` and ``spared`` are what `look` adds to."""

    ready: Callable[[], object]
    look: Look
    excuses: set[Key]
    memory: Memory
    spared: set[str] = field(default_factory=set)

    def through(self, files: Sequence[File]) -> Done:
        """Looks at every file whose bytes are not known to be clean."""
        unknown = [file for file in files if not self.memory.knows(file.name, file.stamp)]
        if unknown:
            self.ready()  # once, before a second process needs it too
        half = _half(unknown)
        if half == len(unknown):
            return self._one_by_one(unknown)
        with beside(lambda: pickle.dumps(self._one_by_one(unknown[half:]))) as others:
            done = self._one_by_one(unknown[:half])
            try:
                other: Done = pickle.loads(others())  # noqa: S301 - from our own process, over our own pipe
            except Lost:
                other = self._one_by_one(unknown[half:])
        return done.and_also(other)

    def _one_by_one(self, files: Iterable[File]) -> Done:
        done = Done()
        for file in files:
            with open(file.path, "rb") as stream:  # noqa: PTH123 - thousands of files: a Path for each takes a third longer
                data = stream.read()
            short = digest(file.name, data)
            if self.memory.knows_bytes(file.name, short):
                done.spared |= {file.name} & self.memory.spared
            elif found := self.look(file.name, data):
                done.leaks += found
                continue
            done.clean[file.name] = file.stamp, short
        done.excuses = set(self.excuses)
        done.spared |= self.spared
        return done


def _half(files: Sequence[File]) -> int:
    """Where to part files so that both parts have about the same to read; all of them when they are few."""
    half, total = sum(file.stamp[0] for file in files) / 2, 0
    if half * 2 < _MANY:
        return len(files)
    for number, file in enumerate(files, start=1):
        total += file.stamp[0]
        if total >= half:
            return number
    return len(files)


def files_in(folder: Path, there: Mapping[str, Stamp] | None = None) -> list[File]:
    """Every file below a folder by its name inside it, once none is so new that it could change unseen.

    ``there`` is what a walk just found.
    """
    found = dict(walked(folder) if there is None else there)
    now = time.time_ns()
    young = {name: now - stamp[2] for name, stamp in found.items() if 0 <= now - stamp[2] < _FRESH}
    if young:
        time.sleep((_FRESH - min(young.values())) / 1e9)
        for name in young:
            found[name] = stamp_of(os.stat(f"{folder}/{name}"))  # noqa: PTH116 - thousands of files, as in `through`
    return [File(name, f"{folder}/{name}", stamp) for name, stamp in sorted(found.items())]
