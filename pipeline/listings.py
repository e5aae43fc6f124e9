"""The pages that list entries: home, months of updates, archive, tags."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Any

from pipeline.links import slugify
from pipeline.model import Entry, Kind, closest, worded
from pipeline.timeline import Desk, Listed, SitePage, anchor, badge, foreign, stream, time_of

NEWEST = 20
"""How many entries the home page shows."""


def listings(desk: Desk, lang: str) -> Iterator[SitePage]:
    """Every listing page in ``lang``."""
    entries = desk.listed(lang)
    yield _home(desk, lang, entries)
    yield _archive(desk, lang, [one for one in entries if one[0].kind is Kind.POST])
    yield from _updates(desk, lang, [one for one in entries if one[0].kind is Kind.UPDATE])
    yield from _tags(desk, lang, entries)


def newest(entries: list[Listed]) -> str:
    """The date of the newest entry, as ISO; ``""`` without one."""
    return max((entry.date.date().isoformat() for entry, _ in entries), default="")


def feeds(desk: Desk, lang: str, tag: str = "") -> list[list[str]]:
    """The feeds a page tells feed readers about: title, type, address."""
    title = worded(desk.house.settings.title, lang)
    found = [
        [title, "application/rss+xml", desk.url(desk.links.feed("", "rss"))],
        [title, "application/atom+xml", desk.url(desk.links.feed("", "atom"))],
        [title, "application/feed+json", desk.url(desk.links.feed("", "json"))],
    ]
    if spoken := language_feed(desk, lang):
        name = f"{title} · {desk.tongue(spoken).name}"
        found.append([name, "application/rss+xml", desk.url(desk.links.feed(f"lang/{spoken.lower()}", "rss"))])
    if tag:
        address = desk.url(desk.links.feed(tag_feed(tag), "rss"))
        found.append([f"{title} · {tag}", "application/rss+xml", address])
    return found


def language_feed(desk: Desk, lang: str) -> str:
    """The language whose feed serves readers of ``lang``; ``""`` where there is none."""
    return closest(lang, desk.feeds) or ""


def tag_feed(tag: str) -> str:
    """The name of a tag's feed."""
    return f"tags/{slugify(tag)}"


def alternates(desk: Desk, paths: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The same page in every language of ``paths``, in the site's order."""
    return tuple((lang, paths[lang]) for lang in desk.languages if lang in paths)


def meta(desk: Desk, lang: str, entries: list[Listed], **more: Any) -> dict[str, Any]:
    """What the theme needs on every listing."""
    return {"feeds": feeds(desk, lang), "updated": newest(entries), **more}


def _home(desk: Desk, lang: str, entries: list[Listed]) -> SitePage:
    tongue, settings = desk.tongue(lang), desk.house.settings
    dated = [one for one in entries if one[0].dated]
    more = [
        anchor(desk.url(desk.links.archive(lang)), tongue.say("all_posts")),
        anchor(desk.url(desk.links.updates(lang)), tongue.say("all_updates")),
    ]
    return SitePage(
        path=desk.links.front(lang),
        lang=lang,
        kind="home",
        title=worded(settings.title, lang),
        description=worded(settings.description, lang),
        body=stream(desk, dated[:NEWEST], lang) + f'<p class="kith-more">{" ".join(more)}</p>',
        alternates=alternates(desk, {one: desk.links.front(one) for one in desk.languages}),
        meta=meta(desk, lang, dated[:NEWEST]),
    )


def _archive(desk: Desk, lang: str, posts: list[Listed]) -> SitePage:
    tongue = desk.tongue(lang)
    dated = [one for one in posts if one[0].dated]
    parts = [
        f'<h2 id="y{year}">{year}</h2>{_rows(desk, lang, list(group))}'
        for year, group in groupby(dated, key=lambda one: one[0].date.year)
    ]
    if undated := [one for one in posts if not one[0].dated]:
        parts.append(f'<h2 id="undated">{escape(tongue.say("undated"))}</h2>{_rows(desk, lang, undated)}')
    return SitePage(
        path=desk.links.archive(lang),
        lang=lang,
        kind="archive",
        title=tongue.say("all_posts"),
        description=tongue.say("archive_about"),
        body="".join(parts) or stream(desk, [], lang),
        alternates=alternates(desk, {one: desk.links.archive(one) for one in desk.languages}),
        meta=meta(desk, lang, posts),
    )


def _rows(desk: Desk, lang: str, posts: list[Listed]) -> str:
    return f'<ol class="kith-rows" reversed>{"".join(_row(desk, lang, one) for one in posts)}</ol>'


def _row(desk: Desk, lang: str, listed: Listed) -> str:
    entry, version = listed
    address = desk.url(desk.links.entry(entry, version.lang))
    when = time_of(entry, desk.tongue(lang).short(entry.date)) if entry.dated else ""
    title = f"<span{foreign(version, lang)}>{anchor(address, version.title, 'u-url p-name')}</span>"
    return f'<li class="h-entry">{when}<span>{title} {badge(desk, version, lang)}</span></li>'


Months = dict[tuple[int, int], list[Listed]]


def _months(updates: list[Listed]) -> Months:
    months: Months = {}
    for one in updates:
        months.setdefault((one[0].date.year, one[0].date.month), []).append(one)
    return months


def _updates(desk: Desk, lang: str, updates: list[Listed]) -> Iterator[SitePage]:
    tongue = desk.tongue(lang)
    months = _months(updates)
    newest_month = next(iter(months.values()), [])
    yield SitePage(
        path=desk.links.updates(lang),
        lang=lang,
        kind="updates",
        title=tongue.say("updates"),
        description=tongue.say("updates_about"),
        body=stream(desk, newest_month, lang) + _calendar(desk, lang, months),
        alternates=alternates(desk, {one: desk.links.updates(one) for one in desk.languages}),
        meta=meta(desk, lang, updates),
    )
    for (year, month), entries in months.items():
        yield _month(desk, lang, (year, month), entries)


def _calendar(desk: Desk, lang: str, months: Months) -> str:
    """All months as links, a row for each year."""
    if not months:
        return ""
    rows = []
    for year, group in groupby(months, key=lambda one: one[0]):
        links = "".join(_month_link(desk, lang, one, months[one]) for one in group)
        rows.append(f"<dt>{year}</dt><dd><ul>{links}</ul></dd>")
    title = escape(desk.tongue(lang).say("by_month"))
    return f'<nav class="kith-months" aria-label="{title}"><h2>{title}</h2><dl>{"".join(rows)}</dl></nav>'


def _month_link(desk: Desk, lang: str, month: tuple[int, int], entries: list[Listed]) -> str:
    name = desk.tongue(lang).month_name(entries[0][0].date)
    return f"<li>{anchor(desk.url(desk.links.month(*month, lang)), name)} <span>{len(entries)}</span></li>"


def _month(desk: Desk, lang: str, month: tuple[int, int], entries: list[Listed]) -> SitePage:
    tongue = desk.tongue(lang)
    name = tongue.month(entries[0][0].date)
    there = [one for one in desk.entries if one.kind is Kind.UPDATE and (one.date.year, one.date.month) == month]
    same = {one: desk.links.month(*month, one) for one in _languages(desk, there)}
    return SitePage(
        path=desk.links.month(*month, lang),
        lang=lang,
        kind="month",
        title=name,
        description=tongue.say("month_about", month=name),
        body=stream(desk, entries, lang, home=True),
        alternates=alternates(desk, same),
        meta=meta(desk, lang, entries, up=[tongue.say("updates"), desk.url(desk.links.updates(lang))]),
    )


def _by_tag(entries: list[Listed]) -> dict[str, tuple[str, list[Listed]]]:
    """Under each tag's slug: how the newest entry writes it, and its entries."""
    found: dict[str, tuple[str, list[Listed]]] = {}
    for one in entries:
        for slug, tag in {slugify(tag): tag for tag in one[0].tags}.items():
            if slug:
                found.setdefault(slug, (tag, []))[1].append(one)
    return dict(sorted(found.items()))


def _languages(desk: Desk, entries: list[Entry]) -> list[str]:
    """The languages whose pages list any of these."""
    return [lang for lang in desk.languages if lang == desk.links.home or any(lang in one.languages for one in entries)]


def _tags(desk: Desk, lang: str, entries: list[Listed]) -> Iterator[SitePage]:
    tongue = desk.tongue(lang)
    found = _by_tag(entries)
    cloud = [
        f"<li><bdi>{anchor(desk.url(desk.links.tag(slug, lang)), name)}</bdi> <span>{len(tagged)}</span></li>"
        for slug, (name, tagged) in found.items()
    ]
    yield SitePage(
        path=desk.links.tags(lang),
        lang=lang,
        kind="tags",
        title=tongue.say("tags"),
        description=tongue.say("tags_about"),
        body=f'<ul class="kith-cloud">{"".join(cloud)}</ul>' if cloud else stream(desk, [], lang),
        alternates=alternates(desk, {one: desk.links.tags(one) for one in desk.languages}),
        meta=meta(desk, lang, entries),
    )
    for slug, (name, tagged) in found.items():
        yield _tag(desk, lang, slug, name, tagged)


def _tag(desk: Desk, lang: str, slug: str, name: str, tagged: list[Listed]) -> SitePage:
    tongue = desk.tongue(lang)
    there = [one for one in desk.entries if slug in map(slugify, one.tags)]
    same = {one: desk.links.tag(slug, one) for one in _languages(desk, there)}
    return SitePage(
        path=desk.links.tag(slug, lang),
        lang=lang,
        kind="tag",
        title=name,
        description=tongue.say("tag_about", tag=name),
        body=stream(desk, tagged, lang),
        alternates=alternates(desk, same),
        meta=meta(
            desk,
            lang,
            tagged,
            up=[tongue.say("tags"), desk.url(desk.links.tags(lang))],
            feeds=feeds(desk, lang, name),
            feed=[tongue.say("tag_feed"), desk.url(desk.links.feed(tag_feed(name), "rss"))],
        ),
    )
