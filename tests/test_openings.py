"""What the author says first in a digest, and what else is on the site."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from houses import house as made
from houses import run, text
from small import NOW, circle, entry, house, person

from pipeline.model import Cadence, Entry, House, Interests, Opening, Version
from pipeline.plan import plan
from pipeline.planned import History, PlannedLetter

WEEKLY_PEOPLE = """\
version: 1
circles:
  weak: {title: Weak ties, cadence: weekly, reads: [public], tags: [llm]}
people:
  - {id: tom, name: Tom, circles: [weak], address: tom@example.org, state: subscribed}
"""
WEEKLY = circle("weak", cadence=Cadence.WEEKLY, reads=("public",), tags=("running",))
AT = NOW + timedelta(days=3)
LAST = NOW - timedelta(days=5)


def opening(key: str = "2026-11", days: int = 3, lang: str = "en", circles: tuple[str, ...] = ()) -> Opening:
    version = Version(lang, "", "", f"An {lang} opening.", f"content/letters/{key}.{lang}.md")
    return Opening(key, circles, AT - timedelta(days=days), version)


def digest(*openings: Opening, entries: list[Entry] | None = None, **more: object) -> PlannedLetter:
    """The letter of one person whose weekly digest is due."""
    told: frozenset[str] = more.pop("told", frozenset())  # type: ignore[assignment]
    who = person("wei", "weak", **more)
    entries = entries or [entry("told", tags=("running",), days=2)]
    small: House = replace(house(entries, [more.pop("circle", WEEKLY)], [who]), openings=openings)
    seen = {one.id: one.date for one in entries}
    past = History({"wei": told}, {"wei": (LAST,)}, seen, {"wei": frozenset({"weak"})})
    return plan(small, past, AT).letters[0]


def test_the_newest_opening_is_said_once_in_a_digest() -> None:
    older, newer = opening("2026-10", 20), opening()
    assert digest(older, newer).opening == newer
    assert "opening 2026-11" in digest(newer).told
    assert digest(older, newer, told=frozenset({newer.mark})).opening is None


def test_an_opening_is_said_in_a_language_of_the_reader_or_not_at_all() -> None:
    english, chinese = opening(), opening(lang="zh")
    assert digest(english, chinese, languages=("zh", "en")).opening == chinese
    assert digest(english, languages=("zh", "en")).opening == english
    assert digest(english, languages=("zh",)).opening is None


def test_an_opening_waits_for_its_day_and_grows_old() -> None:
    assert digest(opening(days=-1)).opening is None
    assert digest(opening(days=44)).opening
    assert digest(opening(days=45)).opening is None


def test_an_opening_is_said_to_the_circles_that_it_names() -> None:
    assert digest(opening(circles=("weak",))).opening
    assert digest(opening(circles=("inner",))).opening is None


def test_a_letter_that_is_no_digest_has_no_opening() -> None:
    each = replace(WEEKLY, cadence=Cadence.EACH)
    letter = plan(
        replace(house([entry("a", tags=("running",))], [each], [person("wei", "weak")]), openings=(opening(),)),
        History(),
        NOW,
    ).letters[0]
    assert letter.opening is None
    assert letter.also == ()


def also(*others: Entry, **more: object) -> list[str]:
    told = entry("told", tags=("running",), days=2)
    return [one.entry.id for one in digest(entries=[told, *others], **more).also]


def test_a_digest_names_what_is_public_and_was_not_told() -> None:
    other = entry("other", tags=("llm",), days=1)
    assert also(other, entry("named", tell=("inner",), days=3), entry("note", note=True, days=4)) == [
        "other",
        "named",
        "note",
    ]


@pytest.mark.parametrize(
    "quiet",
    [
        entry("private", visibility="inner", days=1),
        entry("nobody", tell=(), days=1),
        entry("old", tags=("llm",), days=9),
        entry("update", tags=("llm",), days=1, kind="update"),
    ],
    ids=lambda one: one.id,
)
def test_what_is_private_or_quiet_or_old_is_not_named(quiet: Entry) -> None:
    assert also(quiet) == []


def test_what_a_reader_muted_or_was_told_is_not_named() -> None:
    other = entry("other", tags=("llm",), days=1)
    assert also(other, interests=Interests(mute=("llm",))) == []
    assert also(other, told=frozenset({"other"})) == []


def test_no_more_than_three_are_named() -> None:
    others = [entry(f"other{number}", tags=("llm",), days=1) for number in range(5)]
    told = entry("told", tags=("running",), days=2)
    letter = digest(entries=[told, *others])
    assert (len(letter.also), letter.more) == (3, True)


def test_a_circle_may_do_without_that_line() -> None:
    quiet = replace(WEEKLY, also=False)
    told, other = entry("told", tags=("running",), days=2), entry("other", tags=("llm",), days=1)
    small = house([told, other], [quiet], [person("wei", "weak")])
    past = History(letters={"wei": (LAST,)}, seen={"told": told.date}, joined={"wei": frozenset({"weak"})})
    assert plan(small, past, AT).letters[0].also == ()


def test_the_plans_json_says_what_stands_beside_the_entries(tmp_path) -> None:
    posts = {
        f"content/posts/{name}.md": text(f"title: {name}\nid: {name}\ndate: 2026-11-20\ntags: [{tag}]")
        for name, tag in (("mine", "llm"), ("other", "running"))
    }
    opening = {"content/letters/2026-11.md": "A beginning.\n", "content/posts/hello.md": None}
    root = made(tmp_path, {**posts, **opening, "subscribers.yml": WEEKLY_PEOPLE})
    assert run(root, "publish", "--yes").code == 0
    (letter,) = json.loads(run(root, "plan", "--json", "--at", "2026-12-02").out)["letters"]
    assert [one["id"] for one in letter["entries"]] == ["mine"]
    assert letter["opening"] == "content/letters/2026-11.md"
    assert (letter["also"], letter["more"]) == (["other"], False)
    assert letter["note"] is None


# the files


def problems(tmp_path, name: str, content: str) -> list[str]:
    return run(made(tmp_path, {f"content/letters/{name}": content}), "check").problems


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("hello.md", "Words.\n", "hello.md:1: it does not say from which day on."),
        (
            "2026-11.md",
            text("tell: [weka]"),
            "2026-11.md:2: `tell` names an unknown circle `weka`. Did you mean `weak`?",
        ),
        ("2026-11.md", text("title: Hello"), "2026-11.md:2: `title` says nothing here."),
        ("2026-11.md", text("date: soon"), "2026-11.md:2: `soon` is not a date."),
        ("2026-13.md", "Words.\n", "2026-13.md:1: it does not say from which day on."),
        ("2026-11.md", text("tell: [weak]", ""), "2026-11.md:4: there is no text below the front matter."),
        ("2026-11.md", "x" * 1300, "1,300 characters; what is said first may have 1,200."),
        ("2026-11.md", "See [this](../posts/gone.md).\n", "2026-11.md:1: "),
        ("2026-11.md", "::: only inner\nNo end.\n", "2026-11.md:1: "),
    ],
)
def test_what_is_wrong_with_an_opening_is_said_with_its_place(tmp_path, name: str, content: str, said: str) -> None:
    (problem,) = problems(tmp_path, name, content)
    assert said in problem
    assert problem.startswith("content/letters/")


def test_two_openings_for_the_same_letters_are_a_problem(tmp_path) -> None:
    house = made(tmp_path, {"content/letters/2026-11.md": "A.\n", "content/letters/2026-11.en.md": "B.\n"})
    (problem,) = run(house, "check").problems
    assert "it is for the same letters and language as `content/letters/2026-11.en.md`" in problem


def test_openings_are_on_no_page_and_in_no_feed(tmp_path) -> None:
    root = made(tmp_path, {"content/letters/2026-11.md": "A quite peculiar beginning.\n"})
    assert run(root, "build").code == 0
    pages = [path for path in (root / "build" / "site").rglob("*") if path.is_file()]
    assert not any(b"quite peculiar beginning" in path.read_bytes() for path in pages)
