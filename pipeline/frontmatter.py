"""One Markdown file: its front matter and its body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

from pipeline import yamlfile
from pipeline.errors import Problem
from pipeline.passages import is_marked
from pipeline.restrictions import inner_keys, lookalike
from pipeline.tomlfront import FENCE, parse_toml
from pipeline.validate import did_you_mean, visible

KEYS = (
    "id", "title", "date", "lang", "tags", "visibility", "tell", "summary", "draft", "generated", "translated",
    "type", "series", "ask", "names", "aliases",
)  # fmt: skip

FOREIGN = frozenset(
    "audio author authors categories comments cover description excerpt flow image images keywords lastmod "
    "layout link mathjax math mermaid mindmap mindmap2 model permalink published redirect_from sequence slug subtitle "
    "toc topmost updated url weight".split()
)
"""Keys of other tools, which mean nothing here or something close to a key of ours."""

_BOOLEANS = ("draft", "generated", "translated", "published", "ask")
_SHOWN = ("title", "summary", "description", "series", "tags", "categories")
"""Keys whose words readers see."""

_NEVER_EMPTY = {
    "visibility": "Write `public`, or a name that circles read; or remove the line.",
    "tell": "Write `auto`, `none` or circles; or remove the line.",
}
_KEY_LINE = re.compile(r"\s*(?:id|title|date|lang|tags|visibility|tell|summary|draft)\s*[:：=]")
_JSON = re.compile(r"\s*\{")
_JSON_KEY = re.compile(
    r"[\s{,]*[\"'](?:id|title|date|lang|tags|visibility|tell|notify|summary|draft|published|private)[\"']\s*:",
    re.IGNORECASE,
)
_FENCE = re.compile(r"[^\w\s]{2,8}")
_EXAMPLE = "Write lines such as `title: Hello`."
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
    texts: dict[tuple[str | int, ...], str] = field(default_factory=dict)
    broken: bool = False

    def say(self, key: str, fact: str, suggestion: str = "") -> None:
        """Notes a problem at a key."""
        self.problems.append(Problem(self.path, self.lines.get(key, 1), fact, suggestion))

    def text(self, key: str) -> str:
        """A key's value as text; ``""`` when it is absent."""
        value = self.meta.get(key)
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            hint = "Write `2026-11-18`." if key == "date" else f"Write `{key}: words`, without brackets."
            self.say(key, f"`{key}` is not one text", hint)
            return ""
        return self.texts.get((key,), str(value)).strip()


def take_apart(text: str, path: str, foreign: tuple[str, ...] = ()) -> Source:
    """Splits a file into front matter and body, and checks the keys; problems are noted, never raised."""
    source = Source(path)
    if not text.strip():
        source.problems.append(Problem(path, 1, "the file is empty", "Write something, or delete it."))
        return source
    lines = text.split("\n")
    fence = lines[0].rstrip()
    if fence not in ("---", FENCE):
        source.body = text
        _look_for_keys(source, lines)
        return source
    ends = (FENCE,) if fence == FENCE else ("---", "...")
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() in ends), None)
    if end is None:
        hint = f"Write `{fence}` below its last line."
        source.problems.append(Problem(path, 1, "the front matter is never closed", hint))
        source.broken = True
        return source
    source.body, source.line = "\n".join(lines[end + 1 :]), end + 2
    parse = parse_toml if fence == FENCE else yamlfile.parse
    _read_keys(source, parse("\n".join(lines[1:end]), first_line=2), foreign)
    _look_below(source, lines, end + 1)
    return source


def _look_for_keys(source: Source, lines: list[str]) -> None:
    """Front matter that does not begin as it must would be shown to everyone, and what it says be ignored."""
    first = next(number for number, line in enumerate(lines) if line.strip())
    fenced = _FENCE.fullmatch(lines[first].strip(" \t\ufeff\u200b")) is not None
    key = next((n for n, line in enumerate(lines[first : first + 12], start=first) if _KEY_LINE.match(line)), None)
    found = next(lookalike(lines), None)
    if key is not None and (fenced or (key == first and (found or _closed(lines[first:])))):
        fact = "this looks like front matter, but the file does not begin with `---`"
        hint = "Make `---` the whole first line, and write `---` below the keys."
        source.problems.append(Problem(source.path, first + 1, fact, hint))
    elif _JSON.match(lines[first]) and any(_JSON_KEY.match(line) for line in lines[first : first + 12]):
        fact = "this looks like front matter in JSON, which Kith does not read"
        hint = "Write it as `key: value` lines between two lines of `---`."
        source.problems.append(Problem(source.path, first + 1, fact, hint))
    elif found:
        _say_lookalike(source, *found)


def _say_lookalike(source: Source, number: int, line: str) -> None:
    shown = visible(line.strip().replace("`", ""), 40)
    fact = f"`{shown}` looks like a restriction, but it is part of the text and restricts nothing"
    hint = "Write it as a key between two lines of `---` at the top, or put it into backticks if it is text."
    source.problems.append(Problem(source.path, number + 1, fact, hint))


def _closed(lines: list[str]) -> bool:
    """Whether rows of keys end in a `---`."""
    last = next((number for number, line in enumerate(lines) if not _KEY_LINE.match(line)), 0)
    return lines[last].strip() == "---"


def _look_below(source: Source, lines: list[str], start: int) -> None:
    """A key that slipped below the closing `---` says nothing, and everyone would read the entry."""
    found = next(lookalike(lines[start:]), None)
    if found and _KEY_LINE.match(found[1]):
        fact = f"`{visible(found[1].strip(), 40)}` stands below the front matter"
        hint = "Move it above the closing `---`."
        source.problems.append(Problem(source.path, start + found[0] + 1, fact, hint))
    elif found:
        _say_lookalike(source, start + found[0], found[1])


def _read_keys(source: Source, document: yamlfile.Document, foreign: tuple[str, ...]) -> None:
    source.problems += document.named(source.path)
    source.broken = document.broken
    if document.value is None:
        return
    if not isinstance(document.value, dict):
        hint = yamlfile.advice("expected key", document.value) if isinstance(document.value, str) else _EXAMPLE
        source.problems.append(Problem(source.path, 2, "the front matter is not `key: value` lines", hint))
        source.broken = True
        return
    source.meta, source.texts = document.value, document.texts
    source.lines = {str(path[0]): line for path, line in document.lines.items() if len(path) == 1}
    for key in source.meta:
        if key not in KEYS and key not in FOREIGN and key not in foreign:
            hint = did_you_mean(key, KEYS, "If it belongs to another tool, name it in `foreign_keys` of [tool.kith].")
            source.say(key, f"unknown key `{visible(key)}`", hint)
    for key in _BOOLEANS:
        if not isinstance(source.meta.get(key), (bool, type(None))):
            source.say(key, f"`{key}` is {_shortly(source.meta[key])}", "Write `true` or `false`.")
    _look_for_restrictions(source)
    for key, hint in _NEVER_EMPTY.items():
        if key in source.meta and source.meta[key] in (None, "") and (key,) not in document.unread:
            source.say(key, f"`{key}` is empty", hint)
    _borrow(source)


def _look_for_restrictions(source: Source) -> None:
    """What was meant to keep something back, and stands where nobody reads it so."""
    for path in inner_keys(source.meta):
        fact = (
            f"`{visible('.'.join(path))}` looks like a restriction, but Kith reads no key inside `{visible(path[0])}`"
        )
        source.say(path[0], fact, f"Write `{path[-1]}` as a key of its own, or remove it.")
    for key in _SHOWN:
        if is_marked(str(source.meta.get(key) or "")):
            hint = "Put what is for a circle into the text below, or give the whole entry a `visibility`."
            source.say(key, f"there is the mark of a passage in `{key}`, where everybody reads it", hint)


def _shortly(value: Any) -> str:
    return "several values" if isinstance(value, (dict, list)) else f"`{visible(str(value))}`"


def _borrow(source: Source) -> None:
    """Takes over what other tools' keys mean: nobody expects `published: false` to be published."""
    if source.meta.get("published") is False:
        source.meta["draft"] = True
    if not source.meta.get("summary") and isinstance(source.meta.get("description"), str):
        source.meta["summary"] = source.meta["description"]
    if not source.meta.get("tags") and isinstance(source.meta.get("categories"), (list, str)):
        source.meta["tags"] = source.meta["categories"]
    if not source.meta.get("aliases") and isinstance(source.meta.get("redirect_from"), (list, str)):
        source.meta["aliases"] = source.meta["redirect_from"]
        source.lines["aliases"] = source.lines.get("redirect_from", 1)


def words(source: Source, key: str) -> tuple[str, ...]:
    """A key that holds one word or several, without repeats."""
    value = source.meta.get(key)
    if value is None:
        return ()
    if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value)):
        source.say(key, f"`{key}` is not a row of words", f"Write `{key}: [one, two]`.")
        return ()
    if isinstance(value, list):
        parts = [source.texts.get((key, index), str(part or "")) for index, part in enumerate(value)]
    else:
        parts = source.text(key).split(",")
    if any(ord(character) < 32 for part in parts for character in part):
        source.say(key, f"there is a line break or control character in `{key}`", f"Write `{key}: [one, two]`.")
    return tuple(dict.fromkeys(text for part in parts if (text := part.strip())))


def moment(source: Source, zone: ZoneInfo) -> datetime | None:
    """The date as written, in the house's time zone where it names none; None when there is none."""
    text = source.text("date")
    if not text:
        return None
    try:
        when = _moment(text, zone)
    except (ValueError, OverflowError) as error:
        source.say("date", f"`{visible(text)}` is not a date{_why(error)}", _better(text))
        return None
    if not 1970 <= when.year <= 2200:
        source.say("date", f"the year {when.year} is out of reach", "Write a year from 1970 to 2200.")
        return None
    return when


def _moment(text: str, zone: ZoneInfo) -> datetime:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    when = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    if match[7]:
        offset = match[7].replace("Z", "+00:00")
        when = datetime.fromisoformat(when.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + offset).astimezone(zone)
    return when


def _why(error: Exception) -> str:
    said = str(error)
    whys = {"month": "there is no such month", "day": "that month has no such day", "hour": "there is no such hour",
            "minute": "there is no such minute", "second": "there is no such second"}  # fmt: skip
    return next((f": {why}" for key, why in whys.items() if said.startswith(key)), "")


def _better(text: str) -> str:
    """The date as it should be written, where no other one can be meant."""
    found = re.findall(r"\d+", text)
    if len(found) == 1 and len(text) in (9, 10, 13) and text.isdigit():
        return f"Seconds since 1970? Write `{datetime.fromtimestamp(int(text[:10]), UTC):%Y-%m-%d}`."
    if len(found) == 1 and len(found[0]) == 8:
        found = [found[0][:4], found[0][4:6], found[0][6:]]
    parts = [int(part) for part in found[:3] if len(part) < 5]
    for year, month, day in permutations(parts, 3) if len(parts) == 3 else ():
        if year >= 1970 and (year == parts[0] or month > 12 or day > 12 or month == day) and _is_day(year, month, day):
            return f"Write `{year:04d}-{month:02d}-{day:02d}`."
    return "Write `2026-11-18` or `2026-11-18 21:40`."


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return bool(datetime(year, month, day, tzinfo=UTC))
    except ValueError:
        return False
