"""Seeded schedules of repeated crashes, losses of power, faults and restarts: nobody twice, nobody lost."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from small import circle, entry, house, person
from torture.harness import Runner, Trial, make_house, schedule
from torture.provider import Provider
from torture.sim import World

from pipeline.ledger import Ledger
from pipeline.model import Entry, House

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SCHEDULES = int(os.environ.get("KITH_EXAMPLES", "50"))
"""How many to try here; `make torture` tries a thousand."""

AT_ONCE = 10


def world(folder: Path, people: int, entries: list[Entry]) -> World:
    circles = [circle("inner", 0), circle("weak", 1, reads=("inner", "public"))]
    crowd = [person(f"p{number}", "inner" if number % 3 == 0 else "weak") for number in range(people)]
    return World(folder, lambda now: made(entries, circles, crowd), NOW)


def made(entries: list[Entry], circles: list, crowd: list) -> House:  # type: ignore[type-arg] - whatever `small` makes
    return house(entries, circles, crowd)


def live(folder: Path, seed: int, people: int = 9) -> tuple[int, int]:
    """One schedule: how many crashes hit, and how many letters were uncertain on the way."""
    dice, entries, doubts = random.Random(seed), [entry("e0")], 0
    here = world(folder, people, entries)
    for number in range(dice.randint(2, 7)):
        if dice.random() < 0.3:
            entries.append(entry(f"e{number + 1}"))
        if dice.random() < 0.4:
            here.books.faults += dice.choices(["", "doubt", "lose", "busy"], k=3)
        before = len(here.doubts())
        faults = len(here.books.faults)
        power = dice.random() < 0.3
        died = here.publish(dice.randint(0, 70), power=power) is None
        here.check()
        new = len(here.doubts()) - before
        doubts += new
        assert new <= (faults - len(here.books.faults)) + (0 if not died else Ledger.window if power else 1)
        if dice.random() < 0.3:
            here.hear()
        if dice.random() < 0.3:
            here.settle_all()
        here.now += timedelta(hours=dice.choice([1, 30]))
    end(here, people, len(entries))
    return here.deaths, doubts


def end(here: World, people: int, entries: int) -> None:
    """The last run without a fault, a person who looks everything up, and one run more."""
    here.books.faults.clear()
    here.publish()
    while here.settle_all():
        here.publish()
    here.check()
    assert len(here.books.told()) == people * entries, "everybody was told everything"
    number = len(here.books.taken)
    here.publish()
    assert len(here.books.taken) == number


@pytest.mark.parametrize("start", range(0, SCHEDULES, AT_ONCE))
def test_whatever_is_killed_when_everybody_is_told_once(tmp_path: Path, start: int) -> None:
    deaths, seeds = 0, range(start, min(start + AT_ONCE, SCHEDULES))
    for seed in seeds:
        (tmp_path / str(seed)).mkdir()
        deaths += live(tmp_path / str(seed), seed)[0]
    assert deaths > len(seeds), "schedules in which nothing dies would prove nothing"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with Provider(tmp_path_factory.mktemp("provider") / "books.jsonl") as running:
        yield running


@pytest.mark.parametrize("seed", range(4))
def test_the_same_with_real_processes_and_blind_kills(tmp_path: Path, provider: Provider, seed: int) -> None:
    provider.new_books()
    with Runner(tmp_path, provider.environ()) as runner:
        trial = Trial(make_house(tmp_path / "house", 8, provider.url), runner, provider, 8)
        points = Trial(make_house(tmp_path / "other", 8, provider.url), runner, provider, 8).points()
        provider.new_books()
        schedule(trial, seed, points, 4)
