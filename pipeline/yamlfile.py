"""YAML 1.2 (core schema) with the line of every value, read by libyaml.

YAML 1.1 reads `on` and `no` as truth values and `12:30` as 750; here they are text. Dates stay text too, so
that their reader can say what is wrong with them. Aliases and tags are refused: no house needs them, and
they are how a small file becomes a large one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from pipeline.errors import Problem

Path = tuple[str | int, ...]

_MAX_DEPTH = 40
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """A parsed file: its value, the line (from 1) of every path in it, and what was wrong with it."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[tuple[int, str, str]] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def named(self, file: str) -> list[Problem]:
        """The problems of the document as problems of ``file``."""
        return [Problem(file, line, fact, suggestion) for line, fact, suggestion in self.problems]


def parse(text: str, first_line: int = 1) -> Document:
    """Reads ``text``, whose first line is ``first_line`` of its file; never raises for what it says."""
    document = Document()
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        document.problems.append(_broken(error, first_line))
        return document
    except RecursionError:
        document.problems.append((first_line, "this YAML is nested too deeply", "Flatten it."))
        return document
    if node is not None:
        document.value = _value(node, (), document, first_line, set())
    return document


def _broken(error: yaml.YAMLError, first_line: int) -> tuple[int, str, str]:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = first_line + (mark.line if mark else 0)
    fact = getattr(error, "problem", None) or getattr(error, "reason", None) or "this cannot be read"
    hint = "Put text that holds `: `, `#`, `@`, `[` or a quote inside quotes."
    if "cannot start any token" in fact or "tab character" in fact:
        hint = "Quote the text, and indent with spaces: YAML allows no tabs there."
    if "control characters" in fact:
        hint = "Remove what is not text from the file."
    return line, f"broken YAML: {fact}", hint


def _value(node: Any, path: Path, document: Document, first: int, seen: set[int]) -> Any:
    line = first + int(node.start_mark.line)
    document.lines.setdefault(path, line)
    if id(node) in seen or len(path) > _MAX_DEPTH:
        document.problems.append((line, "an alias (`*name`) or very deep nesting", "Write the value out."))
        return None
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, line, document)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*path, index), document, first, seen) for index, child in enumerate(node.value)]
    return _mapping(node, path, document, first, seen)


def _mapping(node: Any, path: Path, document: Document, first: int, seen: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = first + int(key_node.start_mark.line)
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append((line, "a key that is not text", "Write `name: value`."))
            continue
        key = str(key_node.value)
        if key in found:
            document.problems.append((line, f"`{key}` stands here twice", "Keep one of them."))
        document.lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), document, first, seen)
    return found


def _scalar(node: Any, line: int, document: Document) -> Any:
    text = node.value
    if node.tag not in _PLAIN:
        document.problems.append((line, f"the tag `{node.tag}`", "Write the value without a tag."))
    if node.style:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge")}
