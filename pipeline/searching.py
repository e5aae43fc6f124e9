"""The search index: what a reader's browser fetches to search the site, never more than a few megabytes.

The newest texts stand in it in full, section by section; the older ones with title, tags and summary. Every text is
cut where East Asian characters meet by the separator of `site/mkdocs.yml`, which the script in the browser uses for
both the texts and the question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from pipeline.desk import SitePage
from pipeline.sections import sections

MOST = 4_900_000
"""Bytes of the whole index."""

_BETWEEN = ",\n"
"""What parts one page from the next: a line for each, so that the leak check looks only at those that changed."""

_SEARCHED = {"post", "month", "page"}

Piece = tuple[str, str | None]
"""What the index says of a page, shortly and in full, as JSON objects joined by commas; in full only if it is known."""


def piece(page: SitePage) -> Piece | None:
    """What the index says of a page; None when it only lists what stands elsewhere."""
    if page.kind not in _SEARCHED:
        return None
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
    return _joined([short]), _joined(parts)


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _joined(entries: list[dict[str, Any]]) -> str:
    return _ENCODE(entries)[1:-1]


def index(
    settings: Mapping[str, Any], pieces: Mapping[str, Piece], whole: Callable[[str], str]
) -> tuple[bytes, set[str]]:
    """The index, and what stands in it in full: as many of the first ones as there is room for.

    ``pieces`` are in the order of preference; ``whole`` gives in full what is not known so.
    """
    head = _ENCODE(settings)
    room = MOST - len(_bytes(head)) - 100 - sum(len(_bytes(short)) + len(_BETWEEN) for short, _ in pieces.values())
    chosen: list[str] = []
    full: set[str] = set()
    for name, (short, known) in pieces.items():
        if room > 0:
            text = whole(name) if known is None else known
            room -= len(_bytes(text)) - len(_bytes(short))
            if room >= 0:
                full.add(name)
                chosen.append(text)
                continue
            room = 0
        chosen.append(short)
    return _bytes(f'{{"config":{head},"docs":[\n{_BETWEEN.join(chosen)}\n]}}'), full


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
