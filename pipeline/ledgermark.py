"""The count by which an older copy of the ledger is known: of letters ever begun, and of what readers said.

It is written after the ledger and before the letter leaves, so that a ledger which has counted fewer is an older
copy of itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

FILE = "ledger.mark"


class Marks:
    """The count of letters ever begun and of readers' wishes, kept outside the ledger in every one of ``folders``.

    Beside it stands the count at which the present window was reserved, which tells one window from another.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._paths = [folder / FILE for folder in folders]
        self._open: list[int] = []

    def highest(self) -> tuple[int, int]:
        """The highest count that any of them holds, and its window; what cannot be read counts nothing."""
        return max([(0, 0), *(_numbers(path) for path in self._paths)])

    def write(self, count: int, window: int) -> None:
        """Notes a count; a folder that cannot be written to only makes an older ledger harder to notice."""
        if not self._open:
            self._open = [found for path in self._paths if (found := _opened(path)) is not None]
        for descriptor in self._open:
            with suppress(OSError):
                os.pwrite(descriptor, f"{count:020d} {window:020d}\n".encode(), 0)

    def close(self) -> None:
        """Closes the files."""
        while self._open:
            os.close(self._open.pop())


def _numbers(path: Path) -> tuple[int, int]:
    try:
        found = re.fullmatch(rb"(\d{20}) (\d{20})\n", path.read_bytes())
    except OSError:
        return 0, 0
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _opened(path: Path) -> int | None:
    try:
        path.parent.mkdir(exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        return None
