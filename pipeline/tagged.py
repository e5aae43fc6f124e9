"""The pages of tags: all of them, and for each its newest entries and its years."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import groupby

from pipeline.desk import Bunch, Desk, Leaf, Listed, SitePage
from pipeline.keys import key_of
from pipeline.listed import NEWEST, Counts, alternates, counted, feeds, leaf, meta, newest, tag_feed, up_to
from pipeline.model import Entry
from pipeline.piles import slugs
from pipeline.timeline import anchor, stream


def tags(desk: Desk, lang: str) -> Iterator[Bunch]:
    """All tags; for each tag the newest entries, and where there are more, each year."""
    yield Bunch("", bytes, partial(_all_tags, desk, lang))
    for slug, pile in desk.piles.tags.items():
        if desk.piles.count(pile, lang):
            key = partial(_key, desk, lang, slug)
            yield Bunch(f"{lang} tag {slug}", key, lambda slug=slug: list(_tag(desk, lang, slug)))  # type: ignore[misc]  # bound now


def _key(desk: Desk, lang: str, slug: str) -> bytes:
    return key_of("tag", lang, desk.languages, desk.feeds, desk.piles.of_tag(slug))


def _all_tags(desk: Desk, lang: str) -> list[Leaf]:
    piles = desk.piles
    there = ((slug, pile, piles.count(pile, lang)) for slug, pile in piles.tags.items())
    counts = [
        (_name(desk, pile, slug, lang), desk.links.tag(slug, lang), count) for slug, pile, count in there if count
    ]
    path, updated = desk.links.tags(lang), newest(desk.listed(lang))
    key = partial(key_of, "tags", lang, desk.languages, desk.feeds, counts, updated)
    return [Leaf(path, lang, key, partial(_cloud, desk, lang, counts, updated))]


def _name(desk: Desk, pile: list[Entry], slug: str, lang: str) -> str:
    """The tag as the newest entry that pages in ``lang`` list writes it."""
    home = desk.links.home
    return next(slugs(entry)[slug] for entry in pile if lang == home or lang in entry.languages)


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


def _tag(desk: Desk, lang: str, slug: str) -> Iterator[Leaf]:
    piles, pile = desk.piles, desk.piles.tags[slug]
    name, tagged = _name(desk, pile, slug, lang), desk.in_language(lang, pile)
    counts: Counts = []
    years = {year: list(group) for year, group in groupby(tagged, key=lambda one: one[0].date.year)}
    if len(tagged) > NEWEST:
        counts = [(str(year), desk.links.tag(slug, lang, str(year)), len(group)) for year, group in years.items()]
    same = {one: desk.links.tag(slug, one) for one in piles.spoken(pile)}
    up = tuple(up_to(desk, desk.tongue(lang).say("tags"), desk.links.tags(lang)))
    make = partial(_tag_page, desk, lang, slug, (name, name, up), tagged[:NEWEST], same, counts)
    yield leaf(desk, "tag", lang, same[lang], tagged[:NEWEST], make, name, list(same), counts)
    for year, group in years.items() if counts else ():
        spoken = piles.spoken([entry for entry in pile if entry.date.year == year])
        same = {one: desk.links.tag(slug, one, str(year)) for one in spoken if piles.count(pile, one) > NEWEST}
        back = (name, desk.url(desk.links.tag(slug, lang)))
        make = partial(_tag_page, desk, lang, slug, (f"{name} · {year}", name, back), group, same, [])
        yield leaf(desk, "tag-year", lang, same[lang], group, make, name, list(same))


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
