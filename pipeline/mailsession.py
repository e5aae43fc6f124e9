"""A conversation with a mail server (RFC 5321): whole replies only, each within its time, and never out of step."""

from __future__ import annotations

import io
import re
import smtplib
import socket
from collections.abc import Generator
from typing import Any

from pipeline.errors import Unavailable, Uncertain
from pipeline.wire import Pause, Timed, why, write

_LONGEST_LINE, _MOST_LINES = 4096, 200

# After the dot a server may scan for minutes (RFC 5321 §4.5.3.2.6); to give up there costs certainty.
_LAST_PATIENCE = 4

_GOODBYE = 2.0
"""Seconds to wait for a server's goodbye: everything is recorded by then."""


class MailSession(smtplib.SMTP):
    """One connection that takes only whole replies for replies, each within its time.

    ``in_step`` says that the last command got its reply, so that the next one's cannot be mistaken;
    ``handed`` that bytes of the present letter may have left; ``fresh`` that no letter was begun and left half done.
    """

    debuglevel = 0

    def __init__(self, sock: socket.socket, domain: str, seconds: float) -> None:
        super().__init__(local_hostname=domain)
        self._seconds = seconds
        self.in_step = self.handed = False
        self.fresh = True
        self.put_on(sock)

    def put_on(self, sock: socket.socket) -> None:
        """Speaks over ``sock`` from now on; what was said before, TLS or not, is forgotten (RFC 3207 §4.2)."""
        self.sock = sock
        self._timed, self._taken = Timed(sock, self._seconds), 0
        self.file: io.BufferedReader | None = io.BufferedReader(self._timed)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}

    def hurry(self) -> None:
        """Waits no longer than politeness asks for, from now on."""
        self._seconds = min(self._seconds, _GOODBYE)

    def send(self, s: Any) -> None:
        self.in_step = False
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("it hung up")
        try:
            self.sock.settimeout(self._seconds)
            self.sock.sendall(s.encode("ascii") if isinstance(s, str) else s)
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(why(error, self._seconds)) from None

    def getreply(self, patience: float = 1) -> tuple[int, bytes]:
        """Code and words of the next reply.

        Raises `smtplib.SMTPServerDisconnected` unless it is whole: the standard library takes ``250 O`` and
        the end of the stream for a yes.
        """
        self.await_reply(patience)
        return self.next_reply(patience)

    def await_reply(self, patience: float = 1) -> Pause:
        """The pause before a reply; what has come already needs none."""
        pause = self._timed.again(self._seconds * patience)
        return Pause() if self._timed.got > self._taken else pause

    def next_reply(self, patience: float = 1) -> tuple[int, bytes]:
        """The reply after its pause; see `getreply`."""
        seconds = self._seconds * patience
        try:
            code, lines = self._reply()
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(why(error, seconds)) from None
        except ValueError:
            self.close()
            raise smtplib.SMTPServerDisconnected("what came back is not SMTP") from None
        # 354 and 334 ask for more; after 421 the server hangs up.
        self.in_step = code not in {334, 354, 421}
        return code, b"\n".join(lines)

    def _reply(self) -> tuple[int, list[bytes]]:
        lines: list[bytes] = []
        while len(lines) < _MOST_LINES:
            line = self.file.readline(_LONGEST_LINE) if self.file is not None else b""
            self._taken += len(line)
            if not line.endswith(b"\n"):
                raise OSError(0, "its answer broke off in the middle" if lines or line else "it hung up")
            if not re.match(rb"[2-5]\d\d[ -]|[2-5]\d\d\r?\n", line):
                raise ValueError
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), lines
        raise ValueError

    def asking(self, *commands: str) -> Generator[Pause, None, list[tuple[int, bytes]]]:
        """The replies to commands up to the first no; all are asked at once where the server takes that (RFC 2920).

        Then every reply is read before any is judged, so that what is said next cannot be mistaken; a server that
        hangs up after a no has said no. A letter that was refused and asked for all the same is never begun.
        """
        together = self.has_extn("pipelining")
        if together:
            self.send("".join(f"{command}\r\n" for command in commands))
        replies: list[tuple[int, bytes]] = []
        for command in commands:
            if not together:
                self.send(f"{command}\r\n")
            yield self.await_reply()
            try:
                replies.append(self.next_reply())
            except smtplib.SMTPServerDisconnected:
                self.in_step = False
                if all(code < 400 for code, _ in replies):
                    raise
                break
            if replies[-1][0] >= 400 and not together:
                break
        return replies

    def handing_over(self, data: bytes, host: str) -> Generator[Pause, None, tuple[int, bytes]]:
        """The reply to the letter itself; raises `Uncertain` where there is none."""
        if self.sock is None:
            raise Unavailable(f"{host} hung up before the letter was handed over.")
        self.handed = True
        write(self.sock, data, self._seconds, f"the letter to {host}")
        yield self.await_reply(_LAST_PATIENCE)
        try:
            return self.next_reply(_LAST_PATIENCE)
        except smtplib.SMTPServerDisconnected as error:
            raise Uncertain(f"The letter was handed over to {host} with its last dot, but {error}.") from None
