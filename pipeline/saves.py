"""Sees when something of the house is saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_FILES = ("subscribers.yml", "pyproject.toml")
_FOLDERS = ("content", "site", "templates")


def saves(root: Path) -> Iterator[None]:
    """Yields whenever something of the house was saved, until Ctrl-C.

    Single files are looked at by size and time: editors replace them, which a watch on the file would not survive.
    """
    import watchfiles

    folders = [path for name in _FOLDERS if (path := root / name).is_dir()]
    before = _stamps(root)
    for changes in watchfiles.watch(
        *folders, watch_filter=_is_source, debounce=150, step=40, rust_timeout=300, yield_on_timeout=True,
        raise_interrupt=False,
    ):  # fmt: skip
        now = _stamps(root)
        if changes or now != before:
            yield
        before = now


def _stamps(root: Path) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for name in _FILES:
        try:
            stat = (root / name).stat()
        except OSError:
            continue
        found.append((stat.st_mtime_ns, stat.st_size))
    return found


def _is_source(_: object, path: str) -> bool:
    """Not an editor's own files."""
    name = Path(path).name
    return not (name.startswith((".", "#", "4913")) or name.endswith(("~", ".swp", ".tmp", ".partial")))
