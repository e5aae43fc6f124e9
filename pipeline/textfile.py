"""Reads a person's text files and says what is wrong with them instead of raising."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import Problem

LARGEST = 2_000_000
"""Bytes; a Markdown file above it is data or a mistake."""


def read_text(path: Path, name: str, root: Path) -> tuple[str, list[Problem]]:
    """The text of ``path`` with ``\\n`` line ends and no BOM, or what keeps it from being read.

    ``name`` is the path as the house calls it; a link that leads out of ``root`` is refused.
    """
    try:
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            return "", [Problem(name, 0, "it is a link that leads out of the house", "Copy the file here.")]
        size = path.stat().st_size
        if size > LARGEST:
            fact = f"{size / 1e6:.1f} MB of text; a file may have {LARGEST / 1e6:.0f} MB"
            return "", [Problem(name, 0, fact, "Split it, or keep data out of `content/`.")]
        data = path.read_bytes()
    except OSError as error:
        return "", [Problem(name, 0, f"cannot be read: {error.strerror}", "Check its permissions.")]
    return decoded(data, name)


def decoded(data: bytes, name: str) -> tuple[str, list[Problem]]:
    """``data`` as text, or the line of its first byte that is none."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "", [Problem(name, 1, "it is UTF-16 text", "Save it as UTF-8.")]
        return "", [Problem(name, line, f"byte {error.start + 1} is not UTF-8 text", "Save it as UTF-8.")]
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return "", [Problem(name, line, "there is binary data in it", "Is it a picture? Keep it in `content/media/`.")]
    return text, []
