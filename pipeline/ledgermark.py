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

from pipeline.regular import read_regular, require_regular

FILE = "ledger.mark"


class Marks:
    """The count of letters ever begun and of readers' wishes, kept outside the ledger in every one of ``folders``.

    Beside it stands the count at which the present window was reserved, which tells one window from another.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._paths = [folder / FILE for folder in folders]
        self._open: list[int] = []

    def highest(self) -> tuple[int, int]:
        """The highest count that any of them holds, and its window; what is absent or damaged counts nothing."""
        return max([(0, 0), *(found for path in self._paths if (found := _numbers(path)))])

    def damaged(self) -> list[str]:
        """Those that are there and say nothing: what they counted is not known. ``folder/name`` of each."""
        return [f"{path.parent.name}/{path.name}" for path in self._paths if _numbers(path) is None]

    def renew(self) -> None:
        """Takes away those that are damaged, to be begun anew. Raises `OSError` where that is not possible."""
        for path in self._paths:
            if _numbers(path) is None:
                path.unlink()

    def write(self, count: int, window: int) -> None:
        """Notes a count; a folder that cannot be written to only makes an older ledger harder to notice."""
        if not self._open:
            self._open = [found for path in self._paths if (found := _opened(path)) is not None]
        for descriptor in self._open:
            with suppress(OSError):
                os.pwrite(descriptor, _line(count, window), 0)

    def close(self) -> None:
        """Closes the files."""
        while self._open:
            os.close(self._open.pop())


def _line(count: int, window: int) -> bytes:
    return f"{count:020d} {window:020d}\n".encode()


def _numbers(path: Path) -> tuple[int, int] | None:
    """What a file counts: nothing when it is not there, None when it is damaged or cannot be read."""
    try:
        found = re.fullmatch(rb"(\d{20}) (\d{20})\n", read_regular(path, 1000))
    except (FileNotFoundError, NotADirectoryError):
        return 0, 0
    except OSError:
        return None
    return (int(found[1]), int(found[2])) if found else None


def _opened(path: Path) -> int | None:
    try:
        path.parent.mkdir(exist_ok=True)
        require_regular(path)
        if not path.exists():
            _begin(path)
        return os.open(path, os.O_WRONLY)
    except OSError:
        return None


def _begin(path: Path) -> None:
    """Makes a file that counts nothing yet, in one move: neither a kill nor a loss of power leaves half of one."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        whole = os.write(descriptor, _line(0, 0)) == len(_line(0, 0))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if whole:
        fresh.replace(path)
