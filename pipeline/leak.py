"""A leak, and how it is told: both places, what may be done, and all of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.errors import Leaked
from pipeline.model import Audience
from pipeline.sieve import Sought, What
from pipeline.undone import words

MOST, SHOWN = 20, 3
"""Leaks that are told at once, and outputs that are named for each."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something that leaves: what to call it, who may read it, its bytes, and whose names it may hold."""

    name: str
    audience: Audience
    data: bytes
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that stands where it must not: what, in which output, on which line, and what may be done."""

    one: Sought
    output: str
    line: int = 0
    advice: str = ""

    @property
    def where(self) -> str:
        """The output, with the line where there is one."""
        return f"{self.output}:{self.line}" if self.line else self.output

    @property
    def source(self) -> tuple[object, ...]:
        """What a person takes for one leak: the line of a passage, or somebody's name."""
        one = self.one
        return (one.path, one.line, one.needs) if one.what in (What.TEXT, What.KEY) else (one.who, one.what)

    def said(self, *more: Leak) -> str:
        """Both places, and the fact between them; ``more`` are other outputs with the same."""
        if self._is_personal:
            person = self.one.path.rpartition(" ")[2]
            fact = f"the line for `{person}` stands in {self._where(more)}, which others read"
            return f"{self.one.path}: {fact}. `kith note {person} --remove` takes the line back."
        if self.one.what in (What.KEY, What.LEAVING):
            return f"{self._where(more)}: {self._secret()}. {self.advice}".rstrip()
        place = f"{self.one.path}:{self.one.line}" if self.one.line else self.one.path
        shown = self._where(more)
        return f"{place}: “{_shown(self.one)}” {self._fact()}, but stands in {shown}. {self.advice}".rstrip()

    @property
    def _is_personal(self) -> bool:
        return any(name.startswith("person:") for group in self.one.needs for name in group)

    def _where(self, more: Iterable[Leak]) -> str:
        outputs = list(dict.fromkeys(leak.where for leak in (self, *more)))
        return ", ".join(outputs[:SHOWN]) + (f" and {len(outputs) - SHOWN} more" if len(outputs) > SHOWN else "")

    def _secret(self) -> str:
        """What must not even be shown in a message."""
        if self.one.what is What.LEAVING:
            return f"the link by which `{self.one.who}` leaves or changes their pace stands where others read it"
        groups = " and ".join("`" + "` or `".join(group) + "`" for group in self.one.needs)
        return f"the key of the sealed page of {self.one.path}, which is only for {groups}, stands where others read it"

    def _fact(self) -> str:
        who = self.one.who
        if self.one.what is What.TEXT:
            groups = " and ".join("`" + "` or `".join(group) + "`" for group in self.one.needs)
            return f"is only for {groups}"
        if who.startswith("circle:"):
            return f"names the circle `{who.removeprefix('circle:')}`"
        return f"is the {'address' if self.one.what is What.ADDRESS else 'name'} of `{who}`"


def _shown(one: Sought) -> str:
    """What was sought as a message shows it: on one line, and not all of it."""
    text = one.shown or b" ".join(one.words).decode("utf-8", "replace")
    line = re.sub(r"(?<=[\u3000-\u9fff]) (?=[\u3000-\u9fff])", "", " ".join(text.split()))
    return line if len(line) <= 60 else f"{line[:59]}…"


def line_of(data: bytes, run: bytes) -> int:
    """The line on which words stand, or begin to; 0 where they stand in no line, as in a file's name."""
    lines = data.split(b"\n")
    sought = b" %b " % run
    for number, line in enumerate(lines, start=1):
        if sought in _joined(line):
            return number
    low, high = 1, len(lines)
    if sought not in _joined(data):
        return 0
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if sought in _joined(b"\n".join(lines[:middle])) else (middle + 1, high)
    return low


def _joined(data: bytes) -> bytes:
    return b" %b " % b" ".join(words(data))


def refuse(found: Iterable[Leak]) -> None:
    """Raises `Leaked` when there is a leak, with as many as a person can look through."""
    same: dict[tuple[object, ...], list[Leak]] = {}
    for leak in found:
        same.setdefault(leak.source, []).append(leak)
    if not same:
        return
    more = [f"… and {len(same) - MOST} more."] if len(same) > MOST else []
    told = [leaks[0].said(*leaks[1:]) for leaks in same.values()]
    raise Leaked("\n".join([*told[:MOST], *more, "Nothing was published or submitted."]))
