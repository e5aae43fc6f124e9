"""Checks plain data against the nouns: every error at once, each with its line and a suggestion."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, TypeVar, cast

from pipeline.errors import Problem

T = TypeVar("T")

_FACTS = {
    "extra_forbidden": "unknown key `{name}`",
    "unexpected_keyword_argument": "unknown key `{name}`",
    "missing": "`{name}` is missing",
    "enum": "`{input}` is not a {name}",
    "literal_error": "`{input}` is not a {name}",
}


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """``Did you mean `x`?`` for the closest known word, else ``otherwise``, else the known words."""
    names = sorted(set(known))
    close = get_close_matches(word, names, n=1, cutoff=0.6) or get_close_matches(
        word.lower(), [name for name in names if name.lower().startswith(word.lower()[:3])], n=1, cutoff=0.5
    )
    if close:
        return f"Did you mean `{close[0]}`?"
    if otherwise or not names:
        return otherwise
    shown = ", ".join(f"`{name}`" for name in names[:12])
    return f"Known: {shown}{' …' if len(names) > 12 else ''}."


@lru_cache(maxsize=32)
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def checked(
    kind: type[T], data: Any, file: str, line_of: Callable[[tuple[str | int, ...]], int]
) -> tuple[T | None, list[Problem]]:
    """``data`` as a ``kind``, or every reason why it is none; ``line_of`` gives the line of a path in it."""
    from pydantic import ValidationError

    try:
        return cast("T", _adapter(cast("Any", kind)).validate_python(data)), []
    except ValidationError as error:
        return None, [_problem(kind, one, file, line_of) for one in error.errors(include_url=False)]


def _problem(kind: Any, error: Any, file: str, line_of: Callable[[tuple[str | int, ...]], int]) -> Problem:
    path = tuple(part for part in error["loc"] if isinstance(part, int) or not str(part).startswith("function-"))
    name = str(path[-1]) if path else "value"
    fact = _FACTS.get(error["type"])
    shown = _shown(error.get("input"))
    if fact is None:
        where = ".".join(str(part) for part in path)
        return Problem(file, line_of(path), f"`{where}` is {shown}: {_said(error)}")
    suggestion = ""
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        suggestion = did_you_mean(name, _keys(kind, path[:-1]))
    elif error["type"] in ("enum", "literal_error"):
        expected = str(error["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        suggestion = did_you_mean(shown.strip("`"), expected)
    return Problem(file, line_of(path), fact.format(name=name, input=shown.strip("`")), suggestion)


def _said(error: Any) -> str:
    message = str(error["msg"])
    return message[:1].lower() + message[1:]


def _shown(value: Any) -> str:
    text = "nothing" if value is None else str(value) if isinstance(value, (str, int, float, bool)) else _nature(value)
    return f"`{text[:60]}`"


def _nature(value: Any) -> str:
    return "a mapping" if isinstance(value, dict) else "several values"


def _keys(kind: Any, path: tuple[str | int, ...]) -> list[str]:
    from dataclasses import fields, is_dataclass
    from typing import get_type_hints

    for part in path:
        if is_dataclass(kind):
            kind = get_type_hints(kind).get(str(part), kind)
    return [field.name for field in fields(kind)] if is_dataclass(kind) else []
