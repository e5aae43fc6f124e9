"""Small stores of what was worked out before, in `build/cache`: written in one move, forgotten when in doubt.

Nothing depends on them but time. What they hold is plain values, so that reading them runs no code.
"""

from __future__ import annotations

import hashlib
import marshal
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.edition import edition
from pipeline.regular import open_regular

_SUM = 32


def load(path: Path, key: object) -> Any:
    """What was stored at ``path`` under ``key`` by this edition of Kith; None when there is none, or it is damaged."""
    try:
        with open_regular(path) as file:
            head = file.read(2 * _SUM)
            if head[:_SUM] != _sign(key):
                return None
            data = file.read()
    except OSError:
        return None
    if hashlib.sha256(data).digest() != head[_SUM:]:
        return None
    try:
        return marshal.loads(data)  # noqa: S302 - plain values only: reading them runs nothing, whatever they are
    except (ValueError, EOFError, TypeError):
        return None


def store(path: Path, key: object, value: Any) -> None:
    """Stores ``value``, readable by its owner only; where nothing can be written, nothing is kept."""
    data = marshal.dumps(value)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(_sign(key) + hashlib.sha256(data).digest())
                file.write(data)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)


def _sign(key: object) -> bytes:
    return hashlib.sha256(f"{edition()} {key!r}".encode("utf-8", "surrogatepass")).digest()
