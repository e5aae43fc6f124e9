"""Names and addresses in files under `private/` that belong to no person of `subscribers.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import Problem
from pipeline.named import Known
from pipeline.sieve import What
from pipeline.textfile import read_text
from pipeline.yamlfile import Document, parse

ADDRESSES, PEOPLE = "private/addresses.yml", "private/people.yml"
_NAMES = {"name", "names", "nick", "nickname", "full_name", "fullname", "alias", "aliases"}
_ADDRESSES = {"address", "addresses", "email", "emails", "mail"}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def private_problems(root: Path) -> list[Problem]:
    """What keeps these files from being read: names that cannot be read cannot be looked for."""
    found: list[Problem] = []
    for name in (ADDRESSES, PEOPLE):
        if (root / name).exists():
            text, unread = read_text(root / name, name, root)
            found += unread or parse(text or "").named(name)
    return found


def private_names(root: Path) -> list[Known]:
    """Every address of `addresses.yml`, every name, id and address of `people.yml`; what cannot be read is left."""
    return [*_addresses(root), *_people(root)]


def _read(root: Path, name: str) -> Document:
    if not (root / name).is_file():
        return Document()
    text, _ = read_text(root / name, name, root)
    return parse(text or "")


def _addresses(root: Path) -> Iterator[Known]:
    document = _read(root, ADDRESSES)
    for key, value in document.value.items() if isinstance(document.value, dict) else ():
        for what, text in _said(value, What.ADDRESS):
            yield Known(ADDRESSES, document.line((key,)), str(key), text, what)


def _people(root: Path) -> Iterator[Known]:
    """Rows with an `id`, or rows below one."""
    document = _read(root, PEOPLE)
    value = document.value.get("people", document.value) if isinstance(document.value, dict) else document.value
    path: tuple[str | int, ...] = ("people",) if value is not document.value else ()
    rows: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        rows = list(value.items())
    elif isinstance(value, list):
        rows = list(enumerate(value))
    for key, row in rows:
        who = str(row["id"]) if isinstance(row, dict) and isinstance(row.get("id"), str) else str(key)
        line = document.line((*path, key))
        if not isinstance(key, int) or who != str(key):
            yield Known(PEOPLE, line, who, who, What.WORD)
        for what, text in _said(row, What.PERSON if isinstance(row, str) else None):
            yield Known(PEOPLE, line, who, text, what)


def _said(value: Any, what: What | None) -> Iterator[tuple[What, str]]:
    """The texts below keys that hold names and addresses."""
    if isinstance(value, str) and _ADDRESS.fullmatch(value.strip()):
        yield What.ADDRESS, value.strip()
    elif isinstance(value, str) and what is not None:
        yield what, value
    elif isinstance(value, list):
        for one in value:
            yield from _said(one, what)
    elif isinstance(value, dict):
        for key, one in value.items():
            known = str(key).lower().replace("-", "_")
            own = What.PERSON if known in _NAMES else What.ADDRESS if known in _ADDRESSES else what
            yield from _said(one, own)
