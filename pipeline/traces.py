"""What a picture's file says besides the picture: who took it, when, where and with what. Pure: bytes in, names out.

A file is read as its format lays it out, and only what a browser needs to show the picture counts as the picture:
whatever else is there is a trace, known or not. So nothing passes because nobody has heard of it yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

LOCATION = "location"
PROFILE = "profile"
"""Colours as one screen or scanner has them: turned into common ones, and not counted as metadata."""

Traces = frozenset[str]

_PLACES = re.compile(
    rb"GPS(?:L|Lat|Long|Pos)|photoshop:(?:City|Country|State)|Iptc4xmp(?:Core|Ext):\w*Location|geo:lat"
)
_CITY = re.compile(rb"\x1c\x02[\x5a\x5c\x5f\x64\x65]")
"""City, sublocation, state and country in IPTC's records."""

_GPS = 0x8825
_WHERE = {2, 4, 20, 22, 27, 28}
"""Tags of a directory of GPS data that name a place: latitudes, longitudes, and places in words."""

_MARK = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_HARMLESS = {(0xE0, b"JFIF\0", 14), (0xEE, b"Adobe", 12)}
"""Segments of a JPEG that say how its numbers are meant: mark, beginning, length (one without a small picture)."""

_PNG = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"hIST", b"pHYs"),
    *(b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL", b"fdAT"),
}
_WEBP = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
_LOOPS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}


def traces(data: bytes) -> Traces:
    """The traces in a JPEG, PNG, GIF or WebP file: none when it is nothing but the picture.

    ``location`` is among them when one of them names a place. A file of another format, or one that ends too early,
    has the trace ``other``.
    """
    found = said_beside(data)
    if found is None:
        return frozenset({"other"})
    names = {name for name, _ in found}
    if any(_names_a_place(name, part) for name, part in found):
        names.add(LOCATION)
    return frozenset(names)


def said_beside(data: bytes) -> list[tuple[str, bytes]] | None:
    """Everything in a JPEG, PNG, GIF or WebP file beside the picture, each with its name; None for any other file."""
    reader = next((reader for start, reader in _READERS.items() if data.startswith(start)), None)
    try:
        return list(reader(data)) if reader else None
    except (IndexError, ValueError):
        return None


def _names_a_place(name: str, part: bytes) -> bool:
    if name == PROFILE:
        return False
    return bool(_PLACES.search(part) or (name == "iptc" and _CITY.search(part)) or _has_gps(part))


def _has_gps(part: bytes) -> bool:
    """Whether a block of EXIF (TIFF's layout, TIFF 6.0 §2) has a directory of GPS data with something in it."""
    start = min((at for at in (part.find(b"II*\0"), part.find(b"MM\0*")) if at >= 0), default=-1)
    if start < 0:
        return False
    tiff = part[start:]

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if tiff[:1] == b"I" else "big")

    def tags(directory: int) -> dict[int, int]:
        rows = range(directory + 2, directory + 2 + 12 * number(directory, 2), 12)
        return {number(row, 2): number(row + 8, 4) for row in rows if row + 12 <= len(tiff)}

    gps = tags(number(4, 4)).get(_GPS)
    return gps is not None and bool(_WHERE & set(tags(gps)))


def _jpeg(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Segments beside tables, frames and scans (ITU T.81, Annex B); what stands behind the end is one too."""
    at = 2
    while data[at] == 0xFF:
        mark = data[at + 1]
        if mark == 0xFF:
            at += 1
        elif mark == 0xD9:
            if data[at + 2 :]:
                yield "other", data[at + 2 :]
            return
        else:
            end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
            yield from _segment(mark, data[at + 4 : end])
            at = end
            if mark == 0xDA:
                scan = _MARK.search(data, end)
                at = scan.end() - 2 if scan else len(data)
    raise ValueError("it ends too early")


def _segment(mark: int, part: bytes) -> Iterator[tuple[str, bytes]]:
    if mark == 0xFE:
        yield "comment", part
    elif 0xE0 <= mark <= 0xEF and (mark, part[:5], len(part)) not in _HARMLESS:
        known = {b"Exif\0": "exif", b"http://ns.adobe.com/x": "xmp", b"Photoshop": "iptc", b"ICC_PROFILE": PROFILE}
        yield next((name for start, name in known.items() if part.startswith(start)), "other"), part


def _png(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Chunks beside those that make the picture (PNG, third edition, §11)."""
    known = {b"tEXt": "comment", b"zTXt": "comment", b"iTXt": "xmp", b"eXIf": "exif", b"iCCP": PROFILE, b"tIME": "time"}
    at, kind = 8, b""
    while kind != b"IEND":
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        if len(kind) < 4:
            raise ValueError("it ends too early")
        if kind not in _PNG:
            yield known.get(kind, "other"), data[at + 8 : at + 8 + size]
        at += 12 + size
    if data[at:]:
        yield "other", data[at:]


def _webp(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Chunks beside those that make the picture (RFC 9649)."""
    known = {b"EXIF": "exif", b"XMP ": "xmp", b"ICCP": PROFILE}
    end, at = 8 + int.from_bytes(data[4:8], "little"), 12
    if data[8:12] != b"WEBP" or end > len(data):
        raise ValueError("it ends too early")
    while at < end:
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind not in _WEBP:
            yield known.get(kind, "other"), data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    if data[end:]:
        yield "other", data[end:]


def _gif(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Extensions beside pace and loops (GIF89a, §23-26)."""
    at = 13 + _table(data[10])
    while data[at] != 0x3B:
        if data[at] == 0x2C:
            _, at = _blocks(data, at + 11 + _table(data[at + 9]))
            continue
        label = data[at + 1]
        part, end = _blocks(data, at + 2)
        if label == 0xFE:
            yield "comment", part
        elif label == 0xFF and data[at + 3 : at + 14] not in _LOOPS:
            known = {b"XMP DataXMP": "xmp", b"ICCRGBG1012": PROFILE}
            yield known.get(data[at + 3 : at + 14], "other"), data[at:end]
        elif label not in (0xF9, 0xFF):
            yield "other", part
        at = end
    if data[at + 1 :]:
        yield "other", data[at + 1 :]


def _table(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """A chain of blocks, and where it ends."""
    parts: list[bytes] = []
    while size := data[at]:
        parts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return b"".join(parts), at + 1


_READERS: dict[bytes, Callable[[bytes], Iterator[tuple[str, bytes]]]] = {
    b"\xff\xd8": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"RIFF": _webp,
    b"GIF8": _gif,
}
