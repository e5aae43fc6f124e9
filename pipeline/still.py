"""Whether anything changed since the last build: if not, what it said holds, and nothing else need be loaded.

A build depends on the files of the house, on Kith itself, on the day, and on the site in place. All of that is looked
at by sizes and times (as `walked` has them), in one walk, and compared with what the last build found and left.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import kept
from pipeline.packaged import packaged
from pipeline.walked import stamp_of, walked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.build import Built
    from pipeline.opened import Opened
    from pipeline.walked import Stamp

_FILES = ("pyproject.toml", "subscribers.yml")
_FOLDERS = ("content", "private", "site", "templates")
_PASSING = ("private/ledger.db-shm", "private/ledger.lock")
"""What only says who has the ledger open: it changes when somebody looks into it. So does an empty log of writes."""

_WRITES = "private/ledger.db-wal"

_MOMENT = 50_000_000
"""Nanoseconds within which a file could change again without a new time."""


@dataclass(frozen=True, slots=True)
class Look:
    """A house as it was before a build: the key of all of it, and every file of ``content/`` by its path in the house.

    It is ``sure`` unless something changed so lately that it may change unseen.
    """

    key: bytes
    sure: bool
    content: Mapping[str, Stamp]


def look(root: Path) -> Look | None:
    """What a build of the house at ``root`` can depend on; None where a link, or a closed door, hides any of it."""
    with suppress(OSError):
        return _look(root)
    return None


def _look(root: Path) -> Look | None:
    began, found = time.time_ns(), {}
    for base, name in ((packaged("site"), "~site/"), (packaged("templates"), "~templates/"), *_own(root)):
        found.update({name + path: stamp for path, stamp in walked(base).items()})
    for name in _FILES:
        if (root / name).is_symlink():
            return None
        if (root / name).exists():
            found[name] = stamp_of((root / name).stat())
    if found.get("subscribers.yml") and b"env:" in (root / "subscribers.yml").read_bytes():
        return None  # what stands in the environment leaves no trace
    for name in (*_PASSING, *([_WRITES] if found.get(_WRITES, (0,))[0] == 0 else [])):
        found.pop(name, None)
    newest = max((stamp[2] for stamp in found.values()), default=0)
    modes = [os.stat(root / name).st_mode for name in _FOLDERS if (root / name).exists()]  # noqa: PTH116 - as beside it
    content = {name: stamp for name, stamp in found.items() if name.startswith("content/")}
    return Look(_key(sorted(found.items()), modes), newest < began - _MOMENT, content)


def _own(root: Path) -> list[tuple[Path, str]]:
    return [(root / name, f"{name}/") for name in _FOLDERS if (root / name).exists() or (root / name).is_symlink()]


def said(root: Path, found: Look | None, now: datetime) -> str:
    """What the last build would say again at ``now`` (aware); nothing when any of it may be otherwise."""
    known = kept.load(_place(root), found.key) if found else None
    if known is None:
        return ""
    site, since, until, text = known
    build = root / "build"
    if not since <= now.timestamp() < until or (build / "letters").exists():
        return ""
    with suppress(OSError):
        if _key(sorted(walked(build / "site").items()), _mark(root)) == site:
            return str(text)
    return ""


def note(root: Path, found: Look | None, opened: Opened, built: Built, lines: Sequence[str]) -> None:
    """Keeps what a build would say again, where nothing but time, and nothing before the next day, can change it."""
    house, now, web = opened.house, opened.now, built.web
    undated = any(entry.date == now for entry in (*house.entries, *house.waiting))
    if not (found and found.sure and web) or built.issues or built.pastes or built.problems or undated:
        return
    dates = [*(entry.date for entry in house.waiting), *(one.date for one in house.openings)]
    until = min([_midnight(opened), *(when for when in dates if when > now)])
    site = _key(sorted(web.there.items()), _mark(root))
    kept.store(_place(root), found.key, (site, now.timestamp(), until.timestamp(), "\n".join(lines)))


def _midnight(opened: Opened) -> datetime:
    """When the next day of the house begins."""
    from pipeline.config import zone

    here = opened.now.astimezone(zone(opened.house.settings))
    return (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _place(root: Path) -> Path:
    return root / "build" / "cache" / "still"


def _mark(root: Path) -> bool:
    """Whether somebody was killed while he put a site in its place."""
    return (root / "build" / "cache" / "site" / "moving").exists()


def _key(files: list[tuple[str, Stamp]], more: Any) -> bytes:
    return hashlib.sha256(marshal.dumps((files, more), 2)).digest()
