"""GitHub's own specification of its Markdown: how many of its examples come out the same, and why the others do not.

The specification is not ours to copy (CC BY-SA 4.0). It is `test/spec.txt` of https://github.com/github/cmark-gfm; the
tests skip where KITH_GFM_SPEC does not lead to it.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import html as parser

from pipeline.markup import render

SPEC = Path(os.environ.get("KITH_GFM_SPEC") or Path(__file__).resolve().parents[2] / "shared" / "gfm" / "spec.txt")

AT_LEAST = 656
OTHERWISE = {
    "an element that HTML does not have is shown as words": (120, 133, 170, 500, 532, 544, 632, 633, 634),
    "`[[words]]` leads to the text of that name": (556, 598),
    "a bare address is a link, as the specification's own extension has it": (616, 619, 620),
    "what browsers take for a comment is one, and no comment is published": (645, 646),
    "an element that hides all that follows is words only where it has no end": (653,),
}
"""The examples that come out otherwise on purpose; docs/write.md says so to authors."""

FENCE = "`" * 32
BLOCKS = frozenset(
    "p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre div table thead tbody tr td th hr br dl dt dd details summary".split()
)
KEPT = frozenset(["href", "src", "title", "alt", "start", "checked", "type"])

pytestmark = pytest.mark.skipif(not SPEC.is_file(), reason=f"there is no specification at {SPEC} (KITH_GFM_SPEC)")


@cache
def examples() -> list[tuple[str, str]]:
    """Each example as Markdown and HTML."""
    found: list[tuple[str, str]] = []
    parts: list[list[str]] | None = None
    for line in SPEC.read_text("utf-8").split("\n"):
        if parts is None and line.startswith(f"{FENCE} example"):
            parts = [[]]
        elif parts is not None and line == FENCE:
            markdown, html = ("\n".join([*part, ""]).replace("→", "\t") for part in parts)
            found.append((markdown, html))
            parts = None
        elif parts is not None and line == "." and len(parts) == 1:
            parts.append([])
        elif parts is not None:
            parts[-1].append(line)
    return found


def told(html: str) -> list[tuple[str, Any]]:
    """The tags of HTML with where they lead, and its words; what only colours code is left out."""
    plain = re.sub(r"[\x01-\x08\x0b\x0c\x0e-\x1f]", "", html.replace("\0", "\ufffd")).strip()
    plain = re.sub(r"<!DOCTYPE[^>]*>", "", plain)
    root = parser.fragment_fromstring(plain, create_parent="div")
    found: list[tuple[str, Any]] = []
    _tell(root, found, False)
    last = len(found) - 1
    for place, (kind, words) in enumerate(found):
        if kind == "words":
            before = found[place - 1][0] if place else "<div"
            after = found[place + 1][0] if place < last else ">div"
            left = words.lstrip() if before[1:] in BLOCKS and before != "<pre" else words
            found[place] = (kind, (left.rstrip() if after[1:] in BLOCKS and after != ">pre" else left).rstrip("\n"))
    return [one for one in found if one != ("words", "")]


def _tell(element: Any, found: list[tuple[str, Any]], pre: bool) -> None:
    tag = element.tag
    if isinstance(tag, str):
        bare = tag == "span" or (tag == "div" and "highlight" in (element.get("class") or ""))
        if not bare:
            found.append((f"<{tag}", sorted(map(_attribute, (one for one in element.items() if _counts(tag, one[0]))))))
        pre = pre or tag == "pre"
        _say(element.text, found, pre)
        for child in element:
            _tell(child, found, pre)
        if not bare:
            found.append((f">{tag}", None))
    _say(element.tail, found, pre and tag != "pre")


def _counts(tag: str, key: str) -> bool:
    return key in KEPT and (key != "type" or tag == "input")


def _attribute(item: tuple[str, str]) -> tuple[str, str]:
    key, value = item
    return key, "" if key == "checked" else unquote(value) if key in {"href", "src"} else value


def _say(words: str | None, found: list[tuple[str, Any]], pre: bool) -> None:
    said = (words or "") if pre else re.sub(r"\s+", " ", words or "")
    if said and found and found[-1][0] == "words":
        found[-1] = ("words", found[-1][1] + said)
    elif said:
        found.append(("words", said))


def test_all_examples_but_those_with_a_reason_come_out_as_on_github() -> None:
    otherwise = [
        number
        for number, (markdown, html) in enumerate(examples(), start=1)
        if told(render(markdown, lambda _, href: href).html) != told(html)
    ]
    assert len(examples()) == 673
    assert sorted(otherwise) == sorted(number for numbers in OTHERWISE.values() for number in numbers)
    assert len(examples()) - len(otherwise) >= AT_LEAST
