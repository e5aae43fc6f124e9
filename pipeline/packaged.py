"""Where the files that come with Kith are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def packaged(name: str) -> Path:
    """The folder ``site``, ``templates`` or ``starter`` that came with Kith."""
    inside = _HERE / "house" / name
    return inside if inside.is_dir() else _HERE.parent / name


def own_or_packaged(root: Path, name: str) -> list[Path]:
    """Where to look for a file of ``site`` or ``templates``: the house's own folder first."""
    found = [folder for folder in (root / name, packaged(name)) if folder.is_dir()]
    return list(dict.fromkeys(path.resolve() for path in found))
