"""A letter as bytes and back, exactly: what was frozen is what leaves, after whatever happened in between."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import zlib
from datetime import datetime
from html import escape
from typing import Any

from pipeline.model import Audience
from pipeline.outgoing import Frozen, Letter, Picture, Sheet


def whole(one: Frozen) -> Letter:
    """The letter with its sheet filled in."""
    return filled(one.stub, one.sheet, one.hello, one.token)


def filled(stub: Letter, sheet: Sheet, hello: str, token: str) -> Letter:
    """``stub`` with the text, HTML and pictures of ``sheet``; the greeting is escaped for HTML, the token is plain."""
    text, html = sheet.text, sheet.html
    if sheet.hole:
        text = text.replace(f"{sheet.hole}token", token).replace(f"{sheet.hole}hello", hello)
        html = html.replace(f"{sheet.hole}token", token).replace(f"{sheet.hole}hello", escape(hello))
    return dataclasses.replace(stub, text=text, html=html, inline=sheet.inline)


def alone(letter: Letter) -> Frozen:
    """A letter that shares its sheet with no other."""
    sheet = Sheet(letter.text, letter.html, "", letter.inline)
    return Frozen(dataclasses.replace(letter, text="", html="", inline=()), sheet, "", "", "", "")


def digest(part: bytes, sheet: str) -> str:
    """A fingerprint of everything a reader gets: the reader's own part as packed, on the sheet of that digest."""
    return hashlib.sha256(sheet.encode("ascii") + part).hexdigest()


def sheet_digest(data: bytes) -> str:
    """A fingerprint of a packed sheet."""
    return hashlib.sha256(data).hexdigest()


def pack(one: Frozen) -> bytes:
    """One reader's part; the same letter gives the same bytes."""
    data: dict[str, Any] = {
        field.name: getattr(one.stub, field.name)
        for field in dataclasses.fields(Letter)
        if field.name not in ("text", "html", "inline")
    }
    data |= {"date": one.stub.date.isoformat(), "hello": one.hello, "token": one.token}
    return zlib.compress(json.dumps(data, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"), 6)


def pack_sheet(sheet: Sheet) -> bytes:
    """What the letters of an issue share."""
    pictures = [
        {"cid": one.cid, "name": one.name, "media_type": one.media_type, "data": base64.b85encode(one.data).decode()}
        for one in sheet.inline
    ]
    data = {"text": sheet.text, "html": sheet.html, "hole": sheet.hole, "inline": pictures}
    return zlib.compress(json.dumps(data, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"), 6)


def unpack_sheet(data: bytes) -> Sheet:
    """The sheet that `pack_sheet` made ``data`` of."""
    fields = json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
    inline = tuple(
        Picture(one["cid"], one["name"], one["media_type"], base64.b85decode(one["data"])) for one in fields["inline"]
    )
    return Sheet(fields["text"], fields["html"], fields["hole"], inline)


def unpack(data: bytes, sheet: Sheet, issue: str, mark: str, audience: Audience) -> Frozen:
    """The letter that `pack` made ``data`` of, on its sheet; the rest is what the ledger keeps beside it."""
    fields = json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
    hello, token = fields.pop("hello"), fields.pop("token")
    fields["date"] = datetime.fromisoformat(fields["date"])
    fields["headers"] = tuple([(name, value) for name, value in fields["headers"]])
    fields["entries"] = tuple(fields["entries"])
    return Frozen(Letter(**fields, text="", html=""), sheet, hello, token, issue, mark, audience)
