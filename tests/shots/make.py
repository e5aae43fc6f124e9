"""Takes the pictures of docs/looks.md: the sample house in Debian's Chromium, on a desk by day, on a phone by night.

make shots
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPO = HERE.parent.parent
sys.path[:0] = [str(REPO), str(REPO / "tests")]

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
PAGES = {
    "home": "",
    "post-en": "posts/magnifier/",
    "post-zh": "zh/posts/lease-pause/",
    "post-ar": "ar/posts/lease-pause/",
    "updates": "updates/",
    "archive": "archive/",
    "tag": "tags/running/",
    "subscribe": "subscribe/",
    "lost": "no/such/page/",
}
"""Pictures by name, and the page each of them shows."""

DESK, PHONE = (1280, 960), (390, 960)


def house(folder: Path) -> Path:
    """The sample house with a post in Arabic, built as it stood on one day."""
    import houses

    for name in ("content", "site", "templates"):
        shutil.copytree(REPO / name, folder / name)
    for name in ("subscribers.yml", "pyproject.toml"):
        shutil.copy(REPO / name, folder / name)
    shutil.copy(HERE / "lease-pause.ar.md", folder / "content" / "posts")
    ran = houses.run(folder, "build", now=NOW)
    if ran.code:
        raise SystemExit(ran.err)
    return folder / "build" / "site"


def shot(browser: Any, address: str, size: tuple[int, int], scheme: str) -> Any:
    """A page as one window shows it."""
    from PIL import Image

    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    tab = context.new_page()
    tab.goto(address, wait_until="networkidle")
    data = tab.screenshot()
    context.close()
    return Image.open(BytesIO(data)).convert("RGB")


def beside(desk: Any, phone: Any) -> Any:
    """Both windows as one picture, at half their size."""
    from PIL import Image

    edge = 16
    both = Image.new("RGB", (desk.width + phone.width + 3 * edge, desk.height + 2 * edge), "#c9c7bf")
    both.paste(desk, (edge, edge))
    both.paste(phone, (desk.width + 2 * edge, edge))
    return both.resize((both.width // 2, both.height // 2), Image.Resampling.LANCZOS)


def main(target: Path) -> None:
    """Takes all pictures into ``target``."""
    from playwright.sync_api import sync_playwright

    from tests.browsing import CHROMIUM, served

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play, served(house(Path(folder))) as address:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        for name, path in PAGES.items():
            there = address.removesuffix("blog/") + path
            both = beside(shot(browser, there, DESK, "light"), shot(browser, there, PHONE, "dark"))
            both.save(target / f"site-{name}.webp", "WEBP", quality=82, method=6)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPO / "docs" / "images")
