"""What is sought, in which disguises it is found, and what is no leak."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import SETTINGS, circle, entry, house, person

from pipeline import wording
from pipeline.leak import Output
from pipeline.leakcheck import LeakCheck
from pipeline.model import EVERYONE, House, Person, Version
from pipeline.settings import Privacy
from pipeline.sieve import RUN, Sieve, Sought, What
from pipeline.undone import spoken, words

SECRET = "The eye test was worse this month and I am trying it again anyway."
SECRET_ZH = "这个月的视力检查比上个月更差我还是想再试一次"
BODY = f"Public words that everyone may read here.\n\n::: only inner\n{SECRET}\n\n{SECRET_ZH}\n:::\n"


def found(of: House, text: str, audience: frozenset[str] = EVERYONE, path: str = "", own: str = "") -> list[str]:
    """What the check says of one output."""
    names = frozenset({own} - {""})
    output = Output("build/site/index.html", audience, text.encode("utf-8", "surrogatepass"), names)
    return [leak.said() for leak in LeakCheck(of, Path("nowhere")).look(output, path)]


def with_passage(body: str = BODY, **more: object) -> House:
    return house([entry("a", body=body, **more)], [circle("inner")], [person("wei", "inner")])


def narrow(title: str = "", body: str = "Body words in a row here.", **more: object) -> House:
    version = Version("en", title, str(more.pop("summary", "")), body, "content/posts/x9qz.md")
    return house([entry("x9qz", visibility="inner", versions=(version,), **more)], [circle("inner")], [])


WAYS = {
    "as it stands": SECRET,
    "in a page": f"<p>before</p><p>{SECRET}</p>",
    "with markup inside a word": f"<p>{SECRET.replace('month', '<em>mo</em>nth')}</p>",
    "with a link inside": f"<p>{SECRET.replace('test', '<a href=x>test</a>')}</p>",
    "with entities": SECRET.replace("e", "&#101;"),
    "escaped twice, as in a feed": f"&lt;p&gt;{SECRET.replace('worse', '&amp;#119;orse')}&lt;/p&gt;",
    "in an attribute": f'<img alt="{SECRET}" src="x.png">',
    "in an attribute inside a line": f'<a title="{SECRET}">x</a>',
    "in a description": f"<meta name='description' content='{SECRET}'>",
    "in a comment": f"<!-- {SECRET} -->",
    "in JSON": '{"content_html": "' + SECRET.replace("T", "\\u0054") + '"}',
    "in JSON, with line ends": SECRET.replace(" ", "\\n"),
    "in JSON, every letter": "".join(f"\\u{ord(sign):04x}" for sign in SECRET),
    "over lines": SECRET.replace(" ", "\n  "),
    "in capitals": SECRET.upper(),
    "with soft hyphens": SECRET.replace("month", "mon\u00adth").replace("again", "a&shy;gain"),
    "in part": "… " + " ".join(SECRET.split()[3:8]),
    "in an address": quote(SECRET),
    "in an address, joined by hyphens": SECRET.replace(" ", "-"),
    "in base64": f"data:text/plain;base64,{base64.b64encode(SECRET.encode()).decode()}",
    "Chinese": SECRET_ZH,
    "Chinese, escaped": SECRET_ZH.encode("unicode_escape").decode(),
    "Chinese, in an address": quote(SECRET_ZH),
    "Chinese, in part": SECRET_ZH[4:9],
    "Chinese, with markup": SECRET_ZH.replace("检查", "<b>检</b>查"),
    "Chinese, with spaces": " ".join(SECRET_ZH),
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_a_narrower_text_is_found_in_a_wider_output(text: str) -> None:
    (said, *_) = found(with_passage(), text)
    assert "only for `inner`" in said
    assert said.startswith("content/posts/a.en.md:")
    assert "but stands in build/site/index.html:" in said


def test_both_places_are_named_with_their_lines() -> None:
    (said,) = found(with_passage(), f"<p>one</p>\n<p>two</p>\n<p>{SECRET}</p>")
    assert said.startswith("content/posts/a.en.md:4: ")
    assert said.endswith("but stands in build/site/index.html:3.")


def test_those_who_may_read_it_may_have_it() -> None:
    assert not found(with_passage(), SECRET, EVERYONE | {"inner"})


def test_what_is_public_elsewhere_is_no_secret() -> None:
    assert not found(with_passage(SECRET + "\n\n" + BODY), SECRET)


def test_what_stands_in_two_passages_may_be_read_by_those_of_either() -> None:
    twice = with_passage(f"::: only inner\n{SECRET}\n:::\n\n::: only builders\n{SECRET}\n:::\n")
    assert not found(twice, SECRET, EVERYONE | {"builders"})
    assert found(twice, SECRET)


def test_a_passage_in_a_passage_is_for_those_who_read_both() -> None:
    body = f"::: only inner\nOne.\n\n::: only builders\n{SECRET}\n:::\n:::\n"
    assert found(with_passage(body), SECRET, EVERYONE | {"inner"})
    assert found(with_passage(body), SECRET, EVERYONE | {"builders"})
    assert not found(with_passage(body), SECRET, EVERYONE | {"inner", "builders"})


def test_ordinary_words_in_common_are_no_leak() -> None:
    assert not found(with_passage(), "The eye doctor said this month was worse, trying again anyway.")


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (narrow("Retry storms"), "Retry storms"),
        (narrow("Glaucoma"), "<title>Glaucoma – A house</title>"),
        (narrow("青光眼"), "青光眼"),
        (narrow(summary="What broke"), "what broke"),
        (narrow(tags=("divorce",)), '<a href="/tags/divorce/">x</a>'),
        (narrow(body="![The clinic door](../media/ward-seven.jpg)"), '<img src="/media/ward-seven.jpg">'),
        (narrow(body="![The clinic door](../media/ward-seven.jpg)"), '<img alt="The clinic door">'),
        (narrow(body="Look at [it](https://example.org/lab/results)"), "https://example.org/lab/results"),
        (narrow(), "/posts/x9qz/"),
        (narrow(body="- A short item\n- another one"), "<li>a short item</li>"),
        (narrow(body="| left eye | worse |\n|---|---|\n| right eye | steady |"), "<td>right eye</td>"),
    ],
)
def test_what_is_short_is_sought_whole(of: House, text: str) -> None:
    assert found(of, text)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (narrow("Glaucoma"), "Glaucomas"),
        (narrow("The eye"), "the eyes"),
        (narrow("Yes"), "yes"),
        (narrow("2026"), "2026"),
        (narrow(body="18 November 2026, 11:04\n\n2026年11月18日"), "18 11 2026 2026年11月18日"),
        (narrow("November", tags=("content_html",)), "November content html"),
    ],
)
def test_single_short_words_numbers_and_what_every_page_says_are_not(of: House, text: str) -> None:
    assert not found(of, text)


def test_a_file_name_can_leak_too() -> None:
    of = narrow("Retry storms at my own company")
    assert found(of, "", path="posts/retry-storms-at-my-own-company/index.html")


def test_what_waits_for_its_day_is_no_less_for_a_few() -> None:
    of = dataclasses.replace(narrow("Retry storms"), entries=(), waiting=narrow("Retry storms").entries)
    assert found(of, "Retry storms")


# names


def called(who: str, name: dict[str, str], address: str) -> Person:
    return dataclasses.replace(person(who, "inner", address=address), name=name)


PEOPLE = [
    called("wei", {"zh": "陈伟", "en": "Wei"}, "wei@example.org"),
    called("tomh", {"": "Tom Hargreaves"}, "t.hargreaves@example.org"),
]


def naming(text: str = "Words.", *names: str, allow: tuple[str, ...] = ()) -> House:
    version = Version("en", "A walk", "", text, "content/posts/walk.md", names=names)
    made = house([entry("walk", versions=(version,))], [circle("inner", title={"en": "Dear ones"})], PEOPLE)
    return dataclasses.replace(made, settings=dataclasses.replace(SETTINGS, privacy=Privacy(allow)))


@pytest.mark.parametrize(
    "text",
    [
        "Hello Tom Hargreaves,",
        "TOM HARGREAVES",
        "tom-hargreaves.jpg",
        "Tom <b>Har</b>greaves",
        "Hello Wei,",
        "和陈伟一起",
        '<p data-for="tomh">',
        "t.hargreaves@example.org",
        "mailto:t%2Ehargreaves%40example.org",
        'class="for-inner"',
        "Dear ones",
    ],
)
def test_names_ids_and_addresses_of_people_and_circles_leave_nowhere(text: str) -> None:
    assert found(naming(), text)


def test_a_letter_may_hold_its_own_readers_name_and_no_others() -> None:
    assert not found(naming(), "Tom Hargreaves <t.hargreaves@example.org>", own="tomh")
    assert found(naming(), "Tom Hargreaves <t.hargreaves@example.org>", own="wei")


def test_a_full_name_in_a_public_text_is_a_leak_until_its_author_allows_it() -> None:
    text = "I ran with Tom Hargreaves today."
    (said,) = found(naming(text), f"<p>{text}</p>")
    assert "“Tom Hargreaves” is the name of `tomh`" in said
    assert "write `names: [tomh]` in the front matter of content/posts/walk.md" in said
    assert not found(naming(text, "tomh"), f"<p>{text}</p>")
    assert not found(naming(text, allow=("tomh",)), f"<p>{text}</p>")


def test_a_name_that_one_text_may_hold_is_no_less_a_leak_beside_other_words() -> None:
    allowed = naming("I ran with Tom Hargreaves today.", "tomh")
    assert found(allowed, "Hello Tom Hargreaves, here is your letter")


def test_an_address_is_allowed_only_by_itself() -> None:
    text = "Write to t.hargreaves@example.org for a copy."
    (said,) = found(naming(text, "tomh", allow=("tomh",)), text)
    assert 'allow = ["t.hargreaves@example.org"]' in said
    assert not found(naming(text, allow=("t.hargreaves@example.org",)), text)


def test_words_that_are_also_the_name_of_a_circle_are_the_authors_own() -> None:
    assert not found(naming("The inner product of two rows."), "<p>The inner product of two rows.</p>")
    assert found(naming("The inner product of two rows."), '<p class="inner">The product of two rows.</p>')


@pytest.mark.parametrize("name", ["Al", "伟", "Lin Zhao", "Lin"])
def test_very_short_names_and_the_houses_own_are_not_sought(name: str) -> None:
    of = house([entry("a")], [], [called("q7", {"": name}, "letters@elsewhere.example.org")])
    assert not found(of, f"<p>{name} wrote this.</p>")


def test_names_in_private_files_are_sought_too(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "addresses.yml").write_text("nina: nina.b@example.org\n")
    (tmp_path / "private" / "people.yml").write_text("- {id: oskar, name: {en: Oskar Blumfeld}}\n")
    check = LeakCheck(naming(), tmp_path)
    for text in ("nina.b@example.org", "Oskar Blumfeld", "oskar"):
        leak, *_ = check.look(Output("x", EVERYONE, text.encode()))
        assert "private/" in leak.said(), text


# the sieve


WORD = st.sampled_from([b"a", b"b", b"c", b"dd"])


@settings(deadline=None)
@given(st.lists(st.lists(WORD, min_size=1, max_size=RUN), min_size=1, max_size=8), st.lists(WORD, max_size=40))
def test_the_sieve_finds_what_looking_at_every_place_finds(runs: list[list[bytes]], text: list[bytes]) -> None:
    sieve = Sieve(Sought(tuple(run), What.TEXT, "x.md", 1, "") for run in runs if len(run) in (1, 2, 3, 4, RUN))
    expected = {b" ".join(run) for run in runs for at in range(len(text)) if text[at : at + len(run)] == run}
    assert {hit.run for hit in sieve.find(text)} == expected


SCRIPTS = st.text("字は한กກ၁a é𠀀नم～“ａ", max_size=30)


@settings(deadline=None)
@given(SCRIPTS)
def test_words_are_the_same_among_many_signs_and_among_few(text: str) -> None:
    """A page with many Chinese characters is split in another way than one with few."""
    assert spoken(text + " x " + "春" * 80)[: len(spoken(text))] == spoken(text)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_makes_the_words_raise_and_escaping_changes_none(text: str) -> None:
    import html
    import json

    clean = text.replace("\\", "").replace("&", "").replace("%", "").replace("<", "").replace("\x00", "")
    clean = clean.encode("utf-8", "replace").decode()
    plain = spoken(clean)
    assert tuple(words(html.escape(clean).encode())) == plain
    assert tuple(words(json.dumps(clean)[1:-1].encode())) == plain
    assert tuple(words(quote(clean).encode())) == plain
    words(text.encode("utf-8", "surrogatepass"))


def test_every_module_that_writes_words_is_there_to_be_read() -> None:
    assert [path.name for path in wording.speaking() if not path.is_file()] == []


def test_words_of_a_program_excuse_themselves() -> None:
    assert {b"kith", b"h", b"feed", b"url", b"loc", b"lastmod"} <= wording.fixed_words()
