"""Pictures that travel inside a letter: small enough for mail, and without what the camera wrote into them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from pipeline.bare import bare
from pipeline.megapixels import limited
from pipeline.outgoing import Picture
from pipeline.traces import traces

LARGEST = 60_000
"""Bytes of one enclosed picture: two of them leave room for a long text in a message of 200 KB."""

_STEPS = ((1104, 82), (828, 76), (552, 76), (552, 55))
"""Pixels, from twice the width of a letter's column to that width, and the quality; the first that is small enough."""

_KINDS = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "GIF": ("image/gif", ".gif")}


def enclose(content: Path, path: str) -> Picture | None:
    """The picture at ``path`` inside ``content/``, made ready for a letter; None where it cannot travel."""
    from PIL import Image

    source = (content / path).resolve()
    if not source.is_relative_to(content.resolve()) or not source.is_file():
        return None
    try:
        with Image.open(source) as opened:
            limited(opened, source.stat().st_size)
            form = opened.format if opened.format in _KINDS else "PNG"
            picture = bare(opened)
            for widest, quality in _STEPS:
                picture.thumbnail((widest, widest), Image.Resampling.LANCZOS)
                made = io.BytesIO()
                clean = picture.convert("RGB") if form == "JPEG" else picture
                clean.save(made, form, quality=quality, optimize=True)
                if made.tell() <= LARGEST:
                    break
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    data = made.getvalue()
    if len(data) > LARGEST or traces(data):
        return None
    media_type, suffix = _KINDS[form or "PNG"]
    name = hashlib.sha256(data).hexdigest()[:24]
    return Picture(cid=name, name=f"picture{suffix}", media_type=media_type, data=data)
