"""The whole of `publish` in this process, on a house in memory, with a provider of its own books, and deaths.

A death is simulated by a copy: at the moment of it, the bytes of `private/` and the count in `build/` are copied as
a killed process would leave them, and whatever the process still does afterwards happens to the old ones. A loss of
power copies of the ledger's log only what was written through to the disk by then and of its steps any part, and
starts another boot.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from torture.killer import around, mortal_connection, mortal_pwrite

from pipeline import ledgerfile, opened
from pipeline import publish as whole
from pipeline.build import Built
from pipeline.errors import Refused, Unavailable, Uncertain
from pipeline.events import Event
from pipeline.issues import compose
from pipeline.ledger import Ledger
from pipeline.model import House
from pipeline.outgoing import Delivery, DeliveryState, Frozen, Letter, Receipt, Sheet
from pipeline.planned import PlannedLetter
from pipeline.secret import private_folder
from pipeline.standing import settle
from pipeline.terms import Surroundings, Tally
from pipeline.transports.base import Submitting
from pipeline.wire import Pause

SHEET = Sheet("The letter.", "<p>The letter.</p>", "")


class Killed(BaseException):
    """This process is dead; nothing in the product may catch it and live."""


@dataclass
class Books:
    """What the provider took: each delivery with the address it was for and the entries in it."""

    taken: list[Letter] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def ids(self) -> set[str]:
        return {letter.delivery_id for letter in self.taken}

    def told(self) -> Counter[tuple[str, str]]:
        """(person, entry) → how often."""
        return Counter((letter.person, entry) for letter in self.taken for entry in letter.entries)


class Line:
    """A connection to the provider; each letter has three moments at which this process may die."""

    name = "line"

    def __init__(self, world: World) -> None:
        self._world = world

    def prepare(self, one: Frozen) -> bytes:
        return b""

    def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
        self._world.hit("submit", "before")
        fault = self._world.books.faults.pop(0) if self._world.books.faults else ""
        if fault == "refuse":
            raise Refused("550 no such mailbox")
        if fault == "busy":
            raise Unavailable("503 not now")
        if fault != "lose":
            self._world.books.taken.append(one.stub)
            self._world.hit("submit", "taken")
        yield Pause()
        if fault in ("lose", "doubt"):
            raise Uncertain("the connection broke")
        self._world.hit("submit", "after")
        return Receipt(f"m-{one.stub.delivery_id}", "202")

    def close(self) -> None:
        """Nothing to hang up."""

    def suppressed(self) -> dict[str, str]:
        return {}


class _Plain:
    """Composes letters without words."""

    def frozen(
        self, planned: PlannedLetter, *, issue_id: str, delivery_id: str, token: str, mark: str, now: datetime
    ) -> Frozen:
        stub = Letter(
            delivery_id=delivery_id, person=planned.person.id, sender="Ann <ann@house.example.org>",
            to=planned.person.address, to_name="", reply_to="", subject="News", text="", html="", date=now,
            language=planned.language, headers=(), entries=planned.entry_ids,
        )  # fmt: skip
        return Frozen(stub, SHEET, "", token, issue_id, mark)


class World:
    """A house in memory, its ledger on the disk, its provider, and the time."""

    def __init__(self, folder: Path, house: Callable[[datetime], House], now: datetime) -> None:
        self._folder, self._lives = folder, 0
        self.root = folder / "life-0"
        self.root.mkdir()
        self.house, self.now = house, now
        self.books = Books()
        self.boot = 0
        self.deaths = 0
        self._left: int | None = None
        self._power, self._dead, self._synced = False, False, 0
        self._dice = random.Random(0)
        self._asleep = False

    # dying

    def hit(self, kind: str, when: str) -> bool:
        """A moment at which this process may die."""
        if self._dead:
            raise Killed
        if (kind, when) == ("commit", "after"):
            self._synced = self._wal()
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._die()
                raise Killed
        return False

    def _wal(self) -> int:
        path = self.root / "private" / "ledger.db-wal"
        return path.stat().st_size if path.exists() else 0

    def _die(self) -> None:
        self._left, self._lives = None, self._lives + 1
        after = self._folder / f"life-{self._lives}"
        shutil.copytree(self.root, after, ignore=shutil.ignore_patterns("*-shm"))
        if self._power:
            self._lose_power(after)
        self._next, self._dead = after, True

    def _lose_power(self, after: Path) -> None:
        """Only what was written through is there; files that were not may be there or not."""
        wal = after / "private" / "ledger.db-wal"
        if wal.exists():
            assert wal.stat().st_size < 3_000_000, "a checkpoint would make its size say nothing"
            os.truncate(wal, min(self._synced, wal.stat().st_size))
        steps = after / "private" / "ledger.steps"
        if steps.exists():
            os.truncate(steps, self._dice.randint(0, len(steps.read_bytes().rstrip(b"\0"))))
        for name in ("private/ledger.mark", "build/ledger.mark", "private/ledger.seal", "private/ledger.steps"):
            if self._dice.random() < 0.3:
                (after / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _mortal(self) -> Iterator[None]:
        connect, factory = sqlite3.connect, mortal_connection(self.hit)
        with contextlib.ExitStack() as stack:
            put = stack.enter_context
            put(mock.patch.object(sqlite3, "connect", lambda *v, **n: connect(*v, factory=factory, **n)))
            put(mock.patch.object(os, "pwrite", mortal_pwrite(self.hit)))
            put(mock.patch.object(os, "replace", around(self.hit, "file", os.replace)))
            put(mock.patch.object(os, "unlink", around(self.hit, "file", os.unlink)))
            put(mock.patch.object(opened, "read_house", lambda root, dates, environ, now, there: self.house(now)))
            put(mock.patch.object(whole, "build", self._build))
            put(mock.patch.object(ledgerfile, "boot", lambda: f"boot-{self.boot}"))
            yield

    def _build(self, opened: Any, decided: Any, secret: Any, taken: Any, **_: object) -> Built:
        issues = compose(opened.house, decided, opened.history.choices, _Plain(), secret, taken)  # type: ignore[arg-type] - all that is asked of a composer
        return Built(web=None, pastes=(), narrow=0, outputs=0, issues=issues)

    # living

    def publish(
        self, die_at: int | None = None, *, power: bool = False, late: whole.Late = whole.Late.GO
    ) -> Tally | None:
        """One run; it dies at the ``die_at``-th moment, if it lives that long. None when it died."""
        self._left, self._power, self._dead = die_at, power, False
        self._synced = self._wal()
        tick = [0.0]
        job = whole.Job(
            root=self.root, environ={}, now=self.now, transport=lambda house: Line(self),
            around=lambda may_go: Surroundings(
                clock=lambda: self.now, tick=lambda: tick[0], sleep=lambda s: tick.__setitem__(0, tick[0] + s),
                progress=lambda done, total: None, may_go=may_go, halted=lambda: False,
            ),
            confirm=lambda *_: True, late=lambda _: late, site=False,
        )  # fmt: skip
        try:
            with self._mortal():
                return whole.publish(job)
        except Killed:
            self._be_born_again(power)
            return None
        finally:
            self._left = None

    def _be_born_again(self, power: bool) -> None:
        shutil.rmtree(self.root)
        self.root, self._dead, self._asleep = self._next, False, True
        self.deaths += 1
        self.boot += power

    @contextlib.contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """The ledger, between runs."""
        with self._mortal(), Ledger.open(private_folder(self.root), self.now) as opened:
            yield opened

    def deliveries(self) -> list[Delivery]:
        if not (self.root / "private" / "ledger.db").exists():
            return []
        if self._asleep:
            with self.ledger():
                self._asleep = False
        ledger = Ledger.peek(self.root / "private")
        assert ledger is not None
        with contextlib.closing(ledger):
            ledger.audit()
            return ledger.deliveries()

    def doubts(self) -> list[Delivery]:
        return [one for one in self.deliveries() if one.state is DeliveryState.UNCERTAIN]

    def settle_all(self) -> int:
        """A person looks each uncertain letter up in the provider's books."""
        doubts = self.doubts()
        for one in doubts:
            assert one.reason
            with self._mortal():
                settle(self.root, one.id, one.id in self.books.ids(), self.now)
        return len(doubts)

    def hear(self, kind: str = "taken") -> None:
        """The provider's events of everything it took."""
        found = [
            (Event(1, kind, f"{kind}-{letter.delivery_id}", letter.delivery_id, letter.to), "?")
            for letter in self.books.taken
        ]
        with self.ledger() as ledger:
            ledger.ingest(found, self.now)

    def check(self) -> None:
        """What must hold at any moment: nobody was told anything twice, and the ledger knows what left."""
        twice = {key: number for key, number in self.books.told().items() if number > 1}
        assert not twice, f"told twice: {twice}"
        found = {one.id: one for one in self.deliveries()}
        assert self.books.ids() <= found.keys(), "something left that the ledger never knew"
        for one in found.values():
            if one.state is DeliveryState.SUBMITTED:
                assert one.id in self.books.ids(), f"{one.id} was never taken, but counts as submitted"
            if one.state in (DeliveryState.PENDING, DeliveryState.HELD):
                assert one.id not in self.books.ids(), f"{one.id} was taken, and would go again"
