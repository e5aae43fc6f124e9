"""A letter as bytes and back, exactly: what was frozen is what leaves, after whatever happened in between."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from datetime import datetime
from typing import Any

from pipeline.model import Letter, Picture


def freeze(letter: Letter) -> bytes:
    """The letter, compressed; the same letter gives the same bytes."""
    data: dict[str, Any] = dataclasses.asdict(letter)
    data["date"] = letter.date.isoformat()
    data["inline"] = [
        {"cid": one.cid, "name": one.name, "media_type": one.media_type, "data": base64.b85encode(one.data).decode()}
        for one in letter.inline
    ]
    return zlib.compress(json.dumps(data, ensure_ascii=False, sort_keys=True).encode(), 6)


def thaw(data: bytes) -> Letter:
    """The letter that `freeze` made ``data`` of."""
    fields = json.loads(zlib.decompress(data))
    fields["date"] = datetime.fromisoformat(fields["date"])
    fields["headers"] = tuple((name, value) for name, value in fields["headers"])
    fields["entries"] = tuple(fields["entries"])
    fields["inline"] = tuple(
        Picture(one["cid"], one["name"], one["media_type"], base64.b85decode(one["data"])) for one in fields["inline"]
    )
    return Letter(**fields)
