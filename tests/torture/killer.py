"""Runs the real `kith` in a process of its own and kills it at a named point, with SIGKILL or what KILLER_SIGNAL names.

A point is ``kind:number:when``, such as ``commit:3:before``: what is about to happen, for which time, and where in it.

    commit   before, after       a transaction of the ledger
    step     before, after       the same, counted from the first letter on
    mark     before, half, after a step or a count written beside the ledger
    file     before, after       a file renamed, removed, cut, given room or written through to the disk
    connect  before, after       a connection to the provider
    send     before, half, after     bytes to the provider
    recv     before, half, after     bytes from the provider
    fork     before, after           a second process; after it was begun, it is at work when this one is killed

The product knows nothing of this: what it calls is wrapped from outside. As its own process:

    python killer.py POINT kith-arguments…     one run; POINT may be `count`, which only counts, or `none`;
                                               KILLER_WINDOW sets how many letters a window of the ledger has
    python killer.py zygote HOUSE              works once in HOUSE, so that it has imported everything, and then
                                               forks a process for each line on stdin
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import resource
import signal
import socket
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

WHENS = {
    "commit": ("before", "after"),
    "step": ("before", "after"),
    "mark": ("before", "half", "after"),
    "file": ("before", "after"),
    "connect": ("before", "after"),
    "send": ("before", "half", "after"),
    "recv": ("before", "half", "after"),
    "fork": ("before", "after"),
}

Hit = Callable[[str, str], bool]
"""Told of a kind and a moment; true when the process is to do half of it, as ``half`` is its point."""


class Killer:
    """Counts what happens, and kills this process at its point."""

    def __init__(self, point: str, counts: Path | None = None) -> None:
        kind, _, rest = point.partition(":")
        number, _, when = rest.partition(":")
        self._kind, self._number, self._when = kind, int(number or 0), when
        self._counts = counts
        self._signal = getattr(signal, os.environ.get("KILLER_SIGNAL", "SIGKILL"))
        self._seen: Counter[str] = Counter()
        self._mine = threading.local()

    def __call__(self, kind: str, when: str) -> bool:
        if kind == "commit" and self._seen["mark"]:
            self("step", when)
        if when == "before":
            self._seen[kind] += 1
            setattr(self._mine, kind, self._seen[kind])
            if self._counts:
                self._counts.write_text(json.dumps(self._seen))
        here = kind == self._kind and getattr(self._mine, kind) == self._number
        if here and when == "before" and self._when == "half":
            return True
        if here and when == self._when:
            os.kill(os.getpid(), self._signal)
        return False


def mortal_connection(hit: Hit) -> type[sqlite3.Connection]:
    """A connection whose transactions are points; ``hit`` is asked of each."""

    class Mortal(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql != "COMMIT":
                return super().execute(sql, *values)
            hit("commit", "before")
            done = super().execute(sql, *values)
            hit("commit", "after")
            return done

        def executescript(self, sql: str) -> sqlite3.Cursor:
            hit("commit", "before")
            done = super().executescript(sql)
            hit("commit", "after")
            return done

    return Mortal


def mortal_socket(hit: Hit) -> type[socket.socket]:
    """A socket whose bytes are points."""

    class Mortal(socket.socket):
        def connect(self, address: Any) -> None:
            hit("connect", "before")
            super().connect(address)
            hit("connect", "after")

        def send(self, data: Any, *more: Any) -> int:
            if hit("send", "before"):
                super().send(memoryview(data)[: len(data) // 2])
                hit("send", "half")
            sent = super().send(data, *more)
            hit("send", "after")
            return sent

        def sendall(self, data: Any, *more: Any) -> None:
            if hit("send", "before"):
                super().sendall(memoryview(data)[: len(data) // 2])
                hit("send", "half")
            super().sendall(data, *more)
            hit("send", "after")

        def recv_into(self, buffer: Any, *more: Any) -> int:
            if hit("recv", "before"):
                super().recv_into(buffer, 9)
                hit("recv", "half")
            count = super().recv_into(buffer, *more)
            hit("recv", "after")
            return count

    return Mortal


def mortal_pwrite(hit: Hit) -> Callable[[int, bytes, int], int]:
    """`os.pwrite` as a point, of which half may be written."""
    pwrite = os.pwrite

    def wrapped(descriptor: int, data: bytes, offset: int) -> int:
        if hit("mark", "before"):
            pwrite(descriptor, data[: len(data) // 2], offset)
            hit("mark", "half")
        written = pwrite(descriptor, data, offset)
        hit("mark", "after")
        return written

    return wrapped


def mortal_fork(hit: Hit) -> Callable[[], int]:
    """`os.fork` as a point; only the parent is killed at it."""
    fork = os.fork

    def wrapped() -> int:
        hit("fork", "before")
        child = fork()
        if child:
            hit("fork", "after")
        return child

    return wrapped


def around(hit: Hit, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` as a point of ``kind``.

    What is remembered of reading is none: how often it is written depends on the clock, and it holds nothing but time.
    """

    def wrapped(*values: Any, **named: Any) -> Any:
        if any("/cache/reading/" in str(value) for value in values):
            return function(*values, **named)
        hit(kind, "before")
        try:
            return function(*values, **named)
        finally:
            hit(kind, "after")

    return wrapped


def arm(hit: Hit) -> None:
    """Wraps everything in this process that is a point."""
    connect, factory = sqlite3.connect, mortal_connection(hit)
    sqlite3.connect = lambda *values, **named: connect(*values, factory=factory, **named)
    socket.socket = mortal_socket(hit)
    os.pwrite = mortal_pwrite(hit)
    os.fork = mortal_fork(hit)
    for name in ("replace", "unlink", "fsync", "ftruncate", "posix_fallocate"):
        setattr(os, name, around(hit, "file", getattr(os, name)))


def run(point: str, arguments: list[str], counts: str = "") -> None:
    """Runs the real command; does not return."""
    from pipeline.__main__ import main
    from pipeline.ledger import Ledger

    Ledger.window = int(os.environ.get("KILLER_WINDOW", Ledger.window))
    if point != "none":
        arm(Killer(point, Path(counts) if counts else None))
    sys.argv = ["kith", *arguments]
    main()


def zygote(house: str) -> None:
    """For each line on stdin a process: its id on stdout, and once it ended its exit code.

    A line is JSON with the keys point, arguments, environ, output, counts and room.
    """
    output, printed = sys.stdout, io.StringIO()
    sys.stdout = printed
    with contextlib.suppress(SystemExit):
        run("none", ["--house", house, "deliver", "--yes"])
    sys.stdout = output
    importlib.import_module("sendgrid.helpers.mail")
    importlib.import_module("pipeline.transports.smtp")
    importlib.import_module("pipeline.transports.sendgrid")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_born(order)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _be_born(order: dict[str, Any]) -> None:
    """The child's whole life: as `kith` would be started, with what it prints in a file."""
    # Whoever started the tests may have had this one ignored.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(order["environ"])
    if order["room"] >= 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["room"], order["room"]))
    code: Any = 0
    try:
        run(order["point"], order["arguments"], order["counts"])
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:  # noqa: BLE001 - whatever it is, the test is to see it
        import traceback

        traceback.print_exc()
        code = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    if sys.argv[1] == "zygote":
        zygote(sys.argv[2])
    else:
        run(sys.argv[1], sys.argv[2:])
