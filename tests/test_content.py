"""Files of ``content/`` become posts, updates and pages; what is sound stays sound in whatever form it comes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from houses import NOW, SOUND, Files, house, run, text
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline.model import Entry, House
from pipeline.reading import read_house

HELLO = "content/posts/hello.md"
CORPUS = Path(os.environ.get("KITH_CORPUS") or Path(__file__).resolve().parents[2] / "shared" / "corpus")
quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(folder: Path, files: Files) -> House:
    return read_house(house(folder, files), {}, {}, NOW)


def entry(folder: Path, name: str, data: str | bytes) -> Entry:
    read_one = read(folder, {HELLO: None, "content/updates/2026-11-19-rain.md": None, name: data})
    return (read_one.entries + read_one.waiting)[0]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + str(SOUND[HELLO]).encode(),
        str(SOUND[HELLO]).replace("\n", "\r\n"),
        str(SOUND[HELLO]).replace("\n", "\r"),
        str(SOUND[HELLO]).rstrip("\n"),
        str(SOUND[HELLO]).replace("---", "--- "),
    ],
    ids=["BOM", "CRLF", "CR", "no last line end", "blanks after the dashes"],
)
def test_however_an_editor_saves_it_it_is_the_same_entry(tmp_path: Path, data: str | bytes) -> None:
    one = entry(tmp_path, HELLO, data)
    assert (one.id, one.master.title, one.master.body.strip()) == ("hello", "Hello", "Hello, world.")
    assert one.date.isoformat() == "2026-11-18T00:00:00+08:00"


def test_dashes_in_a_body_are_a_rule_and_lines_stay_true(tmp_path: Path) -> None:
    body = "One.\n\n---\n\ntitle: two\n\n---\n\n[a](gone.md)\n"
    assert entry(tmp_path / "a", HELLO, text("title: H", "One.\n\n---\n\ntitle: two\n\n---\n")).master.title == "H"
    ran = run(house(tmp_path / "b", {HELLO: text("title: H", body)}), "check")
    assert [line.split(": ")[0] for line in ran.problems] == [f"{HELLO}:13"]


@pytest.mark.parametrize(
    ("name", "slug", "lang"),
    [
        ("posts/深い 学习.md", "深い-学习", "en"),
        ("posts/a/b/c/deep.md", "deep", "en"),
        ("posts/2026-11-01-dated.zh.md", "dated", "zh"),
        ("posts/dated-zh.md", "dated", "zh"),
        ("posts/say-hi.md", "say-hi", "en"),
        ("posts/let-it-be-it.md", "let-it-be-it", "en"),
        ("posts/-dash.md", "dash", "en"),
        ("posts/🎉 party.markdown", "party", "en"),
        ('posts/It\'s a "quote" & <more>.md', "it-s-a-quote-more", "en"),
        ("updates/2026-11-18.md", "2026-11-18", "en"),
        ("updates/2026-11-18-x.hant.md", "2026-11-18-x", "zh-Hant"),
        ("posts/" + "字" * 60 + ".md", "字" * 60, "en"),
    ],
)
def test_a_files_name_gives_slug_and_language(tmp_path: Path, name: str, slug: str, lang: str) -> None:
    one = entry(tmp_path, f"content/{name}", text("title: T"))
    assert (one.slug, one.master.lang) == (slug, lang)


def test_the_day_in_a_name_is_the_date(tmp_path: Path) -> None:
    assert str(entry(tmp_path, "content/updates/2026-11-18.md", "Words.").date.date()) == "2026-11-18"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024", "2024"),
        ("007", "007"),
        ("1.10", "1.10"),
        ("No", "No"),
        ("true", "true"),
        ("12:30", "12:30"),
        ("'Claude Code: 根目录权衡'", "Claude Code: 根目录权衡"),
        ("lzwjava.github.io", "lzwjava.github.io"),
        ("长" * 200, "长" * 200),
    ],
)
def test_a_title_is_what_was_written(tmp_path: Path, written: str, meant: str) -> None:
    assert entry(tmp_path, HELLO, text(f"title: {written}")).master.title == meant


def test_tags_are_what_was_written(tmp_path: Path) -> None:
    assert entry(tmp_path, HELLO, text("title: T\ntags: [1.10, no, 2024, true, C++, no]")).tags == (
        "1.10", "no", "2024", "true", "C++",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-1-5", "2026-01-05T00:00:00+08:00"),
        ("2026-11-18 9:05", "2026-11-18T09:05:00+08:00"),
        ("2026-11-18T21:40:10Z", "2026-11-19T05:40:10+08:00"),
        ("2026-11-18 21:40 +0100", "2026-11-19T04:40:00+08:00"),
        ("'1999-12-31'", "1999-12-31T00:00:00+08:00"),
    ],
)
def test_a_date_may_be_written_in_these_ways(tmp_path: Path, written: str, moment: str) -> None:
    assert entry(tmp_path, HELLO, text(f"title: T\ndate: {written}")).date.isoformat() == moment


def entry_of(found: House) -> Entry:
    return next(one for one in found.entries if one.slug == "hello")


@pytest.mark.parametrize("name", ["no", "on", "yes"])
def test_a_circle_may_be_called_what_yaml_once_took_for_a_truth_value(tmp_path: Path, name: str) -> None:
    people = f"circles:\n  {name}: {{reads: [{name}, public]}}\n"
    files: Files = {HELLO: text(f"title: T\nvisibility: {name}\ntell: [{name}]"), "subscribers.yml": people}
    assert entry_of(read(tmp_path, files)).visibility == name


def test_norwegian_is_a_language(tmp_path: Path) -> None:
    assert entry(tmp_path, HELLO, text("title: Hei\nlang: no")).master.lang == "no"


@pytest.mark.parametrize("front", ["published: false", "draft: true"])
def test_what_is_not_to_be_published_is_a_draft(tmp_path: Path, front: str) -> None:
    assert read(tmp_path, {HELLO: text(f"title: T\n{front}")}).waiting[0].draft


def test_hidden_files_and_other_tools_folders_are_not_read(tmp_path: Path) -> None:
    junk = {
        f"content/{name}": b"\xff\x00" for name in ("posts/.x.md", "posts/.git/a/b/x.md", "_drafts/x.md", "README.md")
    }
    assert len(read(tmp_path, {**junk, "content/posts/notes.txt": b"\xff"}).entries) == 2


def test_the_words_visibility_and_draft_may_begin_a_text(tmp_path: Path) -> None:
    said = "Draft: the third one is done.\n\nvisibility was poor, date: none.\n"
    assert entry(tmp_path, "content/updates/2026-11-18-x.md", said).master.body == said


@quick
@given(
    data=st.one_of(st.binary(max_size=120), st.text(max_size=120).map(str.encode)), key=st.sampled_from(sorted(SOUND))
)
def test_whatever_a_file_holds_there_is_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, key: str
) -> None:
    ran = run(house(tmp_path_factory.mktemp("any"), {key: data}), "check")
    assert ran.code in (0, 1)
    assert ran.code == 0 or ran.problems


@quick
@given(
    front=st.text("abdeilnosty:：-[]{}'\"#&*! \n", max_size=60),
    word=st.sampled_from(
        ["visibility: inner", "visibility:inner", "visibility：inner", " visibility: inner", "visibilty: inner"]
    ),
)
def test_no_front_matter_makes_a_narrower_entry_public(
    tmp_path_factory: pytest.TempPathFactory, front: str, word: str
) -> None:
    """Whatever stands above it: what was meant for a circle is for that circle, or nothing is published."""
    assume(not {line.rstrip() for line in front.split("\n")} & {"---", "..."})
    root = house(tmp_path_factory.mktemp("any"), {HELLO: f"---\n{front}\n{word}\n---\nThe secret.\n"})
    if run(root, "check").code == 0:
        found = read_house(root, {}, {}, NOW)
        assert [one.visibility for one in found.entries if "The secret." in one.master.body] == ["inner"]


def corpus(folder: str) -> Path:
    if not (CORPUS / folder).is_dir():
        pytest.skip(f"there is no corpus at {CORPUS / folder} (KITH_CORPUS names another place)")
    return CORPUS / folder


def test_real_notes_are_sound(tmp_path: Path) -> None:
    root = house(tmp_path)
    shutil.copytree(corpus("notes"), root / "content" / "posts" / "notes")
    ran = run(root, "check")
    assert ran.code == 0, ran.err


def test_of_a_real_blog_only_what_is_missing_is_told(tmp_path: Path) -> None:
    root = house(tmp_path)
    shutil.copytree(corpus("jekyll-zh/_posts"), root / "content" / "posts" / "blog")
    ran = run(root, "check")
    told = [line for line in ran.problems if "there is no picture" not in line]
    assert len(ran.problems) - len(told) == 304
    assert all("no folder `content/images/`" in line for line in ran.problems if "there is no picture" in line)
    assert [line.split(": ", 1)[0].rsplit("/", 1)[-1] for line in told] == [
        "2011-11-06-basis.md:1",
        "2012-04-08-learn-python-practise.md:1",
        "2017-11-12-start-from-toast.md:44",
        "2017-11-12-start-from-toast.md:44",
        "2023-09-17-kindle-tips-2023.md:1",
        "2023-09-18-kindle-tips-2023.md:1",
        "2024-02-05-ikbc-c87-single-mode-to-three-mode.md:17",
        *[f"2024-04-24-gallery-demo.md:{line}" for line in (21, 22, 23, 24, 25, 31, 32)],
    ]
