"""The folders that Kith empties and replaces files in: never through a link, behind which others' files may lie."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import KithError

_INNER = ("cache", "preview", "seen")
"""Folders of ``build/`` whose own folders are emptied, too."""


def refuse_links(root: Path) -> None:
    """Raises `KithError` when ``build/``, or a folder of it, is a link; call it before anything is written there."""
    build = root / "build"
    refuse_link(build, root)
    for folder in (build, *(build / name for name in _INNER)):
        for path in _in(folder):
            refuse_link(path, root)


def refuse_link(path: Path, root: Path) -> None:
    """Raises `KithError` when ``path`` is a link; ``root`` is the folder that the message leaves out."""
    if path.is_symlink():
        name = path.relative_to(root) if path.is_relative_to(root) else path
        raise KithError(
            f"{name}: this is a link to {path.readlink()}. Kith deletes and replaces what lies there, so it must be a"
            " folder of its own. Remove the link, and run it again."
        )


def _in(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
