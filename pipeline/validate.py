"""Checks plain data against the nouns: every error at once, each with its line and a suggestion."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar, cast

from pipeline.errors import Problem

T = TypeVar("T")

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
"""A language tag as far as a house needs it (BCP 47)."""

_MANY = 400
"""Names beyond which only those that look alike at an end are compared letter by letter."""

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_WORDED = ("title", "description", "name")
_CHOICE = ("enum", "literal_error")
_EXPECTED = (
    (("string_",), "Write text there."),
    (("int_", "greater_", "less_"), "Write a whole number."),
    (("float_", "finite_"), "Write a number."),
    (("bool_",), "Write `true` or `false`."),
    (("tuple_", "list_"), 'Write a row in brackets: `["one", "two"]`.'),
)


def visible(text: str, most: int = 60) -> str:
    """``text`` on one line, cut, with what cannot be seen written as ``<U+FEFF>``."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(
        f"<U+{ord(one):04X}>"
        if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp") and one not in "\u200c\u200d"
        else one
        for one in cut
    )


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """``Did you mean `x`?`` for the closest known word, else ``otherwise``, else the known words."""
    names = sorted(set(known))
    close = _closest(word[:120], names)
    if close:
        return f"Did you mean `{close}`?"
    if otherwise or not names:
        return otherwise
    shown = ", ".join(f"`{name}`" for name in names[:12])
    return f"Known: {shown}{' …' if len(names) > 12 else ''}."


def _closest(word: str, names: list[str]) -> str:
    from difflib import get_close_matches

    wanted = word.casefold()
    if len(names) > _MANY:
        names = [name for name in names if abs(len(name) - len(word)) < 9 and _alike(name.casefold(), wanted)][:_MANY]
    folded = {name.casefold(): name for name in reversed(names)}
    if wanted in folded:
        return folded[wanted]
    close = (
        get_close_matches(wanted, list(folded), n=1, cutoff=0.7)
        or get_close_matches(wanted, [name for name in folded if name[:1] == wanted[:1]], n=1, cutoff=0.6)
        or get_close_matches(wanted, [name for name in folded if name.startswith(wanted[:3])], n=1, cutoff=0.5)
    )
    return folded[close[0]] if close else ""


def _alike(name: str, word: str) -> bool:
    return name[:3] == word[:3] or name[-6:] == word[-6:]


@lru_cache(maxsize=32)
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def checked(
    kind: type[T], data: Any, file: str, line_of: Callable[[tuple[str | int, ...]], int], label: str = "it"
) -> tuple[T | None, list[Problem]]:
    """``data`` as a ``kind``, or every reason why it is none.

    ``line_of`` gives the line of a path in it; ``label`` is what to call the whole.
    """
    from pydantic import ValidationError

    try:
        return cast("T", _adapter(cast("Any", kind)).validate_python(data)), []
    except ValidationError as error:
        return None, [_problem(kind, one, file, line_of, label) for one in error.errors(include_url=False)]


def sound_part(kind: Any, data: Any) -> Any:
    """``data`` without the keys that keep it from being a ``kind``, so that the rest can be looked at too."""
    from copy import deepcopy

    from pydantic import ValidationError

    try:
        _adapter(kind).validate_python(data)
    except ValidationError as error:
        kept = deepcopy(data)
        for one in error.errors(include_url=False):
            _drop(kept, one["loc"])
        return kept
    return data


def _drop(data: Any, path: tuple[str | int, ...]) -> None:
    """Takes the deepest key of ``path`` that is one of a mapping out of ``data``."""
    holder, key = None, None
    for part in path:
        if not isinstance(data, dict) or part not in data:
            break
        holder, key, data = data, part, data[part]
    if holder is not None:
        holder.pop(key, None)


def _problem(kind: Any, error: Any, file: str, line_of: Callable[[tuple[str | int, ...]], int], label: str) -> Problem:
    path = tuple(part for part in error["loc"] if isinstance(part, int) or not str(part).startswith("function-"))
    name = next((part for part in reversed(path) if isinstance(part, str)), "").removesuffix("[key]")
    line = line_of(path)
    name, what = visible(name), error["type"]
    if what in _UNKNOWN:
        return Problem(file, line, f"unknown key `{name}`", _meant(name, _keys(kind, path[:-1])))
    if what == "missing":
        return Problem(
            file, line, f"`{name}` is missing", f"Add `{name} = …`." if file.endswith("toml") else f"Add `{name}: …`."
        )
    if what in _CHOICE:
        expected = str(error["ctx"]["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        word = _shown(error.get("input")).strip("`")
        return Problem(file, line, f"`{word}` is not a {name}", did_you_mean(word, expected))
    what = f"`{name}`" if name else label
    return Problem(file, line, f"{what} is {_shown(error.get('input'))}", _expected(error, file, name))


def _meant(name: str, known: Iterable[str]) -> str:
    """The key that was meant: one that other tools call so, or one that is spelled alike."""
    ours = _CALLED_ELSEWHERE.get(name.casefold().replace("-", "_"), "")
    return f"Did you mean `{ours}`?" if ours in known else did_you_mean(name, known)


_CALLED_ELSEWHERE = {
    "email": "address", "e_mail": "address", "mail": "address", "mailbox": "address", "emails": "address",
    "frequency": "cadence", "interval": "cadence", "schedule": "cadence", "pace": "cadence", "how_often": "cadence",
    "group": "circles", "groups": "circles", "list": "circles", "lists": "circles", "segment": "circles",
    "segments": "circles", "tier": "circles", "circle": "circles", "status": "state", "subscribed": "state",
    "lang": "languages", "language": "languages", "locale": "languages", "nickname": "greeting", "nick": "greeting",
    "first_name": "name", "full_name": "name", "uuid": "id", "key": "id", "slug": "id",
    "base_url": "url", "baseurl": "url", "site_url": "url", "siteurl": "url", "domain": "url", "link": "url",
    "site_name": "title", "site_title": "title", "sitename": "title", "site_author": "author",
    "site_description": "description", "subtitle": "description", "tagline": "description", "tz": "timezone",
    "time_zone": "timezone", "from": "sender", "from_email": "sender", "replyto": "reply_to", "address": "postal",
}  # fmt: skip
"""What other tools call a key of ours; asked only where the key that was written is unknown."""


def _expected(error: Any, file: str, name: str) -> str:
    for starts, hint in _EXPECTED:
        if error["type"].startswith(starts):
            return hint
    if name in _WORDED:
        return "Write a text, or one for each language."
    if error["type"].startswith(("dict_", "dataclass_", "mapping_")):
        return "Write a table: `name = value` lines." if file.endswith("toml") else "Write `name: value` pairs there."
    message = str(error["msg"])
    return f"{message[:1].upper()}{message[1:]}."


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (dict, list, tuple)):
        return "several pairs" if isinstance(value, dict) else "several values"
    return f"`{visible(str(value))}`"


def _keys(kind: Any, path: tuple[str | int, ...]) -> list[str]:
    from dataclasses import fields, is_dataclass
    from typing import get_type_hints

    for part in path:
        if is_dataclass(kind):
            kind = get_type_hints(kind).get(str(part), kind)
    return [field.name for field in fields(kind)] if is_dataclass(kind) else []
