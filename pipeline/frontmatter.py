"""One Markdown file: its front matter and its body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pipeline import yamlfile
from pipeline.errors import Problem
from pipeline.validate import did_you_mean

KEYS = (
    "id", "title", "date", "lang", "tags", "visibility", "tell", "summary", "draft", "generated", "translated",
    "type", "series",
)  # fmt: skip

FOREIGN = frozenset(
    "aliases audio author authors categories comments cover description excerpt flow image images keywords lastmod "
    "layout link mathjax math mermaid mindmap mindmap2 model permalink published sequence slug subtitle toc topmost "
    "updated url weight".split()
)
"""Keys of other tools, which mean nothing here or something close to a key of ours."""

_BOOLEANS = ("draft", "generated", "translated")
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)


@dataclass(slots=True)
class Source:
    """A file of ``content/`` taken apart: its keys as written, their lines, its body and the body's first line."""

    path: str
    meta: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    body: str = ""
    line: int = 1
    problems: list[Problem] = field(default_factory=list)

    def say(self, key: str, fact: str, suggestion: str = "") -> None:
        """Notes a problem at a key."""
        self.problems.append(Problem(self.path, self.lines.get(key, 1), fact, suggestion))

    def text(self, key: str) -> str:
        """A key's value as text; ``""`` when it is absent."""
        value = self.meta.get(key)
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            self.say(key, f"`{key}` is not a text", f"Write `{key}: words`.")
            return ""
        return (str(value).lower() if isinstance(value, bool) else str(value)).strip()


def take_apart(text: str, path: str, foreign: tuple[str, ...] = ()) -> Source:
    """Splits a file into front matter and body, and checks the keys; problems are noted, never raised."""
    source = Source(path)
    lines = text.split("\n")
    if not text.strip():
        source.problems.append(Problem(path, 1, "the file is empty", "Write something, or delete it."))
        return source
    if lines[0].rstrip() != "---":
        source.body = text
        return source
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() in ("---", "...")), None)
    if end is None:
        source.problems.append(Problem(path, 1, "the front matter is never closed", "Write `---` below it."))
        return source
    source.body, source.line = "\n".join(lines[end + 1 :]), end + 2
    _read_keys(source, yamlfile.parse("\n".join(lines[1:end]), first_line=2), foreign)
    return source


def _read_keys(source: Source, document: yamlfile.Document, foreign: tuple[str, ...]) -> None:
    source.problems += document.named(source.path)
    if document.value is None:
        return
    if not isinstance(document.value, dict):
        source.problems.append(Problem(source.path, 2, "the front matter is not `key: value` lines", "See `kith new`."))
        return
    source.meta = document.value
    source.lines = {str(path[0]): line for path, line in document.lines.items() if len(path) == 1}
    for key in source.meta:
        if key not in KEYS and key not in FOREIGN and key not in foreign:
            hint = did_you_mean(key, KEYS, "If it belongs to another tool, name it in `foreign_keys` of [tool.kith].")
            source.say(key, f"unknown key `{key}`", hint)
    for key in _BOOLEANS:
        if not isinstance(source.meta.get(key), (bool, type(None))):
            source.say(key, f"`{key}` is `{source.meta[key]}`", "Write `true` or `false`.")
    _borrow(source)


def _borrow(source: Source) -> None:
    """Takes over what other tools' keys mean: nobody expects `published: false` to be published."""
    if source.meta.get("published") is False:
        source.meta["draft"] = True
    if not source.meta.get("summary") and isinstance(source.meta.get("description"), str):
        source.meta["summary"] = source.meta["description"]
    if not source.meta.get("tags") and isinstance(source.meta.get("categories"), (list, str)):
        source.meta["tags"] = source.meta["categories"]


def words(source: Source, key: str) -> tuple[str, ...]:
    """A key that holds one word or several, without repeats."""
    value = source.meta.get(key)
    if value is None:
        return ()
    parts = value if isinstance(value, list) else str(value).split(",")
    if isinstance(value, dict) or any(isinstance(part, (dict, list)) for part in parts):
        source.say(key, f"`{key}` is not a row of words", f"Write `{key}: [one, two]`.")
        return ()
    return tuple(dict.fromkeys(text for part in parts if part is not None and (text := str(part).strip())))


def moment(source: Source, zone: ZoneInfo) -> datetime | None:
    """The date as written, in the house's time zone where it names none; None when there is none."""
    text = source.text("date")
    if not text:
        return None
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        when = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if match[7]:
            offset = match[7].replace("Z", "+00:00")
            when = datetime.fromisoformat(when.strftime("%Y-%m-%dT%H:%M:%S") + offset).astimezone(zone)
    except ValueError:
        source.say("date", f"`{text}` is not a date", "Write `2026-11-18` or `2026-11-18 21:40`.")
        return None
    if not 1970 <= when.year <= 2200:
        source.say("date", f"the year {when.year} is out of reach", "Write a year from 1970 on.")
        return None
    return when
