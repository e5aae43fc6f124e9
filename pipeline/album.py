"""The files that public texts show or link to, made ready for the web.

Pictures lose what the camera wrote into them (place, time, owner), are turned upright and are at most
1600 pixels wide or high; other files stay as they are. What was made is kept by the hash of its source.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Any

from pipeline.errors import Problem
from pipeline.links import Links

MOST = 1600
"""Pixels of a picture's longer side."""

_RECIPE = "1"
"""Goes into every hash: a new one makes all pictures anew."""

_PICTURES = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".gif": "GIF"}
_HARMLESS = {
    *("adobe", "adobe_transform", "aspect", "background", "dpi", "gamma", "icc_profile", "interlace", "jfif"),
    *("jfif_density", "jfif_unit", "jfif_version", "loop", "progression", "progressive", "srgb", "transparency"),
    "version",
}
"""What Pillow finds in a picture that says nothing about who took it, when and where."""

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
        except (OSError, ValueError, SyntaxError) as error:
            self._refuse(path, f"this is not a picture that can be read ({error})", "Save it as JPEG or PNG.")
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
        if not source.is_file():
            self._refuse(path, "there is no such file, and a public text refers to it", "Add it.")
            return None
        form = _PICTURES.get(source.suffix.lower())
        return _picture(source, self.cache, form) if form else source

    def _refuse(self, path: str, fact: str, suggestion: str) -> None:
        self.problems.append(Problem(f"content/{path}", 0, fact, suggestion))

    def marks(self) -> dict[str, list[int]]:
        """Size and time of every file that was asked for, to see cheaply whether one changed."""
        return {path: mark(self.content / path) for path in self.asked}


def mark(path: Path) -> list[int]:
    """A file's size and time; empty when it is not there."""
    try:
        stat = path.stat()
    except OSError:
        return []
    return [stat.st_size, stat.st_mtime_ns]


def _size(made: Path) -> tuple[int, int] | None:
    match = _NAME.fullmatch(made.stem)
    return (int(match[1]), int(match[2])) if match else None


def _picture(source: Path, cache: Path, form: str) -> Path:
    """The picture as it is published, from the cache if it was made before."""
    data = source.read_bytes()
    digest = hashlib.sha256(f"{_RECIPE} {MOST} {form} ".encode() + data).hexdigest()[:32]
    suffix = source.suffix.lower()
    known = next(cache.glob(f"{digest}-*{suffix}"), None)
    if known is not None:
        return known
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f"{digest}.{os.getpid()}.partial"
    size = _write(source, partial, form)
    return partial.replace(cache / f"{digest}-{size[0]}x{size[1]}{suffix}")


def _write(source: Path, target: Path, form: str) -> tuple[int, int]:
    from PIL import Image, ImageOps

    with Image.open(source) as opened:
        opened.load()
        if opened.format == form and max(opened.size) <= MOST and set(opened.info) <= _HARMLESS:
            shutil.copyfile(source, target)
            return opened.size
        if getattr(opened, "n_frames", 1) > 1:
            return _animation(opened, target, form)
        picture = ImageOps.exif_transpose(opened)
        picture.thumbnail((MOST, MOST), Image.Resampling.LANCZOS)
        _save(picture, target, form)
        return picture.size


def _save(picture: Any, target: Path, form: str) -> None:
    kept = {key: picture.info[key] for key in ("icc_profile", "transparency") if key in picture.info}
    picture.info = dict(kept)
    if form == "JPEG" and picture.mode not in {"RGB", "L"}:
        picture = picture.convert("RGB")
    picture.save(target, form, **_HOW.get(form, {}), **kept)


def _animation(picture: Any, target: Path, form: str) -> tuple[int, int]:
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
