"""What looks like a leak and is none must not stop a run; what is one beside it still does."""

from __future__ import annotations

import dataclasses
import io
import random
from pathlib import Path

import houses
import pytest
from houses import run, text
from PIL import Image, PngImagePlugin
from small import SETTINGS, circle, entry, house, person

from pipeline.leak import Output
from pipeline.leakcheck import LeakCheck
from pipeline.model import EVERYONE, House, Opening, Version
from pipeline.pictext import written_in
from pipeline.privacy import told_to
from pipeline.settings import Privacy

ANNS = """\
version: 1
circles:
  inner: {title: Close, cadence: each, reads: [inner, public]}
people:
  - {id: ann, name: Ann, circles: [inner], address: ann@example.org, state: subscribed}
  - {id: ann-m, name: Ann Miller, circles: [inner], address: p@example.net, state: subscribed}
  - {id: am2, name: Ann Miller, circles: [inner], address: grace.p@example.net, state: subscribed}
  - {id: grace, name: Grace, circles: [inner], address: g@example.net, state: subscribed}
  - {id: zoe, name: Zoe Quarles, circles: [inner], address: ann.zoe@example.org, state: subscribed}
"""


def named(*called: tuple[str, str, str], body: str = "Words.", names: tuple[str, ...] = (), **more: object) -> House:
    people = [dataclasses.replace(person(who, "inner", address=to), name={"": name}) for who, name, to in called]
    version = Version("en", "A walk", "", body, "content/posts/walk.md", names=names)
    made = house(
        [entry("walk", versions=(version,))], [circle("inner"), circle("friends", title={"": "Friends"})], people
    )
    return dataclasses.replace(made, **more)


def found(of: House, said: str, audience: frozenset[str] = EVERYONE, own: str = "") -> list[str]:
    output = Output("x", audience, said.encode(), frozenset({own} - {""}))
    return [leak.said() for leak in LeakCheck(of, Path("nowhere")).look(output)]


def test_friends_who_share_a_name_or_an_address_get_their_emails(tmp_path: Path) -> None:
    root = houses.house(tmp_path, {"subscribers.yml": ANNS})
    done = run(root, "publish", "--yes")
    assert (done.code, done.err) == (0, "")


TWO = (("ann", "Ann", "ann@example.net"), ("am", "Ann Miller", "mary.ann@example.net"))


def test_a_part_of_a_readers_own_name_or_address_is_no_leak_in_their_email_only() -> None:
    of = named(*TWO)
    assert not found(of, "Hello Ann Miller, Ann", own="am")
    assert not found(of, "To: mary.ann@example.net", own="am")
    assert found(of, "write to ann@example.net", own="am"), "the other's address, on its own, is one"
    assert found(of, "Hello Ann Miller", own="ann")
    assert found(of, "Hello Ann")


def test_whoever_is_named_on_purpose_may_share_their_name() -> None:
    twice = (*TWO, ("am2", "Ann Miller", "am2@example.net"))
    assert not found(named(*twice, body="Ann Miller came.", names=("am",)), "<p>Ann Miller came.</p>")
    assert not found(named(*twice, settings=dataclasses.replace(SETTINGS, privacy=Privacy(("am",)))), "Ann Miller came")
    assert found(named(*twice, body="Ann Miller came."), "<p>Ann Miller came.</p>")


def opening(words: str, *circles: str, names: tuple[str, ...] = ()) -> Opening:
    version = Version("en", "", "", words, "content/letters/2026-11.md", names=names)
    return Opening("2026-11", circles, entry("x").date, version)


def test_words_of_an_opening_are_its_authors_own_where_it_is_said() -> None:
    of = named(("grace", "Grace", "g@example.net"), openings=(opening("Dear friends, say hello to Grace.", "friends"),))
    heard = EVERYONE | {told_to("friends")}
    assert not found(of, "Dear friends, say hello to Grace.", heard)
    assert found(of, "Dear friends, say hello to Grace.")
    assert found(of, "Hello Grace, here is your email", heard)


def test_a_full_name_in_an_opening_is_allowed_in_its_front_matter(tmp_path: Path) -> None:
    people = houses.PEOPLE.replace("name: Tom", "name: Tom Hargreaves")
    said = text("date: 2026-11-01", "Tom Hargreaves has a new boat.\n")
    files = {"subscribers.yml": people, "content/letters/2026-11.md": said}
    root = houses.house(tmp_path, files)
    for number in (1, 2):
        (root / f"content/posts/n{number}.md").write_text(text(f"title: N{number}\ndate: 2026-11-19"), "utf-8")
    done = run(root, "build")
    assert done.code == 1
    assert "write `names: [tom]` in the front matter of content/letters/2026-11.md" in done.err
    (root / "content/letters/2026-11.md").write_text(said.replace("date:", "names: [tom]\ndate:"), "utf-8")
    assert run(root, "build").code == 0


OWN = (
    "home list letters new posts updates feed feeds tags archive index path color item entry image day content".split()
)


def test_a_circle_or_person_may_be_called_by_a_word_of_the_program(tmp_path: Path) -> None:
    rows = "".join(f"  {name}: {{title: {name.title()}, cadence: each, reads: [{name}, public]}}\n" for name in OWN)
    people = "people:\n  - {id: table, name: Qoro, circles: [home], address: q@example.org, state: subscribed}\n"
    chinese = "  shouye: {title: 文章, cadence: each, reads: [public]}\n"
    root = houses.house(tmp_path, {"subscribers.yml": f"version: 1\ncircles:\n{rows}{chinese}{people}"})
    done = run(root, "build")
    assert (done.code, done.err) == (0, "")


def test_a_circles_name_that_is_no_word_of_the_program_is_still_found() -> None:
    assert found(named(), 'class="friends"') and found(named(), 'class="for-inner"')
    magnet = named(("magnet", "Magnet", "m@example.net"))
    assert found(magnet, "Hello Magnet, nice to meet you"), "a name is one, whatever words programs have"


@pytest.mark.parametrize("name", ["周末", "安静", "小雨", "快乐"])
def test_a_chinese_name_that_is_a_word_counts_only_where_the_author_did_not_write_it(name: str) -> None:
    of = named(("zm", name, "z@example.net"), body=f"这个{name}我们去爬山。")
    assert not found(of, f"<p>这个{name}我们去爬山。</p>")
    assert found(of, f"<p>{name}，你好</p>")


def test_a_chinese_full_name_is_still_one_in_every_text() -> None:
    of = named(("cw", "陈伟", "c@example.net"), body="和陈伟去爬山。")
    assert found(of, "<p>和陈伟去爬山。</p>")


def photo(kind: str, seed: int, **more: object) -> bytes:
    made, chance = io.BytesIO(), random.Random(seed)
    Image.frombytes("RGB", (180, 180), chance.randbytes(180 * 180 * 3)).save(made, kind, **more)
    return made.getvalue()


def test_the_bytes_of_pictures_and_films_are_no_words() -> None:
    of = named(*((f"p{number}", f"P{number}", f"p{number}@example.net") for number in range(300)))
    film = b"\x00\x00\x00\x18ftypmp42" + random.Random(7).randbytes(3_000_000)
    for data in (*(photo(kind, seed) for seed in range(4) for kind in ("JPEG", "WEBP", "PNG")), film):
        assert not found(of, written_in(data).decode("utf-8", "replace"))


SAID = "Tom Hargreaves"


def png_texts() -> dict[str, bytes]:
    plain, packed = PngImagePlugin.PngInfo(), PngImagePlugin.PngInfo()
    plain.add_text("Title", SAID)
    packed.add_itxt("Description", SAID, zip=True)
    return {"a PNG's text": photo("PNG", 1, pnginfo=plain), "a PNG's packed text": photo("PNG", 1, pnginfo=packed)}


def exif() -> Image.Exif:
    made = Image.Exif()
    made[0x010E] = SAID
    return made


IPTC = b"Photoshop 3.0\0008BIM\x04\x04\0\0\0\0\0\x13\x1c\x02\x78\0\x0e" + SAID.encode()
JPEG = photo("JPEG", 1)
WITH_TEXT = {
    **png_texts(),
    "EXIF": photo("JPEG", 1, exif=exif()),
    "EXIF of a WebP": photo("WEBP", 1, exif=exif()),
    "XMP of a WebP": photo("WEBP", 1, xmp=f"<x:xmpmeta>{SAID}</x:xmpmeta>".encode()),
    "a comment": photo("JPEG", 1, comment=SAID.encode()),
    "IPTC": JPEG[:2] + b"\xff\xed" + (len(IPTC) + 2).to_bytes(2) + IPTC + JPEG[2:],
    "behind the end": JPEG + SAID.encode(),
    "a recording's title": b"ID3\x03\0\0\0\0\0\x19TIT2\0\0\0\x0f\0\0\0" + SAID.encode() + b"\xff\xfb\0\0",
    "a film's title": b"\0\0\0\x18ftypmp42\0\0\0\0\0\0\0\x26\xa9nam\0\0\0\x1edata\0\0\0\x01\0\0\0\0" + SAID.encode(),
    "a PDF's title": b"%PDF-1.4\n\0 << /Title (" + SAID.encode() + b") >>",
    "a PDF's wide title": b"%PDF-1.4\n\0 << /Title <" + ("\ufeff" + SAID).encode("utf-16-be").hex().encode() + b"> >>",
    "subtitles in UTF-16": SAID.encode("utf-16"),
}


@pytest.mark.parametrize("data", WITH_TEXT.values(), ids=WITH_TEXT)
def test_what_can_be_read_in_a_binary_file_counts(data: bytes) -> None:
    of = named(("tom", SAID, "t@example.net"))
    assert found(of, written_in(data).decode("utf-8", "replace"))
