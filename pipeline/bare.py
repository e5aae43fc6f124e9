"""A picture without what its camera or program wrote into it: upright, in common colours, and nothing else."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any


def bare(picture: Any) -> Any:
    """A copy of an opened picture that knows nothing but its pixels and, where it has one, its transparent colour.

    It is turned as EXIF says, and colours of another space become sRGB, so that no profile must go along: a profile
    names the screen or scanner it was made for.
    """
    made = _common(_upright(picture))
    clear = made.info.get("transparency")
    made.info = {} if clear is None else {"transparency": clear}
    return made


def _upright(picture: Any) -> Any:
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    except (struct.error, SyntaxError, ValueError, KeyError, TypeError):
        return picture.copy()  # nobody can read what is written there, nor turn the picture by it


def _common(picture: Any) -> Any:
    from PIL import ImageCms

    data = picture.info.get("icc_profile")
    if not data or picture.mode in {"1", "L", "LA", "I", "F", "I;16"}:
        return picture.copy()  # without colours there is nothing to turn
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    try:
        profile, target = ImageCms.ImageCmsProfile(BytesIO(data)), ImageCms.createProfile("sRGB")
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        made = ImageCms.profileToProfile(picture, profile, target, outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture.copy()  # a profile that nobody can read: browsers pass over it too
    return made if made is not None else picture.copy()
