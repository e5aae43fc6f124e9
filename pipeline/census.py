"""Counts, for the receipt, the pictures of a house that were freed of traces, and those that had named a place.

What a picture's file holds is kept under `build/cache` by its size and time, so that it is read once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.links import Shelf, inside
from pipeline.model import House
from pipeline.pictured import pictured
from pipeline.references import references
from pipeline.regular import read_regular
from pipeline.walked import mark

if TYPE_CHECKING:
    from pipeline.traces import Traces

_RECIPE = "1"


@dataclass(frozen=True, slots=True)
class Census:
    """Pictures in texts that are out, whoever reads them: all, those with metadata, and those with a place in it."""

    pictures: int = 0
    freed: int = 0
    located: int = 0


def census(house: House, root: Path) -> Census:
    """The pictures that this house publishes: on pages, on sealed pages, and inside letters."""
    content, store = root / "content", root / "build" / "cache" / "traces.json"
    before = _read(store)
    now: dict[str, list[object]] = {}
    shown = sorted(set(_shown(house)))
    if not (shown or before):
        return Census()
    from pipeline.traces import LOCATION, PROFILE

    for path in shown:
        if stamp := mark(content / path):
            known = before.get(path)
            now[path] = known if known and known[0] == stamp else [stamp, sorted(_held(content / path))]
    if now != before:
        _write(store, now)
    held = [set(names) for _, names in now.values() if isinstance(names, list)]
    return Census(len(held), sum(bool(one - {PROFILE}) for one in held), sum(LOCATION in one for one in held))


def _shown(house: House) -> Iterator[str]:
    """Every picture inside `content/` that a text which is out shows or links to."""
    versions = [version for entry in house.entries for version in entry.versions if version.pictured]
    versions += [version for page in house.pages for version in page.versions if version.pictured]
    if not versions:
        return
    shelf = Shelf.of(house)
    for version in versions:
        for _, _, address in references(version.body):
            target = shelf.find(inside(version.path), address)
            if target.kind == "file" and pictured(target.path):
                yield target.path


def _held(path: Path) -> Traces:
    """What the file holds beside its picture; nothing where it cannot be read, which the album says."""
    from pipeline.svg import cleaned
    from pipeline.traces import traces

    try:
        data = read_regular(path)
        if path.suffix.lower() != ".svg":
            return traces(data)
        inner: set[str] = set()

        def look(picture: bytes) -> bytes:
            inner.update(traces(picture))
            return picture

        _, had = cleaned(data, look)
    except (OSError, ValueError):
        return frozenset()
    return frozenset(inner | ({"metadata"} if had else set()))


def _read(store: Path) -> dict[str, list[object]]:
    try:
        found = json.loads(read_regular(store))
        rows = found["pictures"] if found["recipe"] == _RECIPE else {}
        return {str(path): [row[0], row[1]] for path, row in rows.items()}
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return {}


def _write(store: Path, rows: dict[str, list[object]]) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    partial = store.with_suffix(".partial")
    partial.write_text(json.dumps({"recipe": _RECIPE, "pictures": rows}), encoding="utf-8")
    partial.replace(store)
