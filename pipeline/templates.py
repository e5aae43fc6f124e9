"""The letters' templates as a person sees them: what there is, what is the house's own, what each one gets."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.errors import KithError
from pipeline.offered import PARTS, STYLES, TEMPLATES, Value, offered
from pipeline.packaged import own_or_packaged, packaged
from pipeline.stationery import load_stationery
from pipeline.validate import did_you_mean

PACKAGED, OWN, SAME = "packaged", "changed here", "copied, unchanged"


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of ``templates/``: what it is for, and whether the house has its own."""

    name: str
    purpose: str
    state: str


def listing(root: Path) -> list[Listed]:
    """Every file that letters are made from. Raises `Problems` for those that are broken."""
    load_stationery(own_or_packaged(root, "templates"))
    names = {
        **TEMPLATES,
        STYLES: "The styles, which are written into the letters' HTML.",
        **{name: f"What letters say in `{Path(name).stem}`." for name in _words(root)},
    }
    return [Listed(name, purpose, _state(root, name)) for name, purpose in names.items()]


def check(root: Path) -> None:
    """Raises `Problems` for what is wrong in the house's own templates; the packaged ones are sound."""
    if (root / "templates").is_dir():
        load_stationery(own_or_packaged(root, "templates"))


def _words(root: Path) -> list[str]:
    folders = (packaged("templates"), root / "templates")
    return sorted({f"words/{path.name}" for folder in folders for path in (folder / "words").glob("*.yml")})


def _state(root: Path, name: str) -> str:
    own, ours = root / "templates" / name, packaged("templates") / name
    if not own.is_file() or own.resolve() == ours.resolve():
        return PACKAGED
    return SAME if ours.is_file() and own.read_bytes() == ours.read_bytes() else OWN


def copy(root: Path, name: str) -> str:
    """Copies a packaged file into the house's ``templates/`` and says where; what is there is never overwritten."""
    name = name.removeprefix("templates/")
    known = [*TEMPLATES, STYLES, *_words(root)]
    source, target = packaged("templates") / name, root / "templates" / name
    if name not in known or not source.is_file():
        raise KithError(f"there is no template `{name}`. {did_you_mean(name, known)}")
    if target.exists() or target.is_symlink():
        raise KithError(f"templates/{name}: it is there already, and is left as it is. Move it away first.")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=target.parent, prefix=".")
    with os.fdopen(handle, "wb") as file:
        file.write(source.read_bytes())
    Path(fresh).chmod(0o644)
    Path(fresh).replace(target)
    return f"templates/{name} is yours to change now."


def lines(listed: Sequence[Listed]) -> list[str]:
    """The templates, then every value, in words."""
    width = max(len(one.name) for one in listed)
    found = [f"  {one.name:<{width}}  {one.state:<17}  {one.purpose}" for one in listed]
    found += ["", "A letter's templates get", *_rows(offered("layout.html.j2"))]
    for name, values in PARTS.items():
        found += ["", f"A {name} has", *_rows(values)]
    found += ["", "The text to paste gets", *_rows(offered("paste.txt.j2"))]
    found += ["", "`kith templates --copy NAME` makes one yours; only what you change need be there."]
    return ["Templates", *found]


def _rows(values: Sequence[Value]) -> list[str]:
    return [f"  {one.name:<10} {one.kind:<17} {one.meaning}" for one in values]


def data(listed: Sequence[Listed]) -> dict[str, object]:
    """The same for another program."""
    rows = [
        {**asdict(one), "values": [value.name for value in offered(one.name)] if one.name in TEMPLATES else []}
        for one in listed
    ]
    parts = {name: [asdict(value) for value in values] for name, values in PARTS.items()}
    own = {"letter": offered("layout.html.j2"), "paste": offered("paste.txt.j2")}
    return {
        "templates": rows,
        "values": {name: [asdict(value) for value in values] for name, values in own.items()},
        "parts": parts,
    }
