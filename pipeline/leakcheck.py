"""The leak check: before anything leaves, everything that was made is searched for what its readers may not read.

    sought    narrower texts (`privacy`), names and addresses (`named`)
    outputs   every file of the site and its name; letters, their headers and requests (`leaving`); pastes
    excuses   what those readers can read elsewhere, or what its author allows (`excuses`)

One hit stops the run. What was clean and has not changed is not looked at again (`leakcache`).
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.excuses import Excuses, Found, Key
from pipeline.leak import Leak, line_of, refuse
from pipeline.leakcache import Memory, Stamp, digest, fingerprint, stamp
from pipeline.leaving import Output, of_letters, of_pastes, saying_nothing
from pipeline.model import EVERYONE, Audience, House, Issue, Letter, Pasted
from pipeline.named import names
from pipeline.pictext import is_text, written_in
from pipeline.privacy import narrower
from pipeline.private import private_names
from pipeline.sieve import Hit, Sieve, Sought, What
from pipeline.undone import words
from pipeline.wording import fixed_words, is_of_theme, said_around

_MANY = 1500
"""Files from which a second process pays."""

_FRESH = 20_000_000
"""Nanoseconds within which a file could change again without a new time."""

_NOTHING = Letter(
    "0", "", "A <a@example.org>", "b@example.org", "", "", "", "", "", datetime(2000, 1, 1, tzinfo=UTC), "en"
)


@dataclass
class LeakCheck:
    """The check of one house; making it reads nothing but the house and `private/`."""

    house: House
    root: Path

    @cached_property
    def sought(self) -> tuple[Sought, ...]:
        """All that is sought in what leaves."""
        return (*narrower(self.house), *names(self.house, private_names(self.root)))

    @property
    def texts(self) -> int:
        """How many narrower texts there are."""
        return len({(one.path, one.needs) for one in self.sought if one.what is What.TEXT})

    @cached_property
    def sieve(self) -> Sieve:
        return Sieve(self.sought)

    @cached_property
    def excuses(self) -> Excuses:
        around = partial(said_around, self.root, self.house.settings)
        return Excuses(self.house, around, lambda: fixed_words(saying_nothing(_NOTHING)))

    def letters(self, issues: Sequence[Issue], audiences: Mapping[str, Audience], pastes: Sequence[Pasted]) -> int:
        """How many letters and pastes were looked through.

        Raises `Leaked` with every place where something stands that its readers may not read.
        """
        outputs = [*of_letters(issues, audiences, self.house.settings.mail.transport), *of_pastes(pastes)]
        refuse(leak for output in outputs for leak in self.look(output))
        return sum(len({id(one.sheet) for one in issue.letters}) for issue in issues) + len(pastes)

    def look(self, output: Output, path: str = "") -> list[Leak]:
        """Everything in an output that must not be there, each once; ``path`` is the name it is published under."""
        found = words(output.data)
        if path:
            found += [b"", *words(path.encode("utf-8", "replace"))]
        return self._judge(self.sieve.find(found), output)

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
        found = self.sieve.sought[hit.run]
        texts = [one for one in found if one.what is What.TEXT]
        others = [one for one in found if one.what is not What.TEXT]
        if any(self.excuses.holds(Found(one, hit, output.audience, output.own)) for one in texts):
            texts = []
        if any(one.who in output.own for one in others):
            others = []
        return texts[:1] + [
            one for one in others if not self.excuses.holds(Found(one, hit, output.audience, output.own))
        ]

    def _leak(self, found: Found, output: Output) -> Leak:
        return Leak(found.one, output.name, line_of(output.data, found.hit.run), self._advice(found))

    def _advice(self, found: Found) -> str:
        """How an author allows what he means."""
        one = found.one
        if one.what is What.TEXT:
            return ""
        written = self.excuses.written_in(found)
        if one.what is What.ADDRESS:
            return f'If everyone may have it, write `allow = ["{one.shown}"]` in [tool.kith.privacy].'
        who = one.who.removeprefix("circle:")
        if written and one.what is What.PERSON:
            return f"If you name them on purpose, write `names: [{who}]` in the front matter of {written}."
        return f'If that is meant, write `allow = ["{who}"]` in [tool.kith.privacy].'

    def site(self, folder: Path) -> int:
        """How many files of a finished site were looked at, or known to be clean.

        Raises `Leaked`; then ``folder`` must not take the place of a site, nor go anywhere.
        """
        files = _files(folder)
        if not self.sought:
            return len(files)
        cache = self.root / "build" / "cache"
        memory = Memory.read(cache, fingerprint(self.sought))
        if not self.excuses.still_hold(memory.excuses):
            memory = Memory(memory.key)
        _let_settle(files)
        unknown = [(name, path) for name, path in files if not _is_known(memory, name, path)]
        done = self._through(unknown, memory)
        memory.excuses |= done.excuses
        memory.note(done.clean)
        there = {name for name, _ in files}
        memory.forget([name for name in memory.clean if name not in there and not self._stands(name)])
        memory.write(cache)
        refuse(done.leaks)
        return len(files)

    def _stands(self, name: str) -> bool:
        return (self.root / "build" / "site" / name).is_file()

    def _through(self, files: list[tuple[str, Path]], memory: Memory) -> Done:
        """Looks through files, in two processes where that pays."""
        if len(files) < _MANY or not _may_fork():
            return self.through(files, memory)
        half = _by_bytes(files)
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe(duplex=False)
        self.sieve.find([])
        worker = context.Process(target=_answer, args=(self, files[half:], memory, there), daemon=True)
        worker.start()
        there.close()
        done = self.through(files[:half], memory)
        try:
            other = here.recv()
        except EOFError:
            other = self.through(files[half:], memory)
        worker.join()
        return done.and_also(other)

    def through(self, files: Iterable[tuple[str, Path]], memory: Memory) -> Done:
        """Looks through files one by one."""
        done = Done()
        for name, path in files:
            seen, data = stamp(path), path.read_bytes()
            short = digest(name, data)
            before = memory.clean.get(name)
            if before is None or before[1] != short:
                found = self._file(name, data)
                done.leaks += found
                if found:
                    continue
            done.clean[name] = seen, short
        done.excuses = set(self.excuses.used)
        return done

    def _file(self, name: str, data: bytes) -> list[Leak]:
        if is_of_theme(name, data):
            return []
        text = data if is_text(data) else written_in(data)
        return self.look(Output(f"build/site/{name}", EVERYONE, text), unquote(name))


@dataclass(slots=True)
class Done:
    """What looking through files gave."""

    leaks: list[Leak] = field(default_factory=list)
    clean: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    excuses: set[Key] = field(default_factory=set)

    def and_also(self, other: Done) -> Done:
        return Done(self.leaks + other.leaks, self.clean | other.clean, self.excuses | other.excuses)


def _answer(check: LeakCheck, files: list[tuple[str, Path]], memory: Memory, line: Any) -> None:
    line.send(check.through(files, memory))
    line.close()


def _may_fork() -> bool:
    """Whether a second process helps, and can be made without copying another thread's locks."""
    return (
        (os.cpu_count() or 1) > 1
        and "fork" in multiprocessing.get_all_start_methods()
        and threading.active_count() == 1
    )


def _by_bytes(files: Sequence[tuple[str, Path]]) -> int:
    """Where to part files so that both parts have about the same to read."""
    sizes = [path.stat().st_size for _, path in files]
    half, total = sum(sizes) / 2, 0
    for number, size in enumerate(sizes):
        total += size
        if total >= half:
            return number + 1
    return len(files)


def _files(folder: Path) -> list[tuple[str, Path]]:
    found = [Path(base) / name for base, _, inside in os.walk(folder) for name in inside]
    return sorted((path.relative_to(folder).as_posix(), path) for path in found)


def _let_settle(files: Iterable[tuple[str, Path]]) -> None:
    """Waits until no file is so new that a change could leave its time as it is."""
    newest = max((stamp(path)[2] for _, path in files), default=0)
    age = time.time_ns() - newest
    if 0 <= age < _FRESH:
        time.sleep((_FRESH - age) / 1e9)


def _is_known(memory: Memory, name: str, path: Path) -> bool:
    row = memory.clean.get(name)
    return row is not None and row[0] == stamp(path)
