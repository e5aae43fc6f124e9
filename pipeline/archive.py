"""The archive of posts: the newest and all years, a page for each year, a page for what has no date."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape
from itertools import groupby

from pipeline.desk import Desk, Leaf, Listed, SitePage
from pipeline.listed import NEWEST, Counts, alternates, counted, leaf, meta, rows, up_to
from pipeline.timeline import stream


def archive(desk: Desk, lang: str, posts: list[Listed]) -> Iterator[Leaf]:
    """The newest posts and all years; each year by its months; what has no date."""
    dated = [one for one in posts if one[0].dated]
    undated = [one for one in posts if not one[0].dated]
    years = {year: list(group) for year, group in groupby(dated, key=lambda one: one[0].date.year)}
    counts = [(str(year), desk.links.archive(lang, str(year)), len(group)) for year, group in years.items()]
    if undated:
        counts.append((desk.tongue(lang).say("undated"), desk.links.archive(lang, "undated"), len(undated)))
    shown = dated[:NEWEST] + undated[: NEWEST - len(dated)] if len(dated) < NEWEST else dated[:NEWEST]
    yield leaf(
        desk, "archive", lang, desk.links.archive(lang), shown, lambda: _newest(desk, lang, shown, counts), counts
    )  # fmt: skip
    for year, group in years.items():
        yield _year(desk, lang, year, group)
    if undated:
        path = desk.links.archive(lang, "undated")
        make = partial(_timeless, desk, lang, path, undated)
        yield leaf(desk, "undated", lang, path, undated, make, desk.timeless)


def _newest(desk: Desk, lang: str, posts: list[Listed], years: Counts) -> SitePage:
    tongue = desk.tongue(lang)
    parts = [
        f'<h2 id="y{year}">{year}</h2>{rows(desk, lang, list(group))}'
        for year, group in groupby([one for one in posts if one[0].dated], key=lambda one: one[0].date.year)
    ]
    if undated := [one for one in posts if not one[0].dated]:
        parts.append(f'<h2 id="undated">{escape(tongue.say("undated"))}</h2>{rows(desk, lang, undated)}')
    return SitePage(
        path=desk.links.archive(lang),
        lang=lang,
        kind="archive",
        title=tongue.say("all_posts"),
        description=tongue.say("archive_about"),
        body=("".join(parts) or stream(desk, [], lang)) + counted(desk, lang, "by_year", years),
        alternates=alternates(desk, {one: desk.links.archive(one) for one in desk.languages}),
        meta=meta(desk, lang, posts),
    )


def _year(desk: Desk, lang: str, year: int, posts: list[Listed]) -> Leaf:
    path, there = desk.links.archive(lang, str(year)), desk.spoken(desk.years[year])

    def make() -> SitePage:
        tongue = desk.tongue(lang)
        parts = [
            f'<h2 id="m{month:02d}">{escape(tongue.month_name(posts_of[0][0].date))}</h2>{rows(desk, lang, posts_of)}'
            for month, group in groupby(posts, key=lambda one: one[0].date.month)
            if (posts_of := list(group))
        ]
        return SitePage(
            path=path,
            lang=lang,
            kind="year",
            title=str(year),
            description=tongue.say("year_about", year=year),
            body="".join(parts),
            alternates=alternates(desk, {one: desk.links.archive(one, str(year)) for one in there}),
            meta=meta(desk, lang, posts, up=up_to(desk, tongue.say("all_posts"), desk.links.archive(lang))),
        )

    return leaf(desk, "year", lang, path, posts, make, there)


def _timeless(desk: Desk, lang: str, path: str, posts: list[Listed]) -> SitePage:
    tongue = desk.tongue(lang)
    return SitePage(
        path=path,
        lang=lang,
        kind="year",
        title=tongue.say("undated"),
        description=tongue.say("undated"),
        body=rows(desk, lang, posts),
        alternates=alternates(desk, {one: desk.links.archive(one, "undated") for one in desk.timeless}),
        meta=meta(desk, lang, [], up=up_to(desk, tongue.say("all_posts"), desk.links.archive(lang))),
    )
