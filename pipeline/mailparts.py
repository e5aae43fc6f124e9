"""A message taken apart again, into headers and contents, as mail programs do it. Pure.

What `email` reads line by line is read here in one go where nothing about the message is unusual, as in our own
letters; whatever is, `email` reads. Both find the same.
"""

from __future__ import annotations

import base64
import binascii
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from functools import lru_cache
from typing import Any

_HEAD = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*\r\n)+")
_FIELD = re.compile(rb"([!-9;-~]+):[ \t]*([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_OF_PARTS = re.compile(r'multipart/(?:alternative|mixed|related)(?:; type="text/html")?; boundary="([0-9A-Za-z=_]+)"')
_OF_ONE = re.compile(r'(?!message/|multipart/)([a-z]+)/[a-z0-9][a-z0-9.+-]*(?:; charset="utf-8")?')


class Unusual(ValueError):
    """There is something about a message that wants a patient reader."""


@dataclass(frozen=True, slots=True)
class Part:
    """A message or a part of one: its headers as they stand, and its content decoded, None where that is parts.

    ``kind`` is what comes before the slash of its type; ``around`` are words before and after its parts.
    """

    headers: list[tuple[str, str]]
    kind: str
    content: bytes | None
    around: list[str]


def parts(message: bytes) -> list[Part]:
    """The message itself and then every part, each before its own parts."""
    try:
        return swiftly(message)
    except Unusual:
        return patiently(message)


def patiently(message: bytes) -> list[Part]:
    """As `parts`, whatever the message is like."""
    found: list[Part] = []
    for one in email.message_from_bytes(message).walk():
        content: Any = one.get_payload(decode=True)
        around = [text for text in (one.preamble, one.epilogue) if text]
        data = content if isinstance(content, bytes) else None
        found.append(Part([(key, str(value)) for key, value in one.items()], one.get_content_maintype(), data, around))
    return found


def swiftly(message: bytes) -> list[Part]:
    """As `parts`. Raises `Unusual` unless the message is ASCII in CRLF lines, with nothing around its parts."""
    if not message.isascii() or not message.count(b"\r\n") == message.count(b"\r") == message.count(b"\n"):
        raise Unusual
    return list(_swiftly(message))


def head(message: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """A message's headers, no two of one name, and what follows them. Raises `Unusual` as `swiftly` does."""
    before, gap, body = message.partition(b"\r\n\r\n")
    before += b"\r\n"
    if not gap or not before.isascii() or not _HEAD.fullmatch(before):
        raise Unusual
    headers = [(name.decode("ascii"), value.decode("ascii")) for name, value in _FIELD.findall(before)]
    if len({name.lower() for name, _ in headers}) != len(headers):
        raise Unusual
    return headers, body


def _swiftly(message: bytes) -> Iterator[Part]:
    headers, body = head(message)
    said = {name.lower(): value for name, value in headers}
    kind = said.get("content-type", "")
    if inner := _OF_PARTS.fullmatch(kind):
        yield Part(headers, "multipart", None, [])
        for part in _between(body, inner[1].encode("ascii")):
            yield from _swiftly(part)
    elif one := _OF_ONE.fullmatch(kind):
        yield Part(headers, one[1], _decoded(body, said.get("content-transfer-encoding", "")), [])
    else:
        raise Unusual


def _between(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the boundaries of a body."""
    before, *found = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if before or len(found) < 2 or found.pop() != b"--\r\n" or not all(part.startswith(b"\r\n") for part in found):
        raise Unusual
    return [part[2:] for part in found]


def _decoded(body: bytes, way: str) -> bytes:
    if way == "quoted-printable":
        return binascii.a2b_qp(body)
    if way == "base64":
        try:
            return base64.b64decode(body.replace(b"\r\n", b""), validate=True)
        except binascii.Error:
            raise Unusual from None
    raise Unusual


def said(value: str) -> str:
    """A header's value as readers see it."""
    return _said(value) if "=?" in value else value


@lru_cache(maxsize=256)
def _said(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):
        return value
