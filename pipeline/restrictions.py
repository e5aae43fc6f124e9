"""Finds lines that look as if they restricted who may read a text, where they stand as text and restrict nothing. Pure.

Tools write front matter in many ways, and people write it by hand. What Kith does not read as a key would be published
with the words that were meant to keep it back; so it is an error, and the author says which of the two it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

KEYS = frozenset(
    "visibility visible tell notify draft only audience circles circle reads published publish private hidden unlisted "
    "access password 可见性 可见范围 可见 仅限 草稿 密码".split()
)
"""Keys, of ours and of other tools, that keep something back."""

_ALONE = frozenset(("draft", "private", "hidden", "unlisted", "not public", "do not publish", "草稿", "不公开"))
"""Words that keep something back by themselves, when they stand inside marks: ``<!-- draft -->`` or ``#draft``."""

_KEY = re.compile(r"(?P<key>[\w \-]{2,20}?)\s*(?::+=?|=+>?|->|→)\s*(?P<value>[^:=]*)", re.DOTALL)
_BEFORE = re.compile(r"^(?:[\s>#*+\-_~|@%/;\\{(\[\"'“”]|<!--|\d+[.)](?=\s))+")
_AFTER = re.compile(r"(?:[\s*_~|%;,.)}\]\"'“”/]|-->|%})+$")
_MARKED = re.compile(r"<!--.*-->|\[[^\]]*\]|\([^)]*\)|\{[^}]*\}|#\S+|%%.*%%|\*\*[^*]*\*\*|__[^_]*__")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_ASIDE = re.compile(r"\s*(?:#{1,6}\s|<!--.*-->\s*$|[-*_=+;]{3,}\s*$|\[[^\]]*\]:)")
_LONGEST = 12
"""Lines that are looked at."""


def lookalike(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each line at the top of a text that looks like a restriction: its number, from 0, and the line.

    The top is the first block of lines that is more than a heading, a comment or a rule. Code is no mark.
    """
    seen = ordinary = 0
    for number, line in enumerate(lines):
        if not line.strip():
            if ordinary:
                return
            continue
        seen += 1
        if _FENCE.match(line) or seen > _LONGEST:
            return
        if restricts(line):
            yield number, line
        elif not _ASIDE.match(line):
            ordinary += 1


def restricts(line: str) -> bool:
    """Whether a line looks as if it said who may read what follows."""
    shown = unicodedata.normalize("NFKC", "".join(one for one in line if unicodedata.category(one) not in ("Cf", "Cc")))
    shown = shown.strip()
    if "`" in shown:
        return False
    plain = " ".join(
        _AFTER.sub("", _BEFORE.sub("", shown)).replace("]:", ":").replace("**", "").replace("__", "").split()
    )
    if plain.casefold() in _ALONE and _MARKED.fullmatch(shown):
        return True
    match = _KEY.fullmatch(plain.replace('"', "").replace("'", "").replace("*", ""))
    return match is not None and match["key"].casefold() in KEYS and _names(match["value"])


def _names(value: str) -> bool:
    """Whether a value is names, such as ``inner`` or ``[inner, weak]``, and no sentence."""
    bare = value.strip().strip("[](){}")
    parts = [part.strip() for part in re.split(r"[,，、;|+&/]|\band\b", bare)]
    return all(len(part.split()) <= (2 if len(parts) == 1 and len(bare) <= 16 else 1) for part in parts)


def inner_keys(meta: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of keys inside tables of a front matter that look as if they kept the text back: nobody reads them."""
    for key, value in meta.items():
        if path and str(key).casefold() in KEYS:
            yield (*path, str(key))
        if isinstance(value, Mapping):
            yield from inner_keys(value, (*path, str(key)))
