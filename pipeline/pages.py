"""Every page of the public web site, as values: what they say, in which language, and where they stand.

Only public entries, and what everyone may read of them, are ever looked at here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from functools import partial
from itertools import groupby
from typing import Any

from pipeline.desk import Bunch, Desk, Leaf, Listed, Render, SitePage, Words
from pipeline.errors import Problem, Problems
from pipeline.keys import key_of
from pipeline.languages import worded
from pipeline.listed import alternates, feeds
from pipeline.listings import listings
from pipeline.markup import shorten
from pipeline.model import Entry, House, Kind, Page, Version
from pipeline.moved import moved
from pipeline.sections import read_aloud
from pipeline.timeline import provenance, tag_links
from pipeline.welcome import subscribe

__all__ = [
    "Desk", "Leaf", "Render", "SitePage", "Words", "bunches", "framed", "frames", "refuse_collisions", "site_pages",
]  # fmt: skip


def site_pages(house: House, words: Words, render: Render | None = None) -> tuple[SitePage, ...]:
    """All pages of the site in all its languages; two that want the same address are a problem."""
    found = [leaf for bunch in bunches(Desk.of(house, words, render)) for leaf in bunch.leaves()]
    refuse_collisions(house, found)
    return tuple(leaf.make() for leaf in found)


def bunches(desk: Desk) -> Iterator[Bunch]:
    """All pages, still to be made."""
    for lang in desk.languages:
        yield from listings(desk, lang)
        yield Bunch("", bytes, partial(_standing_apart, desk, lang))
        yield from _posts(desk, lang)
    yield Bunch("", bytes, lambda: list(moved(desk)))


def _standing_apart(desk: Desk, lang: str) -> list[Leaf]:
    return [subscribe(desk, lang), *_standing_pages(desk, lang)]


def _standing_pages(desk: Desk, lang: str) -> Iterator[Leaf]:
    for page in desk.house.pages:
        if lang in page.languages:
            version = page.versions[page.languages.index(lang)]
            key = partial(_standing_key, desk, page, version)
            yield Leaf(desk.links.page(page, lang), lang, key, partial(_standing, desk, page, version))


def _standing_key(desk: Desk, page: Page, version: Version) -> bytes:
    return key_of("page", page.languages, desk.feeds, desk.inputs(version))


def _posts(desk: Desk, lang: str) -> Iterator[Bunch]:
    """The posts of a language by months, each between its neighbours; notes and undated ones have none."""
    row: list[Listed] = []
    apart: list[Listed] = []
    for entry in desk.entries:
        if _post_in(entry, lang):
            one = entry, entry.version(lang)
            (row if _in_row(one) else apart).append(one)
    start = 0
    for (year, month), group in groupby(row, key=_month):
        end = start + len(list(group))
        later, earlier = row[max(start - 1, 0) : start], row[end : end + 1]
        yield _bunch(desk, f"{lang} month {year}-{month}", later, row[start:end], earlier)
        start = end
    yield from (_bunch(desk, f"{lang} post {one[0].id}", [], [one], []) for one in apart)


def _month(listed: Listed) -> tuple[int, int]:
    """The month of a post by one clock for all, so that a month's posts stand together whatever zone each is of."""
    date = listed[0].date.astimezone(UTC)
    return date.year, date.month


def _bunch(desk: Desk, name: str, later: list[Listed], posts: list[Listed], earlier: list[Listed]) -> Bunch:
    """Posts, newest first, with the one after them and the one before them."""
    lang = posts[0][1].lang

    def key() -> bytes:
        beside = [_link(desk, one) for one in (*later, *earlier)], len(later)
        series = [_series_key(desk, entry, lang) for entry, _ in posts if entry.series]
        return key_of("posts", desk.feeds, beside, series, desk.piles.key([entry for entry, _ in posts]))

    def leaves() -> list[Leaf]:
        links = [[], *(_link(desk, one) for one in (*later, *posts, *earlier)), []]
        start = 1 + len(later)
        return [_leaf(desk, one, links[start + at + 1], links[start + at - 1]) for at, one in enumerate(posts)]

    return Bunch(name, key, leaves)


def _leaf(desk: Desk, one: Listed, earlier: list[str], later: list[str]) -> Leaf:
    entry, version = one
    key = partial(_post_key, desk, one, (earlier, later, _series_key(desk, entry, version.lang)))
    path = desk.links.entry(entry, version.lang)
    return Leaf(path, version.lang, key, partial(_post, desk, one, earlier, later), (one,))


def _post_key(desk: Desk, listed: Listed, around: Any) -> bytes:
    return key_of("post", desk.feeds, desk.key(listed), around)


def _series_key(desk: Desk, entry: Entry, lang: str) -> list[Any]:
    return [str(one) for one in _series(desk, entry, lang)["posts"]] if entry.series else []


def _post_in(entry: Entry, lang: str) -> bool:
    return lang in entry.languages and entry.kind is Kind.POST


def refuse_collisions(house: House, found: list[Leaf]) -> None:
    """Raises `Problems` where two pages want the same address."""
    seen: dict[str, SitePage] = {}
    problems: list[Problem] = []
    twice = Counter(leaf.path.lower() for leaf in found)
    for page in (leaf.make() for leaf in found if twice[leaf.path.lower()] > 1):
        first = seen.setdefault(page.path.lower(), page)
        if first is not page:
            place = str(page.meta.get("source") or first.meta.get("source") or "content")
            fact = f"the address `{house.settings.url.rstrip('/')}/{page.path}` is already the page “{first.title}”"
            problems.append(Problem(place, 0, fact, "Give one of them another slug or alias."))
    if problems:
        raise Problems(problems)


def _post(desk: Desk, listed: Listed, earlier: list[str], later: list[str]) -> SitePage:
    entry, version = listed
    rendered = desk.render(version, "")
    paths = {lang: desk.links.entry(entry, lang) for lang in entry.languages}
    return SitePage(
        path=paths[version.lang],
        lang=version.lang,
        kind="post",
        title=version.title,
        description=shorten(desk.summary(version), 300),
        body=rendered.html,
        headings=rendered.headings,
        alternates=alternates(desk, paths),
        meta={
            **_post_meta(desk, entry, version, rendered.html),
            "earlier": earlier,
            "later": later,
        },
    )


def _post_meta(desk: Desk, entry: Entry, version: Version, html: str) -> dict[str, Any]:
    lang, tongue = version.lang, desk.tongue(version.lang)
    return {
        "source": version.path,
        "feeds": feeds(desk, lang),
        "date": entry.date.isoformat() if entry.dated else "",
        "day": tongue.day(entry.date) if entry.dated else "",
        "updated": entry.date.date().isoformat() if entry.dated else "",
        "reading": tongue.say("reading", minutes=tongue.minutes(read_aloud(html))),
        "tags": tag_links(desk, entry, lang),
        "also": _also(desk, entry, version),
        "provenance": list(provenance(desk, version, lang)),
        "original": _original(desk, entry, version),
        "series": _series(desk, entry, lang),
    }


def _also(desk: Desk, entry: Entry, version: Version) -> list[list[str]]:
    """The post's other languages: tag, what it calls itself, address."""
    return [
        [lang, desk.tongue(lang).name, desk.url(desk.links.entry(entry, lang))]
        for lang in desk.languages
        if lang in entry.languages and lang != version.lang
    ]


def _original(desk: Desk, entry: Entry, version: Version) -> list[str]:
    if not version.translated or entry.master.lang == version.lang:
        return []
    return [desk.tongue(version.lang).say("original"), desk.url(desk.links.entry(entry, entry.master.lang))]


def _series(desk: Desk, entry: Entry, lang: str) -> dict[str, Any]:
    """The series' name, this one's number, and its posts, oldest first: title, address, whether it is this one."""
    if not entry.series:
        return {}
    together = desk.series.get(entry.series, [])
    shown = [(one, one.version(lang)) for one in sorted(together, key=lambda one: one.order)]
    return {
        "title": desk.tongue(lang).say("series", series=entry.series.replace("-", " ")),
        "part": next((number for number, (one, _) in enumerate(shown, start=1) if one is entry), 0),
        "posts": [
            [version.title, desk.url(desk.links.entry(one, version.lang)), one is entry, version.lang]
            for one, version in shown
        ],
    }


def _in_row(listed: Listed) -> bool:
    return listed[0].dated and not listed[0].note


def _link(desk: Desk, listed: Listed) -> list[str]:
    entry, version = listed
    return [version.title, desk.url(desk.links.entry(entry, version.lang))]


def _standing(desk: Desk, page: Page, version: Version) -> SitePage:
    rendered = desk.render(version, "")
    return SitePage(
        path=desk.links.page(page, version.lang),
        lang=version.lang,
        kind="page",
        title=version.title,
        description=shorten(desk.summary(version), 300),
        body=rendered.html,
        headings=rendered.headings,
        alternates=alternates(desk, {lang: desk.links.page(page, lang) for lang in page.languages}),
        meta={
            "source": version.path,
            "feeds": feeds(desk, version.lang),
            "provenance": list(provenance(desk, version, version.lang)),
        },
    )


def frames(house: House, words: Words) -> dict[str, dict[str, Any]]:
    """What stands around every page of a language, and depends on no entry: names, navigation, words."""
    return framed(Desk.of(house, words))


def framed(desk: Desk) -> dict[str, dict[str, Any]]:
    """Likewise, from a desk."""
    return {lang: _frame(desk, lang) for lang in desk.languages}


def _frame(desk: Desk, lang: str) -> dict[str, Any]:
    links, tongue, settings = desk.links, desk.tongue(lang), desk.house.settings
    standing = [
        [page.versions[page.languages.index(lang)].title, desk.url(links.page(page, lang)), page.slug]
        for page in desk.house.pages
        if lang in page.languages
    ]
    nav = [
        [tongue.say("posts"), desk.url(links.archive(lang))],
        [tongue.say("updates"), desk.url(links.updates(lang))],
        [tongue.say("tags"), desk.url(links.tags(lang))],
        [tongue.say("subscribe"), desk.url(links.subscribe(lang))],
        *([title, address] for title, address, slug in standing if slug == "about"),
    ]
    return {
        "lang": lang,
        "dir": tongue.direction,
        "name": tongue.name,
        "title": worded(settings.title, lang),
        "author": settings.author,
        "home": desk.url(links.front(lang)),
        "nav": nav,
        "pages": [[title, address] for title, address, slug in standing if slug != "about"],
        "feed": desk.url(links.feed("", "rss")),
        "words": dict(tongue.words),
    }
