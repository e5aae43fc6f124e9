"""Requests over one kept-alive connection, each ending in a whole reply or in the name of what went wrong.

A redirect is a reply like any other: it is never followed, so that no key travels. No proxy is taken from the
environment, and nothing here logs. The phases are those of `pipeline.wire`.
"""

from __future__ import annotations

import io
import re
import socket
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, cast
from urllib.parse import urlsplit

from pipeline.errors import Uncertain
from pipeline.wire import Pause, Timed, dial, secure, stale, through, why, write

_IDLE = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


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
        """The reply to one request, awaited; see `requesting`."""
        return through(self.requesting(method, path, headers, body))

    def requesting(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Generator[Pause, None, Reply]:
        """The reply to one request, whatever its status; it pauses when the request was written.

        Raises `Unavailable`, `Uncertain` or `Misconfigured` by the phase it ended in; the connection is
        closed after anything but a whole reply, so that no late reply is ever taken for the next one's.
        """
        try:
            data = self._head(method, path, headers, body) + body
            return (yield from self._exchange(self._connected(), method, data))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Hangs up; the next request connects anew."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _exchange(self, sock: socket.socket, method: str, request: bytes) -> Generator[Pause, None, Reply]:
        try:
            write(sock, request, self._seconds, f"the request to {self.host}")
        except Uncertain:
            reply = self._early(sock)
            if reply is None:
                raise
            return reply
        timed = Timed(sock, self._seconds)
        yield timed.again(self._seconds)
        return self._read(timed, method, self._seconds)

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
            seconds = min(self._seconds, 1.0)
            reply = self._read(Timed(sock, seconds), "POST", seconds)
        except Uncertain:
            return None
        self.close()
        return reply if reply.status >= 300 else None

    def _read(self, timed: Timed, method: str, seconds: float) -> Reply:
        try:
            reply, keep = _reply(timed, method)
        except (OSError, HTTPException, ValueError) as error:
            fact = why(error, seconds)
            raise Uncertain(f"{self.host} was given the whole request, but {fact}.") from None
        self._used = time.monotonic()
        if not keep:
            self.close()
        return reply


_INFORMATION = re.compile(rb"HTTP/1\.[01] 1\d\d")
_SWITCHING = b"101"
_HEAD = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: [^\r\n]*)?\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*\r\n)*)\r\n")
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,8})[ \t]*\r$")
_OTHER_END = re.compile(rb"(?im)^(?:transfer-encoding:|connection:(?![ \t]*keep-alive[ \t]*\r$))")
_ANY_LENGTH = re.compile(rb"(?im)^content-length:")


def _reply(timed: Timed, method: str) -> tuple[Reply, bool]:
    """A whole reply, and whether the connection may be used again."""
    first = _final(timed, timed.some())
    plain = _plain(first)
    return plain if plain else _any_reply(timed, method, first)


def _final(timed: Timed, data: bytes) -> bytes:
    """What comes after replies that only inform (RFC 9110 §15.2); of these `http.client` knows no more than 100."""
    while data:
        while len(data) < 12 and data.startswith(b"HTTP/1"[: len(data)]) and (more := timed.some()):
            data += more
        if not _INFORMATION.match(data):
            break
        while b"\r\n\r\n" not in data:
            more = timed.some()
            if not more:
                raise OSError(0, "the answer broke off in the middle")
            data += more
        if data[9:12] == _SWITCHING:
            raise HTTPException
        data = data.partition(b"\r\n\r\n")[2] or timed.some()
    return data


def _plain(data: bytes) -> tuple[Reply, bool] | None:
    """The commonest reply: all of it came at once, its length is said once, and the connection stays.

    Whatever is not exactly that is left to `http.client`, which takes ten times as long.
    """
    head = _HEAD.match(data)
    if head is None or head[1] in {b"204", b"304"}:
        return None
    length = _LENGTH.search(head[2])
    if length is None or _OTHER_END.search(head[2]) or len(_ANY_LENGTH.findall(head[2])) != 1:
        return None
    if len(data) != head.end() + int(length[1]):
        return None
    lines = [line.partition(":") for line in head[2].decode("iso-8859-1").split("\r\n") if line]
    return Reply(int(head[1]), {name.lower(): value.strip() for name, _, value in lines}, data[head.end() :]), True


def _any_reply(timed: Timed, method: str, first: bytes) -> tuple[Reply, bool]:
    timed.put_back(first)
    reader = _Open(timed)
    # It asks a socket for nothing but makefile().
    with HTTPResponse(cast(Any, reader), method=method) as response:
        response.begin()
        # http.client takes the end of the stream for the end of the head.
        _whole(timed)
        framed = response.chunked or response.length is not None
        body = response.read()
        if framed:
            _whole(timed)
        headers = {name.lower(): value for name, value in response.getheaders()}
        # What came beyond the reply would be taken for the next one's.
        keep = framed and not response.will_close and not reader.left()
        return Reply(response.status, headers, body), keep


class _Open(io.BufferedReader):
    """Stays open when `http.client` is done with it, to tell whether more came than it read."""

    def __init__(self, timed: Timed) -> None:
        super().__init__(timed)
        self._timed = timed

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What `http.client.HTTPResponse` asks of a socket."""
        return self

    def close(self) -> None:
        """Not yet."""

    def left(self) -> bool:
        """Whether there is more that came with the reply."""
        self._timed.shut = True
        return bool(self.peek(1))


def _whole(timed: Timed) -> None:
    if timed.ended:
        raise OSError(0, "the answer broke off in the middle")
