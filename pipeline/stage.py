"""The folder MkDocs reads: written only where bytes change, and holding nothing that was not put there now."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from html import escape
from pathlib import Path
from typing import Any

from pipeline.desk import SitePage

_UNYAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_HIDDEN = (("\n", "&#0000010;"), ("\t", "&#0000009;"), ("\r", "&#0000013;"), ("data-search-", "data&#0000045;search-"))
"""What Markdown or the search plugin would touch in a body; the theme puts it back (`partials/body.html`)."""


class Stage:
    """A folder being filled; `finish` removes what was not written this time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hashes: dict[str, str] = {}

    def write(self, path: str, data: bytes) -> None:
        """Writes a file unless it already holds these bytes."""
        target = self._target(path, hashlib.sha256(data).hexdigest())
        if not (target.is_file() and target.read_bytes() == data):
            target.write_bytes(data)

    def copy(self, path: str, source: Path) -> None:
        """Copies a file unless the same is already there."""
        with source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        target = self._target(path, digest)
        was, now = (target.stat() if target.is_file() else None), source.stat()
        if was is None or (was.st_size, was.st_mtime_ns) != (now.st_size, now.st_mtime_ns):
            shutil.copy2(source, target)

    def tree(self, source: Path, into: str) -> None:
        """Copies every file below ``source``."""
        for path in sorted(source.rglob("*")):
            if path.is_file():
                self.copy(f"{into}/{path.relative_to(source).as_posix()}", path)

    def _target(self, path: str, digest: str) -> Path:
        self._hashes[path] = digest
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def finish(self, also: str) -> str:
        """Removes what is stale and returns the hash of everything staged and of ``also``."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(self.folder).as_posix() not in self._hashes:
                path.unlink()
        return hashlib.sha256(repr((sorted(self._hashes.items()), also)).encode()).hexdigest()


def document(page: SitePage, address: str) -> bytes:
    """A page as a file for MkDocs: what the theme needs in its front matter, the body as one line of raw HTML.

    The title and tags outside ``kith`` are for the search, whose script takes them for HTML.
    """
    tags = [escape(name) for name, _ in page.meta.get("tags", [])]
    front = {
        "title": escape(page.title),
        "description": page.description,
        "search": {"exclude": page.kind not in {"post", "month", "page"}},
        **({"tags": tags} if tags else {}),
        "kith": {
            "lang": page.lang,
            "kind": page.kind,
            "title": page.title,
            "address": address,
            "alternates": [list(one) for one in page.alternates],
            "headings": [[one.level, one.id, one.title] for one in page.headings],
            **page.meta,
        },
    }
    lines = "".join(f"{key}: {_value(value)}\n" for key, value in front.items())
    return f"---\n{lines}---\n\n<div>{hide(page.body)}</div>\n".encode()


def _value(value: Any) -> str:
    """JSON that YAML reads the same way."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNYAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def hide(html: str) -> str:
    """The HTML on one line, with what would not survive written as character references."""
    for shown, hidden in _HIDDEN:
        html = html.replace(shown, hidden)
    return html
