"""What Babel says of languages, asked once and remembered: reading its tables takes longer than making a few pages.

What is remembered is plain values, and can be kept from one build to the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from pipeline import kept

FACTS: dict[str, Any] = {}
"""All that was asked so far, under what was asked of which language."""

_KIND = "cldr 1"
_FIELD = re.compile(r"%\((\w+)\)s")
_DAYS, _MONTHS, _YEAR = {"d", "dd"}, {"M", "MM", "MMM", "MMMM", "L", "LL", "LLL", "LLLL"}, "y"


def remember(folder: Path) -> int:
    """Brings back what was kept in ``folder``; how much that was."""
    known: dict[str, Any] = kept.load(folder / "cldr", _KIND) or {}
    FACTS.update(known)
    return len(known)


def keep(folder: Path) -> None:
    """Keeps what is known for the next build."""
    kept.store(folder / "cldr", _KIND, FACTS)


def fact(name: str, lang: str, ask: Callable[[Any], Any]) -> Any:
    """What ``ask`` gets to know from Babel's table for ``lang``; plain values only."""
    key = f"{name} {lang}"
    if key not in FACTS:
        FACTS[key] = ask(locale(lang))
    return FACTS[key]


@lru_cache(maxsize=64)
def locale(lang: str) -> Any:
    """Babel's table for a language, or the base language, or English."""
    from babel import Locale, UnknownLocaleError

    for tag in (lang, lang.split("-", maxsplit=1)[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def own_name(tag: str) -> str:
    """What a language calls itself; its tag where there is no table for exactly that."""
    key = f"called {tag}"
    if key not in FACTS:
        from babel import Locale, UnknownLocaleError

        try:
            FACTS[key] = Locale.parse(tag, sep="-").get_display_name() or tag
        except (UnknownLocaleError, ValueError):
            FACTS[key] = tag
    return str(FACTS[key])


def written(lang: str, form: str, day: date) -> str:
    """A date as ``lang`` writes it; ``form`` is a pattern of Babel's, or the name of one, or a skeleton behind a +."""
    known = fact(f"date {form}", lang, partial(_form, form))
    if known is None:
        return _whole(form, day, locale(lang))
    text, days, months = known
    found: str = text % {**days[day.day - 1], **months[day.month - 1], _YEAR: day.year}
    return found


def _whole(form: str, day: date, table: Any) -> str:
    from babel.dates import format_date, format_skeleton

    return format_skeleton(form[1:], day, locale=table) if form[0] == "+" else format_date(day, form, table)


def _form(form: str, table: Any) -> tuple[str, list[dict[str, str]], list[dict[str, str]]] | None:
    """The form as a text with fields, and what stands in them on each day and in each month.

    None where a field depends on more than the day, the month or the year alone.
    """
    from babel.dates import DateTimeFormat, match_skeleton, parse_pattern

    if form[0] == "+":
        known = table.datetime_skeletons
        pattern = known[form[1:] if form[1:] in known else match_skeleton(form[1:], known)]
    else:
        pattern = table.date_formats[form] if form in table.date_formats else parse_pattern(form)
    text = str(pattern.format)
    fields = set(_FIELD.findall(text))
    if not fields <= _DAYS | _MONTHS | {_YEAR}:
        return None
    days = [DateTimeFormat(date(2001, 1, number), table) for number in range(1, 32)]
    months = [DateTimeFormat(date(2001, number, 1), table) for number in range(1, 13)]
    return (
        text,
        [{field: one[field] for field in fields & _DAYS} for one in days],
        [{field: one[field] for field in fields & _MONTHS} for one in months],
    )
