"""A second process that makes ready, while this one still reads, what a build needs in which something changed.

It looks at every file of the site in place, loads Markdown, and converts the texts that are ordered. Nothing depends on
it but time: what it does not give is made where it is wanted.
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from pipeline.crew import cores, receive, send
from pipeline.errors import KithError
from pipeline.forked import fork
from pipeline.walked import Stamp, mark, walked

_MOST = 32_000
"""Bytes of texts that are ordered in all."""

Convert = Callable[[str], Any]
"""Makes plain values of a text."""


class _Hand:
    """The other process, and the pipes to it and from it."""

    def __init__(self, site: Path, witness: Path, convert: Convert) -> None:
        self.site, self.owner = site, os.getpid()
        self._witness, self._then = witness, mark(witness)
        self._ordered: list[str] = []
        self._made: dict[str, Any] = {}
        self._there: list[dict[str, Stamp]] = []
        self._sheet = _sheet()
        (orders, giving), (answers, answering) = os.pipe(), os.pipe()
        self._room = _room(giving)
        sys.stdout.flush()
        try:
            self.process = fork([orders, answering, self._sheet.fileno()])
        except OSError:
            for pipe in (orders, giving, answers, answering):
                os.close(pipe)
            raise
        if self.process == 0:
            self._work(os.fdopen(orders, "rb"), os.fdopen(answering, "wb"), convert)
        os.close(orders)
        os.close(answering)
        self._orders, self._answers = os.fdopen(giving, "wb"), os.fdopen(answers, "rb")

    def _work(self, orders: IO[bytes], answers: IO[bytes], convert: Convert) -> None:
        """The life of the other process; it never returns."""
        try:
            marshal.dump(_files(self.site), self._sheet)
            self._sheet.flush()
            send(answers, "seen", None)
            convert("a")
            while True:
                _, (number, text) = receive(orders)
                send(answers, "made", (number, convert(text)))
        finally:
            os._exit(0)

    def _next(self) -> None:
        """Takes in the next answer, whichever it is."""
        kind, value = receive(self._answers)
        if kind == "seen":
            self._sheet.seek(0)
            self._there.append(marshal.load(self._sheet))  # noqa: S302 - from our own process, in a file without a name
        else:
            number, made = value
            self._made[self._ordered[number]] = made

    def seen(self) -> dict[str, Stamp] | None:
        """Every file of the site; None when another build was at work since then."""
        while not self._there:
            self._next()
        return self._there[0] if mark(self._witness) == self._then else None

    def order(self, texts: Iterable[str]) -> None:
        """Asks for texts to be converted; for none where they are more than the pipe holds."""
        wanted = [text for text in dict.fromkeys(texts) if text not in self._ordered]
        self._room -= sum(len(text.encode("utf-8", "surrogatepass")) + 100 for text in wanted)
        for text in wanted if self._room > 0 else ():
            self._ordered.append(text)
            send(self._orders, "order", (len(self._ordered) - 1, text))

    def made(self, text: str) -> Any:
        """What became of a text that was ordered."""
        while text in self._ordered and text not in self._made:
            self._next()
        return self._made.get(text)

    def end(self) -> None:
        """Lets the other process go."""
        with suppress(OSError):
            self._orders.close()
            self._answers.close()
        self._sheet.close()
        # it has nothing to lose, and may be at work on something long; who reaps children may have been faster
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)


def _room(pipe: int) -> int:
    """How many bytes of orders fit into a pipe, with which neither process ever waits for the other to read."""
    try:
        import fcntl

        return min(fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) // 2, _MOST)
    except (ImportError, AttributeError, OSError):
        return 8_000


def _sheet() -> IO[bytes]:
    """A file without a name, to hand over more than a pipe holds."""
    with suppress(AttributeError, OSError):
        return os.fdopen(os.memfd_create("kith"), "w+b")
    from tempfile import TemporaryFile

    return TemporaryFile()


def _files(site: Path) -> dict[str, Stamp] | None:
    """What `walked` gives; None where it may not be walked: whoever asks does it again, and says why."""
    try:
        return walked(site)
    except OSError:
        return None


_HANDS: list[_Hand] = []
"""The process that helps this one, while there is one."""


def begin(site: Path, witness: Path, convert: Convert) -> None:
    """Starts it for a site, where there is a core for it; ``witness`` is a file that each build of the site changes."""
    if witness.is_file() and cores() > 1 and not _HANDS:
        with suppress(OSError):  # no room for another process, or another pipe: it is only help
            _HANDS.append(_Hand(site, witness, convert))


def end() -> None:
    """Lets it go."""
    while _HANDS:
        _HANDS.pop().end()


def seen(site: Path) -> dict[str, Stamp] | None:
    """Every file of a site as it was when the help began; None where that is not known."""
    there: dict[str, Stamp] | None = _asked(lambda hand: hand.seen() if hand.site == site else None)
    return there


def order(texts: Iterable[str]) -> None:
    """Says which texts will be wanted."""
    _asked(lambda hand: hand.order(texts))


def made(text: str) -> Any:
    """What became of a text; None where nobody made it ready."""
    return _asked(lambda hand: hand.made(text))


def _asked(question: Callable[[_Hand], Any]) -> Any:
    """An answer of the other process; one that does not answer any more is let go. Its own children have none."""
    if not _HANDS or _HANDS[0].owner != os.getpid():
        return None
    try:
        return question(_HANDS[0])
    except (OSError, EOFError, ValueError, TypeError, LookupError, KithError):
        end()
        return None
