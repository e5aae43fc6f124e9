"""The leak check beside merely reading: `make bench-leaks`.

5,000 posts, one in ten with a passage for a few and one in ten Chinese; 20,000 files of about 10 kB of text. The
neighbours read the same files and do nothing with them, or have `grep -F` look for one word of each passage. Ratios
are what counts: the machine may be slow or busy.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.leakcheck import LeakCheck
from pipeline.model import PUBLIC, Circle, Entry, House, Kind, Person, Version
from pipeline.settings import Settings

POSTS = int(os.environ.get("KITH_BENCH_POSTS", "5000"))
FILES = int(os.environ.get("KITH_BENCH_FILES", "20000"))
SIZE = 10_000
ROUNDS = 3
NOW = datetime(2026, 11, 21, tzinfo=UTC)
say = sys.stdout.write


class Writer:
    """Writes text whose words are as unevenly spread as a language's."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        letters = "etaoinshrdlucmfwypvbgk"
        self.words = ["".join(self.chance.choices(letters, k=self.chance.randint(2, 9))) for _ in range(12_000)]
        self.signs = [chr(self.chance.randint(0x4E00, 0x8FFF)) for _ in range(2_500)]
        self.weights = [1 / (rank + 3) for rank in range(12_000)]

    def paragraph(self, length: int, chinese: bool) -> str:
        """About ``length`` bytes."""
        if chinese:
            signs = self.chance.choices(self.signs, self.weights[:2_500], k=length // 3)
            return "".join(f"{sign}，" if number % 14 == 13 else sign for number, sign in enumerate(signs))
        return " ".join(self.chance.choices(self.words, self.weights, k=length // 6)) + " – “so”."

    def body(self, number: int) -> str:
        """A post of some paragraphs, in one of ten with a passage for a few that has a word of its own."""
        parts = [self.paragraph(1_000, number % 10 == 1) for _ in range(4)]
        if number % 10 < 2 and number % 20 < 11:
            parts.insert(2, f"::: only inner\n{canary(number)} {self.paragraph(400, number % 10 == 1)}\n:::")
        return "\n\n".join(parts)


def canary(number: int) -> str:
    return f"canary{number}x"


def house() -> House:
    """The house of the bench; the people have names that occur in no text."""
    writer = Writer(1)
    entries = []
    for number in range(POSTS):
        lang = "zh" if number % 10 == 1 else "en"
        title = f"Number {writer.words[number % 12_000]} {number}"
        version = Version(lang, title, "", writer.body(number), f"content/posts/p{number}.{lang}.md")
        when = NOW - timedelta(hours=number)
        entries.append(Entry(f"p{number}", Kind.POST, f"p{number}", when, (version,), tags=(f"tag{number % 90}",)))
    circles = (Circle("inner", frozenset({"inner", PUBLIC})), Circle("kreis-zwei", frozenset({PUBLIC}), rank=1))
    people = tuple(
        Person(f"person{n}", ("inner",), {"": f"Vorname{n} Nachname{n}"}, f"person{n}@example.org") for n in range(300)
    )
    settings = Settings(title={"": "Bench"}, url="https://bench.example.org/", author="Ann Bench", languages=("en",))
    return House(settings, tuple(entries), circles=circles, people=people)


def outputs(one: House, folder: Path) -> int:
    """Writes what everybody may read of the posts into files, page after page; how many bytes."""
    from pipeline.passages import body_for

    bodies = [body_for(entry.master.body, frozenset({PUBLIC})) for entry in one.entries]
    total = 0
    for number in range(FILES):
        parts, room, at = [], SIZE, number
        while room > 0:
            text = bodies[at % len(bodies)]
            parts.append(f'<h2 id="p{at}"><a href="/posts/p{at}/">Title {at}</a></h2>\n<p>{text[:room]}</p>')
            room, at = room - len(text.encode()), at + 7
        page = f"<!doctype html><html><head><title>{number}</title></head><body>{''.join(parts)}</body></html>\n"
        path = folder / f"{number % 100}" / f"{number}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, "utf-8")
        total += path.stat().st_size
    return total


Taken = tuple[float, float]
"""Seconds by the clock, and seconds of work of all processes: on a busy machine the second says more."""


def timed(work: Callable[[], object], times: int = ROUNDS) -> Taken:
    """What the quickest of some rounds took."""
    found = []
    for _ in range(times):
        started, worked = time.perf_counter(), sum(os.times()[:4])
        work()
        found.append((time.perf_counter() - started, sum(os.times()[:4]) - worked))
    return min(found)


def reading(folder: Path) -> int:
    return sum(len(path.read_bytes()) for path in sorted(folder.rglob("*.html")))


def grep(folder: Path, patterns: Path) -> None:
    subprocess.run(["grep", "-r", "-F", "-l", "-f", patterns, folder], check=False, stdout=subprocess.DEVNULL)


def main() -> None:
    """Prints the figures."""
    root = Path(tempfile.mkdtemp(prefix="kith-bench-"))
    try:
        measure(root)
    finally:
        shutil.rmtree(root)


def measure(root: Path) -> None:
    one, folder = house(), root / "build" / "site"
    total = outputs(one, folder)
    patterns = root / "patterns"
    patterns.write_text("\n".join(canary(number) for number in range(POSTS)) + "\n")
    check = LeakCheck(one, root)
    texts, sought = check.texts, len(check.sought)
    say(
        f"{POSTS:,} posts, {texts:,} narrower texts, {sought:,} runs and names; {FILES:,} files, {total / 1e6:.0f} MB\n"
    )
    base = timed(lambda: reading(folder))

    def anew() -> None:
        shutil.rmtree(root / "build" / "cache", ignore_errors=True)
        LeakCheck(one, root).site(folder)

    rows = [("only reading them", base), ("grep -F -f, one word a passage", timed(lambda: grep(folder, patterns)))]
    rows.append(("the leak check, everything", timed(anew)))
    rows.append(("again, nothing changed", timed(lambda: LeakCheck(one, root).site(folder))))

    def some() -> None:
        for number in range(0, FILES, 1000):
            path = folder / f"{number % 100}" / f"{number}.html"
            path.write_bytes(path.read_bytes() + b"\n")
        LeakCheck(one, root).site(folder)

    rows.append((f"again, {len(range(0, FILES, 1000))} files changed", timed(some)))
    for name, (seconds, work) in rows:
        say(f"{name:34} {seconds:6.2f} s   {seconds / base[0]:5.1f} x reading   {work:6.2f} s of work\n")


if __name__ == "__main__":
    main()
