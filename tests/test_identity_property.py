"""Whatever is renamed, edited, translated and named anew over many publishes: nobody gets anything twice."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from small import circle, house, person
from torture.sim import World

from pipeline.ledger import Ledger
from pipeline.model import Entry, House, Kind, Version
from pipeline.opened import open_house

START = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
WORDS = [
    f"{one}{two}" for one in ("ba", "de", "ko", "lu", "mi", "ra", "se", "to") for two in ("n", "rk", "ll", "st", "m")
]


@dataclass
class File:
    """An entry as its author knows it."""

    key: int
    name: str
    texts: dict[str, str]
    given: str = ""
    there: bool = True


@dataclass
class Author:
    """Writes, and remembers which entry is which."""

    dice: random.Random
    files: list[File] = field(default_factory=list)
    names: int = 0

    def text(self, length: int = 40) -> str:
        return " ".join(self.dice.choice(WORDS) for _ in range(length))

    def name(self) -> str:
        self.names += 1
        return f"f{self.names}"

    def write(self) -> None:
        self.files.append(File(len(self.files), self.name(), {"en": self.text(self.dice.choice([1, 4, 40, 400]))}))

    def some(self) -> File:
        return self.dice.choice(self.files)

    def rename(self) -> None:
        self.some().name = self.name()

    def edit(self) -> None:
        one = self.some()
        if one.there:
            one.texts["en"] += f" {self.text(6)}"

    def rewrite(self) -> None:
        """A text that is away and comes back as another is asked about."""
        one = self.some()
        if one.there:
            one.texts["en"] = self.text()

    def add_id(self) -> None:
        one = self.some()
        one.given = one.given or f"id{one.key}"

    def write_name_as_id(self) -> None:
        one = self.some()
        if not any(one.name == other.given for other in self.files):
            one.given = one.given or one.name

    def translate(self) -> None:
        self.some().texts.setdefault("zh", self.text())

    def swap(self) -> None:
        one, other = self.some(), self.some()
        if not one.given and not other.given:
            one.name, other.name = other.name, one.name

    def take_away(self) -> None:
        self.some().there = False

    def bring_back(self) -> None:
        self.some().there = True

    def house(self, now: datetime) -> House:
        entries = [self.entry(one) for one in self.files if one.there]
        return house(entries, [circle("inner")], [person("ann", "inner")])

    def entry(self, one: File) -> Entry:
        lines = {"id": 2} if one.given else {}
        versions = tuple(
            Version(lang, f"Title {one.key}", "", text, f"content/posts/{one.name}.{lang}.md", lines=lines)
            for lang, text in sorted(one.texts.items(), reverse=True)
        )
        date = START + timedelta(minutes=one.key)
        return Entry(one.given or one.name, Kind.POST, one.name, date, versions)


CERTAIN = "rename edit rewrite add_id write_name_as_id translate swap take_away bring_back write".split()
steps = st.lists(st.sampled_from(CERTAIN), min_size=1, max_size=14)


class Year:
    """Publishes what the author did, and counts what Ann got of each entry."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.author = Author(random.Random(seed))
        for _ in range(3):
            self.author.write()
        self.world = World(folder, self.author.house, START + timedelta(days=1))
        self.got: Counter[int] = Counter()
        self.names: dict[int, str] = {}
        self.counted = 0

    def publish(self) -> set[int]:
        """Publishes once; the entries that were asked about."""
        self.world.now += timedelta(hours=1)
        tally = self.world.publish()
        assert tally is not None
        with self.world._mortal():
            found = open_house(self.world.root, {}, self.world.now)
        unclear = {one.entry for one in found.house.unclear}
        called = {entry.slug: entry.id for entry in found.house.entries}
        keys = {called[one.name]: one.key for one in self.author.files if one.there}
        for letter in self.world.books.taken[self.counted :]:
            self.got.update(keys[entry] for entry in letter.entries)
        self.counted = len(self.world.books.taken)
        for entry, key in keys.items():
            if entry not in unclear:
                assert self.names.setdefault(key, entry) == entry, "it has another name in feeds now"
        assert max(self.got.values(), default=0) <= 1, self.got
        return {keys[entry] for entry in unclear}


def lived(seed: int, days: list[list[str]]) -> tuple[Year, list[set[int]]]:
    folder = Path(tempfile.mkdtemp(prefix="kith-names-"))
    try:
        year = Year(folder, seed)
        asked = [year.publish()]
        for done in days:
            for one in done:
                getattr(year.author, one)()
            asked.append(year.publish())
        return year, asked
    finally:
        shutil.rmtree(folder)


@given(st.integers(0, 10**6), steps)
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_one_change_at_a_time_is_never_asked_about_and_everybody_gets_everything_once(
    seed: int, done: list[str]
) -> None:
    year, asked = lived(seed, [[one] for one in done])
    assert not any(asked)
    assert all(year.got[one.key] == 1 for one in year.author.files)


@given(st.integers(0, 10**6), st.lists(st.lists(st.sampled_from(CERTAIN), max_size=3), max_size=6))
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_several_changes_at_a_time_send_nothing_twice(seed: int, days: list[list[str]]) -> None:
    year, asked = lived(seed, days)
    for one in year.author.files:
        waited = any(one.key in keys for keys in asked)
        assert year.got[one.key] == 1 or waited or not one.there


def test_the_ledger_is_read_from_beside() -> None:
    """The property above reads the ledger after each publish; an empty one would make it say nothing."""
    folder = Path(tempfile.mkdtemp(prefix="kith-names-"))
    try:
        year = Year(folder, 1)
        year.publish()
        ledger = Ledger.peek(year.world.root / "private")
        assert ledger is not None
        assert len(ledger.memory().there) == 3
        ledger.close()
    finally:
        shutil.rmtree(folder)
