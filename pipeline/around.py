"""What stands around the blocks of a page, made once for all pages on which it is the same.

A template says so with ``{% set around = {"key": […], "but": […]} %}``: all that its parent writes outside of the
blocks in ``but`` depends on nothing that ``key`` does not tell apart. It is made with the first page of each key, with
marks in place of those blocks; from then on a page is what was kept, with its own blocks where the marks were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import Template
from jinja2.runtime import Context

Root = Callable[[Context], Iterator[str]]


class _Mark(str):
    """Where a block stands, and what the template had set when it came to it; as text it is nothing."""

    block: str
    set: dict[str, Any]


Skeleton = list[_Mark | str]


class Around:
    """Takes the place of a template's root; what it kept lives as long as it."""

    def __init__(self, template: Template) -> None:
        self._root: Root = template.root_render_func
        self._kept: dict[tuple[object, ...], Skeleton | None] = {}
        template.root_render_func = self.root

    def root(self, context: Context) -> Iterator[str]:
        """Writes the page, from what was kept where a template said that it may be."""
        said = context.vars.get("around")
        if not said:
            yield from self._root(context)
            return
        name = (*said["key"], *said["but"])
        if name not in self._kept:
            self._kept[name] = self._made(context, said["but"])
        found = self._kept[name]
        if found is None:
            yield from self._root(context)
            return
        for part in found:
            if isinstance(part, _Mark):
                context.vars.update(part.set)
                yield from context.blocks[part.block][0](context)
            else:
                yield part

    def _made(self, context: Context, blocks: list[str]) -> Skeleton | None:
        """What the template writes around these blocks; None where one of them does not simply stand in it, once."""
        of, known, marks = dict(context.blocks), dict(context.vars), list[_Mark]()
        context.blocks.update({name: [_marking(name, known, marks), *of[name]] for name in blocks if name in of})
        try:
            parts = list(self._root(context))
        finally:
            context.blocks.update(of)
            context.vars.clear()
            context.vars.update(known)
        found = [part for part in parts if isinstance(part, _Mark)]
        simply = len(found) == len(marks) and sorted(mark.block for mark in found) == sorted(blocks)
        return _joined(parts) if simply else None


def _marking(name: str, known: dict[str, Any], marks: list[_Mark]) -> Root:
    """In place of a block: a mark, with all that was set since."""

    def block(context: Context) -> Iterator[str]:
        mark = _Mark()
        mark.block = name
        mark.set = {key: value for key, value in context.vars.items() if known.get(key, known) is not value}
        marks.append(mark)
        yield mark

    return block


def _joined(parts: list[str]) -> Skeleton:
    """The parts with all text between two marks as one."""
    found: Skeleton = []
    for part in parts:
        if isinstance(part, _Mark) or not found or isinstance(found[-1], _Mark):
            found.append(part)
        else:
            found[-1] += part
    return found
