"""Every file below a folder with what the disk knows of it: one walk, for all who ask what is there.

A folder's own time changes whenever something in it comes, goes or is replaced. So where no folder changed, the files
that were there are there, and only they are looked at: half the work of a walk.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

Stamp = tuple[int, int, int, int]
"""Size, time of change, time of the last touch (which no program can set), number on the disk."""


def stamp_of(seen: os.stat_result) -> Stamp:
    """The stamp of a file that was looked at; times in nanoseconds."""
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino


def mark(path: Path) -> list[int]:
    """A file's size and time; empty when it is not there."""
    try:
        seen = path.stat()
    except OSError:
        return []
    return [seen.st_size, seen.st_mtime_ns]


def glanced(folder: Path, names: Iterable[str], folders: Mapping[str, int]) -> dict[str, Stamp]:
    """The same as `walked`, in less time where these files were there when the ``folders`` had these times."""
    look, base = os.stat, f"{folder}/"
    try:
        if folders and all(look(base + name).st_mtime_ns == time for name, time in folders.items()):
            return {name: stamp_of(look(base + name)) for name in names}
    except OSError:
        pass
    return walked(folder)


def times(folder: Path, names: Iterable[str], before: Mapping[str, int], touched: Iterable[str]) -> dict[str, int]:
    """The time of every folder that these files stand in, for `glanced`.

    ``before`` are the times of an earlier day, which hold where nothing was ``touched`` since.
    """
    stale, look = _folders_of(touched), os.stat
    known = {name: 0 if name in stale else before.get(name, 0) for name in sorted(_folders_of(names))}
    return {name: time or look(f"{folder}/{name}").st_mtime_ns for name, time in known.items()}


def _folders_of(names: Iterable[str]) -> set[str]:
    """The folders that files stand in, each with its slash; the outermost is nothing."""
    found = {""}
    for name in names:
        above = name.rpartition("/")[0]
        while above and f"{above}/" not in found:
            found.add(f"{above}/")
            above = above.rpartition("/")[0]
    return found


def walked(folder: Path) -> dict[str, Stamp]:
    """Every file below ``folder`` by its name inside it; none where there is no such folder.

    A link raises `OSError`: its stamp would not say what it leads to, and what lies there is not Kith's.
    """
    found: dict[str, Stamp] = {}
    folders = [(str(folder), "")]
    if folder.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
    while folders:
        here, before = folders.pop()
        try:
            with os.scandir(here) as rows:
                for row in rows:
                    if row.is_symlink():
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), row.path)
                    if row.is_dir():
                        folders.append((row.path, f"{before}{row.name}/"))
                    else:
                        found[before + row.name] = stamp_of(row.stat())
        except FileNotFoundError:
            continue
    return found
