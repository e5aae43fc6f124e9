"""What a rendered body says, section by section: for the search, and for how long it takes to read. Pure.

The HTML is what `markup` writes, so its tags can be told from its text without a parser, in a tenth of the time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

Section = tuple[str, str, str]
"""A heading's id and words, and the words below it; what stands before the first one has neither id nor heading."""

_REST = r"""\b[^<>"']*(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*>"""
_SILENT = re.compile(rf"<(script|style|math|svg|template){_REST}.*?</\1\s*>", re.DOTALL)
_HEADING = re.compile(rf"<(h[1-6])(?={_REST})[^<>]*?\sid=\"([^\"]+)\"{_REST[2:]}(.*?)</\1>", re.DOTALL)
_BLOCK = re.compile(rf"</?(?:p|li|pre|tr|td|th|dt|dd|blockquote|figcaption|br|div|summary){_REST}")
_TAG = re.compile(rf"</?[a-zA-Z]{_REST[2:]}")


@lru_cache(maxsize=4)
def sections(html: str) -> tuple[Section, ...]:
    """The text before the first heading that has an id, and that below each."""
    if "<svg" in html or "<math" in html or "<s" in html or "<template" in html:
        html = _SILENT.sub("", html)
    first, *rest = _HEADING.split(html)
    found = [("", "", _words(first))]
    for at in range(0, len(rest), 4):
        found.append((unescape(rest[at + 1]), _words(rest[at + 2]), _words(rest[at + 3])))
    return tuple(found)


def _words(html: str) -> str:
    text = _TAG.sub("", _BLOCK.sub(" ", html)) if "<" in html else html
    return " ".join((unescape(text) if "&" in text else text).split())


def read_aloud(html: str) -> str:
    """All that a body says, on one line."""
    return " ".join(part for _, title, text in sections(html) for part in (title, text) if part)
