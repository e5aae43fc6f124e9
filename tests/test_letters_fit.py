"""What gives way, and in which order, until a letter is as small as mail programs like it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as parser

from pipeline.letterhtml import WIDEST
from pipeline.letterparts import PREHEADER
from pipeline.letters import LIMIT, SUBJECT, TARGET, WEIGHT, Composer
from pipeline.model import Circle, Entry
from pipeline.outgoing import Letter
from pipeline.plaintext import WIDTH
from tests import letters_house as h

ARCHIVE = "https://lin.example.org/archive/"


@cache
def post(number: int, length: int = 40, lang: str = "en") -> Entry:
    words = "一段话，说清楚一件事。" if lang == "zh" else "A paragraph says so much. "
    body = "\n\n".join(words * 8 for _ in range(length))
    return h.entry(f"post{number}", 1, h.version(lang, f"Post {number}.", "", body, f"post{number}"))


@cache
def update(number: int, length: int = 1, lang: str = "en", visibility: str = "public") -> Entry:
    words = "下雨了，今天没有出门。" if lang == "zh" else "It rains, and nobody goes out. "
    one = h.version(lang, "", "", f"U{number}. " + "\n\n".join(words * 6 for _ in range(length)), f"u{number}")
    return h.entry(f"update{number}", 2, one, visibility=visibility)


def digest(*entries: Entry, circle: Circle = h.WEAK, language: str = "en") -> Letter:
    return h.letter(*entries, house=replace(h.HOUSE, entries=entries), digest=True, circle=circle, language=language)


def fits(letter: Letter) -> bool:
    return len(letter.html.encode()) <= LIMIT and len(h.mailed(letter)) <= WEIGHT


def blocks(letter: Letter) -> int:
    return len(parser.document_fromstring(letter.html).xpath("//h2[a[@class='title']]"))


def test_a_letter_that_is_small_enough_keeps_everything() -> None:
    letter = digest(*map(post, range(20)))
    assert (blocks(letter), "earlier" in letter.text) == (20, False)


def test_whole_posts_are_cut_before_any_becomes_a_summary() -> None:
    letter = digest(*map(post, range(8)), circle=h.WHOLE)
    assert fits(letter)
    assert letter.text.count("Read the rest on the web: https://lin.example.org/posts/post") == 8
    assert letter.html.count("A paragraph says so much. ") > 8 * 20


def test_many_whole_posts_become_summaries() -> None:
    letter = digest(*map(post, range(23)), circle=h.WHOLE)
    assert fits(letter)
    assert (blocks(letter), "earlier" in letter.text) == (23, False)
    assert "Read the rest" not in letter.html


@pytest.mark.parametrize("make", [post, update])
def test_of_very_many_entries_the_newest_are_shown_and_the_site_has_the_others(make) -> None:
    entries = tuple(make(number) for number in range(170))
    letter = digest(*entries)
    assert fits(letter)
    newest = max(entries, key=lambda one: one.order).master
    assert (newest.title or newest.body[:5].strip()) in letter.text
    assert letter.subject.endswith("and 169 more")
    (link,) = parser.document_fromstring(letter.html).xpath(f"//a[@href='{ARCHIVE}']")
    assert link.text in {f"{170 - shown} earlier ones are on the site" for shown in (80, 40, 20, 10)}
    assert f"{link.text}:\n{ARCHIVE}" in letter.text


def test_what_the_site_does_not_have_is_never_left_to_it() -> None:
    secret = [update(number, visibility="inner") for number in range(900, 903)]
    letter = digest(*secret, *map(update, range(170)), circle=h.INNER)
    assert fits(letter)
    assert all(f"U{number}." in letter.text for number in range(900, 903))


def test_a_long_update_is_cut_with_the_rest_on_the_web_as_a_post_is() -> None:
    letter = digest(update(1, 500))
    assert fits(letter)
    (link,) = parser.document_fromstring(letter.html).xpath("//a[contains(., 'Read the rest')]")
    assert f"Read the rest on the web: {link.get('href')}" in letter.text
    shown = parser.document_fromstring(letter.html).xpath("string(//td[@class='short'])")
    assert 100 < letter.text.count("nobody") == shown.count("nobody") < 500 * 6


def test_a_long_update_for_a_few_is_whole() -> None:
    letter = digest(update(1, 500, visibility="inner"), circle=h.INNER)
    assert letter.text.count("nobody") == 500 * 6
    assert "Read the rest" not in letter.text


def test_colours_go_above_the_target_and_words_only_above_the_limit() -> None:
    code = "\n\n```python\n" + "\n".join(f"x{n} = 'y' if x else {n}" for n in range(60)) + "\n```\n"
    sizes = {}
    for length in (0, 285, 420):
        body = "\n\n".join("A paragraph says so much. " * 8 for _ in range(length)) + code
        entry = h.entry("c", 9, h.version("en", "C", "", body, "c"))
        letter = h.letter(entry, house=replace(h.HOUSE, entries=(entry,)))
        coloured = "<span" in letter.html.partition("<pre")[2]
        sizes[length] = (coloured, "Read the rest" in letter.html)
        assert len(letter.html.encode()) <= (TARGET if coloured else LIMIT)
    assert sizes == {0: (True, False), 285: (False, False), 420: (False, True)}


@cache
def many(lang: str) -> tuple[tuple[Entry, ...], tuple[Entry, ...], Composer]:
    """Posts and updates, short and long, and one who composes letters of them; what it rendered, it keeps."""
    posts = tuple(post(number, (1, 12, 60)[number % 3], lang) for number in range(24))
    updates = tuple(update(number, (1, 1, 9)[number % 3], lang) for number in range(110))
    composer = Composer(replace(h.HOUSE, entries=(*posts, *updates)), h.stationery(), h.picture)
    return posts, updates, composer


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 24), st.integers(0, 110), st.sampled_from(["en", "zh"]), st.sampled_from([h.WEAK, h.WHOLE]))
@example(24, 110, "zh", h.WHOLE)
@example(0, 110, "en", h.WEAK)
def test_whatever_everyone_may_read_makes_a_letter_that_is_small_enough(
    some: int, others: int, lang: str, circle: Circle
) -> None:
    posts, updates, composer = many(lang)
    if entries := (*posts[:some], *updates[:others]):
        plan = h.planned(*entries, language=lang, circle=circle, digest=True)
        assert fits(composer.letter(plan, issue_id=f"{some} {others}", delivery_id="d", token="t", now=h.NOW))


def test_a_letter_that_shrank_is_the_same_for_the_next_reader() -> None:
    entries = tuple(map(update, range(170)))
    composer = Composer(replace(h.HOUSE, entries=entries), h.stationery(), h.picture)
    plan = h.planned(*entries, digest=True)
    one, other = (
        composer.frozen(plan, issue_id="i", delivery_id=name, token="t", mark="", now=h.NOW) for name in ("a", "b")
    )
    assert one.sheet is other.sheet
    assert one.stub.entries == other.stub.entries == plan.told


def test_the_bounds_are_those_of_mail_programs() -> None:
    """Gmail clips at 102 KB; most inboxes show 60 columns of a subject; a letter of 600 pixels has 24 at each side."""
    assert (TARGET, LIMIT, WEIGHT, SUBJECT) == (80_000, 102_000, 200_000, 60)
    assert (PREHEADER, WIDEST, WIDTH) == ((40, 110), 600 - 2 * 24, 72)
