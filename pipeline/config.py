"""The house's settings: ``[tool.kith]`` of its ``pyproject.toml``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import Problem, Problems
from pipeline.model import Settings
from pipeline.validate import checked, did_you_mean

FILE = "pyproject.toml"

_CHOICES = {
    ("mail", "transport"): ("outbox", "smtp", "sendgrid"),
    ("smtp", "security"): ("starttls", "tls", "none"),
    ("deploy", "to"): ("none", "folder", "branch", "command"),
}
_NEEDS = {"folder": "folder", "branch": "remote", "command": "command"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SECRET = re.compile(r"(pass(word)?|secret|token|(api_?)?key)$", re.IGNORECASE)


def read_settings(root: Path) -> Settings:
    """The settings of the house at ``root``.

    Raises `Problems` with every fault: no house there, broken TOML, unknown keys, wrong values.
    """
    path = root / FILE
    try:
        text = path.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise Problems([Problem(str(root), 0, f"there is no house here (no `{FILE}`)", _HERE)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Problems([Problem(FILE, 0, f"cannot be read: {_words(error)}", "Save it as UTF-8 text.")]) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problems([_toml(text, str(error))]) from None
    table = data.get("tool", {}).get("kith")
    if not isinstance(table, dict):
        raise Problems([Problem(FILE, 0, "there is no `[tool.kith]` table", _HERE)])
    return _settings(table, text)


_HERE = "Run `kith init DIR` to make a house, or go to the folder that has one."


def _words(error: Exception) -> str:
    return error.strerror or "unknown reason" if isinstance(error, OSError) else "it is not UTF-8 text"


def _toml(text: str, message: str) -> Problem:
    match = re.search(r"at line (\d+)", message)
    line = int(match[1]) if match else text.count("\n") + 1
    return Problem(FILE, line, f"broken TOML: {message.split(' (at')[0].lower()}", "Put text inside quotes.")


def _settings(table: dict[str, Any], text: str) -> Settings:
    def line_of(path: tuple[str | int, ...]) -> int:
        return toml_line(text, path)

    secrets = [
        Problem(FILE, line_of(path), f"`{path[-1]}` looks like a secret, and git tracks this file", _ENVIRONMENT)
        for path in _secrets(table, ())
    ]
    if secrets:
        raise Problems(secrets)
    settings, problems = checked(Settings, _normal(table), FILE, line_of)
    if settings is None:
        raise Problems(problems)
    problems = [Problem(FILE, line_of(path), fact, hint) for path, fact, hint in _faults(settings)]
    if problems:
        raise Problems(problems)
    return settings


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
    plain = {key: {"": table[key]} for key in ("title", "description") if isinstance(table.get(key), str)}
    return table | plain


def _faults(settings: Settings) -> list[tuple[tuple[str, ...], str, str]]:
    found: list[tuple[tuple[str, ...], str, str]] = []
    for path, known in _CHOICES.items():
        value = getattr(getattr(settings, path[0]), path[1])
        if value not in known:
            found.append((path, f"`{value}` is not a {path[1]}", did_you_mean(value, known)))
    parts = urlsplit(settings.url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        found.append((("url",), f"`{settings.url}` is not a site's address", "Write `https://example.org/`."))
    if settings.timezone not in available_timezones():
        hint = did_you_mean(settings.timezone, available_timezones(), "Write one such as `Europe/Madrid`.")
        found.append((("timezone",), f"unknown time zone `{settings.timezone}`", hint))
    found += _language_faults(settings) + _mail_faults(settings)
    needed = _NEEDS.get(settings.deploy.to)
    if needed and not getattr(settings.deploy, needed):
        found.append((("deploy",), f"deploying to a {settings.deploy.to} needs `{needed}`", f"Add `{needed} = …`."))
    return found


def _language_faults(settings: Settings) -> list[tuple[tuple[str, ...], str, str]]:
    if not settings.languages:
        return [(("languages",), "there is no language", 'Write `languages = ["en"]`.')]
    return [
        (("languages",), f"`{tag}` is not a language tag", "Write one such as `en`, `zh` or `pt-BR`.")
        for tag in settings.languages
        if not _LANGUAGE.fullmatch(tag)
    ]


def _mail_faults(settings: Settings) -> list[tuple[tuple[str, ...], str, str]]:
    from email.utils import parseaddr

    found: list[tuple[tuple[str, ...], str, str]] = []
    for key in ("sender", "reply_to"):
        value = getattr(settings.mail, key)
        mailbox = parseaddr(value)[1]
        if value and ("@" not in mailbox or mailbox.startswith("@") or mailbox.endswith("@")):
            found.append((("mail", key), f"`{value}` is not a mailbox", "Write `Name <name@example.org>`."))
        if any(ord(character) < 32 for character in value):
            found.append((("mail", key), "there is a line break or control character in it", "Remove it."))
    way_out = settings.mail.unsubscribe
    if way_out and (not way_out.startswith("https://") or "{token}" not in way_out):
        hint = "Write `https://example.org/leave/{token}`."
        found.append((("mail", "unsubscribe"), "the address to leave must be https and hold `{token}`", hint))
    return found


def zone(settings: Settings) -> ZoneInfo:
    """The house's time zone."""
    return ZoneInfo(settings.timezone)


def toml_line(text: str, path: tuple[str | int, ...]) -> int:
    """The line where ``[tool.kith]``'s ``path`` stands, or its table, or 1."""
    best, table = 1, ""
    wanted = [str(part) for part in path]
    for number, line in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line):
            table = header[1].replace('"', "").replace("'", "")
            inside = table.removeprefix("tool.kith").strip(".").split(".") if table.startswith("tool.kith") else None
            if inside is not None and [part for part in inside if part] == wanted[: len([p for p in inside if p])]:
                best = number
            continue
        key = re.match(r"\s*([\w.\"'-]+)\s*=", line)
        if key and table.startswith("tool.kith"):
            full = [*table.removeprefix("tool.kith").strip(".").split("."), *key[1].replace('"', "").split(".")]
            full = [part for part in full if part]
            if full == wanted[: len(full)]:
                best = number
    return best
