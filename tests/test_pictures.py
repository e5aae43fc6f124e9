"""Nothing but the picture is published: what cameras and programs wrote into it stays at home, and is counted."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from houses import Files, house, run, text
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from pipeline.album import Album, plain_picture
from pipeline.enclosed import enclose
from pipeline.links import Links
from pipeline.svg import cleaned
from pipeline.traces import LOCATION, traces

CANARY = b"Rua Nova 27"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>23,6.5N</exif:GPSLatitude>Rua Nova 27</x:xmpmeta>'
LINKS = Links("https://house.example.org/", "en", ("en",))


def exif(*, gps: bool = True, turned: int = 1) -> Image.Exif:
    """What a phone writes: who, when, where, and how it was held."""
    made = Image.Exif()
    made[0x010F] = CANARY.decode()
    made[0x0112] = turned
    if gps:
        made.get_ifd(0x8825)[2] = (23.0, 6.0, 32.0)
    return made


def picture(size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue."""
    made = Image.new("RGB", size, "#d02020")
    made.paste("#2020d0", (size[0] // 2, 0, *size))
    return made.convert(mode)


def saved(form: str, made: Image.Image | None = None, **how: Any) -> bytes:
    out = BytesIO()
    (made or picture()).save(out, form, **how)
    return out.getvalue()


def segment(mark: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, mark, len(data) + 2) + data


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def inserted(data: bytes, at: int, part: bytes) -> bytes:
    return data[:at] + part + data[at:]


def jpeg_with(mark: int, data: bytes) -> bytes:
    return inserted(saved("JPEG"), 2, segment(mark, data))


def png_with(kind: bytes, data: bytes) -> bytes:
    plain = saved("PNG")
    return inserted(plain, plain.index(b"IDAT") - 4, chunk(kind, data))


def texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("version", CANARY.decode())
    return info


def gif_with(part: bytes) -> bytes:
    plain = saved("GIF")
    return inserted(plain, plain.index(b"\x2c", 13 + (3 << ((plain[10] & 7) + 1))), part)


IPTC = b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x10\x1c\x02\x5a\0\x0bRua Nova 27"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LADEN: dict[str, tuple[str, Callable[[], bytes], set[str]]] = {
    "exif": ("jpg", lambda: saved("JPEG", exif=exif()), {"exif", LOCATION}),
    "exif without a place": ("jpg", lambda: saved("JPEG", exif=exif(gps=False)), {"exif"}),
    "xmp": ("jpg", lambda: saved("JPEG", xmp=XMP), {"xmp", LOCATION}),
    "iptc": ("jpg", lambda: jpeg_with(0xED, IPTC), {"iptc", LOCATION}),
    "comment": ("jpg", lambda: saved("JPEG", comment=CANARY), {"comment"}),
    "profile": ("jpg", lambda: saved("JPEG", icc_profile=SRGB), {"profile"}),
    "content credentials": ("jpg", lambda: jpeg_with(0xEB, b"JP\0\0jumb" + CANARY), {"other"}),
    "a small picture in JFIF": ("jpg", lambda: jpeg_with(0xE0, b"JFXX\0" + CANARY), {"other"}),
    "a film behind the end": ("jpg", lambda: saved("JPEG") + b"\0\0\0\x18ftypmp42" + CANARY, {"other"}),
    "png text": ("png", lambda: saved("PNG", pnginfo=texts()), {"comment"}),
    "png exif": ("png", lambda: saved("PNG", exif=exif()), {"exif", LOCATION}),
    "png xmp": ("png", lambda: png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP), {"xmp", LOCATION}),
    "png time": ("png", lambda: png_with(b"tIME", b"\x07\xea\x0b\x15\x08\x1e\x00"), {"time"}),
    "png own chunk": ("png", lambda: png_with(b"caBX", CANARY), {"other"}),
    "behind a png": ("png", lambda: saved("PNG") + CANARY, {"other"}),
    "webp exif": ("webp", lambda: saved("WEBP", exif=exif()), {"exif", LOCATION}),
    "webp xmp": ("webp", lambda: saved("WEBP", xmp=XMP), {"xmp", LOCATION}),
    "gif comment": ("gif", lambda: saved("GIF", comment=CANARY), {"comment"}),
    "gif xmp": ("gif", lambda: gif_with(b"\x21\xff\x0bXMP DataXMP" + bytes([len(XMP)]) + XMP + b"\0"),
                {"xmp", LOCATION}),
    "a jpeg under another name": ("bin", lambda: saved("JPEG", exif=exif()), {"exif", LOCATION}),
}  # fmt: skip


def published(tmp_path: Path, name: str, data: bytes) -> bytes:
    """The bytes that the album gives to the site for a file of this name."""
    (tmp_path / "content" / "media").mkdir(parents=True, exist_ok=True)
    (tmp_path / "content" / "media" / name).write_bytes(data)
    album = Album(tmp_path / "content", tmp_path / "cache", LINKS)
    assert album.address(f"media/{name}"), album.problems
    return album.files[f"media/{name}"].read_bytes()


@pytest.mark.parametrize("what", sorted(LADEN))
def test_every_trace_is_known_and_gone_from_site_and_letter(tmp_path: Path, what: str) -> None:
    suffix, make, names = LADEN[what]
    data = make()
    assert traces(data) == names
    made = published(tmp_path, f"x.{suffix}", data)
    carried = enclose(tmp_path / "content", f"media/x.{suffix}")
    assert carried is not None
    for one in (made, carried.data):
        assert not traces(one)
        assert CANARY not in one
        with Image.open(BytesIO(one)) as opened:
            opened.load()
            assert not dict(opened.getexif())
            assert not set(opened.info) & {"exif", "xmp", "comment", "icc_profile", "photoshop", "version_"}
            assert opened.size == (60, 40)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_what_is_nothing_but_a_picture_stays_byte_for_byte(tmp_path: Path, form: str) -> None:
    data = saved(form)
    assert not traces(data)
    assert published(tmp_path, f"x.{form.lower().replace('jpeg', 'jpg')}", data) == data


@pytest.mark.parametrize(("turned", "size", "corner"), [(1, (60, 40), "red"), (3, (60, 40), "blue"),
                                                        (6, (40, 60), "red"), (8, (40, 60), "blue")])  # fmt: skip
def test_a_picture_stays_upright_without_the_note_that_turned_it(
    tmp_path: Path, turned: int, size: tuple[int, int], corner: str
) -> None:
    for form, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")):
        made = published(tmp_path, f"{turned}.{suffix}", saved(form, exif=exif(turned=turned)))
        with Image.open(BytesIO(made)) as opened:
            red, _, blue = opened.convert("RGB").getpixel((2, 2))
            assert opened.size == size
            assert ("red" if red > blue else "blue") == corner


def swapped() -> bytes:
    """A profile of a screen on which red is blue and blue is red."""
    names = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ", b"rTRC": b"bTRC", b"bTRC": b"rTRC"}
    rows = range(132, 132 + 12 * int.from_bytes(SRGB[128:132]), 12)
    made = bytearray(SRGB)
    for at in rows:
        made[at : at + 4] = names.get(SRGB[at : at + 4], SRGB[at : at + 4])
    return bytes(made)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_of_another_screen_are_turned_into_common_ones(tmp_path: Path, mode: str) -> None:
    """The profile goes, what is seen stays: the left half, red in numbers, was blue on that screen."""
    made = published(tmp_path, "x.png", saved("PNG", picture(mode=mode), icc_profile=swapped()))
    with Image.open(BytesIO(made)) as opened:
        red, _, blue = opened.convert("RGB").getpixel((2, 2))
    assert blue > red + 100


def test_a_profile_that_nobody_can_read_or_that_has_no_colours_is_passed_over(tmp_path: Path) -> None:
    for number, (form, mode, profile) in enumerate(
        [("JPEG", "RGB", b"no profile"), ("PNG", "L", SRGB), ("PNG", "LA", SRGB), ("JPEG", "CMYK", SRGB)]
    ):
        data = saved(form, picture(mode=mode), icc_profile=profile)
        assert not traces(published(tmp_path, f"{number}.{form[:3].lower().replace('jpe', 'jpg')}", data))


def test_a_picture_with_several_inside_is_its_first(tmp_path: Path) -> None:
    """Telephones put a second picture behind the first (MPO)."""
    many = saved("MPO", save_all=True, append_images=[picture((30, 20))])
    made = published(tmp_path, "x.jpg", many)
    with Image.open(BytesIO(made)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (60, 40))


def test_moving_pictures_go_on_moving(tmp_path: Path) -> None:
    for form, suffix in (("GIF", "gif"), ("WEBP", "webp"), ("PNG", "png")):
        frames = [picture(), picture().rotate(90), picture().rotate(180)]
        how: dict[str, Any] = {"comment": CANARY} if form == "GIF" else {"exif": exif()}
        data = saved(form, frames[0], save_all=True, append_images=frames[1:], duration=80, **how)
        assert traces(data)
        made = published(tmp_path, f"x.{suffix}", data)
        with Image.open(BytesIO(made)) as opened:
            assert opened.n_frames == 3
        assert CANARY not in made


@pytest.mark.parametrize("name", ["x.heic", "x.tif", "x.DNG", "x.svgz"])
def test_a_picture_that_cannot_be_looked_into_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / name).write_bytes(b"any")
    album = Album(tmp_path / "content", tmp_path / "cache", LINKS)
    assert album.address(name) is None
    assert "Save it as JPEG, PNG or WebP." in str(album.problems[0])


@given(st.sampled_from(sorted(LADEN)), st.data())
def test_a_broken_picture_is_a_problem_and_never_passes_with_a_trace(what: str, draw: st.DataObject) -> None:
    _, make, _ = LADEN[what]
    data = bytearray(make())
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, min(len(data) - 1, 300)))] = draw.draw(st.integers(0, 255))
    cut = bytes(data[: draw.draw(st.integers(1, len(data)))])
    try:
        made, _ = plain_picture(cut, "")
    except (OSError, ValueError, SyntaxError):
        return
    assert not traces(made)


# films


def box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I", len(data) + 8) + kind + data


def film(*described: bytes) -> bytes:
    return (
        box(b"ftyp", b"qt  ") + box(b"mdat", b"\xa9xyz loci " * 9) + box(b"moov", box(b"mvhd", bytes(20)), *described)
    )


@pytest.mark.parametrize(
    "part",
    [
        box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+23.1089+113.3245/")),
        box(b"meta", box(b"keys", b"com.apple.quicktime.location.ISO6709")),
        box(b"trak", box(b"stsd", b"gpmd")),
    ],
)
def test_a_film_that_names_a_place_is_refused_with_a_way_to_take_it_out(tmp_path: Path, part: bytes) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "walk.MOV").write_bytes(film(part))
    album = Album(tmp_path / "content", tmp_path / "cache", LINKS)
    assert album.address("walk.MOV") is None
    assert "says where it was made. Take that out" in str(album.problems[0])


@pytest.mark.parametrize("data", [film(), b"", b"\0\0\0\1moov", b"\0\0\0\0mdat\xa9xyz", b"no film at all"])
def test_other_films_are_published_as_they_are(tmp_path: Path, data: bytes) -> None:
    assert published(tmp_path, "walk.mp4", data) == data


# drawings

JPEG_INSIDE = base64.b64encode(saved("JPEG", exif=exif())).decode()
DRAWING = f"""<?xml version="1.0"?>
<!-- Rua Nova 27 -->
<?xml-stylesheet href="https://elsewhere.example.org/x.css"?>
<!DOCTYPE svg [<!ENTITY who "Rua Nova 27">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" sodipodi:docname="/home/Rua Nova 27/a.svg"
     viewBox="0 0 10 10" onload="alert('Rua Nova 27')" data-name="Rua Nova 27">
  <title>Two circles</title>
  <metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">Rua Nova 27</rdf:RDF></metadata>
  <sodipodi:namedview pagecolor="Rua Nova 27"/>
  <script>alert("Rua Nova 27")</script>
  <style>@import url(https://elsewhere.example.org/y.css); .a {{ fill: url(#g) }} .b {{ fill: url('//elsewhere/z') }}
  </style>
  <foreignObject><p xmlns="http://www.w3.org/1999/xhtml">Rua Nova 27</p></foreignObject>
  <linearGradient id="g"><stop stop-color="red"/></linearGradient>
  <a href="https://house.example.org/"><circle class="a" r="1" fill="url(#g)"/></a>
  <a xlink:href="javascript:alert(1)"><circle r="2" style="fill:u\\72l(https://elsewhere.example.org/t)"/></a>
  <text>&who;</text>
  <image href="https://elsewhere.example.org/pixel.png"/>
  <image xlink:href="data:image/jpeg;base64,{JPEG_INSIDE}"/>
  <set attributeName="xlink:href" to="javascript:alert(1)"/>
</svg>
"""


def test_a_drawing_keeps_its_lines_and_loses_everything_else(tmp_path: Path) -> None:
    made = published(tmp_path, "x.svg", DRAWING.encode()).decode()
    for gone in ("Rua Nova", "elsewhere", "metadata", "sodipodi", "script", "onload", "DOCTYPE", "<?", "foreignObject",
                 "@import", "<set"):  # fmt: skip
        assert gone not in made, gone
    for kept in ("<title>Two circles</title>", 'viewBox="0 0 10 10"', 'fill="url(#g)"', ".a { fill: url(#g) }",
                 'href="https://house.example.org/"', 'r="2"', "linearGradient"):  # fmt: skip
        assert kept in made, kept
    inside = base64.b64decode(made.partition("data:image/jpeg;base64,")[2].partition('"')[0])
    assert not traces(inside)
    assert CANARY not in inside


def test_a_plain_drawing_has_no_traces_and_what_is_no_drawing_is_a_problem(tmp_path: Path) -> None:
    plain = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1"/></svg>'
    assert cleaned(plain, lambda data: data) == (plain, False)
    assert cleaned(DRAWING.encode(), lambda data: data)[1]
    for broken in (b"<svg", b"<html/>", b"", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'):
        with pytest.raises(ValueError, match=r"."):
            cleaned(broken, lambda data: data)


# the receipt

SHOWN = "![a](../media/a.jpg) ![b](../media/b.png) ![c](../media/c.svg) ![d](../media/d.jpg)\n"
FILES: Files = {
    "content/media/a.jpg": saved("JPEG", exif=exif()),
    "content/media/b.png": saved("PNG", pnginfo=texts()),
    "content/media/c.svg": DRAWING.encode(),
    "content/media/d.jpg": saved("JPEG"),
    "content/media/e.jpg": saved("JPEG", exif=exif()),
    "content/posts/hello.md": text("id: hello\ntitle: Hello\ndate: 2026-11-18", SHOWN),
    "content/posts/us.md": text("id: us\ntitle: Us\nvisibility: inner", "![e](../media/e.jpg)\n"),
}


def test_the_receipt_says_how_many_pictures_were_freed_and_how_many_named_a_place(tmp_path: Path) -> None:
    root = house(tmp_path, FILES)
    said = "Pictures  5 in the texts: 4 freed of metadata, 3 of them of a place"
    assert said in run(root, "publish").out
    assert said in run(root, "publish").out, "also when nothing changed"
    store = json.loads((root / "build" / "cache" / "traces.json").read_text())
    assert sorted(store["pictures"]) == [f"media/{name}" for name in ("a.jpg", "b.png", "c.svg", "d.jpg", "e.jpg")]
    for path in (root / "build").rglob("*"):
        assert not path.is_file() or CANARY not in path.read_bytes(), path
    (root / "content" / "media" / "a.jpg").write_bytes(saved("JPEG", picture((70, 40))))
    (root / "build" / "cache" / "traces.json").write_text("broken")
    assert "5 in the texts: 3 freed of metadata, 2 of them of a place" in run(root, "build").out
