"""JSON Schemas of what a person writes, with which editors complete and check: people, settings, front matter.

Source: https://json-schema.org/draft/2020-12/schema. The shapes are those that reading uses; a test holds them against
what reading accepts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.meanings import CIRCLE, DEFAULTS, FRONT_MATTER, PERSON, SETTINGS
from pipeline.settings import Settings
from pipeline.settled import CHOICES
from pipeline.written import WrittenCircle, WrittenDefaults, WrittenPerson

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WORD: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_ROW: dict[str, Any] = {"anyOf": [_WORD, {"type": "array", "items": _WORD}]}
_WORDED: dict[str, Any] = {"anyOf": [{"type": ["string", "number"]}, {"type": "object", "additionalProperties": _WORD}]}
_EMPTY = {"type": "null"}

FILES = ("subscribers.schema.json", "pyproject.schema.json", "front-matter.schema.json")


def schemas() -> dict[str, dict[str, Any]]:
    """Each schema under its file's name."""
    people, settings, front = FILES
    return {people: _subscribers(), settings: _pyproject(), front: _front_matter()}


def write_schemas(folder: Path) -> list[Path]:
    """Writes the schemas into ``folder``; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        partial = folder / f"{name}.partial"
        partial.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(folder / name)
    return [folder / name for name in FILES]


def _subscribers() -> dict[str, Any]:
    return {
        "$schema": _DIALECT,
        "title": "subscribers.yml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1, "description": "The version of this file's form: 1."},
            "defaults": _table(WrittenDefaults, DEFAULTS, empty=True),
            "circles": {
                "description": "Circles by name, closest first.",
                "anyOf": [
                    {"type": "object", "additionalProperties": _table(WrittenCircle, CIRCLE)},
                    _EMPTY,
                ],
            },
            "people": {
                "description": "Whom you know, and what they get.",
                "anyOf": [{"type": "array", "items": _table(WrittenPerson, PERSON)}, _EMPTY],
            },
        },
    }


def _pyproject() -> dict[str, Any]:
    kith = _table(Settings, SETTINGS)
    for path, choices in CHOICES.items():
        place = kith["properties"]
        for part in path[:-1]:
            place = place[part]["properties"]
        place[path[-1]] = {"enum": list(choices), "description": place[path[-1]]["description"]}
    tool = {"type": "object", "properties": {"kith": kith}}
    return {"$schema": _DIALECT, "title": "pyproject.toml", "type": "object", "properties": {"tool": tool}}


def _front_matter() -> dict[str, Any]:
    flag, word = {"type": ["boolean", "null"]}, {"type": ["string", "number", "boolean", "null"]}
    rows, flags = ("tags", "tell", "names", "aliases"), ("draft", "generated", "translated", "ask")
    properties = {
        key: {
            **(flag if key in flags else {"anyOf": [*_ROW["anyOf"], _EMPTY]} if key in rows else word),
            "description": said,
        }
        for key, said in FRONT_MATTER.items()
    }
    # Keys of other tools may stand there: Kith reports one that it does not know.
    return {"$schema": _DIALECT, "title": "Front matter", "type": "object", "properties": properties}


def _table(kind: Any, meanings: dict[str, str], *, empty: bool = False) -> dict[str, Any]:
    """The schema of one table, as people may write it: a word may stand for a row, one text for one per language."""
    from pydantic import TypeAdapter

    made = TypeAdapter(kind).json_schema()
    found = _people_write(made, made.get("$defs", {}), meanings, "")
    return {"anyOf": [found, _EMPTY]} if empty else found


def _people_write(one: dict[str, Any], inner: dict[str, Any], meanings: dict[str, str], name: str) -> dict[str, Any]:
    while "$ref" in one:
        one = inner[one["$ref"].rpartition("/")[2]]
    if options := one.get("anyOf"):
        return {"anyOf": [_people_write(option, inner, meanings, name) for option in options]}
    if "properties" in one:
        prefix = f"{name}." if name else ""
        properties = {
            key: _people_write(value, inner, meanings, f"{prefix}{key}") | {"description": meanings[f"{prefix}{key}"]}
            for key, value in one["properties"].items()
        }
        found = {"type": "object", "additionalProperties": False, "properties": properties}
        return found | ({"required": one["required"]} if one.get("required") else {})
    kinds: dict[Any, dict[str, Any]] = {"array": _ROW, "object": _WORDED, "string": {"type": ["string", "number"]}}
    if "enum" in one or "const" in one:
        return {key: one[key] for key in ("enum", "const") if key in one}
    return dict(kinds.get(one.get("type"), {"type": one.get("type")}))
