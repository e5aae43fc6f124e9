"""The archive of posts: the newest and all years, a page for each year, a page for what has no date."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape
from itertools import chain, groupby, islice

from pipeline.desk import Bunch, Desk, Leaf, Listed, SitePage
from pipeline.keys import key_of
from pipeline.listed import NEWEST, Counts, alternates, counted, leaf, meta, rows, up_to
from pipeline.timeline import stream


def archive(desk: Desk, lang: str) -> Iterator[Bunch]:
    """The newest posts and all years; each year by its months; what has no date."""
    yield Bunch("", bytes, partial(_front, desk, lang))
    for year, pile in desk.piles.years.items():
        if desk.piles.count(pile, lang):
            key = partial(_key, desk, lang, year)
            yield Bunch(f"{lang} year {year}", key, lambda year=year: [_year(desk, lang, year)])  # type: ignore[misc]  # bound now


def _key(desk: Desk, lang: str, year: int) -> bytes:
    return key_of("year", lang, desk.languages, desk.feeds, desk.piles.of_year(year))


def _front(desk: Desk, lang: str) -> list[Leaf]:
    piles = desk.piles
    undated = desk.in_language(lang, piles.timeless)
    there = ((year, piles.count(pile, lang)) for year, pile in piles.years.items())
    counts = [(str(year), desk.links.archive(lang, str(year)), count) for year, count in there if count]
    path = desk.links.archive(lang, "undated")
    if undated:
        counts.append((desk.tongue(lang).say("undated"), path, len(undated)))
    newest = chain.from_iterable(desk.in_language(lang, pile) for pile in piles.years.values())
    dated = list(islice(newest, NEWEST))
    shown = dated + undated[: NEWEST - len(dated)]
    front = desk.links.archive(lang)
    found = [leaf(desk, "archive", lang, front, shown, lambda: _newest(desk, lang, shown, counts), counts)]
    if undated:
        make = partial(_timeless, desk, lang, path, undated)
        found.append(leaf(desk, "undated", lang, path, undated, make, piles.spoken(piles.timeless)))
    return found


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


def _year(desk: Desk, lang: str, year: int) -> Leaf:
    pile = desk.piles.years[year]
    path, there, posts = desk.links.archive(lang, str(year)), desk.piles.spoken(pile), desk.in_language(lang, pile)

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
        alternates=alternates(
            desk, {one: desk.links.archive(one, "undated") for one in desk.piles.spoken(desk.piles.timeless)}
        ),
        meta=meta(desk, lang, [], up=up_to(desk, tongue.say("all_posts"), desk.links.archive(lang))),
    )
