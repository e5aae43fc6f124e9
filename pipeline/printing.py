"""The feeds of a site, brought up to date: in one go, so that a process of its own can do it while pages are made."""

from __future__ import annotations

from typing import Any

from pipeline import kept
from pipeline.crew import spread
from pipeline.edition import edition
from pipeline.feeds import Part
from pipeline.keys import key_of
from pipeline.making import Maker
from pipeline.newsstand import BATCH, batches
from pipeline.underway import Printed, Underway


def printed(run: Underway, maker: Maker) -> Printed:
    """Makes the feeds in which anything changed beside the site; what became of all of them, as plain values."""
    stand = maker.stand
    if stand is None:
        return [], [], []
    stay: list[str] = []
    todo: list[tuple[str, bytes, Part]] = []
    for name, part_key, part in stand.parts():
        key = key_of(run.around, part_key)
        was = run.before.parts.get(name)
        if was and was[0] == key and all(map(run.holds, was[1])):
            stay.append(name)
        else:
            todo.append((name, key, part))
    place = run.folders.notes / "items"
    if todo:
        stand.items = (kept.load(place, edition()) or {}) | maker.items
    made: list[tuple[str, bytes, tuple[str, ...], list[str], list[Any]]] = []
    tasks = batches([part for _, _, part in todo])
    for numbers, some in spread(
        tasks, lambda numbers: (numbers, stand.put([todo[one][2] for one in numbers], run.place.put)), BATCH
    ):
        made += [(*todo[number][:2], *one) for number, one in zip(numbers, some, strict=True)]
    if todo:
        kept.store(place, edition(), stand.newest())
    singles = [_single(run, name, key_of(run.around, key), make) for name, key, make in stand.singles()]
    return stay, made, singles


def _single(run: Underway, name: str, key: bytes, make: Any) -> tuple[str, bytes, Any]:
    holds = run.before.single.get(name) == key and run.holds(name)
    return name, key, None if holds else run.place.put(name, make())
