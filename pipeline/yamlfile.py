"""YAML 1.2 (core schema) with the line of every value, read by libyaml.

YAML 1.1 reads `on` and `no` as truth values and `12:30` as 750; here they are text. Dates stay text too, so
that their reader can say what is wrong with them. Aliases and tags are refused: no house needs them, and
they are how a small file becomes a large one. A file that breaks in one place is read around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import Problem
from pipeline.salvage import pieces

Path = tuple[str | int, ...]

_MAX_DEPTH = 40
_MOST_OPEN = 150
_NESTED = re.compile(r"(?:(?:[-?:][ \t]+|[\[{][ \t\n]*)){40}|^ {400}", re.MULTILINE)
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]{1,300}(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_PLAIN = {
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge")
}
_PLAIN |= {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


@dataclass(slots=True)
class Document:
    """A parsed file: its value, the line (from 1) of every path in it, and what was wrong with it.

    ``texts`` are numbers and truth values as written; ``unread`` are the paths that broken YAML took away.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    texts: dict[Path, str] = field(default_factory=dict)
    unread: set[Path] = field(default_factory=set)

    def line(self, path: Path) -> int:
        """The line of ``path``, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def named(self, file: str) -> list[Problem]:
        """The problems of the document as problems of ``file``."""
        return [Problem(file, line, fact, suggestion) for line, fact, suggestion in self.problems]

    @property
    def broken(self) -> bool:
        """Whether something of the file could not be read at all."""
        return bool(self.unread)


def parse(text: str, first_line: int = 1) -> Document:
    """Reads ``text``, whose first line is ``first_line`` of its file; never raises for what it says."""
    document = Document()
    fault = _deep(text, first_line) or _read(text, (), document, first_line)
    if fault is None:
        return document
    document.unread.add(())
    document.value = _around(text, (), document, first_line)
    document.problems = document.problems or [fault]
    return document


def _deep(text: str, first_line: int) -> tuple[int, str, str] | None:
    """Nesting that no person writes, found before libyaml: it takes seconds over it and then ends the process."""
    match = _NESTED.search(text)
    position, depth = match.start() if match else -1, 0
    for bracket in () if match else re.finditer(r"[\[\]{}]", text):
        depth = max(depth + (1 if bracket[0] in "[{" else -1), 0)
        if depth > _MOST_OPEN:
            position = bracket.start()
            break
    if position < 0:
        return None
    return first_line + text.count("\n", 0, position), "this YAML is nested too deeply", "Write it flat."


def _read(text: str, path: Path, document: Document, first_line: int) -> tuple[int, str, str] | None:
    """Puts what ``text`` says at ``path``, or gives the reason why it cannot be read."""
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        return _broken(error, text, first_line)
    except RecursionError:
        return first_line, "this YAML is nested too deeply", "Write it flat."
    document.value = None if node is None else _value(node, path, document, first_line, set())
    return None


def _around(text: str, path: Path, document: Document, first_line: int) -> Any:
    """What can be read of a text that is broken somewhere: each key, and each part of a row, on its own."""
    found: dict[str, Any] = {}
    row: list[Any] = []
    for piece in pieces(text):
        line = first_line + piece.line
        if piece.key == "":
            document.problems.append(_odd(piece.text, line))
            continue
        own = (*path, len(row) if piece.key is None else piece.key)
        value = _piece(piece.text, piece.key, own, document, line)
        if piece.key is None:
            row.append(value)
            continue
        if piece.key in found:
            document.problems.append((line, f"`{piece.key}` stands here twice", "Keep one of them."))
        found[piece.key] = value
    return found or row or None


def _odd(text: str, line: int) -> tuple[int, str, str]:
    """What is wrong with lines that begin neither a key nor a row."""
    said = text.partition("\n")[0]
    fault = _deep(text, line) or _read(text, (), Document(), line)
    plain = (line, "broken YAML: there is no `: ` on this line", advice("expected ':'", said))
    return fault if fault and fault[0] == line else plain


def _piece(text: str, key: str | None, path: Path, document: Document, line: int) -> Any:
    part = Document()
    fault = _deep(text, line) or _read(text, (), part, line)
    value = part.value
    sound = isinstance(value, dict) and key in value if key is not None else isinstance(value, list) and len(value) == 1
    if fault is None and sound:
        document.problems += part.problems
        document.texts |= {path + own[1:]: said for own, said in part.texts.items()}
        document.lines |= {path + own[1:]: number for own, number in part.lines.items() if own}
        return value[key if key is not None else 0]
    document.lines[path] = line
    document.unread.add(path)
    head, _, below = text.partition("\n")
    if key is not None and re.search(r":\s*(#.*)?$", head) and below.strip() and len(path) < 4:
        before = len(document.problems)
        inner = _around(below, path, document, line + 1)
        if len(document.problems) > before:
            return inner
    document.problems.append(fault or (line, "broken YAML: this cannot be read", "Write `name: value`."))
    return None


def _broken(error: Exception, text: str, first_line: int) -> tuple[int, str, str]:
    fact = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "this cannot be read")
    line = _line_of(error, text)
    lines = text.split("\n")
    said = lines[line] if line < len(lines) else ""
    return first_line + line, f"broken YAML: {_in_words(fact, said)}", advice(fact, said)


def _line_of(error: Exception, text: str) -> int:
    """Where the fault is: the start of what is not closed, rather than where reading gave up."""
    mark, opened = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    context = str(getattr(error, "context", "") or "")
    if opened is not None and not context.endswith(
        ("block mapping", "block collection", "block sequence", "document", "stream")
    ):
        mark = opened
    if mark is not None:
        return min(int(mark.line), text.rstrip("\n").count("\n"))
    position = getattr(error, "position", None)
    return text.encode().count(b"\n", 0, position) if isinstance(position, int) else 0


_WORDS = (
    ("could not find expected ':'", "there is no `: ` on this line"),
    ("mapping values are not allowed", "a second `: ` on one line, or a line that is indented too far"),
    ("unexpected end of stream", "a quote or bracket is not closed"),
    ("did not find expected ',' or", "a bracket is not closed"),
    ("did not find expected key", "this line does not fit the lines above it"),
    ("did not find expected '-' indicator", "this line does not fit the row above it"),
    ("cannot start any token", "a text may not begin like this"),
    ("expected node content", "something is missing here, or a bracket is not closed"),
    ("<document start>", "this line does not fit the lines above it"),
    ("undefined alias", "`*` names something that is not there"),
    ("unknown escape character", "an unknown `\\` escape inside double quotes"),
    ("another document", "a second `---`"),
    ("control characters", "there is a control character"),
)


def _in_words(fact: str, said: str) -> str:
    """What libyaml found, in the words of somebody who writes notes."""
    if fact.startswith("found character that cannot start") and "\t" in said:
        return "a tab where YAML wants spaces"
    return next((words for key, words in _WORDS if key in fact), fact)


def advice(fact: str, said: str) -> str:
    """What to do about a line ``said`` in which libyaml found ``fact``."""
    if "\t" in said:
        return "Indent with spaces: YAML allows no tabs there."
    if "：" in said and ": " not in said:
        return "Write `: ` (a plain colon and a space) instead of `：`."
    if re.match(r"\s*[\w-]+:[^\s/]", said):
        return "Write a space after the colon."
    if "control characters" in fact:
        return "Remove what is not text from the file."
    if "another document" in fact:
        return "Remove it, and what is below it."
    if "escape character" in fact:
        return "Use single quotes, in which `\\` is itself."
    if "end of stream" in fact or "expected ',' or" in fact:
        return "Close it, or put the whole text inside quotes."
    if "':'" in fact or "expected key" in fact or "indicator" in fact:
        return "Write `name: value`, and indent lines that belong together alike."
    return "Put text that holds `: `, `#`, `@`, `[` or a quote inside quotes, and close what is open."


def _value(node: Any, path: Path, document: Document, first: int, seen: set[int]) -> Any:
    line = first + int(node.start_mark.line)
    document.lines.setdefault(path, line)
    if id(node) in seen:
        document.problems.append((line, "an alias (`*name`) for something above", "Write the value out."))
        return None
    if len(path) > _MAX_DEPTH:
        document.problems.append((line, "this YAML is nested too deeply", "Write it flat."))
        return None
    seen.add(id(node))
    if node.tag not in _PLAIN:
        tag = "!!" + node.tag.removeprefix("tag:yaml.org,2002:") if ":" in node.tag else node.tag
        document.problems.append((line, f"a tag (`{tag}`)", "Write the value without it."))
    if node.id == "scalar":
        return _scalar(node, path, document)
    if node.id == "sequence":
        return [_value(child, (*path, index), document, first, seen) for index, child in enumerate(node.value)]
    return _mapping(node, path, document, first, seen)


def _mapping(node: Any, path: Path, document: Document, first: int, seen: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = first + int(key_node.start_mark.line)
        if key_node.id != "scalar":
            document.problems.append((line, "a key that is not text", "Write `name: value`."))
            continue
        key = str(key_node.value)
        if key in found:
            hint = f"Keep one of them; the other is on line {document.lines[(*path, key)]}."
            document.problems.append((line, f"`{key}` stands here twice", hint))
        document.lines[(*path, key)] = line
        found[key] = _value(value_node, (*path, key), document, first, seen)
    return found


def _scalar(node: Any, path: Path, document: Document) -> Any:
    text = node.value
    if node.style:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        document.texts[path] = text
        return text in _TRUE
    if _INT.fullmatch(text) or _FLOAT.fullmatch(text):
        document.texts[path] = text
        return int(text) if _INT.fullmatch(text) else float(text)
    return text
