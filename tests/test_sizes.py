"""Pictures in sizes: what a phone loads, and what is left of a large photo."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from lxml import html as parser
from PIL import Image

from pipeline import site
from pipeline.finish import finish
from pipeline.sizes import WIDTHS, narrower, widths
from tests.site_house import house, post
from tests.test_site import located


def noise(size: tuple[int, int], form: str, **how: object) -> bytes:
    """A picture that does not shrink to nothing."""
    made = BytesIO()
    small = Image.effect_noise((size[0] // 8, size[1] // 8), 60).convert("RGB")
    small.resize(size).save(made, form, **how)
    return made.getvalue()


def published(root: Path, name: str, data: bytes) -> tuple[Path, str]:
    media = root / "content" / "media"
    media.mkdir(parents=True)
    (media / name).write_bytes(data)
    given = house(post("a", "2026-01-01", ("en", "A", f"![A river](../media/{name})")))
    site.build(given, root)
    out = root / "build" / "site"
    return out, (out / "posts" / "a" / "index.html").read_text("utf-8")


def test_a_photo_of_twelve_megapixels_becomes_a_few_small_ones_without_a_trace(tmp_path: Path) -> None:
    data = noise((4032, 3024), "JPEG", quality=92, exif=located(), comment=b"my street")
    out, text = published(tmp_path, "river.jpg", data)
    (picture,) = parser.document_fromstring(text).xpath("//picture")
    (source,), (image,) = picture.xpath("./source"), picture.xpath(".//img")
    offered = [one.split() for one in source.get("srcset").split(", ")]
    assert [width for _, width in offered] == ["480w", "800w", "1200w"]
    assert (image.get("width"), image.get("height"), image.get("loading")) == ("1200", "1600", "lazy")
    for address, width in [*offered, [image.get("src"), "1200w"]]:
        file = out / address.removeprefix("/blog/")
        with Image.open(file) as opened:
            assert f"{opened.width}w" == width
            assert opened.height == round(opened.width * 4 / 3)
            assert not opened.getexif()
            assert not {"exif", "xmp", "comment"} & set(opened.info)
        assert file.stat().st_size < len(data) / 4
        assert b"PhoneMaker" not in file.read_bytes()


def test_browsers_without_webp_get_the_picture_itself(tmp_path: Path) -> None:
    out, text = published(tmp_path, "a.png", noise((1000, 500), "PNG"))
    page = parser.document_fromstring(text)
    assert page.xpath("//picture/source/@type") == ["image/webp"]
    assert (out / "media" / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "</source>" not in text


@pytest.mark.parametrize(
    ("width", "suffix", "expected"),
    [
        (1600, ".jpg", WIDTHS),
        (1280, ".JPG", WIDTHS),
        (600, ".png", (480, 600)),
        (90, ".webp", (90,)),
        (900, ".gif", ()),
    ],
)
def test_no_picture_is_made_wider_than_it_is(width: int, suffix: str, expected: tuple[int, ...]) -> None:
    assert widths(width, suffix) == expected


def test_what_would_not_be_smaller_is_not_offered(tmp_path: Path) -> None:
    data = BytesIO()
    Image.new("1", (700, 40)).save(data, "PNG")
    file = tmp_path / "x.png"
    file.write_bytes(data.getvalue())
    found = narrower(file, (700, 40))
    assert all(one.stat().st_size < file.stat().st_size for one in found.values())
    assert narrower(file, (700, 40)) == found


def test_a_moving_picture_keeps_moving(tmp_path: Path) -> None:
    frames = [Image.effect_noise((900, 300), 90).convert("RGB") for _ in range(2)]
    data = BytesIO()
    frames[0].save(data, "WEBP", save_all=True, append_images=frames[1:])
    _, text = published(tmp_path, "a.webp", data.getvalue())
    assert not parser.document_fromstring(text).xpath("//picture")


def test_what_an_author_sized_by_hand_stays_so() -> None:
    sizes, siblings = {"/a.jpg": (900, 300)}, {"/a.jpg": ((480, "/a.jpg.480.webp"),)}
    own = '<picture><source srcset="/b.webp"><img src="/a.jpg"></picture>'
    for html in (own, '<img src="/a.jpg" style="width: 3em">', '<img src="/a.jpg" srcset="/c.jpg 2x">'):
        assert "480w" not in finish(html, sizes, siblings)
    assert finish('<p>a<img src="/a.jpg">b</p>', sizes, siblings).endswith("</picture>b</p>")
    assert 'width="450" height="150"' in finish('<img src="/a.jpg" width="450px">', sizes, siblings)
    assert 'style="width: 80%;"' in (half := finish('<img src="/a.jpg" width="80%">', sizes, siblings))
    assert 'height="300"' in half
    assert 'width="9" height="9"' in finish('<img src="/a.jpg" width="9" height="9">', sizes, siblings)
    small = finish('<img src="/a.jpg" width="120">', sizes, siblings)
    assert 'sizes="120px"' in small


def test_a_picture_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published(tmp_path, "a.jpg", noise((1000, 500), "JPEG"))
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: pytest.fail("made again"))
    site.build(house(post("a", "2026-01-01", ("en", "B", "![x](../media/a.jpg)"))), tmp_path)
