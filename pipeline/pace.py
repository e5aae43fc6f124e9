"""The calendar of cadences: days, Mondays, and firsts of months, quarters and years, in the house's time zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.model import Cadence

FIRST_FORTNIGHT = date(1970, 1, 5)
"""A Monday from which fortnights are counted, so that all projects and all years agree on them."""

_LONGEST = {
    Cadence.DAILY: 1,
    Cadence.WEEKLY: 7,
    Cadence.FORTNIGHTLY: 14,
    Cadence.MONTHLY: 31,
    Cadence.QUARTERLY: 92,
    Cadence.YEARLY: 366,
}
"""Days of the longest period of each cadence."""


def period(day: date, cadence: Cadence) -> date:
    """The first day of the period that ``day`` falls in."""
    if cadence is Cadence.WEEKLY:
        return day - timedelta(days=day.weekday())
    if cadence is Cadence.FORTNIGHTLY:
        return day - timedelta(days=(day - FIRST_FORTNIGHT).days % 14)
    if cadence is Cadence.MONTHLY:
        return day.replace(day=1)
    if cadence is Cadence.QUARTERLY:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if cadence is Cadence.YEARLY:
        return day.replace(month=1, day=1)
    return day


def following(day: date, cadence: Cadence) -> date:
    """The first day of the period after the one that ``day`` falls in."""
    return period(period(day, cadence) + timedelta(days=_LONGEST.get(cadence, 1)), cadence)


def due(since: datetime, now: datetime, cadence: Cadence, zone: ZoneInfo) -> bool:
    """Whether a boundary lies after ``since`` and not after ``now``; a clock set back makes nothing due."""
    return period(now.astimezone(zone).date(), cadence) > period(since.astimezone(zone).date(), cadence)


def next_on(now: datetime, cadence: Cadence, zone: ZoneInfo) -> date:
    """The day of the next boundary."""
    return following(now.astimezone(zone).date(), cadence)


def month(moment: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The calendar month of a moment."""
    local = moment.astimezone(zone)
    return local.year, local.month
