"""Opens regular files only: with a named pipe, a device or a socket in the place of a file, a run would never end."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

LARGEST = 500_000_000
"""Bytes; the largest file that is ever read whole, which is half of the memory that a run may take."""

_KINDS = (
    (stat.S_ISDIR, errno.EISDIR, "it is a folder, not a file"),
    (stat.S_ISFIFO, errno.EINVAL, "it is a named pipe (FIFO), not a file"),
    (stat.S_ISSOCK, errno.EINVAL, "it is a socket, not a file"),
    (stat.S_ISCHR, errno.EINVAL, "it is a device, not a file"),
    (stat.S_ISBLK, errno.EINVAL, "it is a device, not a file"),
)


def odd_kind(mode: int) -> str:
    """What something is that is no regular file, in words; empty for a regular file."""
    return next((said for fits, _, said in _KINDS if fits(mode)), "")


def require_regular(path: Path) -> None:
    """Raises `OSError` where something other than a regular file is at ``path``; nothing there is fine."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    _refuse(mode, path)


def open_regular(path: Path) -> BufferedReader:
    """``path``, opened for reading. Raises `OSError` at once where it is no regular file, without waiting for it."""
    # Without O_NONBLOCK, opening a named pipe waits until somebody writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse(os.fstat(descriptor).st_mode, path)
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most: int = LARGEST) -> bytes:
    """The bytes of ``path``. Raises `OSError` where it is no regular file, or has more than ``most`` bytes."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > most:
            fact = f"it has more than {most / 1e6:.0f} MB"
            raise OSError(errno.EFBIG, fact, str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, "it grows while it is read", str(path))
    return data


def _refuse(mode: int, path: Path) -> None:
    for fits, number, said in _KINDS:
        if fits(mode):
            raise OSError(number, said, str(path))
