"""A house of N people, the command run in processes that may be killed, and what the provider's books must say then."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from torture.killer import WHENS
from torture.provider import Provider

from pipeline.ledger import Ledger
from pipeline.outgoing import Delivery, DeliveryState

KILLER = Path(__file__).with_name("killer.py")
KILLED = -signal.SIGKILL

SETTINGS = """\
[tool.kith]
title = "A house"
url = "https://house.example.org/"
author = "Ann"
languages = ["en"]
timezone = "Asia/Shanghai"

[tool.kith.mail]
transport = "{transport}"
sender = "Ann <ann@house.example.org>"
timeout = 20.0
{mail}

[tool.kith.sendgrid]
host = "{url}"
"""

CIRCLES = """\
version: 1
circles:
  inner: {title: Close friends, cadence: each, reads: [inner, public], max_per_month: 31}
  weak: {title: Weak ties, cadence: each, reads: [public], max_per_month: 31}
people:
"""


def make_house(root: Path, people: int, url: str, mail: str = "", transport: str = "sendgrid") -> Path:
    """A house where one update is due to ``people`` people in two circles, and one more is paused."""
    (root / "content" / "updates").mkdir(parents=True)
    settings = SETTINGS.format(url=url, mail=mail, transport=transport)
    (root / "pyproject.toml").write_text(settings, "utf-8")
    rows = [_person(number, "inner" if number < people // 3 else "weak") for number in range(people)]
    rows.append(_person(people, "weak", "paused"))
    (root / "subscribers.yml").write_text(CIRCLES + "".join(rows), "utf-8")
    add_update(root, "rain", "2020-01-02", "Rain at last.")
    return root


def make_large(root: Path, url: str, files: int = 1500, size: int = 10_000) -> Path:
    """A house of three people whose site is so large (15 MB) that a second process helps to look through it.

    The names are long, so that what that process has to say is more than a pipe holds.
    """
    make_house(root, 3, url)
    media, dice = root / "content" / "media", random.Random(15)
    media.mkdir()
    names = [f"{number:05}-{'long-name-' * 6}.pdf" for number in range(files)]
    for name in names:
        (media / name).write_text("%PDF-1.4\n" + dice.randbytes(size // 2).hex(), "ascii")
    links = "\n".join(f"- [file](../media/{name})" for name in names)
    post = root / "content" / "posts" / "files.md"
    post.parent.mkdir()
    post.write_text(f"---\nid: files\ntitle: Files\ndate: 2020-01-01\ntell: none\n---\n\n{links}\n", "utf-8")
    return root


def forget_what_is_clean(root: Path) -> None:
    """The next run looks through the whole site again."""
    shutil.rmtree(root / "build" / "cache", ignore_errors=True)


def begin(root: Path, point: str, environ: dict[str, str], signal_name: str = "SIGKILL") -> subprocess.Popen[bytes]:
    """A publish in a process group of its own, which is killed at ``point`` with that signal."""
    command = [sys.executable, str(KILLER), point, "--house", str(root), "publish", "--yes"]
    return subprocess.Popen(
        command, env=environ | {"KILLER_SIGNAL": signal_name}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def left_behind(group: int, seconds: float = 4.0) -> list[int]:
    """The processes of a group that are still there after so long."""
    end = time.monotonic() + seconds
    while (found := _alive(group)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def _alive(group: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, theirs = path.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
            if int(theirs) == group and state not in "ZX":
                found.append(int(path.parent.name))
    return found


def _person(number: int, circle: str, state: str = "subscribed") -> str:
    who = f"id: p{number}, name: P {number}, address: p{number}@example.org"
    return f"  - {{{who}, circles: [{circle}], state: {state}}}\n"


def add_update(root: Path, name: str, day: str, words: str) -> None:
    path = root / "content" / "updates" / f"{day}-{name}.md"
    path.write_text(f"---\nid: {name}\ndate: {day} 08:00\n---\n\n{words}\n", "utf-8")


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative: the signal that killed it) and what it printed."""

    code: int
    output: str

    @property
    def killed(self) -> bool:
        return self.code == KILLED


class Runner:
    """Starts the command in processes of their own, by a zygote that has everything imported already."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._output = folder / "output"
        self._environ = environ
        self._running = 0
        warm = make_house(folder / "warm", 3, "https://api.sendgrid.com", transport="outbox")
        self._zygote = subprocess.Popen(
            [sys.executable, str(KILLER), "zygote", str(warm)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        if self._running:
            os.kill(self._running, signal.SIGKILL)
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.close()
        self._zygote.wait()
        self._zygote.stdout.close()

    def start(self, root: Path, point: str, *arguments: str, counts: str = "", room: int = -1) -> int:
        """Starts a run and returns its process id; `end` waits for it. ``room``: no file may grow beyond."""
        self.calm()
        order = {
            "point": point, "arguments": ["--house", str(root), *arguments], "environ": self._environ,
            "output": str(self._output), "counts": counts, "room": room,
        }  # fmt: skip
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(json.dumps(order) + "\n")
        self._zygote.stdin.flush()
        self._running = self._said()
        return self._running

    def calm(self) -> None:
        """Ends a run that a failed test has left behind, so that the next one is not mistaken for it."""
        if self._running:
            os.kill(self._running, signal.SIGKILL)
            self.end()

    def end(self) -> Ended:
        code, self._running = self._said(), 0
        return Ended(code, self._output.read_text("utf-8"))

    def printed(self) -> str:
        """What the run has printed so far."""
        return self._output.read_text("utf-8")

    def run(self, root: Path, point: str, *arguments: str, counts: str = "", room: int = -1) -> Ended:
        """One run to its end."""
        self.start(root, point, *arguments, counts=counts, room=room)
        return self.end()

    def _said(self) -> int:
        assert self._zygote.stdout is not None
        return int(self._zygote.stdout.readline())


@dataclass
class Trial:
    """One house, its provider, and whoever runs the command in it."""

    root: Path
    runner: Runner
    provider: Provider
    people: int

    def deliver(self, point: str = "none") -> Ended:
        ended = self.runner.run(self.root, point, "deliver", "--yes")
        assert "Traceback" not in ended.output, ended.output
        return ended

    def points(self) -> list[str]:
        """Every point that a whole run passes."""
        counts = self.root.parent / "counts"
        ended = self.runner.run(self.root, "count", "deliver", "--yes", counts=str(counts))
        assert ended.code == 0, ended.output
        seen = json.loads(counts.read_text()) | {"step": 0}
        return [f"{kind}:{n}:{when}" for kind in WHENS for n in range(1, seen.get(kind, 0) + 1) for when in WHENS[kind]]

    def deliveries(self) -> list[Delivery]:
        ledger = Ledger.peek(self.root / "private")
        if ledger is None:
            return []
        try:
            return ledger.deliveries()
        finally:
            ledger.close()

    def check(self, crashes: int, letters_each: int = 1) -> None:
        """What must hold after ``crashes`` crashes, whatever they hit: nobody has a letter twice, the ledger adds up.

        ``letters_each``: how many letters were due to each person so far.
        """
        taken, books = self.provider.taken(), {line["delivery"] for line in self.provider.books()}
        assert not taken or max(taken.values()) <= letters_each, f"somebody got a letter twice: {taken}"
        twice = {key for key, number in self.provider.told().items() if number > 1}
        assert not twice, f"told twice: {twice}"
        self._no_delivery_twice()
        found = self.deliveries()
        states = Counter(one.state for one in found)
        assert states[DeliveryState.UNCERTAIN] <= crashes, states
        assert books <= {one.id for one in found}, "something left that the ledger never knew"
        sure = {one.id for one in found if one.state is DeliveryState.SUBMITTED}
        assert sure <= books, "it was never taken, but counts as submitted"
        known = {DeliveryState.PENDING, DeliveryState.SUBMITTED, DeliveryState.UNCERTAIN}
        assert all(one.state in known or one.reason.startswith(("settled", "withdrawn")) for one in found), states

    def _no_delivery_twice(self) -> None:
        deliveries = Counter(line["delivery"] for line in self.provider.books())
        assert not deliveries or max(deliveries.values()) == 1, "a delivery was taken twice"

    def settle(self) -> int:
        """A person looks into the provider's books and settles everything by them; how many there were."""
        books = {line["delivery"] for line in self.provider.books()}
        doubts = [one for one in self.deliveries() if one.state is DeliveryState.UNCERTAIN]
        for one in doubts:
            assert one.reason, "an uncertain letter has its evidence"
            verdict = "taken" if one.id in books else "not-taken"
            ended = self.runner.run(self.root, "none", "settle", one.id, verdict)
            assert ended.code == 0, ended.output
        return len(doubts)

    def finish(self, letters_each: int = 1) -> None:
        """After the last crash: what is left goes, what is uncertain is settled, and everybody has each letter once."""
        ended = self.deliver()
        assert "Stopped" not in ended.output, ended.output
        if self.settle():
            ended = self.deliver()
        assert ended.code == 0, ended.output
        wanted = {f"p{number}@example.org": letters_each for number in range(self.people)}
        assert dict(self.provider.taken()) == wanted, "everybody has it once, and nobody else"
        again = self.deliver()
        assert again.code == 0
        assert dict(self.provider.taken()) == wanted, "one run more changes nothing"


def schedule(trial: Trial, seed: int, points: list[str], crashes: int) -> int:
    """Crashes at seeded points or at blind moments, then an end; how many of them really hit."""
    dice, hit, issues = random.Random(seed), 0, 1
    for number in range(crashes):
        if dice.random() < 0.25:
            add_update(trial.root, f"more{number}", "2020-01-03", f"More of {number}.")
            issues += 1
        hit += blind(trial, dice.random() * 0.4) if dice.random() < 0.3 else trial.deliver(dice.choice(points)).killed
        trial.check(hit, issues)
    trial.deliver()
    while trial.settle():
        trial.deliver()
    trial.check(hit, issues)
    told = trial.provider.told()
    assert len(told) == trial.people * issues, "everybody was told everything"
    return hit


def blind(trial: Trial, seconds: float) -> bool:
    """SIGKILL after a while, wherever the run is then; whether it was still running."""
    process = subprocess.Popen(
        [sys.executable, str(KILLER), "none", "--house", str(trial.root), "deliver", "--yes"],
        env=trial.provider.environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait() == KILLED


def deliver_beside(root: Path, environ: dict[str, str]) -> Ended:
    """A run in a process of its own, whatever else runs in this house."""
    command = [sys.executable, str(KILLER), "none", "--house", str(root), "deliver", "--yes"]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return Ended(ended.returncode, ended.stdout + ended.stderr)


def copy_house(template: Path, root: Path) -> Path:
    """A house to be ruined."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(template, root)
    return root


def anew(trial: Trial, template: Path) -> Trial:
    """The same trial with the house of ``template`` and empty books."""
    copy_house(template, trial.root)
    trial.provider.new_books()
    return trial


def counts(root: Path) -> dict[str, int]:
    """How many deliveries the ledger of a house has in each state; none where there is no ledger yet."""
    ledger = Ledger.peek(root / "private")
    if ledger is None:
        return {}
    with closing(ledger):
        return ledger.counts()
