"""Lives through one history: random steps of the author, the readers and the clock, each compared with the oracle."""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import houses
from years import steps
from years.mailbox import Got, Mailbox
from years.oracle import Email, Entry, Held, Oracle
from years.project import Files, Source

from pipeline.transports.outbox import Outbox

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "UTC",
         "Pacific/Auckland", "Africa/Casablanca", "Asia/Kolkata")  # fmt: skip
JUMPS = (1, 5, 11, 20, 24, 30, 24 * 2, 24 * 3, 24 * 5, 24 * 7, 24 * 9, 24 * 14, 24 * 20, 24 * 40)
"""Hours between two publishes."""


class Wrong(AssertionError):
    """Kith and the oracle differ."""


@dataclass
class Tally:
    """What was looked at."""

    emails: int = 0
    publishes: int = 0
    answers: int = 0
    days: int = 0
    steps: dict[str, int] = field(default_factory=dict)


class Driver:
    """One history of one project."""

    def __init__(
        self,
        root: Path,
        seed: int,
        *,
        site: bool = False,
        everything: bool = False,
        without: frozenset[str] = steps.OPEN,
    ) -> None:
        self.seed, self.site, self.everything = seed, site, everything
        self.without = frozenset() if everything else without
        self.rng = rng = random.Random(f"{seed} begin")  # a history must be the same every time
        self.zone = rng.choice(ZONES)
        cap = rng.choice([None, 1, 2, 2])
        self.oracle = Oracle(self.zone, cap=cap)
        self.files = Files(root)
        self.mailbox = Mailbox(root)
        self.sources: dict[str, Source] = {}
        self.removed: dict[str, Source] = {}
        self.gone: dict[str, Entry] = {}
        self.guids: dict[str, str] = {}
        self.called: dict[str, set[str]] = {}
        """For each marker every id and slug it had."""
        self.short_gone = False
        """Whether a text that is too short to compare vanished: then any new one as short is asked about."""
        self.edited: set[str] = set()
        self.renamed: set[str] = set()
        """Entries that were, since the last publish."""
        self.names: dict[str, str] = {}
        """The name of each opening's file."""
        self.now = datetime(2026, rng.choice([1, 2, 6, 9]), rng.randint(1, 28), rng.randint(6, 20), 30,
                            tzinfo=ZoneInfo(self.zone))  # fmt: skip
        self.began = self.now
        self.tally = Tally()
        self.log: list[str] = []
        self.files.settings(self.zone)
        steps.begin(self)
        self.write_people()

    # what steps use

    def write_people(self) -> None:
        self.files.people(self.oracle.circles, list(self.oracle.people.values()), self.oracle.cap)

    def write(self, marker: str) -> None:
        self.files.entry(self.oracle.entries[marker], self.sources[marker])

    def run(self, *arguments: str, at: datetime | None = None) -> houses.Ran:
        return houses.run(self.files.root, *arguments, now=at or self.now)

    def must(self, *arguments: str) -> houses.Ran:
        """Runs a command that has no reason to fail."""
        ran = self.run(*arguments)
        if ran.code or ran.err:
            raise Wrong(f"kith {' '.join(arguments)} ended with {ran.code}: {ran.err or ran.out}")
        return ran

    # the life of a project

    def live(self, chosen: list[int], most: int = 10**6) -> None:
        """Takes the steps with these numbers, and publishes after each."""
        self.publish()
        for number in chosen[:most]:
            self.rng = random.Random(f"{self.seed} {number}")
            self.now += timedelta(hours=self.rng.choice(JUMPS), minutes=self.rng.randint(1, 40))
            for _ in range(self.rng.choice([0, 1, 1, 1, 1, 2])):
                name = steps.take(self)
                self.log.append(f"{number} {self.now:%Y-%m-%d %H:%M}: {name}")
                self.tally.steps[name.split()[0]] = self.tally.steps.get(name.split()[0], 0) + 1
            self.publish()
            if number % 3 == 0:
                self.ask()
        self.tally.days = (self.now - self.began).days

    def publish(self) -> None:
        """Plans, publishes and compares; now and then the run dies midway and is taken up again."""
        self.oracle.take_in(self.now)
        emails, held = self.oracle.expected(self.now)
        if self.rng.random() < 0.5:
            self.compare_plan(emails, held)
        if sum(not one.who.startswith("circle:") for one in emails) > 1 and self.rng.random() < 0.15:
            self.die_midway(self.rng.randint(1, 2), before=self.rng.random() < 0.5)
        ran = self.run("publish" if self.site else "deliver", "--yes")
        self.said = ran.out
        unclear = any(one.unclear for one in self.oracle.entries.values())
        if ran.code != unclear or ran.err or ("Unclear" in ran.out) != unclear:
            raise Wrong(f"publish ended with {ran.code}: {ran.err or ran.out}")
        self.tally.publishes += 1
        self.edited.clear()
        self.renamed.clear()
        self.compare(emails)
        if self.site:
            self.compare_feeds()

    def compare(self, emails: list[Email]) -> None:
        """Each email that had to go went, as it had to, and no other."""
        got: dict[str, Got] = {}
        for one in self.mailbox.new():
            if one.who in got:
                raise Wrong(f"{one.who} got two emails at once: {got[one.who]} and {one}")
            got[one.who] = one
        meant = {one.who: one for one in emails}
        for who in sorted(got.keys() | meant.keys()):
            if who not in got:
                raise Wrong(f"{who} got nothing instead of {meant[who]}; {self.said}")
            if who not in meant:
                raise Wrong(f"{who} got {got[who]} for no reason; {self.why(who)}")
            self.compare_email(meant[who], got[who])
            self.oracle.send(meant[who], self.now)
            self.tally.emails += 1

    def why(self, who: str) -> str:
        reader = next(one for one in self.oracle.readers() if one.id == who)
        entries = self.oracle.due(reader, self.now)
        return f"waiting {[one.marker for one in entries]}: {entries and self.oracle.reason(reader, entries, self.now)}"

    def compare_email(self, meant: Email, got: Got) -> None:
        markers = {marker for marker, _ in meant.entries}
        if {marker for marker, _ in got.entries} != markers:
            raise Wrong(f"{meant.who} got {sorted(got.entries)} instead of {sorted(meant.entries)}; {self.said}")
        wrong = {one for one in meant.entries if one[1] and one not in got.entries}
        if wrong or len(got.entries) != len(meant.entries):
            raise Wrong(f"{meant.who} got {sorted(got.entries)}: other languages than {sorted(meant.entries)}")
        if meant.who.startswith("circle:"):
            return
        if meant.whole - got.whole:
            raise Wrong(f"{meant.who} got {meant.whole - got.whole} not whole")
        said = (meant.opening,) if meant.opening else ()
        if got.openings != said:
            raise Wrong(f"{meant.who} heard the openings {got.openings} instead of {said}")
        noted = (meant.note,) if meant.note else ()
        if got.notes != noted:
            raise Wrong(f"{meant.who} read the notes {got.notes} instead of {noted}")
        if self.everything:
            self.compare_also(meant, got)
        dated = [self.oracle.order(self.oracle.entries[name]) for name in got.posts]
        if dated != sorted(dated):
            raise Wrong(f"{meant.who} got posts that are not in the order of their dates: {got.posts}")

    def compare_also(self, meant: Email, got: Got) -> None:
        """What else is on the site is named in digests: three posts at most, and any that came since the last email."""
        also = meant.also if meant.digest else frozenset()
        least = 0 if meant.first else min(3, len(also))
        if not got.titles <= also or not least <= len(got.titles) <= 3:
            raise Wrong(f"{meant.who} reads {set(got.titles)} also on the site; {set(also)} are there")

    def compare_plan(self, emails: list[Email], held: list[Held]) -> None:
        """The plan names whom the publish after it reaches, and for all others why and until when."""
        plan = json.loads(self.must("plan", "--json").out)
        self.said = json.dumps(plan)
        planned = {one["person"] for one in plan["letters"]}
        people = {one.who for one in emails if not one.who.startswith("circle:")}
        if planned != people:
            raise Wrong(f"the plan is for {sorted(planned)} instead of {sorted(people)}: {self.said}")
        said = {one["who"]: (one["reason"], one["until"]) for one in plan["held"]}
        waiting = {one["who"] for one in plan["held"] if one["entries"]}
        for one in held:
            if one.who not in said:
                raise Wrong(f"the plan says nothing of {one}")
            reason, until = said[one.who]
            fits_day = not one.until or until == str(one.until)
            if not fits_day or not any(true(reasoned, reason) for reasoned in self.oracle.reasons(one)):
                raise Wrong(f"the plan says of {one}: {reason}, {until}")
            self.tally.answers += 1
        for who in waiting - {one.who for one in held}:
            raise Wrong(f"the plan holds {who} for no reason: {said[who]}")

    def ask(self) -> None:
        """What `kith explain` says of one person is true of every entry."""
        if not self.oracle.people:
            return
        reader = self.rng.choice(list(self.oracle.people.values()))
        told = {self.marker_of(one["entry"]): one for one in json.loads(self.must("explain", reader.id, "--json").out)}
        for entry in self.oracle.out(self.now):
            what, line = self.oracle.about(reader, entry, self.now), told.get(entry.marker)
            if line is None:
                raise Wrong(f"kith explain {reader.id} says nothing of {entry.marker}, which {what}")
            if not fits(what, str(line["reason"])):
                raise Wrong(f"kith explain {reader.id}: {entry.marker} {what}, but it says: {line['reason']}")
            self.tally.answers += 1

    def marker_of(self, name: str) -> str:
        """The marker of an entry by the id, name or path that Kith knows it by."""
        return self.known.get(name, name)

    def file_of(self, path: str) -> str:
        """The marker of the entry that this file is of."""
        return next(name for name, paths in self.files.written.items() if self.files.root / path in paths)

    @property
    def known(self) -> dict[str, str]:
        return {name: marker for marker, names in self.called.items() for name in names}

    # what goes wrong on the way

    def die_midway(self, number: int, *, before: bool) -> None:
        """The run ends at once at some email, before or after it was written; then a person says what became of it."""
        child = os.fork()
        if child == 0:
            self._die_at(number, before)
            try:
                self.run("deliver", "--yes")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        self.log.append(f"    the run dies at email {number}, {'before' if before else 'after'} it was written")
        if self.rng.random() < 0.4:
            self.log.append("    what was pending is withdrawn")
            self.must("withdraw", "--yes")
        rows = json.loads(self.run("report", "--json").out)["deliveries"]
        for row in rows:
            if row["state"] == "uncertain":
                there = (self.files.root / "build" / "outbox" / f"{row['id']}.eml").exists()
                self.must("settle", row["id"], "taken" if there else "not-taken")

    @staticmethod
    def _die_at(number: int, before: bool) -> None:
        written, plainly = [0], Outbox.submit

        def submit(self: Outbox, *arguments: object) -> object:
            written[0] += 1
            if written[0] == number and before:
                os._exit(9)
            receipt = plainly(self, *arguments)  # type: ignore[arg-type]  # whatever it is handed
            if written[0] == number:
                os._exit(9)
            return receipt

        Outbox.submit = submit  # type: ignore[method-assign, assignment]  # only in the child that ends here

    def compare_feeds(self) -> None:
        """An entry keeps its name in feeds for ever."""
        for marker, name in self.mailbox.names_in_feeds().items():
            if self.guids.setdefault(marker, name) != name:
                raise Wrong(f"{marker} was {self.guids[marker]} in feeds and is {name} now")
        if len(set(self.guids.values())) != len(self.guids):
            raise Wrong(f"two entries have one name in feeds: {self.guids}")


WORDS = {
    "paused": ("paused",),
    "unsubscribed": ("unsubscribed", "left"),
    "bounced": ("bounced", "does not work"),
    "never": ("never",),
    "cadence": ("digest", "text to paste"),
    "cap": ("this month",),
}


FITS: set[tuple[str, str]] = set()


def true(reason: str, said: str) -> bool:
    """Whether what Kith says means the oracle's reason."""
    return any(words in said for words in WORDS[reason])


def fits(what: str, said: str) -> bool:
    """Whether what `kith explain` says of an entry can be true of one that the oracle knows this of."""
    FITS.add((what, "".join(letter for letter in said if not letter.isdigit())))
    sent = said.startswith("already")
    recorded = "recorded" in said
    held = said.startswith("held")
    return {
        "notified": sent and not recorded,
        "recorded": recorded,
        "not meant": not (sent or recorded or held) or "held" in said,
        "waits": held,
        "past": not (sent or recorded or held),
    }[what]
