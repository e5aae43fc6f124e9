"""Sockets whose phases are told apart, so that every way a request can end has its name.

    resolve, connect, TLS    Unavailable: nothing was written (a certificate nobody vouches for: Misconfigured)
    write                    Unavailable before the first byte, Uncertain after it
    read                     Uncertain until the reply is whole
    redirect                 a reply like any other: it is never followed, so no key travels

No proxy is taken from the environment, and nothing here logs.
"""

from __future__ import annotations

import io
import ipaddress
import re
import select
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from typing import Any, cast
from urllib.parse import urlsplit

from pipeline.errors import Misconfigured, Unavailable, Uncertain

_LONGEST_REPLY = 8 * 1024 * 1024
_CHUNK = 64 * 1024
_IDLE = 20.0
_FIRST = 4096


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


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
    raise Unavailable(f"{host}:{port} cannot be reached: {why(last, seconds)}.")


def _resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    try:
        return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except socket.gaierror as error:
        fact = f"the name `{host}` does not resolve ({(error.strerror or 'no reason given').lower()})"
        raise Unavailable(f"{fact}. Are you online, and is `host` right?") from None
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
        raise Unavailable(f"{host} did not agree on TLS: {why(error, seconds)}.") from None
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
    """Reads from a socket until a deadline; ``ended`` says that the other side closed.

    A timeout per read would let a server that drips a byte at a time hold a run for ever.
    """

    def __init__(self, sock: socket.socket, seconds: float, limit: int = _LONGEST_REPLY) -> None:
        self._sock = sock
        self._limit = limit
        self.ended = False
        self._again = b""
        self.again(seconds)

    def again(self, seconds: float) -> None:
        """Starts the clock anew, for the next reply."""
        self._until = time.monotonic() + seconds
        self._room = self._limit

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
        self._sock.settimeout(_left(self._until))
        count = self._sock.recv_into(buffer)
        self.ended = self.ended or not count
        self._room -= count
        # A reply without an end would fill the memory before the deadline.
        if self._room < 0:
            raise OSError(0, "the answer is far too long")
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client.HTTPResponse` asks of a socket."""
        return io.BufferedReader(self)


class Wire:
    """A kept-alive connection to one origin, for one request at a time."""

    def __init__(self, origin: str, seconds: float) -> None:
        parts = urlsplit(origin)
        self._tls = parts.scheme == "https"
        self._netloc = parts.netloc
        self.host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._seconds = seconds
        self._sock: socket.socket | None = None
        self._used = 0.0

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """The reply to one request, whatever its status.

        Raises `Unavailable`, `Uncertain` or `Misconfigured` by the phase it ended in; the connection is
        closed after anything but a whole reply, so that no late reply is ever taken for the next one's.
        """
        try:
            return self._exchange(self._connected(), method, self._head(method, path, headers, body) + body)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hangs up; the next request connects anew."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _exchange(self, sock: socket.socket, method: str, request: bytes) -> Reply:
        try:
            write(sock, request, self._seconds, f"the request to {self.host}")
        except Uncertain:
            reply = self._early(sock)
            if reply is None:
                raise
            return reply
        return self._read(sock, method, self._seconds)

    def _connected(self) -> socket.socket:
        # A connection that was closed while idle would swallow a request and leave it uncertain.
        if self._sock is not None and (time.monotonic() - self._used > _IDLE or stale(self._sock)):
            self.close()
        if self._sock is None:
            sock = dial(self.host, self._port, self._seconds)
            self._sock = secure(sock, self.host, self._seconds) if self._tls else sock
        return self._sock

    def _head(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._netloc}", "Accept-Encoding: identity"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")

    def _early(self, sock: socket.socket) -> Reply | None:
        """The server's own no to a request it did not read to its end, as for one that is too large."""
        try:
            reply = self._read(sock, "POST", min(self._seconds, 1.0))
        except Uncertain:
            return None
        self.close()
        return reply if reply.status >= 300 else None

    def _read(self, sock: socket.socket, method: str, seconds: float) -> Reply:
        try:
            timed = Timed(sock, seconds)
            reply, keep = _reply(timed, method)
        except (OSError, HTTPException, ValueError) as error:
            fact = why(error, seconds)
            raise Uncertain(f"{self.host} was given the whole request, but {fact}.") from None
        self._used = time.monotonic()
        if not keep:
            self.close()
        return reply


_HEAD = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: [^\r\n]*)?\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n)*)\r\n")
_ENDS = re.compile(rb"(?im)^(?:content-length|transfer-encoding|connection):[ \t]*([^\r\n]*?)[ \t]*\r$")


def _reply(timed: Timed, method: str) -> tuple[Reply, bool]:
    """A whole reply, and whether the connection may be used again."""
    first = timed.some()
    plain = _plain(first)
    return plain if plain else _any_reply(timed, method, first)


def _plain(data: bytes) -> tuple[Reply, bool] | None:
    """The commonest reply: all of it came at once, its length is said once, and the connection stays.

    Whatever is not exactly that is left to `http.client`, which takes ten times as long.
    """
    head = _HEAD.match(data)
    if head is None or head[1] in {b"204", b"304"}:
        return None
    ends = _ENDS.findall(head[2])
    if len(ends) != 1 or not (ends[0].isdigit() and len(ends[0]) < 9) or len(data) != head.end() + int(ends[0]):
        return None
    lines = [line.partition(":") for line in head[2].decode("iso-8859-1").split("\r\n") if line]
    return Reply(int(head[1]), {name.lower(): value.strip() for name, _, value in lines}, data[head.end() :]), True


def _any_reply(timed: Timed, method: str, first: bytes) -> tuple[Reply, bool]:
    timed.put_back(first)
    # It asks a socket for nothing but makefile().
    with HTTPResponse(cast(Any, timed), method=method) as response:
        response.begin()
        # http.client takes the end of the stream for the end of the head.
        _whole(timed)
        framed = response.chunked or response.length is not None
        body = response.read()
        if framed:
            _whole(timed)
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, headers, body), framed and not response.will_close


def _whole(timed: Timed) -> None:
    if timed.ended:
        raise OSError(0, "the answer broke off in the middle")
