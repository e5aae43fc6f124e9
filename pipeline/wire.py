"""Sockets whose phases are told apart, so that every way a request can end has its name.

    resolve, connect, TLS    Unavailable: nothing was written (a certificate nobody vouches for: Misconfigured)
    write                    Unavailable before the first byte, Uncertain after it
    read                     Uncertain until the reply is whole

What waits for an answer says so (`Pause`), so that one thread can serve several connections. Nothing here logs.
"""

from __future__ import annotations

import io
import ipaddress
import math
import select
import socket
import ssl
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any, TypeVar, cast

from pipeline.errors import Misconfigured, Unavailable, Uncertain

_LONGEST_REPLY = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_FIRST = 4096

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """A moment at which whoever asked waits for the other side: until ``sock`` can be read, or ``until`` is past.

    ``until`` is a moment of `time.monotonic`. Without a socket there is only that moment to wait for.
    """

    sock: socket.socket | None = None
    until: float = 0.0


def through(steps: Generator[Pause, None, T]) -> T:
    """What the steps come to, where nothing else is to be done at their pauses."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return cast(T, end.value)


def awaited(pauses: Sequence[Pause], *, patient: bool = True) -> list[int]:
    """The places of those that need not wait any longer; without ``patient`` this may be none of them."""
    over = [place for place, pause in enumerate(pauses) if _is_over(pause)]
    if over:
        patient = False
    poll, places = select.poll(), {}
    for place, pause in enumerate(pauses):
        if pause.sock is not None and place not in over:
            places[pause.sock.fileno()] = place
            poll.register(pause.sock, select.POLLIN)
    left = min((pause.until for pause in pauses), default=0.0) - time.monotonic()
    # Rounded up: a wait that ends a moment early would be waited for again and again.
    ready = [places[number] for number, _ in poll.poll(math.ceil(max(left, 0.0) * 1000) if patient else 0)]
    return sorted([*over, *ready])


def _is_over(pause: Pause) -> bool:
    if pause.sock is None:
        return pause.until <= time.monotonic()
    if pause.sock.fileno() < 0:
        return True
    # What TLS has read already makes its socket no longer readable.
    waiting = isinstance(pause.sock, ssl.SSLSocket) and pause.sock.pending() > 0
    return waiting or pause.until <= time.monotonic()


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine, by its name or its number."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


_WHY: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "the connection was refused"),
    (RemoteDisconnected, "the connection was closed without an answer"),
    (ssl.SSLEOFError, "the connection was closed without an answer"),
    (ConnectionResetError, "the connection was reset"),
    (BrokenPipeError, "the connection was reset"),
    (IncompleteRead, "the answer broke off in the middle"),
    (HTTPException, "what came back is not HTTP"),
    (UnicodeError, "what came back is not HTTP"),
)


def why(error: BaseException, seconds: float) -> str:
    """What a broken connection did, in words; never what travelled over it."""
    if isinstance(error, TimeoutError):
        return f"there was no answer within {seconds:g} s"
    for kind, fact in _WHY:
        if isinstance(error, kind):
            return fact
    if isinstance(error, ssl.SSLError):
        return f"TLS gave up ({(error.reason or 'no reason given').lower().replace('_', ' ')})"
    return (getattr(error, "strerror", "") or "the connection broke").lower()


def dial(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to the first address of ``host`` that answers, all of them within ``seconds``.

    Raises `Unavailable` where there is none: nothing was written. The resolver keeps its own time.
    """
    until = time.monotonic() + seconds
    last: OSError = TimeoutError()
    for family, kind, protocol, _, address in _resolve(host, port):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return _connect(socket.socket(family, kind, protocol), address, left)
        except OSError as error:
            last = error
    raise Unavailable(f"{host}:{port} cannot be reached: {why(last, seconds)}.", connected=False)


def _resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except socket.gaierror as error:
        fact = f"the name `{host}` does not resolve ({(error.strerror or 'no reason given').lower()})"
        raise Unavailable(f"{fact}. Are you online, and is `host` right?", connected=False) from None
    except UnicodeError:
        raise Misconfigured(f"`{host}` is no host name. Check `host` in pyproject.toml.") from None


def _connect(sock: socket.socket, address: Any, seconds: float) -> socket.socket:
    try:
        sock.settimeout(seconds)
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def secure(sock: socket.socket, host: str, seconds: float) -> ssl.SSLSocket:
    """The same connection inside TLS, with the certificate checked against ``host``.

    Raises `Misconfigured` for a certificate nobody vouches for, `Unavailable` for any other end.
    """
    try:
        sock.settimeout(seconds)
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        fact = f"the certificate of {host} is not to be trusted: {error.verify_message.rstrip('.')}"
        raise Misconfigured(f"{fact}. Check `host`, and this machine's clock and certificates.") from None
    except (OSError, ValueError) as error:
        sock.close()
        raise Unavailable(f"{host} did not agree on TLS: {why(error, seconds)}.", connected=False) from None
    except BaseException:
        sock.close()
        raise


def stale(sock: socket.socket) -> bool:
    """Whether an idle connection has something to read: an end, or words nobody asked for."""
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def write(sock: socket.socket, data: bytes, seconds: float, what: str) -> None:
    """All of ``data`` within ``seconds``; ``what`` names it in the evidence.

    Raises `Unavailable` if not one byte was written, `Uncertain` after that.
    """
    until, written, view = time.monotonic() + seconds, 0, memoryview(data)
    try:
        while written < len(data):
            sock.settimeout(_left(until))
            written += sock.send(view[written : written + _CHUNK])
    except OSError as error:
        if not written:
            raise Unavailable(f"nothing of {what} could be written: {why(error, seconds)}.") from None
        part = f"after {written:,} of {len(data):,} bytes of {what}"
        raise Uncertain(f"The connection broke {part}: {why(error, seconds)}.") from None


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class Timed(io.RawIOBase):
    """Reads from a socket until a deadline.

    ``ended`` says that the other side closed, ``got`` how many bytes came; with ``shut`` nothing more is read. A
    timeout per read would let a server that drips a byte at a time hold a run for ever.
    """

    def __init__(self, sock: socket.socket, seconds: float, limit: int = _LONGEST_REPLY) -> None:
        self._sock = sock
        self._limit = limit
        self.ended = self.shut = False
        self._again = b""
        self.got = 0
        self.again(seconds)

    def again(self, seconds: float) -> Pause:
        """Starts the clock anew, for the next reply; gives the pause that comes before it."""
        self._until = time.monotonic() + seconds
        self._room = self._limit
        return Pause(self._sock, self._until)

    def readable(self) -> bool:
        return True

    def some(self) -> bytes:
        """What comes first; empty when the other side closed."""
        buffer = bytearray(_FIRST)
        return bytes(memoryview(buffer)[: self.readinto(buffer)])

    def put_back(self, data: bytes) -> None:
        """What is to be read once more, before anything else."""
        self._again = data

    def readinto(self, buffer: Any) -> int:
        if self._again:
            count = min(len(self._again), len(buffer))
            buffer[:count], self._again = self._again[:count], self._again[count:]
            return count
        if self.shut:
            return 0
        # Past the deadline what has come is read all the same: it may be this side that was late.
        self._sock.settimeout(max(self._until - time.monotonic(), 0.0))
        try:
            count = self._sock.recv_into(buffer)
        except (BlockingIOError, ssl.SSLWantReadError):
            raise TimeoutError from None
        self.ended = self.ended or not count
        self._room -= count
        self.got += count
        # A reply without an end would fill the memory before the deadline.
        if self._room < 0:
            raise OSError(0, "the answer is far too long")
        return count
