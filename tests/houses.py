"""Builds throwaway houses, and runs the real command in them with a clock and an environment of the test's own."""

from __future__ import annotations

import contextlib
import functools
import io
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from pipeline import __main__ as command
from pipeline.cli import kith
from pipeline.commands.base import Session

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

SETTINGS = """\
[tool.kith]
title = "A house"
url = "https://house.example.org/"
author = "Ann"
languages = ["en", "zh"]
timezone = "Asia/Shanghai"

[tool.kith.mail]
sender = "Ann <ann@house.example.org>"
"""

PEOPLE = """\
version: 1
circles:
  inner: {title: Close friends, max: 2, cadence: each, reads: [inner, builders, public]}
  builders: {title: Engineers, cadence: weekly, reads: [builders, public]}
  weak: {title: Weak ties, reads: [public]}
  group: {title: The old group, kind: broadcast, channels: [paste:wechat]}
people:
  - {id: wei, name: Wei, circles: [inner], address: wei@example.org, state: subscribed}
  - {id: tom, name: Tom, circles: [weak], address: tom@example.org, state: subscribed}
"""

DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""A picture of one pixel."""


def text(front: str, body: str = "Words.\n") -> str:
    """A file of ``content/``: its front matter's lines and its body, which begins two lines below them."""
    return f"---\n{front.strip()}\n---\n\n{body}"


Files = dict[str, str | bytes | None]
"""Paths in a house and what to write there; None takes a file away."""

SOUND: Files = {
    "pyproject.toml": SETTINGS,
    "subscribers.yml": PEOPLE,
    "content/posts/hello.md": text("id: hello\ntitle: Hello\ndate: 2026-11-18", "Hello, world.\n"),
    "content/updates/2026-11-19-rain.md": text("id: rain\ndate: 2026-11-19 21:40", "Rain at last.\n"),
    "content/pages/about.md": text("title: About", "I write here.\n"),
    "content/media/dot.png": DOT,
}


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        """The lines that name a problem, without the count below them."""
        return self.err.split("\n\n")[0].splitlines() if self.err else []


def house(folder: Path, files: Mapping[str, str | bytes | None] | None = None) -> Path:
    """A sound house in ``folder`` with ``files`` written over it; None takes a file away."""
    for name, data in {**SOUND, **(files or {})}.items():
        path = folder / name
        if data is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return folder


def run(root: Path, *arguments: str, now: datetime = NOW, env: Mapping[str, str] | None = None) -> Ran:
    """Runs ``kith`` with ``arguments`` in the house at ``root``, in this process, as its entry point does."""
    session = Session(root, dict(env or {}), lambda: now)
    started = functools.partial(kith.main, args=list(arguments), obj=session)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
    code = 0
    with (
        mock.patch.object(kith, "main", started),
        mock.patch.object(command, "_unforeseen", _raised),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            command.main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
    return Ran(code, *(_written(stream) for stream in (out, err)))


def _raised(error: Exception, *, traced: bool) -> str:
    """A fault of our own fails the test that meets it, and is not told as a message."""
    raise error


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8")


def snapshot(root: Path) -> dict[str, object]:
    """What a failed run must leave alone: every byte of ``build/``, and what the ledger remembers."""
    files = [path for path in sorted((root / "build").rglob("*")) if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files} | {"ledger": _remembered(root)}


def _remembered(root: Path) -> list[str]:
    """Every row of the ledger but those in which it keeps its own house."""
    with contextlib.closing(sqlite3.connect(f"file:{root}/private/ledger.db?mode=ro", uri=True)) as database:
        return [row for row in database.iterdump() if not row.startswith('INSERT INTO "meta"')]
