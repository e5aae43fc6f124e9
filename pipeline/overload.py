"""Finds what would keep the Markdown renderer busy for minutes or end it: no person writes it, a broken export does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.references import without_code, without_spans

_DEEPEST = 50
_MOST = 800
_LEAD = re.compile(r"(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))+")
_FAR = re.compile(r"(?: {160}|\t{40})[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_LOOSE = re.compile(r"<[A-Za-z][^<>]*(?=<|\Z)|\]\([^()]*(?=\(|\Z)")
_TOKEN = re.compile(r"\\.|[\[\]]", re.DOTALL)


def overloads(body: str) -> Iterator[tuple[int, str]]:
    """(line from 1, what is too much there) for every paragraph or line that is too much."""
    if body.count("[") + body.count("<") > _MOST:
        yield from _brackets(without_code(body))
    for number, line in enumerate(body.split("\n"), start=1):
        if len(line) > 2 * _DEEPEST and (_FAR.match(line) or _deep(line)):
            yield number, "lists or quotes are nested too deeply here"


def _deep(line: str) -> bool:
    lead = _LEAD.match(line)
    return lead is not None and len(re.findall(r">|[-*+]|\d+", lead[0])) > _DEEPEST


def _brackets(text: str) -> Iterator[tuple[int, str]]:
    line = 1
    for block in map(without_spans, re.split(r"(\n[ \t]*\n)", text)):
        depth = deepest = 0
        for match in _TOKEN.finditer(block) if block.count("[") > _MOST else ():
            depth = depth + 1 if match[0] == "[" else max(depth - 1, 0) if match[0] == "]" else depth
            deepest = max(deepest, depth)
        if deepest > _MOST or (block.count("<") + block.count("](") > _MOST and len(_LOOSE.findall(block)) > _MOST):
            yield (
                line + len(block) - len(block.lstrip("\n")),
                f"more than {_MOST} brackets are opened and not closed in one paragraph",
            )
        line += block.count("\n")
