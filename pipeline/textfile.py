"""Finds and reads a person's text files, and says what is wrong with them instead of raising."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pipeline.errors import Problem
from pipeline.regular import odd_kind, read_regular
from pipeline.validate import visible

LARGEST = 2_000_000
"""Bytes; a Markdown file above it is data or a mistake."""

_PICTURE = "Is it a picture? Keep it in `content/media/`."


def files_below(folder: Path, root: Path) -> tuple[list[Path], list[Problem]]:
    """Every file below ``folder`` in order, hidden ones left out, and the folders that could not be looked into."""
    found: list[Path] = []
    problems: list[Problem] = []

    def closed(error: OSError) -> None:
        name = visible(os.path.relpath(error.filename or folder, root), 300)
        problems.append(Problem(f"{name}/", 0, f"cannot be read: {error.strerror}", "Check its permissions."))

    for here, folders, files in os.walk(folder, onerror=closed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in [name for name in folders if Path(here, name).is_symlink()]:
            place = visible(os.path.relpath(Path(here, name), root), 300)
            problems.append(
                Problem(place, 0, "it is a link to a folder, which is not followed", "Move the folder here.")
            )
        found += [Path(here, name) for name in [*files, *folders] if not name.startswith(".")]
    return sorted(path for path in found if not path.is_dir() or path.suffix), problems


def read_text(path: Path, name: str, root: Path) -> tuple[str, list[Problem]]:
    r"""The text of ``path`` with ``\n`` line ends and no BOM, or what keeps it from being read.

    ``name`` is the path as the house calls it; a link that leads out of ``root`` is refused.
    """
    try:
        if _leads_out(path, root):
            return "", [Problem(name, 1, "it is a link that leads out of the house", "Copy the file here.")]
        size, mode = path.stat().st_size, path.stat().st_mode
        if not stat.S_ISREG(mode):
            fact = f"{odd_kind(mode)}, and its name is that of a text"
            return "", [Problem(name, 1, fact, "Put a text file in its place, or give it another name.")]
        if size > LARGEST:
            fact = f"{size / 1e6:.1f} MB of text; a file may have {LARGEST / 1e6:.0f} MB"
            return "", [Problem(name, 1, fact, "Split it, or keep data out of `content/`.")]
        data = read_regular(path, LARGEST)
    except FileNotFoundError:
        return "", [Problem(name, 1, "it is a link that leads nowhere", "Remove it, or copy the file here.")]
    except OSError as error:
        hint = "Remove the link." if path.is_symlink() else "Check its permissions."
        return "", [Problem(name, 1, f"cannot be read: {error.strerror}", hint)]
    return decoded(data, name)


def _leads_out(path: Path, root: Path) -> bool:
    """Whether ``path``, or a folder on the way to it, is a link to somewhere else; a link to itself is not."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def decoded(data: bytes, name: str) -> tuple[str, list[Problem]]:
    """``data`` as text, or the line of its first byte that is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "", [Problem(name, 1, "it is UTF-16 text", "Save it as UTF-8.")]
    picture = f" {_PICTURE}" if name.endswith(".md") else ""
    if b"\0" in data:
        line = _line(data, data.index(b"\0"))
        if data.count(b"\0") * 3 > len(data):
            return "", [Problem(name, line, "it is UTF-16 text, or not text at all", f"Save it as UTF-8.{picture}")]
        return "", [Problem(name, line, "there is binary data in it", f"Remove it.{picture}")]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line(data, error.start)
        fact = f"byte {error.start + 1} (0x{data[error.start]:02x}) is not UTF-8 text"
        return "", [Problem(name, line, fact, f"Save it as UTF-8.{'' if _mostly_text(data) else picture}")]
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), []


def _line(data: bytes, position: int) -> int:
    before = data[:position].replace(b"\r\n", b"\n")
    return before.count(b"\n") + before.count(b"\r") + 1


def _mostly_text(data: bytes) -> bool:
    start = data[:4000]
    return sum(byte < 9 or 13 < byte < 32 for byte in start) * 50 < len(start)
