"""Which Kith made something: its own code and the versions of what it stands on."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_TOOLS = frozenset(
    "babel jinja2 latex2mathml lxml markdown mkdocs mkdocs_material pillow pygments pymdown_extensions pyyaml".split()
)


@cache
def edition() -> str:
    """The hash of all that decides what the same house becomes, besides the house itself."""
    own = [f"{path} {size} {changed}" for path, size, changed in _code()]
    return hashlib.sha256("\n".join([sys.version, *own, *_tools()]).encode()).hexdigest()


def _code() -> list[tuple[str, int, int]]:
    """Our own modules with their size and time."""
    found = []
    for folder in (_HERE, _HERE / "transports"):
        with os.scandir(folder) as listed:
            for one in listed:
                if one.name.endswith(".py"):
                    seen = one.stat()
                    found.append((one.name, seen.st_size, seen.st_mtime_ns))
    return sorted(found)


def _tools() -> list[str]:
    """The folders in which installers keep names and versions: reading what is in them takes far longer."""
    found = set()
    for place in sys.path:
        try:
            with os.scandir(place or ".") as listed:
                found |= {one.name for one in listed if one.name.endswith("-info") and _named(one.name) in _TOOLS}
        except OSError:
            continue
    return sorted(found)


def _named(folder: str) -> str:
    return folder.partition("-")[0].lower().replace(".", "_")
