"""The search index: never more than a phone can take, with the newest in full."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import searching
from pipeline.desk import SitePage
from pipeline.model import Entry, Kind, Version
from pipeline.searching import MOST, Piece, found, index, piece


def page(number: int, words: int) -> SitePage:
    body = f'<p>first {number}</p><h2 id="more">More</h2><p>{"河流 river " * words}</p>'
    return SitePage(
        f"posts/p{number}/", "zh", "post", f"河 {number}", "a summary", body, meta={"tags": [["water", "/"]]}
    )


def said(page: SitePage, number: int) -> Piece:
    """What the index says of a page that is ``number`` days old."""
    version = Version("zh", page.title, "", "", f"content/{page.path}.md")
    entry = Entry(page.path, Kind.POST, page.path, datetime(2026, 11, 20, tzinfo=UTC) - timedelta(number), (version,))
    return piece(page, [(entry, version)])


def made(pages: list[SitePage]) -> tuple[bytes, set[str]]:
    """The index of pages, newest first, and which of them stand in it in full."""
    shuffled = {one.path: said(one, number) for number, one in reversed(list(enumerate(pages)))}
    data, places = index({"lang": ["en"]}, shuffled, lambda _: b"")
    again = {path: found(data, place) for path, place in places.items()}
    for path, (rank, short, full) in again.items():
        assert (rank, short) == shuffled[path][:2] and full in (None, shuffled[path][2]), "as it can be taken up again"
    return data, {path for path, (_, _, full) in again.items() if full is not None}


def test_the_index_of_any_number_of_posts_is_less_than_five_megabytes() -> None:
    data, full = made([page(number, 500) for number in range(2000)])
    assert MOST * 0.95 < len(data) <= 5_000_000
    docs = json.loads(data)["docs"]
    whole = {one["location"].partition("#")[0] for one in docs if "#" in one["location"]}
    assert whole == full
    assert [one["location"] for one in docs[:2]] == ["posts/p0/", "posts/p0/#more"], "the newest are whole"
    shortly = [one for one in docs if one["location"] == "posts/p1999/"]
    assert shortly == [{"location": "posts/p1999/", "title": "河 1999", "text": "a summary", "tags": ["water"]}]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=30), st.integers(800, 12_000))
def test_whatever_there_is_it_keeps_its_limit_and_misses_nobody(sizes: list[int], most: int) -> None:
    pages = [page(number, size) for number, size in enumerate(sizes)]
    before, searching.MOST = searching.MOST, most
    try:
        data, full = made(pages)
    finally:
        searching.MOST = before
    docs = json.loads(data)["docs"]
    assert {one["location"].partition("#")[0] for one in docs} == {one.path for one in pages}
    least, _ = made([])
    shortest = len(least) + sum(len(said(one, 0)[1]) + 2 for one in pages)
    assert len(data) <= max(most, shortest)
    assert full == {one.path for one in pages[: len(full)]}, "the first ones, and none between"
