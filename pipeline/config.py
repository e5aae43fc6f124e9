"""The house's settings: ``[tool.kith]`` of its ``pyproject.toml``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import Problem, Problems
from pipeline.settings import Settings
from pipeline.textfile import read_text
from pipeline.validate import LANGUAGE, checked, sound_part, visible

FILE = "pyproject.toml"

_SECRET = re.compile(r"(pass(word)?|secret|token|(api_?)?key)$", re.IGNORECASE)


def read_settings(root: Path) -> Settings:
    """The settings of the house at ``root``.

    Raises `Problems` with every fault: no house there, broken TOML, unknown keys, wrong values.
    """
    settings, problems = settings_of(root)
    if problems:
        raise Problems(problems)
    return settings


def settings_of(root: Path) -> tuple[Settings, list[Problem]]:
    """The settings and what is wrong with them; where they are no use, plain ones, to read the rest of the house."""
    there = (root / FILE).exists() or (root / FILE).is_symlink()
    if not there and not (root / "content").exists():
        return _PLAIN, [Problem(str(root), 0, f"there is no house here (no `{FILE}`)", _HERE)]
    if not there:
        return _PLAIN, [Problem(FILE, 0, "there is no such file", _HERE)]
    text, problems = read_text(root / FILE, FILE, root)
    if problems:
        return _PLAIN, problems
    import tomllib

    try:
        data = tomllib.loads(text)
    except RecursionError:
        return _PLAIN, [Problem(FILE, 1, "this TOML is nested too deeply", "Write it flat.")]
    except ValueError as error:
        return _PLAIN, [_toml(text, str(error))]
    tool = data.get("tool")
    table = tool.get("kith") if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        return _PLAIN, [Problem(FILE, 1, "there is no `[tool.kith]` table", _ADD)]
    return _settings(table, text)


_PLAIN = Settings({"": "?"}, "https://example.org/", "?")
_ADD = "Add it, with `title`, `url` and `author`; `kith init DIR` makes a whole one to look at."
_HERE = "Run `kith init DIR` to make a house, or go to the folder that has one."


def _toml(text: str, message: str) -> Problem:
    match = re.search(r"at line (\d+)", message)
    line = int(match[1]) if match else max(text.rstrip("\n").count("\n"), 0) + 1
    fact = "a number with too many digits" if "4300" in message else message.partition(" (at")[0]
    return Problem(FILE, line, f"broken TOML: {visible(fact[:1].lower() + fact[1:], 120)}", _toml_hint(fact))


def _toml_hint(fact: str) -> str:
    if "overwrite" in fact or "twice" in fact or "mutate" in fact:
        return "Keep one of them."
    if "digits" in fact:
        return "Write a shorter one."
    if "newline" in fact or "Unterminated" in fact or "Unclosed" in fact:
        return "Close the quote or bracket."
    return 'Write `name = "text"`: text stands inside quotes.'


def _settings(table: dict[str, Any], text: str) -> tuple[Settings, list[Problem]]:
    def line_of(path: tuple[str | int, ...]) -> int:
        return toml_line(text, path)

    problems = [
        Problem(FILE, line_of(path), f"`{path[-1]}` looks like a secret, and git tracks this file", _ENVIRONMENT)
        for path in _secrets(table, ())
    ]
    hidden = {problem.line for problem in problems}
    normal = _normal(table)
    settings, more = checked(Settings, normal, FILE, line_of)
    problems += [problem for problem in more if problem.line not in hidden]
    if settings is None:
        rest = {"title": {"": "?"}, "url": _PLAIN.url, "author": "?", **sound_part(Settings, normal)}
        settings, _ = checked(Settings, rest, FILE, line_of)
    settings = settings or _PLAIN
    from pipeline.settled import faults

    problems += [Problem(FILE, line_of(path), visible(fact, 300), hint) for path, fact, hint in faults(settings)]
    return _usable(settings), problems


def _usable(settings: Settings) -> Settings:
    """Settings by which the rest of a house can be read, whatever is wrong with these."""
    languages = tuple(tag for tag in settings.languages if LANGUAGE.fullmatch(tag)) or _PLAIN.languages
    timezone = settings.timezone if settings.timezone in available_timezones() else _PLAIN.timezone
    return replace(settings, languages=languages, timezone=timezone)


_ENVIRONMENT = "Keep it in an environment variable and name the variable with `key_env` or `password_env`."


def _secrets(table: dict[str, Any], path: tuple[str, ...]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += _secrets(value, (*path, key))
        elif isinstance(value, str) and value and _SECRET.search(key):
            found.append((*path, key))
    return found


def _normal(table: dict[str, Any]) -> dict[str, Any]:
    """One text may stand where a text per language is meant."""
    plain: dict[str, Any] = {
        key: {"": table[key]} for key in ("title", "description") if isinstance(table.get(key), str)
    }
    rows = {key: [table[key]] for key in ("languages", "foreign_keys") if isinstance(table.get(key), str)}
    return table | plain | rows


def zone(settings: Settings) -> ZoneInfo:
    """The house's time zone."""
    return ZoneInfo(settings.timezone)


def toml_line(text: str, path: tuple[str | int, ...]) -> int:
    """The line where ``[tool.kith]``'s ``path`` stands, or its table, or 1."""
    best, table = 1, ""
    wanted = [str(part) for part in path]
    for number, line in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+\s*(?:#|$)", line):
            table = header[1].replace('"', "").replace("'", "")
            inside = table.removeprefix("tool.kith").strip(".").split(".") if _ours(table) else None
            if inside is not None and [part for part in inside if part] == wanted[: len([p for p in inside if p])]:
                best = number
            continue
        key = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        if key and _ours(table):
            full = [*table.removeprefix("tool.kith").strip(".").split("."), *key[1].replace('"', "").split(".")]
            full = [part for part in full if part]
            if full == wanted[: len(full)]:
                best = number
    return best


def _ours(table: str) -> bool:
    return table == "tool.kith" or table.startswith("tool.kith.")
