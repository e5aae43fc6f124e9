"""The leak check: before anything leaves, everything that was made is searched for what its readers may not read.

    sought    narrower texts (`privacy`), names and addresses (`named`)
    outputs   every file of the site and its name; letters, their headers and requests (`leaving`); pastes
    excuses   what those readers can read elsewhere, or what its author allows (`excuses`)

One hit stops the run. What was clean and has not changed is not looked at again (`leakcache`).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from urllib.parse import unquote

from pipeline.excuses import Excuses, Found
from pipeline.keyring import Keyring
from pipeline.keys import content_key, key_of
from pipeline.leak import Leak, Output, line_of, refuse
from pipeline.leakcache import Memory, fingerprint
from pipeline.leakfiles import File, Search, files_in
from pipeline.linewise import Linewise
from pipeline.model import EVERYONE, Audience, Entry, House, Page, PersonalLine
from pipeline.named import Wholes, called, names
from pipeline.outgoing import Frozen, Issue, Letter, Pasted
from pipeline.pictext import is_text, written_in
from pipeline.pieces import Pieces
from pipeline.privacy import narrower, personal
from pipeline.private import private_names
from pipeline.sieve import RUN, Hit, Sieve, Sought, What, inside
from pipeline.undone import words
from pipeline.walked import Stamp, stamp_of
from pipeline.wording import fixed_words, is_of_theme, said_around, stamp_around

_LONG = 50_000
"""Bytes from which it is worth it to know what stood in a file before: most of it still does."""

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NOTHING = Letter("0", "", "A <a@example.org>", "b@example.org", "", "", "", "", "", _LONG_AGO, "en")


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for circles among tens of thousands of small values again and again: there are none."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@dataclass
class LeakCheck:
    """The check of one house; making it reads nothing but the house and `private/`.

    ``keyring`` and ``token`` (person → token) are what links in letters hold; without them these are not sought.
    ``lines`` are the personal lines that wait, by person.
    """

    house: House
    root: Path
    keyring: Keyring | None = None
    token: Callable[[str], str] | None = None
    lines: Mapping[str, PersonalLine] = field(default_factory=dict)
    _pieces: Pieces = field(default_factory=Pieces)
    _spared: set[str] = field(default_factory=set)
    _memory: Memory = field(default_factory=lambda: Memory(""))
    _standing: Path | None = None

    @cached_property
    def sought(self) -> tuple[Sought, ...]:
        """All that is sought in what leaves."""
        found = (*narrower(self.house), *personal(self.lines), *names(self.house, private_names(self.root)))
        return (*found, *self._keys(), *self._tokens())

    @cached_property
    def called(self) -> Wholes:
        """Everything that each person is called, as words."""
        return called(self.house, private_names(self.root))

    def _keys(self) -> Iterator[Sought]:
        """The keys of sealed pages: whoever has one reads the page."""
        for version, key, needs in self.keyring.keys() if self.keyring else ():
            yield Sought((key.encode("ascii"),), What.KEY, version.path, 0, "", needs)

    def _tokens(self) -> Iterator[Sought]:
        """The tokens of readers: whoever has one can leave in their name."""
        for person in self.house.people if self.token else ():
            if person.address and self.token:
                token = self.token(person.id).encode("ascii")
                yield Sought((token,), What.LEAVING, "subscribers.yml", person.line, "", who=person.id)

    @property
    def texts(self) -> int:
        """How many narrower texts there are."""
        return len({(one.path, one.needs) for one in self.sought if one.what is What.TEXT})

    @cached_property
    def sieve(self) -> Sieve:
        return Sieve(self.sought)

    @cached_property
    def _lines(self) -> Linewise:
        return Linewise(self.sieve.keys.values())

    @cached_property
    def excuses(self) -> Excuses:
        around = partial(said_around, self.root, self.house.settings)
        return Excuses(self.house, self.sieve.keys, around, _fixed, self.lines, self.called)

    @cached_property
    def _ground(self) -> str:
        """The key of all that excuses go by: while it is the same, what was excused is excused."""
        entries = [one for one in self.house.entries if one.public]
        texts = [(one.id, one.slug, one.tags, one.series, _texts(one)) for one in entries]
        pages = [(one.slug, _texts(one)) for one in self.house.pages]
        return key_of(texts, pages, stamp_around(self.root, self.house.settings)).hex()

    def letters(self, issues: Sequence[Issue], audiences: Mapping[str, Audience], pastes: Sequence[Pasted]) -> int:
        """How many letters and pastes were looked through.

        Raises `Leaked` with every place where something stands that its readers may not read.
        """
        if not issues and not pastes:
            return 0
        from pipeline.leaving import of_letters, of_pastes

        outputs = [*of_letters(issues, audiences, self.house.settings.mail.transport), *of_pastes(pastes)]
        refuse(leak for output in outputs for leak in self.look(output))
        return sum(len({id(one.sheet) for one in issue.letters}) for issue in issues) + len(pastes)

    def frozen(self, letters: Iterable[tuple[Frozen, Audience]]) -> dict[str, str]:
        """Delivery → why it must not go any more: of letters frozen earlier, for what their readers may read now."""
        known: dict[tuple[int, Audience], str] = {}
        found: dict[str, str] = {}
        for one, audience in letters:
            shared = (id(one.sheet), audience)
            if shared not in known:
                known[shared] = self._now_narrower(one, audience)
            if known[shared]:
                found[one.stub.delivery_id] = known[shared]
        return found

    def _now_narrower(self, one: Frozen, audience: Audience) -> str:
        data = "\n".join((one.sheet.text, one.sheet.html, one.stub.subject)).encode("utf-8", "replace")
        for leak in self.look(Output("a letter frozen earlier", audience, data)):
            if leak.one.what is What.TEXT:
                groups = " and ".join(" or ".join(group) for group in leak.one.needs)
                return f"holds what is now only for {groups}"
        return ""

    def refuse_bodies(self, name: str, data: bytes) -> None:
        """Refuses data that may name narrower entries, but must hold nothing of their texts."""
        bodies = {version.path: version.line for entry in self.house.entries for version in entry.versions}
        found = self.look(Output(name, EVERYONE, data))
        refuse(
            leak for leak in found if leak.one.what is What.TEXT and leak.one.line >= bodies.get(leak.one.path, 0) > 0
        )

    def look(self, output: Output, path: str = "") -> list[Leak]:
        """Everything in an output that must not be there, each once; ``path`` is the name it is published under."""
        data = output.data + b"\n" + path.encode("utf-8", "replace") if path else output.data
        return self._judge(self.sieve.find(words(data)), output)

    def _judge(self, hits: Iterable[Hit], output: Output) -> list[Leak]:
        leaks: dict[tuple[object, ...], Leak] = {}
        for hit in hits:
            for one in self._unexcused(hit, output):
                key = Leak(one, output.name).source
                if key not in leaks:
                    leaks[key] = self._leak(Found(one, hit, output.audience, output.own), output)
        return list(leaks.values())

    def _unexcused(self, hit: Hit, output: Output) -> list[Sought]:
        """What was found and has no excuse; a text that several passages hold needs but one."""
        found = [one for one in self.sieve.sought[hit.run] if not self._is_readers_own(one, hit, output)]
        texts = [one for one in found if one.what is What.TEXT]
        others = [one for one in found if one.what is not What.TEXT]
        if any(self.excuses.holds(Found(one, hit, output.audience, output.own)) for one in texts):
            texts = []
        if any(one.who in output.own for one in others):
            others = []
        return texts[:1] + [
            one for one in others if not self.excuses.holds(Found(one, hit, output.audience, output.own))
        ]

    def _is_readers_own(self, one: Sought, hit: Hit, output: Output) -> bool:
        """Whether it is what the reader of an email is called, or a part of it: that must stand in their email."""
        if one.what in (What.KEY, What.LEAVING) or (len(one.words) >= RUN and one.what is What.TEXT):
            return False
        beside = hit if one.what is What.ADDRESS else None
        return any(inside(one.words, whole, beside) for who in output.own for whole in self.called.get(who, ()))

    def _leak(self, found: Found, output: Output) -> Leak:
        return Leak(found.one, output.name, line_of(output.data, found.hit.run), self._advice(found))

    def _advice(self, found: Found) -> str:
        """How an author allows what he means."""
        one = found.one
        if one.what is What.KEY:
            return "Link to the entry's own file instead: each reader is led where they may read."
        if one.what in (What.TEXT, What.LEAVING):
            return ""
        written = self.excuses.written_in(found)
        if one.what is What.ADDRESS:
            return f'If everyone may have it, write `allow = ["{one.shown}"]` in [tool.kith.privacy].'
        who = one.who.removeprefix("circle:")
        if written and one.what is What.PERSON:
            return f"If you name them on purpose, write `names: [{who}]` in the front matter of {written}."
        return f'If that is meant, write `allow = ["{who}"]` in [tool.kith.privacy].'

    def site(self, folder: Path, there: Mapping[str, Stamp] | None = None) -> int:
        """How many files of a finished site were looked at, or known to be clean; ``there`` is what a walk just found.

        Raises `Leaked`; then ``folder`` must not take the place of a site, nor go anywhere.
        """
        with _uncollected():
            self._standing = folder.with_name("site")
            return self._site(files_in(folder, there), whole=folder == self._standing)

    def _site(self, files: list[File], *, whole: bool) -> int:
        if not self.sought:
            return len(files)
        cache = self.root / "build" / "cache"
        key = fingerprint(self.sought)
        memory = self._memory if self._memory.key == key else Memory.read(cache, key)
        if memory.excuses and memory.ground != self._ground and not self.excuses.still_hold(memory.excuses):
            memory = Memory(memory.key)
        self._memory = memory
        done = Search(lambda: self.sieve, self._file, self.excuses.used, memory, self._spared).through(files)
        after = memory.and_also(done.clean, done.excuses, done.spared)
        if whole:
            after = after.only({file.name for file in files})
        after.ground = self._ground if after.excuses else ""
        if after != memory:
            after.write(cache)
        self._memory = after
        refuse(done.leaks)
        return len(files)

    def _file(self, name: str, data: bytes) -> list[Leak]:
        if is_of_theme(name, data):
            return []
        text = data if is_text(data) else written_in(data)
        path = unquote(name)
        before = self._stood(name) if len(text) > _LONG else b""
        if self._spares(name, b"%b\n%b" % (text, path.encode("utf-8", "replace")), before):
            return []
        self._pieces.learn(self._pieces.unseen(before)[1])
        fresh, pieces = self._pieces.unseen(text)
        if self.look(Output(f"build/site/{name}", EVERYONE, fresh), path):
            found = self.look(Output(f"build/site/{name}", EVERYONE, text), path)
            return found if text is data else [replace(leak, line=0) for leak in found]
        self._pieces.learn(pieces)
        return []

    def _spares(self, name: str, data: bytes, before: bytes) -> bool:
        """Whether a file need not be looked at whole; of a long one that is remembered, for most of it will stay."""
        if name in self._memory.spared:
            self._lines.learn(before)
        self._spared.discard(name)
        spared = self._lines.spares(data)
        if spared and len(data) > _LONG:
            self._spared.add(name)
        return spared

    def _stood(self, name: str) -> bytes:
        """The text in whose place a file comes, where that was clean and nobody touched it."""
        if self._standing is None:
            return b""
        path = self._standing / name
        with suppress(OSError):
            if self._memory.knows(name, stamp_of(path.stat())) and is_text(data := path.read_bytes()):
                return data
        return b""


def _texts(one: Entry | Page) -> list[tuple[bytes, tuple[str, ...]]]:
    return [(content_key(version), version.names) for version in one.versions]


def _fixed() -> frozenset[bytes]:
    from pipeline.leaving import saying_nothing

    return fixed_words(saying_nothing(_NOTHING))
