"""The hour that is missing, the one that comes twice, a clock set back, days of rest: no double, nothing stale."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from small import circle, entry, house, person
from torture.sim import World

from pipeline.model import Cadence, Entry, House
from pipeline.pace import following, period

ZONES = ["Europe/Madrid", "America/Sao_Paulo", "Australia/Lord_Howe", "America/Havana", "Asia/Shanghai"]
PACES = [Cadence.DAILY, Cadence.WEEKLY, Cadence.FORTNIGHTLY, Cadence.MONTHLY]


class Diary:
    """A house with a reader of each pace, in which something is written every day at noon."""

    def __init__(self, folder: Path, zone: str, start: str) -> None:
        self.zone = ZoneInfo(zone)
        self.entries: list[Entry] = []
        self.circles = [circle(pace.value, rank, pace) for rank, pace in enumerate(PACES)]
        self.people = [person(pace.value, pace.value) for pace in PACES]
        first = datetime.fromisoformat(start).replace(tzinfo=self.zone)
        self.world = World(folder, self.house, first)
        self.world.publish()
        self.write()

    def house(self, now: datetime) -> House:
        entries = [one for one in self.entries if one.date <= now]
        return house(entries, self.circles, self.people, timezone=self.zone.key)

    def write(self) -> None:
        name = f"e{len(self.entries):03}"
        self.entries.append(replace(entry(name), date=self.world.now))

    def at(self, when: datetime) -> None:
        self.world.now = when
        assert self.world.publish() is not None
        self.world.check()

    def letters(self, pace: Cadence) -> list[datetime]:
        return [letter.date.astimezone(self.zone) for letter in self.world.books.taken if letter.person == pace.value]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("start", ["2026-03-05 12:00", "2026-10-20 12:00"])
def test_over_a_change_of_the_clock_each_day_has_one_digest_at_most(tmp_path: Path, zone: str, start: str) -> None:
    diary = Diary(tmp_path, zone, start)
    moment = diary.world.now
    for number in range(60):
        moment = (moment.astimezone(ZoneInfo("UTC")) + timedelta(hours=11)).astimezone(diary.zone)
        diary.at(moment)
        if number % 2:
            diary.write()
    days = [when.date() for when in diary.letters(Cadence.DAILY)]
    weeks = [when.isocalendar()[:2] for when in diary.letters(Cadence.WEEKLY)]
    assert len(days) == len(set(days)) > 20
    assert len(weeks) == len(set(weeks)) >= 3
    fortnights = [period(when.date(), Cadence.FORTNIGHTLY) for when in diary.letters(Cadence.FORTNIGHTLY)]
    assert len(fortnights) == len(set(fortnights)) >= 1


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/Havana"])
def test_in_the_hour_that_comes_twice_nothing_goes_twice(tmp_path: Path, zone: str) -> None:
    """In Havana it is midnight that comes twice, and with it the boundary of the day."""
    diary = Diary(tmp_path, zone, "2026-10-31 12:00" if "Havana" in zone else "2026-10-24 12:00")
    moment = diary.world.now.astimezone(ZoneInfo("UTC"))
    for _ in range(80):
        moment += timedelta(minutes=15)
        diary.at(moment.astimezone(diary.zone))
    assert len(diary.letters(Cadence.DAILY)) == 1


def test_a_clock_set_back_tells_nobody_again_and_makes_nothing_due(tmp_path: Path) -> None:
    diary = Diary(tmp_path, "Europe/Madrid", "2026-06-01 12:00")
    start = diary.world.now
    diary.at(start + timedelta(days=40))
    number = len(diary.world.books.taken)
    for days in (39, 20, 0, -300, 40):
        diary.at(start + timedelta(days=days))
        diary.write() if days == -300 else None
    assert len(diary.world.books.taken) == number
    diary.at(start + timedelta(days=80))
    assert all(count == 1 for count in diary.world.books.told().values())
    assert len(diary.world.books.told()) == 2 * len(PACES), "what was written with the clock set back is told as well"


@pytest.mark.parametrize("late", [1, 6, 7, 30, 400])
def test_a_run_that_is_days_late_makes_one_digest_with_everything_in_it(tmp_path: Path, late: int) -> None:
    diary = Diary(tmp_path, "Europe/Madrid", "2026-06-01 12:00")
    for _ in range(3):
        diary.write()
    diary.at(diary.world.now + timedelta(hours=1))
    diary.at(diary.world.now + timedelta(days=31 + late))
    diary.at(diary.world.now + timedelta(minutes=5))
    for pace in PACES:
        assert len(diary.letters(pace)) == 1
    assert len(diary.world.books.told()) == 4 * len(PACES)


def test_after_a_crash_the_digest_that_was_frozen_goes_and_no_second_one_beside_it(tmp_path: Path) -> None:
    diary = Diary(tmp_path, "Europe/Madrid", "2026-06-01 12:00")
    diary.world.publish()
    diary.world.now += timedelta(days=2)
    assert diary.world.publish(14) is None
    diary.world.now += timedelta(days=3)
    diary.at(diary.world.now)
    diary.world.settle_all()
    diary.at(diary.world.now)
    assert len(diary.letters(Cadence.DAILY)) == 1


def test_a_machine_with_its_clock_in_another_zone_counts_the_days_of_the_house(tmp_path: Path) -> None:
    diary = Diary(tmp_path, "Asia/Shanghai", "2026-06-01 12:00")
    diary.at(datetime.fromisoformat("2026-06-01T15:59:00+00:00"))
    assert not diary.letters(Cadence.DAILY)
    diary.at(datetime.fromisoformat("2026-06-01T16:01:00+00:00"))
    assert len(diary.letters(Cadence.DAILY)) == 1


def test_fortnights_begin_on_every_second_monday_over_ends_of_years_and_leap_days() -> None:
    day, starts = date(2026, 12, 1), set()
    while day < date(2029, 3, 15):
        first = period(day, Cadence.FORTNIGHTLY)
        assert first.weekday() == 0
        assert first <= day < following(day, Cadence.FORTNIGHTLY) == first + timedelta(days=14)
        starts.add(first)
        day += timedelta(days=1)
    ordered = sorted(starts)
    assert {later - sooner for sooner, later in pairwise(ordered)} == {timedelta(days=14)}
    assert date(2027, 1, 4) in starts, "fixed for ever: a reader's Monday does not move with an upgrade"
