"""Every file below a folder with what the disk knows of it: one walk, for all who ask what is there."""

from __future__ import annotations

import os
from pathlib import Path

Stamp = tuple[int, int, int, int]
"""Size, time of change, time of the last touch (which no program can set), number on the disk."""


def stamp_of(seen: os.stat_result) -> Stamp:
    """The stamp of a file that was looked at; times in nanoseconds."""
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino


def walked(folder: Path) -> dict[str, Stamp]:
    """Every file below ``folder`` by its name inside it; none where there is no such folder."""
    found: dict[str, Stamp] = {}
    folders = [(str(folder), "")]
    while folders:
        here, before = folders.pop()
        try:
            with os.scandir(here) as rows:
                for row in rows:
                    if row.is_dir():
                        folders.append((row.path, f"{before}{row.name}/"))
                    else:
                        found[before + row.name] = stamp_of(row.stat())
        except FileNotFoundError:
            continue
    return found
