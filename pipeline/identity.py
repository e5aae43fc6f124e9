"""Decides which entry of the ledger each entry of the project is, so that whatever is renamed stays the same. Pure.

An identity, once given, stays: the ledger is asked by `id`, by the file's name and by the texts of all languages.
What may be an entry under another name, and may not, is for a person to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.likeness import Look, likeness, pairs

OPENING = "opening"
"""The kind of what the author says first in digests; the others are those of entries."""

ALIKE = 0.3
"""How much of an entry that just vanished must stand in a new one for a question."""

ALIKE_ONCE = 0.6
"""The same for an entry that vanished with an earlier publish: many years of those may be alike."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

_FEW = 50
"""Entries up to which each is compared with each; of more, only those that share what few have."""

_MOST = 3
"""Entries that a question names at most."""


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as its files name it: the file's name, its `id` if it has one, and fingerprints of its texts.

    ``date`` is empty where it has none of its own; ``out`` is false for drafts and what is dated ahead. ``looks`` are
    worked out only when they are asked for.
    """

    name: str
    given: str
    kind: str
    date: str
    digests: frozenset[str]
    path: str = ""
    out: bool = True
    looks: Callable[[], tuple[Look, ...]] = field(default=tuple, compare=False, repr=False)

    @property
    def filed(self) -> str:
        """Its file's name as the ledger has it; openings have names of their own."""
        return f"{OPENING} {self.name}" if self.kind == OPENING else self.name

    @property
    def own(self) -> str:
        """What it is called when the ledger knows nothing of it."""
        return self.given or self.filed


@dataclass(frozen=True, slots=True)
class Trace:
    """How an entry stood at the last publish; ``given`` is None where the ledger does not know of an `id`."""

    name: str
    given: str | None
    kind: str
    date: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What the ledger knows of identities.

    ``known``: every entry that was ever published. ``there``: those of the last publish. ``names``: (way, name) →
    entry; the ways are ``file``, ``id`` and, for what a person said, ``said``. ``owners``: fingerprint → entries whose
    text it was last. ``asked``: file's name → entries it may be. ``looks``: how these entries read.
    """

    known: Collection[str] = frozenset()
    there: Mapping[str, Trace] = field(default_factory=dict)
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looks: Callable[[Iterable[str]], Mapping[str, tuple[Look, ...]]] = field(default=lambda _: {}, compare=False)


@dataclass(frozen=True, slots=True)
class Resolved:
    """Item → the entry it is; and items that may be one of these entries, or new."""

    ids: Mapping[int, str]
    unclear: Mapping[int, tuple[str, ...]]


def resolve(items: tuple[Item, ...], memory: Memory) -> Resolved:
    """What every item is; the same items in another order give the same."""
    work = _Work(items, memory)
    work.by_name()
    work.by_text()
    work.settle()
    work.ask()
    return Resolved(work.ids, work.unclear)


class _Work:
    """One decision on its way; ``ids`` grows from what is certain to what is not."""

    def __init__(self, items: tuple[Item, ...], memory: Memory) -> None:
        self.items, self.memory = items, memory
        self.order = sorted(range(len(items)), key=lambda number: (items[number].path, items[number].own))
        self.ids: dict[int, str] = {}
        self.unclear: dict[int, tuple[str, ...]] = {}
        self.claims: dict[int, str] = {}
        self.firm: set[int] = set()
        self.kept: set[str] = set()
        self.lost: dict[int, str] = {}
        self.read: dict[int, tuple[Look, ...]] = {}

    def by_name(self) -> None:
        """What each is by its `id` or its file's name, and which of them still have a text of that entry."""
        for number in self.order:
            entry, firm = self._claim(self.items[number])
            if entry:
                self.claims[number] = entry
                if firm:
                    self.firm.add(number)
                if firm or entry in self._owners(number):
                    self.kept.add(entry)

    def _claim(self, item: Item) -> tuple[str, bool]:
        """The entry that an item is by name, and whether no text can say otherwise."""
        names, there = self.memory.names, self.memory.there
        if said := names.get(("said", item.filed)):
            return said, True
        given = item.given
        if given:
            if entry := names.get(("id", given)):
                return entry, True
            if given in there and there[given].given in (None, given):
                return given, True
        entry = names.get(("file", item.filed), item.filed)
        if entry in self.memory.known and (not given or self._stood(item, entry)):
            return entry, False
        return (given, True) if given in self.memory.known else ("", False)

    def _stood(self, item: Item, entry: str) -> bool:
        """Whether the entry stood under this file's name without an `id`: it was written in since."""
        last = self.memory.there.get(entry)
        return last is not None and last.name == item.name and not last.given and last.kind in ("", item.kind)

    def _owners(self, number: int) -> frozenset[str]:
        item = self.items[number]
        found = [self.memory.owners[one] for one in item.digests if one in self.memory.owners]
        return frozenset(one for owners in found for one in owners if _of_a_kind(item, one))

    def by_text(self) -> None:
        """Whatever reads exactly like another entry did, which nobody else reads like any more, is that one."""
        wanted = {number: free for number in self.order if (free := self._wanted(number))}
        looks = self.memory.looks({entry for entries in wanted.values() for entry in entries}) if wanted else {}
        fits = {(n, one): self._fit(n, one, looks.get(one, ())) for n, entries in wanted.items() for one in entries}
        rank = {number: place for place, number in enumerate(self.order)}
        taken: set[str] = set()
        for number, one in sorted(fits, key=lambda pair: (-fits[pair], rank[pair[0]], pair[1])):
            free = [other for other in wanted[number] if other not in taken]
            if number in self.ids or number in self.unclear or one not in free:
                continue
            rivals = [other for other in free if fits[number, other] == fits[number, one]]
            if len(rivals) == 1:
                self.ids[number] = one
                taken.add(one)
            elif number not in self.claims:
                self.unclear[number] = tuple(sorted(rivals)[:_MOST])
        for number in wanted:
            if number not in self.ids and number not in self.claims:
                self.unclear.setdefault(number, tuple(sorted(wanted[number])[:_MOST]))

    def _wanted(self, number: int) -> list[str]:
        """The entries whose last text an item has, and which read like that nowhere else."""
        if number in self.firm or self.claims.get(number) in self._owners(number):
            return []
        free = self._owners(number) - self.kept
        if number in self.claims:
            free = frozenset(one for one in free if one in self.memory.there)
        return [one for one in free if self._same_day(number, one)]

    def _same_day(self, number: int, entry: str) -> bool:
        """Whether a short text says enough: “Good morning” of another day may be another morning."""
        item, last = self.items[number], self.memory.there.get(entry)
        if not all(one.short for one in self._looks(number)):
            return True
        return last is not None and (not item.date or not last.date or item.date == last.date)

    def _fit(self, number: int, entry: str, looks: tuple[Look, ...]) -> int:
        """What else than its text speaks for an entry: date, title, kind."""
        item, last = self.items[number], self.memory.there.get(entry)
        titles = {one.title for one in looks} & {one.title for one in self._looks(number)} - {""}
        return (
            bool(titles) + (last is not None and last.date == item.date) + (last is not None and last.kind == item.kind)
        )

    def settle(self) -> None:
        """Gives each entry that nobody took by its text to whoever has its name; the others lose it."""
        taken = set(self.ids.values())
        rivals: dict[str, list[int]] = {}
        for number in self.order:
            if number in self.claims and number not in self.ids:
                rivals.setdefault(self.claims[number], []).append(number)
        for entry, numbers in rivals.items():
            first = min(numbers, key=lambda number: self._distance(number, entry))
            if entry in taken and first not in self.firm:
                first = -1
            for number in numbers:
                if number == first and not self._came_back_changed(number, entry):
                    self.ids[number] = entry
                else:
                    self.lost[number] = entry

    def _came_back_changed(self, number: int, entry: str) -> bool:
        """Whether a name that was gone at the last publish is there again with another text: perhaps another entry."""
        if number in self.firm or entry in self.memory.there or entry in self._owners(number):
            return False
        looks = self.memory.looks([entry]).get(entry, ())
        share = max(
            (likeness(one.sample, last.sample) for one in self.items[number].looks() for last in looks), default=0
        )
        if share < ALIKE and self.items[number].out:
            self.unclear[number] = (entry,)
        return share < ALIKE

    def _distance(self, number: int, entry: str) -> tuple[bool, ...]:
        item, last = self.items[number], self.memory.there.get(entry)
        said = ("said", item.filed) in self.memory.names
        holds = last is not None and last.name == item.name and last.kind in ("", item.kind)
        return not said, entry not in self._owners(number), not holds, number not in self.firm

    def ask(self) -> None:
        """Names what is new, and what may be an entry that vanished."""
        taken = set(self.ids.values())
        new = [number for number in self.order if number not in self.ids]
        asking = [number for number in new if self.items[number].out and number not in self.unclear]
        if asking:
            gone = [one for one in sorted(self.memory.known) if one not in taken]
            weak = self._by_name_alone()
            self._ask_about(asking, gone, weak, self.memory.looks([*gone, *self.lost.values(), *weak]))
        for number in new:
            taken.add(self._named_anew(number, taken))

    def _ask_about(
        self, asking: list[int], gone: list[str], weak: Mapping[str, int], looks: Mapping[str, tuple[Look, ...]]
    ) -> None:
        """Notes which entries each of these items may be: none, when it is new."""
        there = self.memory.there
        near = _Nearby([*gone, *weak], looks, there)
        blind = [one for one in gone if one in there and looks.get(one) and not any(own.sample for own in looks[one])]
        blind = blind if len(blind) <= min(len(asking), _FEW) else []
        for number in asking:
            likely = near.of(self.items[number], self._looks(number))
            likely = [one for one in likely if one not in weak or self._closer(number, weak[one], looks[one])]
            self._question(number, likely, looks, blind)

    def _question(
        self, number: int, nearby: list[str], looks: Mapping[str, tuple[Look, ...]], blind: Collection[str]
    ) -> None:
        """Notes which entries an item may be. Of ``blind`` ones no words were kept."""
        item = self.items[number]
        lost = self.lost.get(number, "")
        asked = self.memory.asked.get(item.filed, ())
        near = [(self._near(number, one, looks.get(one, ())), one) for one in {*nearby, lost} - {""}]
        likely = [one for share, one in sorted(near, reverse=True) if share > 0]
        if number in self.firm and lost:
            likely = [lost, *likely]
        unknown = [one for one in blind if _of_a_kind(item, one) and not _another_day(item, one)]
        if found := tuple(dict.fromkeys([*likely, *self._parted(number), *unknown, *asked]))[:_MOST]:
            self.unclear[number] = found

    def _looks(self, number: int) -> tuple[Look, ...]:
        """How an item reads, worked out once."""
        if number not in self.read:
            self.read[number] = self.items[number].looks()
        return self.read[number]

    def _by_name_alone(self) -> dict[str, int]:
        """Entry → who has its name, and by now another text: another file may be the entry itself."""
        return {
            entry: number
            for number, entry in self.ids.items()
            if number in self.claims and number not in self.firm and entry not in self._owners(number)
        }

    def _closer(self, number: int, holder: int, looks: tuple[Look, ...]) -> bool:
        """Whether an item reads more like an entry did than whoever has its name."""
        return _most_shared(self._looks(number), looks) > _most_shared(self._looks(holder), looks)

    def _parted(self, number: int) -> list[str]:
        """Entries that are there, but without the text that an item has of theirs: a translation, perhaps."""
        digests, owners = self.items[number].digests, self._owners(number)
        holders = {entry: holder for holder, entry in self.ids.items() if entry in owners} if owners else {}
        return [one for one in sorted(holders) if not digests & self.items[holders[one]].digests]

    def _near(self, number: int, entry: str, looks: tuple[Look, ...]) -> float:
        """How likely an item is an entry that vanished, from 0 (it is new) to 1."""
        item, last, own = self.items[number], self.memory.there.get(entry), self._looks(number)
        if not _of_a_kind(item, entry):
            return 0.0
        share = max((_shared(one, other, last) for one in own for other in looks), default=0.0)
        if item.digests & {one.digest for one in looks} or share >= (ALIKE if last else ALIKE_ONCE):
            return max(share, ALIKE)
        if last is None or item.kind == OPENING or last.kind not in ("", item.kind):
            return 0.0
        short = any(one.short for one in own) and (not looks or any(one.short for one in looks))
        return 0.1 if _other_signs(item, own, last, looks) or (short and not _another_day(item, entry, last)) else 0.0

    def _named_anew(self, number: int, taken: Collection[str]) -> str:
        """Its own name, or with a number where that is another entry's."""
        own = name = self.items[number].own
        count = 1
        while name in self.memory.known or name in taken or (count > 1 and name in self._called()):
            count += 1
            name = f"{own}-{count}"
        self.ids[number] = name
        return name

    def _called(self) -> set[str]:
        return {one.own for one in self.items}


def _of_a_kind(item: Item, entry: str) -> bool:
    """What introduces a digest is never an entry."""
    return (item.kind == OPENING) == entry.startswith(f"{OPENING} ")


def _most_shared(some: tuple[Look, ...], others: tuple[Look, ...]) -> float:
    return max((likeness(one.sample, other.sample) for one in some for other in others), default=0.0)


class _Nearby:
    """Finds, among entries, those that are worth a comparison: of many, the ones that share rare signs with an item."""

    def __init__(self, entries: list[str], looks: Mapping[str, tuple[Look, ...]], there: Mapping[str, Trace]) -> None:
        self._entries = entries
        self._index: dict[tuple[str, object], list[str]] = {}
        for entry in entries if len(entries) > _FEW else ():
            for sign in _signs(looks.get(entry, ()), there[entry].date if entry in there else ""):
                self._index.setdefault(sign, []).append(entry)

    def of(self, item: Item, looks: tuple[Look, ...]) -> list[str]:
        """The entries that the item may be."""
        if not self._index:
            return self._entries
        found: Counter[str] = Counter()
        for sign in _signs(looks, item.date):
            owners = self._index.get(sign, [])
            found.update(owners if len(owners) <= _FEW else ())
        return [entry for entry, _ in found.most_common(_FEW)]


def _signs(looks: tuple[Look, ...], date: str) -> set[tuple[str, object]]:
    found: set[tuple[str, object]] = {("date", date)} if date else set()
    for one in looks:
        found |= {("pair", pair) for pair in pairs(one.sample)} if one.sample else set()
        found |= {("title", one.title)} if one.title else set()
        found |= {("text", one.digest), ("short", one.short)}
    return found


def _shared(one: Look, other: Look, last: Trace | None) -> float:
    """How much two texts share; a few words that stand in a long text say little."""
    share = likeness(one.sample, other.sample)
    if not (one.short or other.short):
        return share
    if last is None:
        return 0.0
    enough = one.short is other.short or (share >= ALIKE_ONCE and min(len(one.sample), len(other.sample)) >= 1 + 4 * 3)
    return share if enough else 0.0


def _another_day(item: Item, entry: str, last: Trace | None = None) -> bool:
    """Whether two have dates that differ, or names that begin with different days."""
    if last and item.date and last.date:
        return item.date != last.date
    days = [match[0] for name in (item.name, entry) if (match := _DAY.match(name))]
    return len(set(days)) == 2


def _other_signs(item: Item, own: tuple[Look, ...], last: Trace, looks: tuple[Look, ...]) -> bool:
    """Whether its title or its date speaks for a text that was written anew."""
    titled = any(one.title and one.title == other.title for one in own for other in looks)
    return titled or bool(item.date and item.date == last.date)
