"""How large a picture may be: looked at before its pixels are read, as a small file can hold a very large picture."""

from __future__ import annotations

from typing import Any

MOST = 60_000_000
"""Pixels of a picture, or of all frames of a moving one: with its copies it takes up to 0.8 GB of memory."""

_MOST_JPEG = 170_000_000
"""Pixels of a JPEG, of which a smaller picture can be read at once; Pillow opens none above 179 megapixels."""

_LARGEST_MOVING = 60_000_000
"""Bytes of a moving picture, whose frames can be counted only by going through them."""

_ENOUGH = 3200
"""Pixels of the side to which a large JPEG is made smaller while it is read: twice what is published."""

HINT = "Make it smaller: readers see at most 1600 pixels of its longer side."


class TooLarge(ValueError):
    """A picture has more pixels than fit into memory; its text is the fact."""


def limited(picture: Any, size: int = 0) -> Any:
    """An opened picture that is not too large to be read, and a large JPEG made ready to be read smaller.

    ``size`` is the number of its bytes, where they are known. Raises `TooLarge`.
    """
    width, height = picture.size
    pixels = width * height
    jpeg = picture.format in {"JPEG", "MPO"}
    if pixels > (_MOST_JPEG if jpeg else MOST):
        most = (_MOST_JPEG if jpeg else MOST) // 1_000_000
        raise TooLarge(
            f"this picture has {width} × {height} pixels, {pixels / 1e6:.0f} megapixels; one may have {most} megapixels"
        )
    if jpeg and pixels > MOST // 2:
        picture.draft(None, (_ENOUGH, _ENOUGH))
    if getattr(picture, "is_animated", False) and not jpeg:
        _moving(picture, size, pixels)
    return picture


def _moving(picture: Any, size: int, pixels: int) -> None:
    if size > _LARGEST_MOVING:
        most = _LARGEST_MOVING // 1_000_000
        raise TooLarge(f"this moving picture has {size / 1e6:.0f} MB; one may have {most} MB")
    frames = picture.n_frames
    if frames * pixels > MOST:
        raise TooLarge(
            f"this moving picture has {frames} frames of {picture.width} × {picture.height} pixels,"
            f" {frames * pixels / 1e6:.0f} megapixels in all; one may have {MOST // 1_000_000}"
        )
