"""The pages of tags: all of them, and for each its newest entries and its years."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby

from pipeline.desk import Desk, Leaf, Listed, SitePage, slugs
from pipeline.keys import key_of
from pipeline.listed import NEWEST, Counts, alternates, counted, feeds, leaf, meta, newest, tag_feed, up_to
from pipeline.timeline import anchor, stream


def _by_tag(entries: list[Listed]) -> dict[str, tuple[str, list[Listed]]]:
    """Under each tag's slug: how the newest entry writes it, and its entries."""
    found: dict[str, tuple[str, list[Listed]]] = {}
    for one in entries:
        for slug, tag in slugs(one[0]).items():
            found.setdefault(slug, (tag, []))[1].append(one)
    return dict(sorted(found.items()))


def tags(desk: Desk, lang: str, entries: list[Listed]) -> Iterator[Leaf]:
    """All tags; for each tag the newest entries, and where there are more, each year."""
    found = _by_tag(entries)
    counts = [(name, desk.links.tag(slug, lang), len(tagged)) for slug, (name, tagged) in found.items()]
    path = desk.links.tags(lang)
    yield Leaf(
        path,
        lang,
        lambda: key_of("tags", lang, desk.languages, desk.feeds, counts, newest(entries)),
        lambda: _cloud(desk, lang, counts, newest(entries)),
    )
    for slug, (name, tagged) in found.items():
        yield from _tag(desk, lang, slug, name, tagged)


def _cloud(desk: Desk, lang: str, counts: Counts, updated: str) -> SitePage:
    tongue = desk.tongue(lang)
    cloud = [f"<li><bdi>{anchor(desk.url(path), name)}</bdi> <span>{count}</span></li>" for name, path, count in counts]
    return SitePage(
        path=desk.links.tags(lang),
        lang=lang,
        kind="tags",
        title=tongue.say("tags"),
        description=tongue.say("tags_about"),
        body=f'<ul class="kith-cloud">{"".join(cloud)}</ul>' if cloud else stream(desk, [], lang),
        alternates=alternates(desk, {one: desk.links.tags(one) for one in desk.languages}),
        meta={"feeds": feeds(desk, lang), "updated": updated},
    )


def _tag(desk: Desk, lang: str, slug: str, name: str, tagged: list[Listed]) -> Iterator[Leaf]:
    known = desk.tags[slug]
    counts: Counts = []
    years = {year: list(group) for year, group in groupby(tagged, key=lambda one: one[0].date.year)}
    if len(tagged) > NEWEST:
        counts = [(str(year), desk.links.tag(slug, lang, str(year)), len(group)) for year, group in years.items()]
    same = {one: desk.links.tag(slug, one) for one in desk.spoken(known.languages)}
    up = tuple(up_to(desk, desk.tongue(lang).say("tags"), desk.links.tags(lang)))
    make = partial(_tag_page, desk, lang, slug, (name, name, up), tagged[:NEWEST], same, counts)
    yield leaf(desk, "tag", lang, same[lang], tagged[:NEWEST], make, name, list(same), counts)
    for year, group in years.items() if counts else ():
        there = [one for one in desk.spoken(known.years[year]) if known.languages[one] > NEWEST]
        same = {one: desk.links.tag(slug, one, str(year)) for one in there}
        back = (name, desk.url(desk.links.tag(slug, lang)))
        make = partial(_tag_page, desk, lang, slug, (f"{name} · {year}", name, back), group, same, [])
        yield leaf(desk, "tag-year", lang, same[lang], group, make, name, there)


def _tag_page(
    desk: Desk, lang: str, slug: str, said: tuple[str, str, tuple[str, ...]], entries: list[Listed],
    same: dict[str, str], years: Counts,
) -> SitePage:  # fmt: skip
    """``said`` is the title, the tag's name, and what the page leads up to."""
    tongue, (title, name, up) = desk.tongue(lang), said
    return SitePage(
        path=same[lang],
        lang=lang,
        kind="tag",
        title=title,
        description=tongue.say("tag_about", tag=name),
        body=stream(desk, entries, lang) + counted(desk, lang, "by_year", years),
        alternates=alternates(desk, same),
        meta=meta(
            desk,
            lang,
            entries,
            up=list(up),
            feeds=feeds(desk, lang, name),
            feed=[tongue.say("tag_feed"), desk.url(desk.links.feed(tag_feed(slug), "rss"))],
        ),
    )
