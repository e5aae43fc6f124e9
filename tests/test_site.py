"""The built site: what MkDocs and Material make of the pages, and when nothing is done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import html as parser
from PIL import Image

from pipeline import making, site, workshop
from pipeline.engine import Engine, Job
from pipeline.errors import KithError, Problems
from pipeline.finish import finish
from pipeline.markup import render
from pipeline.pages import SitePage, frames
from pipeline.sections import read_aloud
from tests.site_house import SECRET, TRICKY, house, post, sample

REPO = Path(__file__).parent.parent


def picture(size: tuple[int, int] = (2400, 1200), **how: Any) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, "#0f5a5e").save(made, "JPEG", **how)
    return made.getvalue()


def located() -> Image.Exif:
    """What a phone writes: who, when, where, and that it was held sideways."""
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (23.0, 6.0, 32.0)
    return exif


def root_with_media(root: Path) -> Path:
    media = root / "content" / "media"
    media.mkdir(parents=True)
    (media / "river.jpg").write_bytes(picture(exif=located(), comment=b"my street"))
    (media / "private.jpg").write_bytes(picture((10, 10)))
    return root


def more(sizes: Any) -> dict[str, bytes]:
    return {"feed.xml": f"<rss>{sizes('media/river.jpg')}</rss>".encode()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, site.SiteReport]:
    root = root_with_media(tmp_path_factory.mktemp("house"))
    return root, site.build(sample(), root, more)


def html(root: Path, path: str) -> str:
    return (root / "build" / "site" / path / "index.html").read_text("utf-8")


def document(text: str) -> Any:
    return parser.document_fromstring(text)


def every_file(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_every_page_is_made(built: tuple[Path, site.SiteReport]) -> None:
    root, report = built
    assert report.changed == len(report.pages)
    assert (report.kept, report.removed, report.warnings) == (0, 0, ())
    for path in report.pages:
        assert (root / "build" / "site" / path / "index.html").is_file()
    for path in ("404.html", "sitemap.xml", "robots.txt", "feed.xml", "search/search_index.json"):
        assert (root / "build" / "site" / path).is_file()


def test_nothing_non_public_is_published_or_given_to_mkdocs(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    assert every_file(root / "build" / "docs") == {}, "MkDocs looks into a folder in which nothing ever lies"
    for path, data in every_file(root / "build" / "site").items():
        text = data.decode("utf-8", errors="replace")
        assert SECRET not in text, path
        assert "eye test" not in text, path
        assert "Only for inner" not in text, path
        assert "private" not in Path(path).name


def test_a_title_with_html_is_shown_as_text(built: tuple[Path, site.SiteReport]) -> None:
    root, report = built
    for path in report.pages:
        text = html(root, path)
        assert "<script>alert(1)" not in text, path
        assert 'content="<script>' not in text, path
    page = document(html(root, "posts/tricky"))
    assert page.findtext(".//h1") == '<script>alert(1)</script> & "x"'
    assert page.findtext(".//title").startswith('<script>alert(1)</script> & "x" – ')


def test_a_body_stands_on_its_page_byte_for_byte(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    body = finish(render(TRICKY, lambda tag, href: href).html, {})
    assert body in html(root, "posts/tricky")
    assert "{{ config.site_name }} {% raw %} {# comment #}" in read_aloud(body)


ODD = """<p data-search-exclude="1">One</p>

<pre><code>\ta tab

   \t
```
fenced
```
---
    &lt;script&gt; {{ x }} {% y %} {# z #} &amp;#0000010; [a](b.md) ![c](d.png) *e* data-search-boost="2"
</code></pre>
<p>&nbsp;“x” <br> <img src="/a.png" alt="a > b"> a\u2028b</p><script>if (1 < 2 && "</p>") {

}</script><ul><li>x<li>y</ul>"""


def test_any_html_passes_through_the_theme_untouched(tmp_path: Path) -> None:
    words = workshop.words_for(REPO / "site", house())
    engine = Engine(Job(REPO / "site", tmp_path / "docs", tmp_path / "kept", {}, frames(house(), words), "en"))
    made = engine.page(SitePage("", "en", "home", "T", "", ODD), "/").decode()
    assert f"<div>{ODD}</div>" in made
    assert engine.warnings == []


@pytest.mark.parametrize("lang", ["en", "zh", "ar"])
def test_a_page_says_its_language_and_direction(built: tuple[Path, site.SiteReport], lang: str) -> None:
    root, _ = built
    text = html(root, "posts/lease" if lang == "en" else f"{lang}/posts/lease")
    assert f'<html lang="{lang}"' in text
    assert f'<body dir="{"rtl" if lang == "ar" else "ltr"}"' in text


def test_the_words_around_a_page_are_in_its_language(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    assert "订阅" in html(root, "zh/posts/lease")
    assert "Subscribe" not in read_aloud(html(root, "zh/posts/lease"))
    assert "搜索" in html(root, "zh")


def test_a_reader_switches_language_on_the_post_itself(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    page = document(html(root, "posts/lease"))
    assert page.xpath("//*[@class='kith-also']/a/@href") == ["/blog/zh/posts/lease/", "/blog/ar/posts/lease/"]
    assert page.xpath("//link[@rel='alternate'][@hreflang='zh']/@href") == [
        "https://lin.example.org/blog/zh/posts/lease/"
    ]
    switch = page.xpath("//details[@class='kith-languages']//a/@href")
    assert switch == ["/blog/zh/posts/lease/", "/blog/ar/posts/lease/"]


def test_a_language_without_this_page_leads_to_its_first_page(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    page = document(html(root, "now"))
    assert page.xpath("//details[@class='kith-languages']//a/@href") == ["/blog/zh/", "/blog/ar/"]
    assert not page.xpath("//link[@hreflang]")


def test_no_page_asks_another_host_for_anything(built: tuple[Path, site.SiteReport]) -> None:
    root, report = built
    for path in report.pages:
        page = document(html(root, path))
        asked = page.xpath("//script/@src|//img/@src|//link[not(@rel='canonical') and not(@hreflang)]/@href")
        assert not [address for address in asked if "//" in address], path


def test_every_link_on_the_site_leads_somewhere(built: tuple[Path, site.SiteReport]) -> None:
    root, report = built
    out = root / "build" / "site"
    for path in report.pages:
        for href in document(html(root, path)).xpath("//a/@href"):
            if not href.startswith("/blog/") or "feed" in href or "atom.xml" in href:
                continue
            target, _, fragment = href.removeprefix("/blog/").partition("#")
            there = out / target / "index.html" if not Path(target).suffix else out / target
            assert there.is_file(), (path, href)
            if fragment:
                assert f'id="{fragment}"' in there.read_text("utf-8"), (path, href)


def test_a_post_carries_microformats(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    entry = document(html(root, "posts/lease")).xpath("//article[@class='h-entry']")[0]
    for name in ("p-name", "u-url", "dt-published", "p-author", "p-category", "e-content"):
        assert entry.xpath(f".//*[contains(concat(' ', @class, ' '), ' {name} ')]"), name


def test_provenance_is_shown_on_the_post(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    assert "由机器翻译" in html(root, "zh/posts/said")
    assert "Written by a language model" in html(root, "posts/said")


def test_formulas_are_mathml(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    text = html(root, "posts/tricky")
    assert "<math" in text
    assert "<mfrac>" in text


def test_a_formula_that_cannot_be_converted_stays_readable() -> None:
    made = finish('<p><span class="arithmatex">\\(\\frac{\\)</span></p>', {})
    assert "<code>\\frac{</code>" in made


def test_pictures_are_upright_small_sized_and_say_nothing_of_the_camera(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    made = root / "build" / "site" / "media" / "river.jpg"
    with Image.open(made) as opened:
        assert opened.size == (800, 1600)
        assert not dict(opened.getexif())
        assert "comment" not in opened.info
    assert b"PhoneMaker" not in made.read_bytes()
    assert b"my street" not in made.read_bytes()
    shown = document(html(root, "posts/loop")).xpath("//img[@alt='River']")[0]
    assert dict(shown.attrib) | {"alt": "River"} == {
        "alt": "River",
        "src": "/blog/media/river.jpg",
        "width": "800",
        "height": "1600",
        "loading": "lazy",
        "decoding": "async",
    }


def test_more_documents_know_the_published_size(built: tuple[Path, site.SiteReport]) -> None:
    root, report = built
    size = (root / "build" / "site" / "media" / "river.jpg").stat().st_size
    assert (root / "build" / "site" / "feed.xml").read_text() == f"<rss>{size}</rss>"
    assert (len(report.others), len(report.others_changed)) == (1, 1)


def test_the_sitemap_is_the_same_on_every_day(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    text = (root / "build" / "site" / "sitemap.xml").read_text("utf-8")
    assert "<loc>https://lin.example.org/blog/posts/lease/</loc><lastmod>2026-11-18</lastmod>" in text
    assert not (root / "build" / "site" / "sitemap.xml.gz").exists()


def test_search_knows_texts_and_not_lists(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    index = json.loads((root / "build" / "site" / "search" / "search_index.json").read_text("utf-8"))
    places = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert "zh/posts/lease/" in places
    assert "updates/2026/11/" in places
    assert not places & {"", "archive/", "tags/", "updates/", "subscribe/"}


def test_search_is_given_no_html_by_titles_and_tags(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    index = json.loads((root / "build" / "site" / "search" / "search_index.json").read_text("utf-8"))
    for entry in index["docs"]:
        for text in [entry["title"], *entry.get("tags", [])]:
            assert "<" not in text


def test_an_authors_comments_stay_with_the_author(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    assert "nothing" not in html(root, "posts/tricky")


def test_the_page_for_lost_readers_works_from_any_depth(built: tuple[Path, site.SiteReport]) -> None:
    root, _ = built
    page = document((root / "build" / "site" / "404.html").read_text("utf-8"))
    links = page.xpath("//link[@rel='stylesheet']/@href|//main//a/@href")
    assert links
    assert all(link.startswith("/blog/") for link in links)


def test_the_settings_keep_their_folders_inside_build() -> None:
    import yaml

    text = (REPO / "site" / "mkdocs.yml").read_text("utf-8")
    settings = yaml.safe_load(text)
    for key in ("docs_dir", "site_dir"):
        assert f"\n{key}: ../build/" in text
        assert (REPO / "site" / settings[key]).resolve().is_relative_to(REPO / "build")
    assert settings["theme"]["font"] is False
    assert len(settings["nav"]) == 1


def test_when_nothing_changed_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = root_with_media(tmp_path)
    site.build(sample(), root, more)
    before = {path: path.stat().st_mtime_ns for path in (root / "build").rglob("*")}
    monkeypatch.setattr(making.Maker, "make", None)
    report = site.build(sample(), root, more)
    assert report.changed == 0
    assert report.kept == len(report.pages)
    assert {path: path.stat().st_mtime_ns for path in (root / "build").rglob("*")} == before


def test_mkdocs_is_not_imported_when_nothing_changed(tmp_path: Path) -> None:
    root = root_with_media(tmp_path)
    site.build(sample(), root)
    code = (
        "import sys; from pathlib import Path; from pipeline import site; from tests.site_house import sample\n"
        "report = site.build(sample(), Path(sys.argv[1]))\n"
        "assert report.changed == 0\n"
        "assert not {'mkdocs', 'material', 'markdown', 'PIL', 'babel'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(root)], check=True, cwd=REPO)


def test_a_private_change_does_not_run_mkdocs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = root_with_media(tmp_path)
    given = sample()
    site.build(given, root)
    hidden = post("other", "2026-11-19", ("en", "Hidden", "x"), visibility="inner")
    monkeypatch.setattr(making.Maker, "make", None)
    report = site.build(replace(given, entries=(hidden, *given.entries)), root)
    assert report.changed == 0


def test_only_what_changed_counts_as_changed_and_the_rest_keeps_its_time(tmp_path: Path) -> None:
    root = root_with_media(tmp_path)
    given = sample()
    site.build(given, root)
    about = root / "build" / "site" / "about" / "index.html"
    os.utime(about, ns=(1, 1))
    entries = [
        replace(entry, versions=(replace(entry.versions[0], body="Other words."), *entry.versions[1:]))
        if entry.slug == "said"
        else entry
        for entry in given.entries
    ]
    report = site.build(replace(given, entries=tuple(entries)), root)
    assert report.changed == 2, "the post and the home page that shows its first words"
    assert about.stat().st_mtime_ns == 1


def test_what_is_taken_away_is_gone_from_the_site(tmp_path: Path) -> None:
    root = root_with_media(tmp_path)
    site.build(sample(), root, more)
    report = site.build(house(post("said", "2026-08-01", ("en", "Said", "Words."))), root)
    assert report.removed > 5
    assert not (root / "build" / "site" / "posts" / "lease").exists()
    assert not (root / "build" / "site" / "media" / "river.jpg").exists()
    assert not (root / "build" / "site" / "feed.xml").exists()
    assert not (root / "build" / "site" / "zh" / "posts").exists()


def test_a_changed_picture_is_published_again(tmp_path: Path) -> None:
    root = root_with_media(tmp_path)
    site.build(sample(), root)
    (root / "content" / "media" / "river.jpg").write_bytes(picture((400, 300)))
    site.build(sample(), root)
    assert 'width="400" height="300"' in html(root, "posts/loop")


def test_a_failing_build_leaves_the_site_as_it_was(tmp_path: Path) -> None:
    root = own_site(root_with_media(tmp_path))
    site.build(sample(), root)
    before = every_file(root / "build" / "site")
    (root / "site" / "overrides" / "partials" / "footer.html").write_text("line one\n{% if %}")
    with pytest.raises(KithError, match=r"^site/overrides/partials/footer\.html:2: .*remove `site/`"):
        site.build(sample(), root)
    assert every_file(root / "build" / "site") == before


def test_bad_settings_of_the_site_are_told_with_their_place(tmp_path: Path) -> None:
    root = own_site(root_with_media(tmp_path))
    settings = root / "site" / "mkdocs.yml"
    settings.write_text(settings.read_text("utf-8").replace("material/search", "no-such-plugin"), "utf-8")
    with pytest.raises(KithError, match=r"^site/mkdocs\.yml: .*no-such-plugin"):
        site.build(sample(), root)


def test_a_half_made_site_is_thrown_away(tmp_path: Path) -> None:
    root = root_with_media(tmp_path)
    (root / "build" / "site.new" / "left").mkdir(parents=True)
    site.build(sample(), root)
    assert not (root / "build" / "site.new").exists()
    assert not (root / "build" / "site" / "left").exists()


def test_the_same_house_makes_the_same_bytes(tmp_path: Path) -> None:
    first, second = root_with_media(tmp_path / "a"), root_with_media(tmp_path / "b")
    site.build(sample(), first, more)
    site.build(sample(), second, more)
    assert every_file(first / "build" / "site") == every_file(second / "build" / "site")


def test_missing_and_broken_pictures_are_all_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "content" / "media").mkdir(parents=True)
    (tmp_path / "content" / "media" / "broken.jpg").write_bytes(b"not a picture")
    given = house(post("a", "2026-01-01", ("en", "A", "![x](../media/broken.jpg) ![y](../media/gone.png)")))
    with pytest.raises(Problems) as caught:
        site.build(given, tmp_path)
    assert [problem.path for problem in caught.value.problems] == ["content/media/broken.jpg", "content/media/gone.png"]


def test_a_house_may_bring_its_own_words(tmp_path: Path) -> None:
    root = own_site(tmp_path)
    (root / "site" / "words" / "en.yml").write_text("made_with: Made by hand\n", "utf-8")
    site.build(house(), root)
    assert "Made by hand" in html(root, "")
    assert "Subscribe" in html(root, "")


def test_an_address_without_a_path_works_too(tmp_path: Path) -> None:
    site.build(house(post("a", "2026-01-01", ("en", "A", "b")), url="https://lin.example.org"), tmp_path)
    assert 'href="/posts/a/"' in html(tmp_path, "")
    assert 'rel="canonical" href="https://lin.example.org/posts/a/"' in html(tmp_path, "posts/a")


def test_addresses_that_other_tools_treat_specially_are_made(tmp_path: Path) -> None:
    slugs = ["templates", "readme", "跑步", "index"]
    site.build(house(*(post(slug, "2026-01-01", ("en", slug, "b")) for slug in slugs)), tmp_path)
    for slug in slugs:
        assert (tmp_path / "build" / "site" / "posts" / slug / "index.html").is_file()


def test_the_site_that_comes_with_kith_is_used_when_the_house_has_none(tmp_path: Path) -> None:
    assert workshop.site_folder(tmp_path) == workshop.packaged("site")
    assert workshop.site_folder(REPO) == REPO / "site"


def test_a_house_changes_one_file_of_the_looks_and_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "site" / "assets").mkdir(parents=True)
    (tmp_path / "site" / "assets" / "kith.css").write_text("body { color: teal }")
    look = workshop.site_folder(tmp_path)
    assert (look / "assets" / "kith.css").read_text() == "body { color: teal }"
    assert (look / "mkdocs.yml").read_bytes() == (REPO / "site" / "mkdocs.yml").read_bytes()
    (tmp_path / "site" / "assets" / "kith.css").unlink()
    (tmp_path / "site" / "mkdocs.yml").write_text("site_name: mine")
    look = workshop.site_folder(tmp_path)
    assert (look / "assets" / "kith.css").read_bytes() == (REPO / "site" / "assets" / "kith.css").read_bytes()
    assert (look / "mkdocs.yml").read_text() == "site_name: mine"


def test_what_somebody_did_to_the_laid_out_looks_is_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "_MOMENT", 0)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "mkdocs.yml").write_text("site_name: mine")
    for _ in range(3):
        laid = workshop.site_folder(tmp_path) / "mkdocs.yml"
        assert laid.read_text() == "site_name: mine"
        workshop.site_folder(tmp_path)
        time.sleep(0.02)
        when = laid.stat().st_mtime_ns
        laid.write_text("site_name: evil")
        os.utime(laid, ns=(when, when))
    (tmp_path / "site" / "mkdocs.yml").write_text("site_name: ours")
    assert (workshop.site_folder(tmp_path) / "mkdocs.yml").read_text() == "site_name: ours"
    workshop.site_folder(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", None)
        assert workshop.site_folder(tmp_path), "nothing is read that did not change"


def test_a_change_of_the_looks_is_seen_even_where_size_and_time_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, cache = tmp_path / "site", tmp_path / "cache"
    style = source / "assets" / "kith.css"
    style.parent.mkdir(parents=True)
    for moment in (workshop._MOMENT, 0):
        monkeypatch.setattr(workshop, "_MOMENT", moment)
        style.write_text("body { color: teal }")
        was, when = workshop.looks(source, cache), style.stat().st_mtime_ns
        assert workshop.looks(source, cache) == was == workshop.looks(source)
        time.sleep(0.02)
        style.write_text("body { color: pink }")
        os.utime(style, ns=(when, when))
        assert workshop.looks(source, cache) != was
        style.rename(style.with_name("other.css"))
        assert workshop.looks(source, cache) not in {was, ""}
        style.with_name("other.css").unlink()


def test_files_of_the_looks_that_did_not_change_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = workshop.packaged("site")
    monkeypatch.setattr(workshop, "_MOMENT", 0)
    was = workshop.looks(given, tmp_path)
    monkeypatch.setattr(Path, "read_bytes", None)
    assert workshop.looks(given, tmp_path) == was


def own_site(root: Path) -> Path:
    shutil.copytree(REPO / "site", root / "site")
    return root


def test_a_house_of_many_posts_is_unchanged_in_no_time(tmp_path: Path) -> None:
    from time import perf_counter

    given = house(*(post(f"p{n}", "2026-01-01", ("en", f"P{n}", "word " * 600)) for n in range(40)))
    site.build(given, tmp_path)
    start = perf_counter()
    site.build(given, tmp_path)
    assert perf_counter() - start < 0.2


def test_the_mark_for_contents_of_other_blogs_becomes_contents() -> None:
    made = render("## 目录\n\n* TOC\n{:toc}\n\n## One\n\n### Two\n", lambda _, href: href).html
    assert "TOC" not in made
    assert '<a href="#one">One</a>' in made
    code = "```\n* TOC\n{:toc}\n```\n"
    assert "{:toc}" in render(code, lambda _, href: href).html
