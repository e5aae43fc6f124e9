"""The files that public texts show or link to, made ready for the web.

Pictures lose what the camera wrote into them (place, time, owner), are turned upright and are at most
1600 pixels wide or high; drawings lose what does not draw; other files stay as they are. What was made is kept by
the hash of its source, and looked at once more before it counts as made.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

from pipeline.bare import bare
from pipeline.errors import Problem
from pipeline.film import SUFFIXES, names_a_place
from pipeline.links import Links
from pipeline.megapixels import HINT, TooLarge, limited
from pipeline.pictured import PICTURES
from pipeline.regular import odd_kind, open_regular, read_regular
from pipeline.svg import cleaned
from pipeline.traces import traces

MOST = 1600
"""Pixels of a picture's longer side."""

_RECIPE = "2"
"""Goes into every hash: a new one makes all pictures anew."""

_MOVING = {"PNG", "WEBP", "GIF"}
_UNSEEN = {".avif", ".bmp", ".dng", ".heic", ".heif", ".jp2", ".jxl", ".psd", ".svgz", ".tif", ".tiff"}
"""Pictures that cannot be looked into here, or that browsers do not show: they would go out with all their traces."""

_HOW: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 85, "optimize": True, "progressive": True},
    "PNG": {"optimize": True},
    "WEBP": {"quality": 85, "method": 4},
}
_NAME = re.compile(r"[0-9a-f]{32}-(\d+)x(\d+)")


class Album:
    """Collects files as texts ask for their addresses: ``files`` by public path, ``sizes`` by address."""

    def __init__(self, content: Path, cache: Path, links: Links) -> None:
        self.content, self.cache, self.links = content.resolve(), cache, links
        self.files: dict[str, Path] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.asked: dict[str, str | None] = {}
        self.problems: list[Problem] = []

    def address(self, path: str) -> str | None:
        """The address of a file inside ``content/``; None, and a problem, when it cannot be published."""
        if path not in self.asked:
            self.asked[path] = self._take(path)
        return self.asked[path]

    def _take(self, path: str) -> str | None:
        source = (self.content / path).resolve()
        try:
            found = self._ready(path, source)
        except TooLarge as error:
            self._refuse(path, str(error), HINT)
            found = None
        except (OSError, ValueError, SyntaxError) as error:
            why = "" if "<" in str(error) else f" ({error})"  # Pillow names an object of its own where it knows nothing
            self._refuse(path, f"this is not a picture that can be read{why}", "Save it as JPEG or PNG.")
            found = None
        if found is None:
            return None
        public = self.links.media(path)
        address = self.links.rooted(public)
        self.files[public] = found
        if size := _size(found):
            self.sizes[address] = size
        return address

    def _ready(self, path: str, source: Path) -> Path | None:
        """The file to publish."""
        if not source.is_relative_to(self.content):
            self._refuse(path, "this leads outside `content/`", "Copy the file into `content/media/`.")
            return None
        if source.exists() and (odd := odd_kind(source.stat().st_mode)):
            self._refuse(path, f"{odd}, and a public text refers to it", "Put a file in its place.")
            return None
        if not source.is_file():
            self._refuse(path, "there is no such file, and a public text refers to it", "Add it.")
            return None
        suffix = source.suffix.lower()
        if suffix in _UNSEEN:
            fact = f"a `{suffix}` picture could carry where and by whom it was taken to every reader"
            self._refuse(path, fact, "Save it as JPEG, PNG or WebP.")
            return None
        if suffix in SUFFIXES and _places(source):
            fact = "this film or recording says where it was made"
            hint = "Take that out, for example with `ffmpeg -i IN -map 0:v? -map 0:a? -map_metadata -1 -c copy OUT`."
            self._refuse(path, fact, hint)
            return None
        form = PICTURES.get(suffix) or _own_form(source)
        return source if form is None else _picture(source, self.cache, form)

    def _refuse(self, path: str, fact: str, suggestion: str) -> None:
        self.problems.append(Problem(f"content/{path}", 0, fact, suggestion))


def _places(source: Path) -> bool:
    with open_regular(source) as stream:
        return names_a_place(stream)


def _own_form(source: Path) -> str | None:
    """``""``, for the form it has itself, where a file is a picture under another name; None where it is none."""
    with open_regular(source) as stream:
        start = stream.read(12)
    return "" if start.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")) or start[8:] == b"WEBP" else None


def _size(made: Path) -> tuple[int, int] | None:
    match = _NAME.fullmatch(made.stem)
    return (int(match[1]), int(match[2])) if match else None


def _picture(source: Path, cache: Path, form: str) -> Path:
    """The picture as it is published, from the cache if it was made before."""
    data = read_regular(source)
    digest = hashlib.sha256(f"{_RECIPE} {MOST} {form} ".encode() + data).hexdigest()[:32]
    suffix = source.suffix.lower()
    known = next(cache.glob(f"{digest}-*{suffix}"), None)
    if known is not None:
        return known
    made, size = _drawing(data) if form == "SVG" else plain_picture(data, form)
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f"{digest}.{os.getpid()}.partial"
    partial.write_bytes(made)
    return partial.replace(cache / f"{digest}-{size}{suffix}")


def _drawing(data: bytes) -> tuple[bytes, str]:
    made, _ = cleaned(data, lambda inner: inner if not traces(inner) else plain_picture(inner, "")[0])
    return made, "drawn"


def plain_picture(data: bytes, form: str) -> tuple[bytes, str]:
    """The picture in this form (or in its own), and its size; byte for byte where it is nothing but a picture.

    Raises `OSError`, `ValueError` or `SyntaxError`, as Pillow does, for what it cannot read or free of its traces.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow finds odd in EXIF goes with it
        made, size = _plain(data, form)
    if left := traces(made):
        raise ValueError(f"it cannot be freed of {', '.join(sorted(left))}")
    return made, f"{size[0]}x{size[1]}"


def _plain(data: bytes, form: str) -> tuple[bytes, tuple[int, int]]:
    from PIL import Image

    with _opened(data) as opened:
        form = form or ("JPEG" if opened.format == "MPO" else opened.format or "")
        if opened.format == form and max(opened.size) <= MOST and not traces(data):
            return data, opened.size
        made = BytesIO()
        if getattr(opened, "n_frames", 1) > 1 and form in _MOVING:
            size = _animation(opened, made, form)
            return made.getvalue(), size
        picture = bare(opened)
        picture.thumbnail((MOST, MOST), Image.Resampling.LANCZOS)
        _save(picture, made, form)
        return made.getvalue(), picture.size


def _opened(data: bytes) -> Any:
    """The picture, read whole. Raises `ValueError` where Pillow finds none in it."""
    from PIL import Image

    try:
        picture = limited(Image.open(BytesIO(data)), len(data))
        picture.load()
    except (Image.DecompressionBombError, KeyError, IndexError, struct.error) as error:
        raise ValueError(str(error)) from None
    return picture


def _save(picture: Any, target: BytesIO, form: str) -> None:
    if form == "JPEG" and picture.mode not in {"RGB", "L"}:
        picture = picture.convert("RGB")
    picture.save(target, form, **_HOW.get(form, {}))


def _animation(picture: Any, target: BytesIO, form: str) -> tuple[int, int]:
    """Moving pictures keep their size and frames and lose their comments."""
    from PIL import ImageSequence

    frames, pace = [], []
    for frame in ImageSequence.Iterator(picture):
        pace.append(frame.info.get("duration", 100))
        copy = frame.copy()
        copy.info = {}
        frames.append(copy)
    loop = picture.info.get("loop", 0)
    frames[0].save(target, form, save_all=True, append_images=frames[1:], duration=pace, loop=loop)
    return picture.size[0], picture.size[1]
