"""Passages for narrower circles: ``::: only NAME`` … ``:::`` inside an entry's Markdown.

A passage may stand inside lists and quotes and inside another passage; it narrows and never widens.
Inside fenced code the marker is ordinary text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.model import Audience

_LEAD = r"(?P<lead>(?:[ \t]|>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))*)"
_OPEN = re.compile(_LEAD + r":::+[ \t]*only\b[ \t]*:?(?P<names>[^:]*?)[ \t]*:*[ \t]*$", re.IGNORECASE)
_CLOSE = re.compile(_LEAD + r":::+[ \t]*$")
_ALMOST = re.compile(_LEAD + r"(:::+|::[ \t]*only\b)")
_HOW = "Write `::: only NAME` above it and `:::` below it, each on a line of its own."
_FENCE = re.compile(_LEAD + r"(?P<fence>`{3,}|~{3,})(?P<info>.*)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a body: its number from 1, the passages around it, and the marker it is, if it is one."""

    number: int
    text: str
    within: tuple[tuple[str, ...], ...]
    marker: str = ""

    def seen_by(self, audience: Audience) -> bool:
        """Whether somebody who reads ``audience`` may see this line."""
        return all(audience.intersection(names) for names in self.within)


@dataclass(frozen=True, slots=True)
class Fault:
    """A passage that does not close, closes twice or names nobody; ``number`` is the body's line."""

    number: int
    fact: str
    suggestion: str


def lines(body: str) -> Iterator[Line]:
    """The lines of ``body`` with the passages each stands in; faults are told by `faults`."""
    stack: list[tuple[str, ...]] = []
    fence = ""
    for number, text in enumerate(body.split("\n"), start=1):
        if fence:
            fence = "" if _ends(fence, text) else fence
            yield Line(number, text, tuple(stack))
            continue
        if opened := _OPEN.match(text):
            stack.append(tuple(sorted(set(re.split(r"[\s,]+", opened["names"].strip())) - {""})))
            yield Line(number, text, tuple(stack), "open")
        elif stack and _CLOSE.match(text):
            yield Line(number, text, tuple(stack), "close")
            stack.pop()
        else:
            fence = _opens_fence(text)
            yield Line(number, text, tuple(stack))


def _ends(fence: str, text: str) -> bool:
    match = _FENCE.match(text)
    return bool(match and match["fence"].startswith(fence) and not match["info"].strip())


def faults(body: str) -> list[Fault]:
    """Every passage of ``body`` that is not written as it must be; each would hide or show too much."""
    found: list[Fault] = []
    opened: list[int] = []
    open_fence = 0
    fence = ""
    for line in lines(body):
        if fence:
            if _ends(fence, line.text):
                fence, open_fence = "", 0
        elif line.marker == "open":
            opened.append(line.number)
            if not line.within[-1]:
                found.append(Fault(line.number, "a passage for nobody", "Write `::: only NAME`."))
        elif line.marker == "close":
            opened.pop()
        elif match := _opens_fence(line.text):
            fence, open_fence = match, line.number
        elif _CLOSE.match(line.text):
            found.append(Fault(line.number, "`:::` closes a passage that was not opened", "Remove it."))
        elif _ALMOST.match(line.text):
            found.append(Fault(line.number, f"`{line.text.strip()[:40]}` is not a passage", _HOW))
    found += [Fault(number, "this passage is never closed", _HOW) for number in opened]
    if open_fence and ":::" in body:
        found.append(Fault(open_fence, "this code block is never closed", f"Close it with `{fence}`."))
    return found


def _opens_fence(text: str) -> str:
    match = _FENCE.match(text)
    if match and not (match["fence"][0] == "`" and "`" in match["info"]):
        return match["fence"]
    return ""


def names(body: str) -> list[tuple[int, str]]:
    """Every name a passage is for, with its line."""
    return [
        (line.number, name)
        for line in lines(body)
        if line.marker == "open"
        for name in line.within[-1]
    ]


def body_for(body: str, audience: Audience) -> str:
    """The Markdown that somebody who reads ``audience`` gets: no marker, and no line they may not see."""
    kept: list[str] = []
    for line in lines(body):
        if line.marker or not line.seen_by(audience):
            if kept and kept[-1].strip(" \t>"):
                kept.append(_blank(line.text))
            continue
        kept.append(line.text)
    return "\n".join(kept)


def _blank(text: str) -> str:
    """An empty line of the same quote, so that what stood around a passage does not run together."""
    match = re.match(r"[ \t]*(?:>[ \t]?)*", text)
    return match.group().rstrip() if match else ""


def narrower(body: str, audience: Audience) -> list[tuple[int, str]]:
    """The lines, with their numbers, that ``audience`` may not see."""
    return [
        (line.number, line.text)
        for line in lines(body)
        if not line.marker and line.text.strip() and not line.seen_by(audience)
    ]
