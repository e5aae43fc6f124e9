"""The site beside Hugo and stock Material, in one run: `make bench-site`.

Whole processes, medians; ratios are what counts: the machine may be slow or busy. `KITH_BENCH_POSTS=500` and
`KITH_BENCH_ROUNDS=1` make a quick run, `KITH_BENCH_PEERS=hugo` leaves Material out.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO))

from tests.bench import peers  # noqa: E402 - the path to it is known only now
from tests.bench.posts import Sample, sample, samples  # noqa: E402 - likewise

COUNTS = [int(number) for number in os.environ.get("KITH_BENCH_POSTS", "500,2000,5000").split(",")]
ROUNDS = int(os.environ.get("KITH_BENCH_ROUNDS", "3"))
PEERS = os.environ.get("KITH_BENCH_PEERS", "hugo,material").split(",")
PEOPLE = 300
TODAY = date(2026, 11, 20)
SETTINGS = """\
[tool.kith]
title = "A house"
url = "https://house.example.org/"
author = "Ann"
languages = ["en", "zh"]
[tool.kith.mail]
sender = "Ann <ann@house.example.org>"
"""
say = sys.stdout.write


@dataclass
class Runs:
    """What one tool took at one size: seconds and megabytes of each whole process, by what was done."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    memory: float = 0.0

    def add(self, what: str, command: list[str], folder: Path) -> None:
        environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        self.seconds.setdefault(what, []).append(time.perf_counter() - start)
        self.memory = max(self.memory, used.ru_maxrss / 1024)
        if status:
            raise SystemExit(f"{' '.join(command)} failed:\n{said.decode()}")

    def median(self, what: str) -> float:
        return statistics.median(self.seconds[what])


def kith_post(root: Path, one: Sample) -> None:
    front = f'id: {one.name}\ntitle: "{one.title}"\ndate: {one.day}\nlang: {one.lang}\ntags: [{", ".join(one.tags)}]'
    peers.files(root, {f"content/posts/{one.name}.md": f"---\n{front}\n---\n\n{one.body}"})


def kith_house(root: Path, cadence: str) -> None:
    rows = "".join(
        f"  - {{id: p{n}, name: P{n}, circles: [weak], address: p{n}@example.org, state: subscribed,"
        f" languages: [{'zh' if n % 10 == 0 else 'en'}]}}\n"
        for n in range(PEOPLE)
    )
    circles = (
        f"version: 1\ncircles:\n  weak: {{title: Weak ties, cadence: {cadence}, reads: [public]}}\npeople:\n{rows}"
    )
    peers.files(root, {"pyproject.toml": SETTINGS, "subscribers.yml": circles})


def aside(root: Path, name: str) -> None:
    """Puts what an earlier run made beside the house.

    Deleted, it would slow the next run down: ext4 goes a long way round what was deleted in the last minutes.
    """
    if (root / name).exists():
        (root / name).rename(root.with_name(f"{root.name}.{time.time_ns()}"))


def measure(
    count: int, folder: Path, write: Callable[[Path, Sample], None], build: list[str], made: str, *more: str
) -> Runs:
    """First builds from nothing; with ``more``, builds with one more post, and builds in which nothing changed."""
    runs = Runs()
    for one in samples(count):
        write(folder, one)
    for _ in range(ROUNDS):
        for name in made.split():
            aside(folder, name)
        runs.add("first", build, folder)
    for number in range(ROUNDS if "added" in more else 0):
        write(folder, sample(count + number, TODAY))
        time.sleep(0.1)
        runs.add("added", build, folder)
    for _ in range(ROUNDS if "nothing" in more else 0):
        runs.add("nothing", build, folder)
    return runs


def kith(count: int, folder: Path) -> Runs:
    """Kith, and then whole publishes of one more post with letters to everybody."""
    command = [str(Path(sys.executable).parent / "kith")]
    kith_house(folder, "monthly")
    kith_post(folder, sample(0, TODAY))
    subprocess.run([*command, "publish"], cwd=folder, check=True, capture_output=True)
    runs = measure(count, folder, kith_post, [*command, "build"], "build", "added", "nothing")
    kith_house(folder, "each")
    subprocess.run([*command, "publish"], cwd=folder, check=True, capture_output=True)
    for number in range(ROUNDS):
        kith_post(folder, sample(count + ROUNDS + number, TODAY))
        time.sleep(0.1)
        aside(folder, "build/outbox")
        runs.add("publish", [*command, "publish"], folder)
        letters = len(list((folder / "build" / "outbox").glob("*.eml")))
        if letters != PEOPLE:
            raise SystemExit(f"{letters} letters instead of {PEOPLE}")
    return runs


def hugo(count: int, folder: Path, commands: Path) -> Runs:
    peers.files(folder, peers.HUGO)
    return measure(count, folder, peers.hugo_post, [str(commands / "hugo"), "--quiet"], "public resources", "added")


def material(count: int, folder: Path, commands: Path) -> Runs:
    """Stock Material, which makes everything anew whatever changed: a first build is like every other."""
    peers.files(folder, {"mkdocs.yml": peers.MATERIAL, "docs/index.md": "# A house\n", "docs/tags.md": "# Tags\n"})
    return measure(count, folder, peers.material_post, [str(commands / "mkdocs"), "build", "-q"], "site")


def row(name: str, runs: Runs) -> None:
    parts = [f"{what} {runs.median(what):6.2f} s" for what in runs.seconds]
    say(f"  {name:<9} {'   '.join(parts)}   {runs.memory:,.0f} MB\n")


def main() -> None:
    commands = peers.install(REPO / "build" / "bench")
    say(f"whole processes, medians of {ROUNDS}; × is Kith's time as a part of the peer's\n")
    own: dict[int, Runs] = {}
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            say(f"{count:,} posts\n")
            own[count] = kith(count, Path(folder, "kith"))
            row("Kith", own[count])
            for name, run in (("hugo", hugo), ("material", material)):
                if name in PEERS:
                    runs = run(count, Path(folder, name), commands)
                    row(name.capitalize(), runs)
                    shares = {what: own[count].median(what) / runs.median(what) for what in runs.seconds}
                    said = ", ".join(f"{what} {share:.3f} ×" for what, share in shares.items())
                    say(f"{'':12}Kith: {said}\n")
    if len(own) > 1:
        least, most = min(own), max(own)
        grown = own[most].median("added") / own[least].median("added")
        say(f"one post added at {most:,} takes {grown:.2f} × what it takes at {least:,}\n")


if __name__ == "__main__":
    main()
