"""Passages for narrower circles: ``::: only NAME`` … ``:::`` inside an entry's Markdown.

A passage may stand inside lists and quotes and inside another passage; it narrows and never widens.
Inside fenced code the marker is ordinary text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.comments import unclosed, without_comments
from pipeline.model import Audience
from pipeline.references import without_code, without_spans

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
_DOUBT = "Close the block above it; if it is an example, begin the block with ```markdown, at the margin."
_EXAMPLE = re.compile(r"(?:`{3,}|~{3,})(?:markdown|md)[ \t]*")
_RAW = re.compile(r"[ \t]*<[A-Za-z!/?]")
"""HTML of the author's own, in which Markdown may be no Markdown."""

_UNCLOSED = "Write `-->` where it ends, or put `<!--` into backticks if it is text."
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
    """The lines of ``body`` without comments, with the passages each stands in; faults are told by `faults`."""
    stack: list[tuple[str, ...]] = []
    fence = ""
    for number, text in enumerate(without_comments(body).split("\n"), start=1):
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
    """Every passage and comment of ``body`` that is not written as it must be; each would hide or show too much."""
    found = [Fault(unclosed(body), "a comment begins here and never ends", _UNCLOSED)] if unclosed(body) else []
    body = without_comments(body)
    if _TWO.search(body):
        found += [*_unbalanced(body), *_in_code(body), *_notes(body)]
    return sorted(found, key=lambda fault: fault.number)


def is_marked(text: str) -> bool:
    """Whether a text that is no body, such as a summary, holds something that looks like the mark of a passage."""
    return any(
        _OPEN.match(line) or _CLOSE.match(line) or _INSIDE.search(line) or _looks_like_one(line)
        for line in text.splitlines()
    )


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
    """Markers inside fenced code, unless it is beyond doubt an example.

    Where this reader and the renderer disagree on what is code, or a fence was forgotten, a passage would stand on
    the page for everybody. So an example has to say that it is one, at the margin, in a text whose fences all close.
    """
    fence, first, marker, example, raw = "", Line(0, "", ()), 0, False, False
    examples: list[int] = []
    for line in lines(body):
        if not fence:
            raw = raw or bool(_RAW.match(line.text))
            fence = "" if line.marker else _opens_fence(line.text)
            first, marker, example = line, 0, bool(_EXAMPLE.fullmatch(line.text)) and not raw
        elif _ends(fence, line.text):
            if marker and example and line.text.rstrip() == fence:
                examples.append(marker)
            elif marker and not first.within:
                yield Fault(marker, "this passage stands inside a code block, where everyone would read it", _DOUBT)
            fence = ""
        else:
            marker = marker or (line.number if _INSIDE.search(_looks_like_one(line.text)) else 0)
            example = example and not _opens_fence(line.text).startswith(fence)
    if fence and (marker or examples):
        fact = "this code block is never closed, and a passage stands in one"
        yield Fault(first.number, fact, "Close it as it begins.")


_NOTE = re.compile(r"\[\^([^\]\s]+)\](?P<below>:)?")


def _notes(body: str) -> Iterator[Fault]:
    """Footnotes that others may read than those who may read what refers to them."""
    if "[^" not in body:
        return
    notes: dict[str, Line] = {}
    refer: dict[str, list[Line]] = {}
    for line, text in zip(lines(body), without_code(body).split("\n"), strict=True):
        for match in () if line.marker else _NOTE.finditer(without_spans(text)):
            if match["below"] and not text[: match.start()].strip(" \t>"):
                notes[match[1]] = line
            else:
                refer.setdefault(match[1], []).append(line)
    for name, note in notes.items():
        found = refer.get(name, [])
        if found and not any(set(one.within) <= set(note.within) for one in found):
            hint = "Put the note into the passage too."
            yield Fault(
                note.number, f"only a passage refers to the note `[^{name}]`, but more people may read it", hint
            )
        for one in found:
            if not set(note.within) <= set(one.within):
                hint = "Put the note below the passage, or refer to it inside only."
                yield Fault(one.number, f"the note `[^{name}]` stands in a passage that fewer people may read", hint)


def _opens_fence(text: str) -> str:
    match = _FENCE.match(text)
    if match and not (match["fence"][0] == "`" and "`" in match["info"]):
        return match["fence"]
    return ""


def names(body: str) -> list[tuple[int, str]]:
    """Every name a passage is for, with its line."""
    return [(line.number, name) for line in lines(body) if line.marker == "open" for name in line.within[-1]]


def body_for(body: str, audience: Audience) -> str:
    """The Markdown that somebody who reads ``audience`` gets: no marker, no comment, and no line they may not see."""
    body = without_comments(body)
    if ":::" not in body:
        return body
    kept: list[str] = []
    gap: str | None = None
    sign = ""
    for line in lines(body):
        if line.marker or not line.seen_by(audience):
            if gap is None and kept and kept[-1].strip(" \t>"):
                gap = _blank(line.text)
            if line.marker == "open" and line.seen_by(audience):
                sign = _sign(line.text) or sign
            elif line.marker == "close" and len(line.within) == 1:
                sign = ""
            continue
        text = sign + line.text[len(sign) :] if sign and not line.text[: len(sign)].strip(" \t>") else line.text
        if gap is not None and text.strip(" \t>") and not _in_one_piece(kept[-1], text):
            kept.append(gap)
        kept.append(text)
        gap, sign = None, ""
    return "\n".join(kept)


_ROW = re.compile(r"(?:[ \t]|>)*\|.*\|[ \t]*$")
_ITEM = re.compile(r"(?:[ \t]|>)*(?:(?P<bullet>[-*+])|\d{1,9}[.)])[ \t]")


def _in_one_piece(before: str, after: str) -> bool:
    """Whether both lines are rows of a table or items of a list, which an empty line would part or set wider."""
    first, second = _ITEM.match(before), _ITEM.match(after)
    if first and second:
        return bool(first["bullet"]) == bool(second["bullet"])
    return bool(_ROW.match(before) and _ROW.match(after))


def _sign(text: str) -> str:
    """What stands before a marker that is a list's item of its own: the item keeps it."""
    match = _ITEM.match(text)
    opened = _OPEN.match(text)
    return opened["lead"] if match and opened else ""


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
