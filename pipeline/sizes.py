"""The sizes a picture is offered in: a phone loads no more than it shows.

A picture that is ready for the web gets narrower siblings in WebP beside it; the picture itself is for browsers that
know nothing of WebP, and for feeds. What would not be smaller than the picture itself is not offered.
"""

from __future__ import annotations

import os
from pathlib import Path

WIDTHS = (480, 800, 1280)
"""Pixels: a phone, a phone with a sharp screen or a plain desktop, and a sharp desktop; the column is 640 wide."""

_STILL = {".jpg", ".jpeg", ".png", ".webp"}
_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}
_QUALITY = {".png": 90}
"""Of 100; drawings and screenshots have fine lines."""


def widths(width: int, suffix: str) -> tuple[int, ...]:
    """The widths in which a picture this wide is offered: never wider than it is, and one for those between."""
    if suffix.lower() not in _STILL:
        return ()
    return (*(one for one in WIDTHS if one < width), *((width,) if width <= WIDTHS[-1] else ()))


def narrower(made: Path, size: tuple[int, int]) -> dict[int, Path]:
    """The WebP siblings of a picture by width, made if they are not there yet.

    Raises `OSError` or `ValueError`, as Pillow does, for what it cannot read.
    """
    found = {}
    for width in widths(size[0], made.suffix):
        sibling = made.with_name(f"{made.stem}.{width}.webp")
        if not sibling.is_file():
            _make(made, sibling, width)
        if sibling.stat().st_size:
            found[width] = sibling
    return found


def _make(made: Path, sibling: Path, width: int) -> None:
    """Writes a sibling; an empty one stands for what is not worth offering."""
    from PIL import Image

    partial = sibling.with_name(f"{sibling.name}.{os.getpid()}.partial")
    with Image.open(made) as opened:
        if getattr(opened, "n_frames", 1) == 1 and opened.mode in _MODES:
            clear = "A" in opened.getbands() or "transparency" in opened.info
            picture = opened.convert("RGBA" if clear else "RGB")
            picture.thumbnail((width, opened.height), Image.Resampling.LANCZOS)
            # the profile belongs to the pixels; whatever else a picture may carry stays behind
            how = {"exif": b"", "xmp": b"", "icc_profile": opened.info.get("icc_profile") or b""}
            picture.save(partial, "WEBP", quality=_QUALITY.get(made.suffix, 80), method=4, **how)
    if not partial.is_file() or partial.stat().st_size >= made.stat().st_size:
        partial.write_bytes(b"")
    partial.replace(sibling)
