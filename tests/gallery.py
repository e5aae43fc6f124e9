"""Writes `build/gallery/index.html`: the sample house's letters, then those with everything that Markdown can do.

`--pictures` also makes the pictures of letters in `docs/images/`; `--shots FOLDER` one of every letter, to look at.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.enclosed import enclose  # noqa: E402 - the path comes first
from pipeline.gallery import SCHEMES, WIDTHS, Shown, forced, page, samples  # noqa: E402 - the path comes first
from pipeline.outgoing import Letter  # noqa: E402 - the path comes first
from pipeline.packaged import own_or_packaged  # noqa: E402
from pipeline.reading import read_house  # noqa: E402
from pipeline.stationery import load_stationery  # noqa: E402
from tests import letters_house  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PICTURES = {
    "letter.png": ("digest · en", 375, "light", 980),
    "letter-dark.png": ("single · zh", 375, "dark", 980),
    "letter-ar.png": ("single-ar", 375, "light", 980),
    "letter-ja.png": ("digest-ja", 375, "light", 980),
}
"""Pictures of the documentation: which letter, how wide, in which light, and how much of its height."""


def gather() -> list[Shown]:
    """The sample house's letters and the tests' own."""
    house = read_house(ROOT, {}, os.environ, NOW)
    own = samples(house, load_stationery(own_or_packaged(ROOT, "templates")), NOW)
    return own + [Shown(name, seen(made())) for name, made in letters_house.SAMPLES.items()]


def seen(letter: Letter) -> Letter:
    """The letter with real pictures in place of the tests' own."""
    real = enclose(ROOT / "content", "media/balcony.jpg")
    return replace(letter, inline=tuple(replace(one, data=real.data) for one in letter.inline if real))


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--allow-file-access-from-files"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


def shoot(chromium: Any, one: Shown, width: int, scheme: str, height: int, scale: float = 1) -> Image.Image:
    """A picture of a letter; ``height`` 0 is all of it."""
    media = (ROOT / "content" / "media").as_uri()
    html = forced(one.letter, scheme, "https://lin.example.org/", "media-of-the-site/")
    html = html.replace("media-of-the-site/media", media).replace("media-of-the-site/", "")
    file = ROOT / "build" / "gallery" / "one.html"
    file.write_text(html, "utf-8")
    tab = chromium.new_page(viewport={"width": width, "height": height or 800}, device_scale_factor=scale)
    tab.context.set_offline(True)
    tab.goto(file.as_uri())
    data = tab.screenshot(full_page=not height)
    tab.close()
    file.unlink()
    return Image.open(io.BytesIO(data)).convert("RGB")


def main() -> None:
    """Writes what was asked for."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--pictures", action="store_true")
    asked.add_argument("--shots", type=Path)
    asked.add_argument("--only", default="", help="with --shots: those whose name holds this")
    options = asked.parse_args()
    shown = gather()
    folder = ROOT / "build" / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    text = page(shown, "https://lin.example.org/", "../../content/")
    (folder / "index.html").write_text(text, "utf-8")
    sys.stdout.write("build/gallery/index.html\n")
    by_name = {one.name: one for one in shown}
    if options.pictures:
        with browser() as chromium:
            for name, (which, width, scheme, height) in PICTURES.items():
                picture = shoot(chromium, by_name[which], width, scheme, height, 1.5)
                picture.quantize(96, dither=Image.Dither.NONE).save(ROOT / "docs/images" / name, optimize=True)
    if options.shots:
        options.shots.mkdir(parents=True, exist_ok=True)
        with browser() as chromium:
            for one in [one for one in shown if options.only in one.name]:
                for width in WIDTHS:
                    for scheme in SCHEMES:
                        # The house's own are named `digest · en`, those of the tests `digest-en`.
                        name = f"{one.name.replace(' · ', '-of-the-house-')}.{width}.{scheme}.png"
                        shoot(chromium, one, width, scheme, 0).save(options.shots / name)


if __name__ == "__main__":
    main()
