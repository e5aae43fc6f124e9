"""`make torture`: every point at full size, and a thousand schedules; prints what it did and how much of it held.

    chains      for each kind of point, run after run is killed at it in its next letter, until no letter is left
    points      every point of a whole run that belongs to no letter: files, first and last transactions, lists
    schedules   seeded crashes and blind kills of real processes, with further issues in between
    children    a run over 15 MB of site is ended by KILL, TERM and HUP at every fork and at blind moments: no process
                of it stays, and the next run works
    lives       seeded crashes and losses of power in this process, with faults, events and settling in between

Seeds make chains of choice the same each time; blind kills and the kernel do not.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

from torture.harness import (  # noqa: E402 - the path is known only now
    Runner,
    Trial,
    anew,
    begin,
    forget_what_is_clean,
    left_behind,
    make_house,
    make_large,
    schedule,
)
from torture.killer import WHENS  # noqa: E402 - as above
from torture.provider import Provider  # noqa: E402 - as above

LISTS = 5
"""Requests and answers of the suppression lists, before the first letter."""

OF_A_LETTER = [("mark", 1), ("mark", 2), ("mark", 3), ("send", LISTS + 1), ("recv", LISTS + 1)]
"""Where the first letter of a run that goes on with a frozen issue stands: kind and number."""


@contextmanager
def trial(people: int) -> Iterator[Trial]:
    with tempfile.TemporaryDirectory(prefix="kith-torture-") as name:
        folder = Path(name)
        with Provider(folder / "books.jsonl") as provider, Runner(folder, provider.environ()) as runner:
            make_house(folder / "template", people, provider.url)
            yield again(Trial(folder / "house", runner, provider, people))


def again(one: Trial) -> Trial:
    return anew(one, one.root.parent / "template")


def chain(people: int, kind: str, number: int, when: str) -> Counter[str]:
    """Killed at the same point of one letter after the other."""
    did: Counter[str] = Counter()
    with trial(people) as one:
        one.deliver("commit:2:after")
        while one.deliver(f"{kind}:{number}:{when}").killed:
            did["points"] += 1
            one.check(did["points"])
            assert did["points"] <= people, "it is killed again and again, and no letter goes"
        assert did["points"] > people * 0.3, f"only {did['points']} letters were killed at"
        one.finish()
    return did


def point(people: int, names: tuple[str, ...]) -> Counter[str]:
    """Killed once at each of these points of a whole run, and brought to an end."""
    did: Counter[str] = Counter()
    with trial(people) as one:
        for name in names:
            assert again(one).deliver(name).killed, f"{name} was not passed"
            one.check(1)
            one.finish()
            did["points"] += 1
    return did


def schedules(people: int, seeds: tuple[int, ...]) -> Counter[str]:
    did: Counter[str] = Counter()
    with trial(people) as one:
        points = one.points()
        for seed in seeds:
            did["crashes"] += schedule(again(one), seed, points, random.Random(seed).randint(2, 6))
            did["schedules"] += 1
    return did


def children(seed: int) -> Counter[str]:
    """Ends runs that have other processes at work."""
    did: Counter[str] = Counter()
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kith-torture-") as name, Provider(Path(name) / "books.jsonl") as provider:
        root = make_large(Path(name) / "house", provider.url)
        assert begin(root, "none", provider.environ()).wait() == 0
        for signal_name in ("SIGKILL", "SIGTERM", "SIGHUP"):
            for point in (*(f"fork:{number}:after" for number in range(1, 5)), *["none"] * 8):
                forget_what_is_clean(root)
                run = begin(root, point, provider.environ(), signal_name)
                if point == "none":
                    time.sleep(dice.random() * 3)
                    run.send_signal(getattr(signal, signal_name))
                run.wait()
                assert not left_behind(run.pid), f"{signal_name} at {point} left a process behind"
                did["ended with children"] += 1
                assert begin(root, "none", provider.environ()).wait() == 0, f"after {signal_name} at {point}"
    return did


def lives(people: int, seeds: tuple[int, ...]) -> Counter[str]:
    from test_schedules import live

    did: Counter[str] = Counter()
    for seed in seeds:
        with tempfile.TemporaryDirectory(prefix="kith-torture-") as name:
            deaths, doubts = live(Path(name), seed, people)
        did += Counter({"lives": 1, "crashes": deaths, "uncertain": doubts})
    return did


def outside_letters(people: int) -> list[str]:
    """Every point of a whole run that no chain comes by."""
    with trial(people) as one:
        points = one.points()
    last = Counter(
        {kind: max((int(p.split(":")[1]) for p in points if p.startswith(kind)), default=0) for kind in WHENS}
    )

    def edge(name: str) -> bool:
        kind, number, _ = name.split(":")
        return kind in ("file", "connect") or int(number) <= LISTS + 2 or int(number) > last[kind] - 3

    return [name for name in points if edge(name)]


Job = tuple[Callable[..., Counter[str]], tuple[Any, ...]]


def jobs(options: argparse.Namespace) -> list[Job]:
    people, first = options.people, options.seed
    found: list[Job] = []
    if options.points:
        names = outside_letters(people)
        found += [(chain, (people, kind, number, when)) for kind, number in OF_A_LETTER for when in WHENS[kind]]
        found += [(point, (people, tuple(names[start::12]))) for start in range(12)]
    real = range(first, first + options.schedules)
    found += [(schedules, (people, tuple(real[start::20]))) for start in range(min(20, len(real)))]
    found += [(children, (first,))] if options.points else []
    told = range(first, first + options.lives)
    found += [(lives, (min(people, 60), tuple(told[start::20]))) for start in range(min(20, len(told)))]
    return found


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--schedules", type=int, default=1000, help="of real processes")
    parser.add_argument("--lives", type=int, default=1000, help="in this process, with losses of power")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-points", dest="points", action="store_false")
    options = parser.parse_args(argv)
    return run(jobs(options), options.jobs)


def run(todo: list[Job], workers: int) -> int:
    started, did, failed = time.monotonic(), Counter[str](), 0
    with ProcessPoolExecutor(workers) as pool:
        waiting = {pool.submit(function, *values): (function.__name__, values) for function, values in todo}
        for future in as_completed(waiting):
            name, values = waiting[future]
            try:
                did += future.result()
            except Exception:  # noqa: BLE001 - whatever fails is counted and shown, and the others go on
                failed += 1
                sys.stdout.write(f"FAILED {name} {str(values)[:200]}\n{traceback.format_exc()}\n")
            _say(started, did, failed)
    sys.stdout.write("It held.\n" if not failed else f"{failed} of {len(todo)} parts did not hold.\n")
    return 1 if failed else 0


def _say(started: float, did: Counter[str], failed: int) -> None:
    counts = " · ".join(f"{number:,} {what}" for what, number in sorted(did.items()))
    sys.stdout.write(f"{time.monotonic() - started:7.0f} s  {counts or 'nothing yet'} · {failed} failed\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
