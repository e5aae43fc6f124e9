"""A sheet as the body of a message (RFC 2045): encoded once, with places for each reader's own words.

Quoted-printable is written line by line, so that only the lines with a reader's own words are written anew for each
letter; base64 is not, and is written anew where there are such words at all.
"""

from __future__ import annotations

import binascii
import quopri
import re
from functools import lru_cache
from html import escape

from pipeline.errors import Refused
from pipeline.outgoing import Picture, Sheet

_BEYOND_ASCII = bytes(range(128, 256))
_MUCH = 1 / 6
"""The share of bytes that are not ASCII from which base64 is shorter and easier to read back than QP."""

_BASE64_LINE = 76
_BLANK_AT_END = re.compile(r"[ \t]$", re.MULTILINE)


class _Text:
    """One text of a sheet, in its encoding but for the lines that each reader has for himself."""

    def __init__(self, kind: str, content: str, hole: str, stuffed: bool) -> None:
        self._kind, self._hole, self._stuffed = kind, hole, stuffed
        self._content = _one_way(content)
        self._pieces: list[bytes | str] = []
        run: list[str] = []
        for line in self._content.split("\n"):
            if hole and hole in line:
                self._settle(run)
                self._pieces.append(line)
                run = []
            else:
                run.append(line)
        self._settle(run)
        plain = self._content.replace(f"{hole}hello", "").replace(f"{hole}token", "") if hole else self._content
        self._length, self._ascii = _sizes(plain)
        self._places = [self._content.count(f"{hole}{name}") if hole else 0 for name in ("hello", "token")]
        self._whole: bytes | None = None

    def _settle(self, run: list[str]) -> None:
        if run:
            self._pieces.append(self._quoted("\n".join(run)))

    def part(self, hello: str, token: str) -> bytes:
        """The part with its headers; base64 where much of it is not ASCII, as few letters of Chinese would be."""
        if not any(self._places):
            self._whole = self._whole or self._written(hello, token)
            return self._whole
        return self._written(hello, token)

    def _written(self, hello: str, token: str) -> bytes:
        if self._much(hello, token):
            way, body = b"base64", _base64(self._filled(self._content, hello, token).encode().replace(b"\n", b"\r\n"))
        else:
            way, body = b"quoted-printable", self._lines(hello, token)
        head = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: %s\r\n\r\n'
        return head % (self._kind.encode("ascii"), way) + body

    def _much(self, hello: str, token: str) -> bool:
        length, plain = self._length, self._ascii
        for count, words in zip(self._places, (hello, token), strict=True):
            if count:
                more = _sizes(words)
                length, plain = length + count * more[0], plain + count * more[1]
        return plain < length * (1 - _MUCH)

    def _lines(self, hello: str, token: str) -> bytes:
        return b"\r\n".join(
            [
                piece if isinstance(piece, bytes) else self._quoted(self._filled(piece, hello, token))
                for piece in self._pieces
            ]
        )

    def _filled(self, text: str, hello: str, token: str) -> str:
        if not self._hole:
            return text
        return text.replace(f"{self._hole}token", token).replace(f"{self._hole}hello", hello)

    def _quoted(self, text: str) -> bytes:
        """Quoted-printable; a line that begins with ``From`` would be changed by old mailboxes."""
        # A blank before a line's end makes a line too long, and other bytes than the same line by itself.
        lines = text.split("\n") if _BLANK_AT_END.search(text) else [text]
        data = b"\n".join([quopri.encodestring(line.encode()) for line in lines])
        data = re.sub(rb"(?m)^From ", b"=46rom ", data)
        return (re.sub(rb"(?m)^\.", b"..", data) if self._stuffed else data).replace(b"\n", b"\r\n")


def _one_way(text: str) -> str:
    """Line ends written in one way."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _sizes(text: str) -> tuple[int, int]:
    """Bytes, and those of them that are ASCII."""
    if text.isascii():
        return len(text), len(text)
    data = text.encode()
    return len(data), len(data.translate(None, _BEYOND_ASCII))


def _base64(data: bytes) -> bytes:
    # The standard library's own wrapping takes a line at a time, which is five times slower.
    line = binascii.b2a_base64(data, newline=False)
    starts = range(0, len(line), _BASE64_LINE)
    return b"\r\n".join([line[start : start + _BASE64_LINE] for start in starts]) + b"\r\n"


class Plate:
    """The body of all messages that share a sheet."""

    def __init__(self, sheet: Sheet, stuffed: bool) -> None:
        self._text = _Text("plain", sheet.text, sheet.hole, stuffed)
        self._html = _Text("html", sheet.html, sheet.hole, stuffed)
        self._pictures = [_picture(picture) for picture in sheet.inline]

    def fill(self, hello: str, token: str, mark: str) -> bytes:
        """The body for one reader, from its Content-Type on; ``mark`` is what its boundaries are named by."""
        hello = _one_way(hello)
        html = self._html.part(escape(hello), token)
        if self._pictures:
            html = _multipart("related", mark, [html, *self._pictures])
        return _multipart("alternative", mark, [self._text.part(hello, token), html])


@lru_cache(maxsize=8)
def plate(sheet: Sheet, stuffed: bool) -> Plate:
    """The plate of ``sheet``; with ``stuffed`` a dot at the beginning of a line is doubled."""
    return Plate(sheet, stuffed)


def _multipart(kind: str, mark: str, parts: list[bytes]) -> bytes:
    """Parts between boundaries that no encoded part can hold: neither base64 nor quoted-printable writes ``=_``."""
    boundary = f"=_{mark}_{kind[:3]}"
    typed = '; type="text/html"' if kind == "related" else ""
    head = f'Content-Type: multipart/{kind}{typed}; boundary="{boundary}"\r\n\r\n'.encode("ascii")
    between = f"--{boundary}\r\n".encode("ascii")
    body = b"".join([between + part + b"\r\n" for part in parts])
    return head + body + f"--{boundary}--\r\n".encode("ascii")


def _picture(picture: Picture) -> bytes:
    for name, value in (("Content-ID", picture.cid), ("Content-Type", picture.media_type)):
        if not re.fullmatch(r"[A-Za-z0-9!#$&^_.+@/-]+", value):
            raise Refused(f"a picture's {name} cannot be written: {value!r}")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", picture.name) or "picture"
    head = (
        f"Content-Type: {picture.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: inline; filename="{name}"\r\nContent-ID: <{picture.cid}>\r\n\r\n'
    )
    return head.encode("ascii") + _base64(picture.data)
