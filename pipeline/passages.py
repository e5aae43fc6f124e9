"""Passages for narrower circles: ``::: only NAME`` … ``:::`` inside an entry's Markdown.

A passage may stand inside lists and quotes and inside another passage; it narrows and never widens.
Inside fenced code the marker is ordinary text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.model import Audience

_LEAD = r"(?P<lead>(?:[ \t]|>|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))*)"
_OPEN = re.compile(_LEAD + r":::+[ \t]*only\b[ \t]*:?(?P<names>.*)$", re.IGNORECASE)
_CLOSE = re.compile(_LEAD + r":::+[ \t]*$")
_FENCE = re.compile(_LEAD + r"(?P<fence>`{3,}|~{3,})(?P<info>.*)$")

_COLONS = "：﹕︓∶꞉ː;；"
"""Signs that look like a colon, or stand beside it on the keyboard."""

_TWO = re.compile(f"[:{_COLONS}]\\s*[:{_COLONS}]")
_ALMOST = re.compile(_LEAD + r":::")
_INSIDE = re.compile(r"(?:^[\s>*+-]*::|:{3,})\s*only\b", re.IGNORECASE)
_MEANT = re.compile(r":\s*[^\s:]+\s+(?P<name>[\w.-]+)\s*:*\s*$")
_CODE = re.compile(r"`[^`]*`")
_DOUBT = "Close that block; if the passage is an example in it, begin the block at the margin."
_HOW = "Write `::: only NAME` above it and `:::` below it, each on a line of its own."


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
        if (names := _opened(text)) is not None:
            stack.append(names)
            yield Line(number, text, tuple(stack), "open")
        elif stack and _CLOSE.match(text):
            yield Line(number, text, tuple(stack), "close")
            stack.pop()
        else:
            fence = _opens_fence(text)
            yield Line(number, text, tuple(stack))


def _opened(text: str) -> tuple[str, ...] | None:
    """The names that a line opens a passage for; None when it opens none."""
    match = _OPEN.match(text)
    said = match["names"].strip(" \t:") if match else ":"
    return None if ":" in said else tuple(sorted({name for name in re.split(r"[\s,]+", said) if name}))


def _ends(fence: str, text: str) -> bool:
    match = _FENCE.match(text)
    return bool(match and match["fence"].startswith(fence) and not match["info"].strip())


def faults(body: str) -> list[Fault]:
    """Every passage of ``body`` that is not written as it must be; each would hide or show too much."""
    if not _TWO.search(body):
        return []
    return sorted([*_unbalanced(body), *_in_code(body)], key=lambda fault: fault.number)


def _unbalanced(body: str) -> Iterator[Fault]:
    opened: list[int] = []
    fence, meant = "", 0
    for line in lines(body):
        if fence:
            fence = "" if _ends(fence, line.text) else fence
        elif line.marker == "open":
            opened.append(line.number)
            if not line.within[-1]:
                yield Fault(line.number, "a passage for nobody", "Write `::: only NAME`.")
        elif line.marker == "close":
            opened.pop()
        elif _CLOSE.match(line.text) and meant:
            meant -= 1
        elif _CLOSE.match(line.text):
            hint = "Remove it, or write `::: only NAME` above what it closes."
            yield Fault(line.number, "`:::` closes a passage that was not opened", hint)
        elif seen := _looks_like_one(line.text):
            meant += 1
            yield Fault(line.number, f"`{_shortly(line.text)}` is not a passage", _right(seen))
        else:
            fence = _opens_fence(line.text)
    for number in opened:
        yield Fault(number, "this passage is never closed", "Write `:::` below it, on a line of its own.")


def _looks_like_one(text: str) -> str:
    """What the eye sees of a line that was meant as a marker: other colons, unseen signs, words before it."""
    if not _TWO.search(text):
        return ""
    shown = "".join(
        one for one in unicodedata.normalize("NFKC", text) if one == "\t" or unicodedata.category(one)[0] != "C"
    )
    plain = _CODE.sub("", "".join(":" if one in _COLONS else one for one in shown))
    plain = re.sub(r"(?<=:) (?=:)", "", plain)
    return plain if _ALMOST.match(plain) or _INSIDE.search(plain) else ""


def _right(seen: str) -> str:
    match = _MEANT.search(seen)
    if match is None:
        return _HOW
    return f"Write `::: only {match['name']}` on a line of its own, and `:::` below the passage."


def _shortly(text: str) -> str:
    said = text.strip()
    return said if len(said) <= 40 else f"{said[:39]}…"


def _in_code(body: str) -> Iterator[Fault]:
    """Markers inside fenced code that may be no code: it never closes, is indented, or holds another beginning."""
    fence, first, marker, doubt = "", Line(0, "", ()), 0, False
    for line in lines(body):
        if not fence:
            fence = "" if line.marker else _opens_fence(line.text)
            first, marker, doubt = line, 0, fence != "" and _indented(line.text)
        elif _ends(fence, line.text):
            if marker and (doubt or _lead(line.text) != _lead(first.text)):
                yield Fault(marker, "this passage stands inside a code block that is not closed above it", _DOUBT)
            fence = ""
        else:
            marker = marker or (line.number if _looks_like_one(line.text) else 0)
            doubt = doubt or _opens_fence(line.text).startswith(fence)
    if fence and marker:
        yield Fault(first.number, "this code block is never closed, and a passage follows", "Close it as it begins.")


def _lead(text: str) -> str:
    match = _FENCE.match(text)
    return re.sub(r"[ \t]+|[-*+]|\d+[.)]", "", match["lead"]) if match else ""


def _indented(text: str) -> bool:
    """Whether Markdown may take the line for indented code rather than for a fence."""
    match = re.match(r"(?:[ \t]?>)*(?P<room>[ \t]*)", text)
    return match is not None and len(match["room"].expandtabs(4)) >= 4


def _opens_fence(text: str) -> str:
    match = _FENCE.match(text)
    if match and not (match["fence"][0] == "`" and "`" in match["info"]):
        return match["fence"]
    return ""


def names(body: str) -> list[tuple[int, str]]:
    """Every name a passage is for, with its line."""
    return [(line.number, name) for line in lines(body) if line.marker == "open" for name in line.within[-1]]


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
