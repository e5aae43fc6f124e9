"""Long campaigns: many histories, each of which is said in its smallest form when Kith and the oracle differ.

python tests/years/run.py --seeds 1-200 --steps 70 [--site] [--jobs 2]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from years import steps  # noqa: E402 - found only by the path above
from years.driver import Driver, Wrong  # noqa: E402 - found only by the path above

Outcome = tuple[str, list[str], Driver | None]


def history(seed: int, chosen: list[int], how: dict[str, Any]) -> Outcome:
    """Lives through one history; what is wrong with it, its steps, and the driver."""
    folder = Path(tempfile.mkdtemp(prefix="kith-years-"))
    driver = None
    try:
        driver = Driver(folder / "project", seed, **how)
        driver.live(chosen)
    except Wrong as wrong:
        return str(wrong), driver.log if driver else [], driver
    except Exception:  # noqa: BLE001 - whatever it is, the campaign goes on and says so
        return traceback.format_exc(), driver.log if driver else [], driver
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return "", driver.log, driver


def smallest(seed: int, chosen: list[int], how: dict[str, Any], seconds: float = 120) -> list[int]:
    """Leaves out steps as long as something is still wrong: first large parts, then single ones."""
    until, size = time.monotonic() + seconds, max(1, len(chosen) // 2)
    while size and time.monotonic() < until:
        at = 0
        while at < len(chosen) and time.monotonic() < until:
            fewer = chosen[:at] + chosen[at + size :]
            if fewer != chosen and history(seed, fewer, how)[0]:
                chosen = fewer
            else:
                at += size
        size //= 2
    return chosen


def one(task: tuple[int, int, dict[str, Any], bool]) -> dict[str, object]:
    """One history of a campaign, as a row for its report."""
    seed, count, how, shrink = task
    chosen = list(range(count))
    wrong, log, driver = history(seed, chosen, how)
    if wrong and shrink:
        chosen = smallest(seed, chosen, how)
        wrong, log, driver = history(seed, chosen, how)
    tally = driver.tally if driver else None
    return {"seed": seed, "wrong": wrong, "log": log, "steps": chosen, "zone": driver.zone if driver else "",
            "days": (driver.now - driver.began).days if driver else 0,
            "emails": tally.emails if tally else 0, "answers": tally.answers if tally else 0,
            "publishes": tally.publishes if tally else 0}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-100", help="such as 7 or 1-100")
    parser.add_argument("--steps", type=int, default=75)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--site", action="store_true", help="make the site each time, and look at its feeds")
    parser.add_argument("--all", action="store_true", help="every step and every rule, also those known to be broken")
    parser.add_argument("--with", dest="also", default="", help="steps taken as well, such as redirect,widen")
    parser.add_argument("--whole", action="store_true", help="say a wrong history as it is, without making it smaller")
    given = parser.parse_args()
    without = steps.OPEN - set(given.also.split(","))
    how = {"site": given.site, "everything": given.all, "without": without}
    first, _, last = given.seeds.partition("-")
    tasks = [(seed, given.steps, how, not given.whole) for seed in range(int(first), int(last or first) + 1)]
    rows = []
    with ProcessPoolExecutor(given.jobs, get_context("fork")) as pool:
        for done in as_completed([pool.submit(one, task) for task in tasks]):
            row = done.result()
            rows.append(row)
            if row["wrong"]:
                _say(row)
    right = [row for row in rows if not row["wrong"]]
    sums = {key: sum(int(str(row[key])) for row in rows) for key in ("days", "publishes", "emails", "answers")}
    print(f"{len(rows)} histories, {len(right)} right · {sums['days'] / 30.4:.0f} months · "  # noqa: T201 - its report
          f"{len({row['zone'] for row in rows})} time zones · {sums['publishes']} publishes · "
          f"{sums['emails']} emails and {sums['answers']} answers compared")  # fmt: skip
    return len(rows) - len(right) > 0


def _say(row: dict[str, object]) -> None:
    log = "\n  ".join(str(line) for line in row["log"])  # type: ignore[attr-defined]  # a list, in a row of many types
    print(f"seed {row['seed']}, {row['zone']}, steps {row['steps']}:\n  {log}\n  => {row['wrong']}\n", flush=True)  # noqa: T201 - its report


if __name__ == "__main__":
    sys.exit(main())
