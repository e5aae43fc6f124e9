"""Spreads work over the machine's cores: forked after everything was read, so that nothing is read twice."""

from __future__ import annotations

import gc
import marshal
import os
import selectors
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any, TypeVar

from pipeline.errors import KithError, Problem, Problems
from pipeline.forked import fork, is_orphan

T = TypeVar("T")

FEW = 48
"""Tasks below which a second process is not worth its start."""


def cores() -> int:
    """How many processes can run at once here; one where threads run, which no fork survives well."""
    if threading.active_count() > 1 or not hasattr(os, "fork"):
        return 1
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(tasks: Sequence[T], work: Callable[[T], Any], weight: int = 1) -> Iterator[Any]:
    """What ``work`` makes of each task, in no order; plain values only, since they cross a pipe.

    A task is worth about ``weight`` of the smallest. Raises what a worker raised: `Problems` and `KithError` as they
    were.
    """
    count = cores() if len(tasks) * weight >= FEW else 1
    if count < 2:
        yield from map(work, tasks)
        return
    gc.freeze()
    workers = [_Worker(tasks[number::count], work) for number in range(count)]
    try:
        yield from _results(workers)
    finally:
        for worker in workers:
            worker.end()
        gc.unfreeze()


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Begins ``work`` in a process of its own, and gives what it made once it is asked for; plain values only.

    Where there is but one core, it is done when it is asked for.
    """
    if cores() < 2:
        yield work
        return
    try:
        worker = _Worker([None], lambda _: work())
    except OSError:  # no room for another process
        yield work
        return
    try:
        yield lambda: next(iter(list(_results([worker]))))
    except BaseException:
        worker.stop()
        raise
    finally:
        worker.end()


class _Worker:
    """One forked process and the pipe on which it answers."""

    def __init__(self, tasks: Sequence[Any], work: Callable[[Any], Any]) -> None:
        reading, writing = os.pipe()
        sys.stdout.flush()
        parent = os.getpid()
        try:
            self.process = fork([writing])
        except OSError:
            os.close(reading)
            os.close(writing)
            raise
        if self.process == 0:
            _labour(tasks, work, writing, parent)
        os.close(writing)
        self.pipe: IO[bytes] = os.fdopen(reading, "rb")

    def stop(self) -> None:
        """Ends the process at once, whatever it is at."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)

    def end(self) -> None:
        """Waits for the process; closing its pipe ends one that is still at work."""
        self.pipe.close()
        with suppress(ChildProcessError):  # where somebody else reaps children
            os.waitpid(self.process, 0)


def _labour(tasks: Sequence[Any], work: Callable[[Any], Any], writing: int, parent: int) -> None:
    """The life of a worker; it never returns."""
    code = 1
    try:
        with os.fdopen(writing, "wb") as pipe:
            try:
                for task in tasks:
                    if is_orphan(parent):
                        break
                    send(pipe, "made", work(task))
            except Problems as error:
                send(pipe, "problems", [(p.path, p.line, p.fact, p.suggestion) for p in error.problems])
            except KithError as error:
                send(pipe, "error", str(error))
            except BrokenPipeError:
                raise
            except OSError as error:
                send(pipe, "system", (error.errno, error.strerror, error.filename and str(error.filename)))
            send(pipe, "done", None)
        code = 0
    except BrokenPipeError:
        pass
    finally:
        os._exit(code)


def send(pipe: IO[bytes], kind: str, value: Any) -> None:
    """Writes a message of plain values to another process."""
    data = marshal.dumps((kind, value))
    pipe.write(len(data).to_bytes(8, "big") + data)
    pipe.flush()


def _results(workers: Sequence[_Worker]) -> Iterator[Any]:
    with selectors.DefaultSelector() as waiting:
        for worker in workers:
            waiting.register(worker.pipe, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                kind, value = receive(key.fileobj)
                if kind == "problems":
                    raise Problems([Problem(*one) for one in value])
                if kind == "error":
                    raise KithError(value)
                if kind == "system":
                    raise OSError(*value)
                if kind == "done":
                    waiting.unregister(key.fileobj)
                else:
                    yield value


class Lost(KithError):
    """The other process ended before it said all that it was asked for."""


def receive(pipe: Any) -> tuple[str, Any]:
    """The next message of another process. Raises `Lost` when it ended before it sent one."""
    size = pipe.read(8)
    data = pipe.read(int.from_bytes(size, "big")) if len(size) == 8 else b""
    if not data:
        raise Lost("A part of the build ended unexpectedly. Run it again; `kith build --full` makes all anew.")
    kind, value = marshal.loads(data)  # noqa: S302 - from our own process, over our own pipe
    return kind, value
