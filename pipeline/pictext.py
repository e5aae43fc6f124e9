"""The words inside pictures and other files that are no text: titles, comments, what a camera or a program wrote."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

_ROW = re.compile(rb"[\x20-\x7e\xc2-\xf4\x80-\xbf]{24,}")
"""Bytes that can only be meant as text: chance makes no such row."""

_WIDE = range(0x9C9B, 0x9CA0)
"""Exif's fields in UTF-16: title, comment, author, keywords, subject."""

_PROFILE = "icc_profile"


def is_text(data: bytes) -> bool:
    """Whether a file can be read as text; no text has a NUL."""
    return b"\0" not in data[:4096]


def written_in(data: bytes) -> bytes:
    """What can be read in a file that is no text."""
    return b"\n".join([*_ROW.findall(data), *(text.encode("utf-8", "replace") for text in _of_picture(data))])


def _of_picture(data: bytes) -> Iterator[str]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            found = {key: value for key, value in picture.info.items() if key not in (_PROFILE, "exif")}
            exif = picture.getexif()
            parts = [dict(exif), *(dict(exif.get_ifd(number)) for number in (0x8769, 0x8825))]
    except (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError):
        return
    for key, value in [*found.items(), *(row for part in parts for row in part.items())]:
        yield from _said(key, value)


def _said(key: Any, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-16-le" if key in _WIDE else "utf-8", "replace")
