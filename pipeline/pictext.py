"""The words inside pictures and other files that are no text: titles, comments, what a camera or a program wrote.

Only what is meant to be read counts. The bytes of the picture, the film or the sound itself do not: chance makes any
short name of them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from pipeline.traces import PROFILE, said_beside

_ROW = re.compile(
    rb"(?:[\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}){24,}"
)
"""Whole characters in a row that can only be meant as text: chance makes no such row."""

_WIDE = range(0x9C9B, 0x9CA0)
"""Exif's fields in UTF-16: title, comment, author, keywords, subject."""

_IPTC = re.compile(rb"\x1c[\x01-\x09][\x00-\xff](?P<size>[\x00-\x7f][\x00-\xff])")
_ID3 = re.compile(rb"(?:T[A-Z0-9]{3}|COMM|USLT)(?P<size>[\x00-\xff]{4})[\x00-\xff]{2}(?P<code>[\x00-\x03])")
"""A frame of text (ID3v2.3 and 2.4, §4.2)."""
_ATOM = re.compile(rb"(?P<size>\x00[\x00-\xff]{3})data\x00\x00\x00\x01\x00{4}")
"""A text in the list of an MP4 file, such as its title."""
_OLD_ATOM = re.compile(rb"\xa9[a-z]{3}(?P<size>[\x00-\x7f][\x00-\xff])[\x00-\xff]{2}")
_PDF = re.compile(
    rb"/(?:Title|Author|Subject|Keywords|Creator|Producer)\s*(?:\((?P<said>(?:[^()\\]|\\.)*)\)|<(?P<hex>[0-9A-Fa-f\s]*)>)"
)
_CODES = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def is_text(data: bytes) -> bool:
    """Whether a file can be read as text; no text has a NUL."""
    return b"\0" not in data[:4096]


def written_in(data: bytes) -> bytes:
    """What can be read in a file that is no text."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16").encode("utf-8", "replace")
        except UnicodeDecodeError:
            pass
    beside = said_beside(data)
    if beside is None:
        found = [*_ROW.findall(data), *_of_media(data)]
    else:
        found = [said for name, part in beside if name != PROFILE for said in _of_part(name, part)]
    return b"\n".join([*found, *(text.encode("utf-8", "replace") for text in _of_picture(data))])


def _of_part(name: str, part: bytes) -> Iterator[bytes]:
    """What stands beside a picture in its file: a comment or XMP is text, of everything else long rows are."""
    if name in ("comment", "xmp"):
        said = part.replace(b"\0", b" ")
        yield from [said] if _is_utf8(said) else _ROW.findall(said)
    else:
        yield from _ROW.findall(part)
    if name == "other":
        yield from [part] if _is_utf8(part) else []
    if name == "iptc":
        yield from _sized(_IPTC, part)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _sized(pattern: re.Pattern[bytes], data: bytes) -> Iterator[bytes]:
    """What follows each place that says how long it is; only what is text, since films have such places by chance."""
    for match in pattern.finditer(data):
        text = data[match.end() : match.end() + int.from_bytes(match["size"])]
        if _is_utf8(text):
            yield text


def _of_media(data: bytes) -> Iterator[bytes]:
    """Titles and the like of sound, films and PDF files."""
    if data.startswith(b"ID3"):
        head = data[: 10 + sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=False))]
        for match in _ID3.finditer(head):
            text = head[match.end() : match.end() + max(int.from_bytes(match["size"]) - 1, 0)]
            yield text.decode(_CODES[match["code"][0]], "replace").encode("utf-8", "replace").replace(b"\0", b" ")
    if data[4:8] == b"ftyp":
        for match in _ATOM.finditer(data):
            text = data[match.end() : match.end() + int.from_bytes(match["size"]) - 16]
            yield from [text] if _is_utf8(text) else []
        yield from _sized(_OLD_ATOM, data)
    if data.startswith(b"%PDF"):
        for match in _PDF.finditer(data):
            said = match["said"] if match["hex"] is None else bytes.fromhex(_even(match["hex"]))
            wide = said.startswith((b"\xfe\xff", b"\xff\xfe"))
            yield said.decode("utf-16" if wide else "utf-8", "replace").encode("utf-8", "replace")


def _even(digits: bytes) -> str:
    text = b"".join(digits.split()).decode("ascii")
    return text + "0" * (len(text) % 2)


def _of_picture(data: bytes) -> Iterator[str]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            found = {
                key: value for key, value in picture.info.items() if key not in ("icc_profile", "exif", "photoshop")
            }
            exif = picture.getexif()
            parts = [dict(exif), *(dict(exif.get_ifd(number)) for number in (0x8769, 0x8825))]
    except (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError):
        return
    for key, value in [*found.items(), *(row for part in parts for row in part.items())]:
        yield from _said(key, value)


_MAKERS_NOTE, _COMMENT = 0x927C, 0x9286


def _said(key: Any, value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes) and key != _MAKERS_NOTE:
        if key == _COMMENT and value.startswith(b"UNICODE\0"):
            yield from (value[8:].decode(code, "replace") for code in ("utf-16-le", "utf-16-be"))
        else:
            yield value.decode("utf-16-le" if key in _WIDE else "utf-8", "replace")
