"""The feeds of a site, brought up to date: in one go, so that a process of its own can do it while pages are made."""

from __future__ import annotations

from typing import Any

from pipeline import kept
from pipeline.crew import spread
from pipeline.edition import edition
from pipeline.errors import Problem
from pipeline.feeds import Part
from pipeline.keys import key_of
from pipeline.making import Maker
from pipeline.newsstand import BATCH, Newsstand, batches
from pipeline.underway import Underway

Printed = tuple[list[str], list[tuple[str, bytes, tuple[str, ...], list[str], list[Any]]], list[tuple[str, bytes, Any]]]
"""Parts that stay as they are; parts that were made, each with its key, its files, those of them that are new, and what
is wrong with it; documents of their own, each with its key and whether it is new (None if nothing was made of it)."""


def printed(run: Underway, maker: Maker, stand: Newsstand) -> Printed:
    """Makes the feeds in which anything changed beside the site; what became of all of them, as plain values."""
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


def noted(run: Underway, made: Printed) -> None:
    """Notes what became of the feeds."""
    stay, parts, singles = made
    for name in stay:
        was = run.now.parts[name] = run.before.parts[name]
        run.now.files.update({file: run.before.files[file] for file in was[1]})
    for name, key, files, changed, said in parts:
        run.now.parts[name] = b"" if said else key, files
        run.faults += [Problem(*one) for one in said]
        run.now.files.update(dict.fromkeys(files, (0, 0)))
        run.place.changed.update(changed)
    for name, key, new in singles:
        run.now.single[name] = key
        run.now.files[name] = run.before.files[name] if new is None else (0, 0)
        if new:
            run.place.changed.add(name)
        run.extra.append(name)
    run.extra += [file for _, files in run.now.parts.values() for file in files]
