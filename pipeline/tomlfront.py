"""Front matter in TOML, between lines of ``+++``, as Hugo and Zola write it."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from typing import Any

from pipeline.yamlfile import Document

FENCE = "+++"
_WHERE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_KEY = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([\w-]+))\s*(?:\.[\w.\"'-]+\s*)?=")
_TABLE = re.compile(r"\s*\[+\s*[\"']?([\w-]+)")


def parse_toml(text: str, first_line: int) -> Document:
    """Reads ``text``, whose first line is ``first_line`` of its file, as `yamlfile.parse` reads YAML; never raises."""
    document = Document()
    try:
        value = tomllib.loads(text)
    except RecursionError:
        document.problems.append((first_line, "this TOML is nested too deeply", "Write it flat."))
        document.unread.add(())
        return document
    except ValueError as error:
        where = _WHERE.search(str(error))
        line = int(where[1] or 0) - 1 if where and where[1] else max(text.rstrip().count("\n"), 0)
        fact = _WHERE.sub("", str(error))
        fact = f"this TOML cannot be read: {fact[:1].lower()}{fact[1:]}"
        document.problems.append((first_line + line, fact, 'Write `name = "text"`: text stands inside quotes.'))
        document.unread.add(())
        return document
    document.value = {key: _plain(one, (key,), document) for key, one in value.items()}
    document.lines = {(): first_line} | {(key,): first_line + line for key, line in _lines(text).items()}
    return document


def _plain(value: Any, path: tuple[str | int, ...], document: Document) -> Any:
    """A value as YAML would give it: dates and numbers are texts, too."""
    if isinstance(value, dict):
        return {key: _plain(one, (*path, key), document) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, (*path, index), document) for index, one in enumerate(value)]
    if isinstance(value, (datetime, date, time)):
        value = value.isoformat().replace("T00:00:00+00:00", "T00:00:00Z")
    if not isinstance(value, bool):
        document.texts[path] = str(value)
    return value


def _lines(text: str) -> dict[str, int]:
    """The line, from 0, of each key and each table of the outermost level."""
    found: dict[str, int] = {}
    inside = False
    for number, line in enumerate(text.split("\n")):
        if table := _TABLE.match(line):
            inside = True
            found.setdefault(table[1], number)
        elif not inside and (key := _KEY.match(line)):
            found.setdefault(next(one for one in key.groups() if one), number)
    return found
