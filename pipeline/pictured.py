"""Which files are pictures, going by their names."""

from __future__ import annotations

import re

PICTURES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".gif": "GIF", ".svg": "SVG"}
"""Pictures that are made ready, by suffix."""

_NAMED = re.compile("|".join(map(re.escape, PICTURES)), re.IGNORECASE)


def pictured(text: str) -> bool:
    """Whether a picture's name may stand in ``text``."""
    return _NAMED.search(text) is not None
