"""The search index: what a reader's browser fetches to search the site, never more than a few megabytes.

The newest texts stand in it in full, section by section; the older ones with title, tags and summary. Every text is
cut where East Asian characters meet by the separator of `site/mkdocs.yml`, which the script in the browser uses for
both the texts and the question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from pipeline.desk import Listed, SitePage
from pipeline.model import Kind
from pipeline.sections import sections

MOST = 4_900_000
"""Bytes of the whole index."""

_BETWEEN = b",\n"
"""What parts one page from the next: a line for each, so that the leak check looks only at those that changed."""

_SEARCHED = {"post", "month", "page"}

Piece = tuple[tuple[bool, str, str], bytes, bytes | None]
"""What the index says of a page: its rank, then shortly and in full, as JSON objects joined by commas.

Shortly nothing is said of a page that only lists what stands elsewhere; in full only where that is known.
"""


Place = tuple[tuple[bool, str, str], int, int, bytes | None]
"""A page's rank, where in the index it stands and how long it is; if it stands there in full, what it is shortly."""


def piece(page: SitePage, told: Sequence[Listed]) -> Piece:
    """What the index says of a page whose own entries are ``told``.

    Pages that stand on their own come first, then the newest; what has no date comes last.
    """
    dated = [entry.date.isoformat() for entry, _ in told if entry.dated or entry.kind is Kind.UPDATE]
    rank = not told, max(dated, default=""), page.path
    if page.kind not in _SEARCHED:
        return rank, b"", None
    tags = [escape(name) for name, _ in page.meta.get("tags", [])]
    more = {"tags": tags} if tags else {}
    short = {"location": page.path, "title": escape(page.title), "text": escape(page.description), **more}
    parts = [
        {
            "location": f"{page.path}#{anchor}" if anchor else page.path,
            "title": escape(title or page.title),
            "text": escape(text),
            **more,
        }
        for anchor, title, text in sections(page.body)
        if text or title or not anchor
    ]
    return rank, _joined([short]), _joined(parts)


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _joined(entries: list[dict[str, Any]]) -> bytes:
    return _bytes(_ENCODE(entries)[1:-1])


def index(
    settings: Mapping[str, Any], pieces: Mapping[str, Piece], whole: Callable[[str], bytes]
) -> tuple[bytes, dict[str, Place]]:
    """The index, and where in it each page stands: in full as many of the first ones as there is room for.

    ``whole`` gives in full what is not known so.
    """
    head = b'{"config":%b,"docs":[\n' % _bytes(_ENCODE(settings))
    room = MOST - len(head) - 100 - sum(len(short) + len(_BETWEEN) for _, short, _ in pieces.values() if short)
    chosen: list[bytes] = []
    places: dict[str, Place] = {}
    at = len(head)
    for name, (rank, short, known) in sorted(pieces.items(), key=lambda one: one[1][0], reverse=True):
        said, full = short, None
        if short and room > 0:
            full = whole(name) if known is None else known
            room -= len(full) - len(short)
            if room < 0:
                room, full = 0, None
            said = short if full is None else full
        places[name] = rank, at, len(said), None if full is None else short
        if said:
            chosen.append(said)
            at += len(said) + len(_BETWEEN)
    return b"%b%b\n]}" % (head, _BETWEEN.join(chosen)), places


def found(data: bytes, place: Place) -> Piece:
    """What an index says of a page that stands at ``place``."""
    rank, start, length, short = place
    said = data[start : start + length]
    return (rank, said, None) if short is None else (rank, short, said)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
