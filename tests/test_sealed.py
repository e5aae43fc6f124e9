"""Sealed pages: who has the link reads what is meant for them; whoever has only the files reads nothing of it."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

import pytest
import small
from houses import Ran, house, run
from PIL import Image
from sealed_house import FILES, PEOPLE, SECRETS, body, letters, links, open_file, open_page, pages, photo

from pipeline.keyring import Keyring
from pipeline.sealed import stamp
from pipeline.sealing import Seals
from pipeline.shell import dressed


def opened(root: Path, who: str, kind: str = "html") -> dict[str, dict[str, object]]:
    """What the links in somebody's letter open, by title or, for an update, its first words."""
    found = {}
    for address, key in links(body(letters(root)[who], kind)):
        page = open_page(root / "build" / "site", address, key)
        found[str(page["title"])] = page
    return found


def test_a_publish_says_quietly_how_many_there_are(published: tuple[Path, Ran]) -> None:
    root, ran = published
    assert ran.code == 0, ran
    assert len(pages(root)) == 6, "the lens for each of the two and in Chinese, orchard, outage, stairs"
    assert re.search(r"Site .* · 6 sealed ", ran.out)
    assert "in no wider one" in ran.out


def test_each_reader_opens_what_is_meant_for_them(published: tuple[Path, Ran]) -> None:
    wei, ana = opened(published[0], "wei"), opened(published[0], "ana")
    assert set(wei) == {"The lens", "Quince and limewash", "Retrying ourselves to death", "A page for you"}
    assert set(ana) == {"The lens", "Retrying ourselves to death"}
    assert "eyesight test" in str(wei["The lens"]["html"])
    assert "wakelock" in str(wei["The lens"]["html"])
    assert "wakelock" in str(ana["The lens"]["html"])
    for words in ("eyesight", "macular", "orchid"):
        assert words not in str(ana["The lens"])
    assert "Nineteen stairs" in str(wei["A page for you"]["html"])


@pytest.mark.parametrize("kind", ["html", "plain"])
def test_every_link_to_an_entry_in_a_letter_leads_to_its_readers_page(published: tuple[Path, Ran], kind: str) -> None:
    root, _ = published
    for who in ("wei", "ana"):
        said = body(letters(root)[who], kind)
        assert "posts/lens/" not in said, "neither its title, nor the line below, nor other texts"
        assert links(said) == [one for one in links(body(letters(root)[who], "html")) if one in links(said)]
        assert set(opened(root, who, kind)) == set(opened(root, who))
    tom = body(letters(root)["tom"], kind)
    assert "https://house.example.org/posts/lens/" in tom
    assert not links(tom)


def test_a_link_to_a_place_inside_a_text_leads_to_that_place_on_its_page(published: tuple[Path, Ran]) -> None:
    said = body(letters(published[0])["wei"], "html")
    assert re.search(r'/s/[a-z2-7]{26}/#[a-z2-7]{52}/what-it-says"', said)


def test_readers_of_different_classes_share_no_key_and_no_address(published: tuple[Path, Ran]) -> None:
    root, _ = published
    wei, ana = (links(body(letters(root)[who], "html")) for who in ("wei", "ana"))
    lens = {who: next(one for one in found if open_page(root / "build/site", *one)["title"] == "The lens")
            for who, found in (("wei", wei), ("ana", ana))}  # fmt: skip
    assert not set(lens["wei"]) & set(lens["ana"])
    with pytest.raises(ValueError, match="does not fit"):
        open_page(root / "build" / "site", lens["wei"][0], lens["ana"][1])


def test_the_text_to_paste_leads_where_its_circle_may_read(published: tuple[Path, Ran]) -> None:
    root, _ = published
    paste = next((root / "build" / "paste").glob("*.txt")).read_text("utf-8")
    titles = {open_page(root / "build" / "site", *one)["title"] for one in links(paste)}
    assert titles == {"The lens", "Retrying ourselves to death"}


def test_nothing_that_can_be_fetched_says_a_word_of_it(published: tuple[Path, Ran]) -> None:
    root, _ = published
    for folder in (root / "build" / "site", root.parent / "online"):
        for path in sorted(folder.rglob("*")):
            named = path.relative_to(folder).as_posix().lower()
            data = path.read_bytes().lower() if path.is_file() else b""
            for words in SECRETS:
                assert words.lower() not in named, path
                assert words.lower().encode() not in data, (words, path)


def test_no_plain_copy_of_a_picture_for_a_few_is_published(published: tuple[Path, Ran]) -> None:
    root, _ = published
    names = {path.name for path in (root / "build" / "site" / "media").iterdir()}
    assert "lens.jpg" in names and all(name.startswith("lens.jpg") for name in names), "and its smaller sizes"
    assert [path.name for path in (root / "build").rglob("orchidphoto*")] == [], "nor on the way there"


def test_pictures_are_sealed_without_what_the_camera_wrote(published: tuple[Path, Ran]) -> None:
    root, _ = published
    site, found = root / "build" / "site", opened(root, "wei")
    kinds = []
    for page in found.values():
        for where, address, key, kind in page["files"]:
            assert where == f"/s/{address}.bin"
            data = open_file(site, address, key)
            assert data
            kinds.append(kind)
            if kind == "image/jpeg":
                with Image.open(io.BytesIO(data)) as picture:
                    assert picture.size == (48, 32)
                    assert not picture.getexif()
                assert b"balcony" not in data
    assert sorted(kinds) == ["application/pdf", "image/jpeg", "image/jpeg", "image/jpeg"]


def test_the_key_of_one_file_opens_no_other(published: tuple[Path, Ran]) -> None:
    root, _ = published
    files = [one for page in opened(root, "wei").values() for one in page["files"]]
    one, other = files[0], files[1]
    assert open_file(root / "build" / "site", one[1], other[2]) is None


def test_no_other_document_knows_of_a_sealed_page(published: tuple[Path, Ran]) -> None:
    root, _ = published
    site = root / "build" / "site"
    known = pages(root)
    others = [path for path in site.rglob("*") if path.is_file() and not path.is_relative_to(site / "s")]
    assert {"sitemap.xml", "robots.txt", "feed.xml", "atom.xml", "feed.json"} <= {path.name for path in others}
    assert any(path.name == "search_index.json" for path in others)
    for path in others:
        data = path.read_bytes()
        assert not [address for address in known if address.encode() in data], path
        assert b'href="/s/' not in data, path


def test_a_page_shows_nothing_but_its_language_before_it_is_opened(published: tuple[Path, Ran]) -> None:
    """Shells of one language are the same to the last byte: only the locked part differs."""
    root, _ = published
    shells: dict[str, set[str]] = {}
    for address in pages(root):
        page = (root / "build/site/s" / address / "index.html").read_text("utf-8")
        lang = re.search(r'<html lang="([^"]+)" dir="ltr" ', page)
        assert lang
        shells.setdefault(lang[1], set()).add(re.sub(r"<template.*?</template>", "", page))
        assert '<meta name="robots" content="noindex,nofollow,noarchive">' in page
        assert '<meta name="referrer" content="no-referrer">' in page
        assert "script-src 'self'" in page
        assert "unsafe" not in page
        assert "<title>A page for you</title>" in page or "<title>给你的一页</title>" in page
        assert not re.search(r'(?:src|href)="(?!/|data:)', page), "nothing from elsewhere"
    assert {lang: len(found) for lang, found in shells.items()} == {"en": 1, "zh": 1}


def test_a_sealed_text_leads_on_only_where_its_readers_may_go(published: tuple[Path, Ran]) -> None:
    root, _ = published
    site = root / "build" / "site"
    for who, able in (("wei", {"The plan", "the outage"}), ("ana", {"the outage"})):
        html = str(opened(root, who)["The lens"]["html"])
        linked = dict(re.findall(r'<a href="(/[^"]*)">([^<]*)</a>', html))
        sealed_links = {words: href for href, words in linked.items() if href.startswith("/s/")}
        assert set(sealed_links) - {"中文"} == able
        for href in sealed_links.values():
            address, key = href.removeprefix("/s/").split("/#")
            open_page(site, address, key.split("/")[0])
        assert linked["/about/"] == "about me"
    orchard = str(opened(root, "wei")["Quince and limewash"]["html"])
    assert re.search(r'href="/s/[a-z2-7]{26}/#[a-z2-7]{52}/what-it-says">the lens<', orchard)
    assert re.search(r'href="/s/[a-z2-7]{26}/#[a-z2-7]{52}">the outage<', orchard)


def test_a_sealed_text_names_its_other_languages_as_their_readers_have_them(published: tuple[Path, Ran]) -> None:
    root, _ = published
    wei, ana = (str(opened(root, who)["The lens"]["html"]) for who in ("wei", "ana"))
    assert re.search(r'<a href="/s/[^"]+" lang="zh">中文</a>', wei)
    assert 'lang="en">English</a>' not in wei, "which it is written in itself"
    assert '<a href="/zh/posts/lens/" lang="zh">中文</a>' in ana, "the Chinese text has nothing more for her"


def test_nobody_and_no_circle_is_named_even_inside(published: tuple[Path, Ran]) -> None:
    for page in opened(published[0], "wei").values():
        for name in ("zirkel", "werkstatt", "weiwei", "Wei Chen", "wei@example.org"):
            assert name not in json.dumps(page, ensure_ascii=False)


def test_an_opened_text_asks_for_nothing_in_the_open_and_runs_nothing(published: tuple[Path, Ran]) -> None:
    html = str(opened(published[0], "wei")["Quince and limewash"]["html"])
    for bad in ("<script", "<iframe", "onerror", "style=", "src=", "media/"):
        assert bad not in html, bad
    assert '<a href="https://films.example.org/orchard">A film of it</a>' in html
    assert '<td align="right">41</td>' in html
    assert 'data-name="deedscan.pdf"' in html


def test_attributes_that_ask_or_run_are_taken_out_of_a_body() -> None:
    html = (
        '<p style="text-align: center" onclick="x()">a</p><img src="/media/a.png" srcset="/media/b.png 2x" alt="A">'
        '<img src="/media/other.png" alt="B"><video src="/media/c.mp4" poster="/media/d.png"></video><form action="/x">'
        '</form><object data="x"></object><a href="/media/e.pdf" ping="/p" download="e">e</a><link href="/f.css">'
    )
    known = {"/media/a.png": "media/a.png", "/media/c.mp4": "media/c.mp4", "/media/e.pdf": "media/e%20f.pdf"}
    made, files = dressed(html, known)
    assert files == ["media/a.png", "media/c.mp4", "media/e%20f.pdf"]
    assert made == (
        '<p align="center">a</p><img alt="A" data-file="0"><img alt="B"><video data-file="1"></video>'
        '<a data-file="2" data-name="e f.pdf">e</a>'
    )


def test_two_builds_from_nothing_are_the_same_bytes(copy: Path) -> None:
    before = {path.relative_to(copy): path.read_bytes() for path in (copy / "build/site").rglob("*") if path.is_file()}
    shutil.rmtree(copy / "build")
    assert run(copy, "build").code == 0
    after = {path.relative_to(copy): path.read_bytes() for path in (copy / "build/site").rglob("*") if path.is_file()}
    assert after == before


def test_a_preview_before_the_first_publish_is_stable_and_leaves_private_alone(tmp_path: Path) -> None:
    root = house(tmp_path / "house", FILES)
    assert "0 kept · 6 sealed" in run(root, "build").out
    assert "nothing changed" in run(root, "build").out
    assert not (root / "private").exists()


def test_a_new_reader_gets_a_page_and_the_last_to_leave_takes_it_along(copy: Path) -> None:
    before = pages(copy)
    people = copy / "subscribers.yml"
    people.write_text(PEOPLE.replace("circles: [zirkel], ", "circles: [rand], "), "utf-8")
    assert "2 sealed" in run(copy, "build").out, "what the engineers may read is still there for them"
    assert set(pages(copy)) < set(before)
    people.write_text(PEOPLE, "utf-8")
    run(copy, "build")
    assert pages(copy) == before, "and the same links work again"


def test_a_reader_who_may_read_less_takes_a_link_away_from_the_page_they_share(copy: Path) -> None:
    orchard = next(one for one in links(body(letters(copy)["wei"], "html"))
                   if open_page(copy / "build/site", *one)["title"] == "Quince and limewash")  # fmt: skip
    fewer = PEOPLE.replace("reads: [public]", "reads: [zirkel, public]")
    (copy / "subscribers.yml").write_text(fewer, "utf-8")
    assert run(copy, "build").code == 0
    assert re.search(r"#[a-z2-7]{52}..the lens<", page := str(open_page(copy / "build/site", *orchard))) is None
    assert ", the outage, or" in page


def test_other_readers_of_the_same_page_make_it_anew(tmp_path: Path) -> None:
    """Its address stays, but where its links lead may change with what all its readers may read."""
    one = small.entry("a", visibility="builders")
    circles = [small.circle("inner", reads=("inner", "builders", "public")), small.circle("builders", 1)]
    stamps = set()
    for who in circles:
        house = small.house([one], circles, [small.person("wei", who.name)])
        stamps.add(stamp(house, Keyring(house, Seals(bytes(32), bytes(32))), tmp_path))
    assert len(stamps) == 2


def test_a_changed_picture_is_sealed_anew(copy: Path) -> None:
    def pictures() -> set[str]:
        return {path.name for path in (copy / "build/site/s").glob("*.bin")}

    before = pictures()
    (copy / "content/media/wallphoto.jpg").write_bytes(photo("white"))
    run(copy, "build")
    assert len(pictures() - before) == 1
    assert len(before - pictures()) == 1


def test_an_edit_keeps_every_link(copy: Path) -> None:
    wei = links(body(letters(copy)["wei"], "html"))
    post = copy / "content/posts/orchard.md"
    post.write_text(post.read_text("utf-8").replace("limewash", "whitewash"), "utf-8")
    run(copy, "build")
    assert "Quince and whitewash" in {open_page(copy / "build/site", *one)["title"] for one in wei}


def test_a_house_with_nothing_narrower_says_and_makes_nothing(tmp_path: Path) -> None:
    root = house(tmp_path / "house")
    ran = run(root, "build")
    assert "sealed" not in ran.out
    assert not (root / "build/site/s").exists()
