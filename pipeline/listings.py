"""The pages that list entries: home, years of posts, months of updates, tags.

None of them grows with the number of entries, and what is older never moves: there is a page for each year and each
month, and on the pages before them stand the newest few.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from html import escape
from itertools import groupby, islice

from pipeline.archive import archive
from pipeline.desk import Bunch, Desk, Leaf, Listed, SitePage
from pipeline.languages import worded
from pipeline.listed import NEWEST, alternates, leaf, meta, up_to
from pipeline.model import Kind
from pipeline.tagged import tags
from pipeline.timeline import anchor, stream


def listings(desk: Desk, lang: str) -> Iterator[Bunch]:
    """Every listing page in ``lang``."""
    yield Bunch("", bytes, partial(_front, desk, lang))
    yield from archive(desk, lang)
    yield from tags(desk, lang)


def _front(desk: Desk, lang: str) -> list[Leaf]:
    entries = desk.listed(lang)
    dated = list(islice((one for one in entries if one[0].dated), NEWEST))
    home = leaf(desk, "home", lang, desk.links.front(lang), dated, lambda: _home(desk, lang, dated))
    return [home, *_updates(desk, lang, [one for one in entries if one[0].kind is Kind.UPDATE])]


def _home(desk: Desk, lang: str, entries: list[Listed]) -> SitePage:
    tongue, settings = desk.tongue(lang), desk.house.settings
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
        body=stream(desk, entries, lang) + f'<p class="kith-more">{" ".join(more)}</p>',
        alternates=alternates(desk, {one: desk.links.front(one) for one in desk.languages}),
        meta=meta(desk, lang, entries),
    )


Months = dict[tuple[int, int], list[Listed]]


def _updates(desk: Desk, lang: str, updates: list[Listed]) -> Iterator[Leaf]:
    """The newest month and a calendar of all of them; each month."""
    months: Months = {}
    for one in updates:
        months.setdefault((one[0].date.year, one[0].date.month), []).append(one)
    newest_month = next(iter(months.values()), [])
    counts = [(month, len(entries)) for month, entries in months.items()]
    yield leaf(
        desk, "updates", lang, desk.links.updates(lang), newest_month,
        lambda: _latest(desk, lang, newest_month, months), counts,
    )  # fmt: skip
    for month, entries in months.items():
        there = desk.spoken(desk.months[month])
        path = desk.links.month(*month, lang)
        yield leaf(desk, "month", lang, path, entries, partial(_month, desk, lang, month, entries), there)


def _latest(desk: Desk, lang: str, entries: list[Listed], months: Months) -> SitePage:
    tongue = desk.tongue(lang)
    return SitePage(
        path=desk.links.updates(lang),
        lang=lang,
        kind="updates",
        title=tongue.say("updates"),
        description=tongue.say("updates_about"),
        body=stream(desk, entries, lang) + _calendar(desk, lang, months),
        alternates=alternates(desk, {one: desk.links.updates(one) for one in desk.languages}),
        meta=meta(desk, lang, entries),
    )


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
    same = {one: desk.links.month(*month, one) for one in desk.spoken(desk.months[month])}
    return SitePage(
        path=desk.links.month(*month, lang),
        lang=lang,
        kind="month",
        title=name,
        description=tongue.say("month_about", month=name),
        body=stream(desk, entries, lang, home=True),
        alternates=alternates(desk, same),
        meta=meta(desk, lang, entries, up=up_to(desk, tongue.say("updates"), desk.links.updates(lang))),
    )
