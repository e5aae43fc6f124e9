"""Letters by a mail server of one's own (RFC 5321), with the moment of handing over kept apart.

    connect, TLS, log in     Unavailable; a refused login or certificate: Misconfigured
    MAIL                     4xx Unavailable; 5xx Misconfigured, as every letter has the same sender
    RCPT, DATA               4xx Unavailable; 5xx Refused
    the letter itself        Uncertain from its first byte until the server's reply is whole
    that reply               2xx taken; 4xx Unavailable; 5xx Refused

Nothing here logs, and the words of a refused login are not repeated.
"""

from __future__ import annotations

import contextlib
import io
import re
import smtplib
import socket
from collections.abc import Generator
from typing import Any

from pipeline.errors import Misconfigured, NotSubmitted, Refused, Unavailable, Uncertain
from pipeline.mime import ascii_address
from pipeline.outgoing import Frozen, Receipt
from pipeline.settings import Smtp
from pipeline.transports.base import Submitting, mailbox, words, written
from pipeline.wire import Pause, Timed, dial, is_loopback, secure, stale, through, why, write

_CLOSING = 421
_LOGIN_WANTED = {530, 534, 535, 538}
_LONGEST_LINE, _MOST_LINES = 4096, 200

# After the dot a server may scan for minutes (RFC 5321 §4.5.3.2.6); to give up there costs certainty.
_LAST_PATIENCE = 4

_GOODBYE = 2.0
"""Seconds to wait for a server's goodbye: everything is recorded by then."""


class _Session(smtplib.SMTP):
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


class SmtpTransport:
    """One mail server; the connection is kept open between letters."""

    name = "smtp"

    def __init__(self, server: Smtp, password: str, sender: str, seconds: float) -> None:
        self._server = server
        self._host = server.host
        self._password = password
        # Its own name would tell every reader what the author's machine is called.
        self._domain = mailbox(sender)[1].partition("@")[2]
        self._seconds = seconds
        self._session: _Session | None = None

    def prepare(self, one: Frozen) -> bytes:
        """The letter as DATA takes it, with its last dot; see `Transport.prepare`."""
        return written(one, stuffed=True) + b".\r\n"

    def submit(self, one: Frozen, data: bytes | None = None) -> Receipt:
        """The server's receipt for one letter, awaited; see `Transport.submitting`."""
        return through(self.submitting(one, data))

    def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
        """The server's receipt for one letter; see `Transport.submitting`."""
        sender, recipient = mailbox(one.stub.sender)[1], ascii_address(one.stub.to)
        data = self.prepare(one) if data is None else data
        kept = self._kept()
        if kept is not None:
            try:
                return (yield from self._exchange(kept, sender, recipient, data))
            except Unavailable:
                # Closed while idle, with nothing of the letter written: once more on a new connection.
                if kept.handed or self._session is not None:
                    raise
        return (yield from self._exchange(self._open(), sender, recipient, data))

    def close(self) -> None:
        """Says goodbye if the connection is in step, and hangs up."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if session.in_step:
                    session.hurry()
                    session.quit()
            session.close()

    def suppressed(self) -> dict[str, str]:
        """Nothing: a mail server keeps no such list."""
        return {}

    def _kept(self) -> _Session | None:
        """The connection of the last letter, if it still answers."""
        session = self._session
        with contextlib.suppress(smtplib.SMTPException):
            if session and session.sock and not stale(session.sock) and (session.fresh or session.rset()[0] == 250):
                session.handed = False
                return session
        self._drop()
        return None

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _exchange(self, session: _Session, sender: str, recipient: str, data: bytes) -> Submitting:
        self._session = session
        try:
            return (yield from self._transaction(session, sender, recipient, data))
        except smtplib.SMTPServerDisconnected as error:
            raise Unavailable(f"{self._host} took nothing: {error}, before the letter was handed over.") from None
        finally:
            if not session.in_step:
                self._drop()

    def _transaction(self, session: _Session, sender: str, recipient: str, data: bytes) -> Submitting:
        session.fresh = False
        options = "".join(f" {option}" for option in self._options(session, data))
        mail = f"MAIL FROM:<{sender}>{options}"
        replies = iter((yield from session.asking(mail, f"RCPT TO:<{recipient}>", "DATA")))
        code, said = next(replies)
        if code >= 500 and code != 552:
            fact = f"{self._host} does not take letters from {sender}: {self._said(code, said)}"
            raise Misconfigured(f"{fact}. Check `mail.sender` and [tool.kith.smtp].")
        self._expect(code, said, 250, f"the sender {sender}")
        self._expect(*next(replies), 250, f"the address {recipient}", personal=True, address=True)
        self._expect(*next(replies), 354, "the letter")
        code, said = yield from session.handing_over(data, self._host)
        session.fresh = True
        if 300 <= code < 400:
            raise Uncertain(f"The letter was handed over to {self._host}, which answered {self._said(code, said)}.")
        self._expect(code, said, 250, "the letter", personal=True)
        number = re.search(rb"(?i)queued as <?([\w.@+-]+)", said)
        return Receipt(words(number[1]) if number else "", self._said(code, said))

    def _options(self, session: _Session, data: bytes) -> list[str]:
        """What MAIL says of the letter; raises `Refused` for one larger than the server takes (RFC 1870)."""
        size = session.esmtp_features.get("size")
        if size and size.isdigit() and 0 < int(size) < len(data):
            raise Refused(f"The letter has {len(data):,} bytes; {self._host} takes {int(size):,}.")
        options = [] if size is None else [f"SIZE={len(data)}"]
        return options + (["BODY=8BITMIME"] if not data.isascii() and session.has_extn("8bitmime") else [])

    def _expect(
        self, code: int, said: bytes, wanted: int, what: str, *, personal: bool = False, address: bool = False
    ) -> None:
        """Raises what a reply other than the wanted one means: a whole reply that is not a yes is a no.

        ``personal``: a 4xx concerns this address alone, unless the server takes leave of everybody (421); ``address``:
        a 5xx does.
        """
        if code // 100 == wanted // 100:
            return
        answer = self._said(code, said)
        if code in _LOGIN_WANTED:
            raise Misconfigured(f"{self._host} wants a login: {answer}. Check `username` in [tool.kith.smtp].")
        if code >= 500:
            raise Refused(f"{self._host} refused {what}: {answer}.", address=address)
        raise Unavailable(f"{self._host} did not take {what} now: {answer}.", personal=personal and code != _CLOSING)

    def _said(self, code: int, said: bytes) -> str:
        return words(f"{code} {said.decode('utf-8', 'replace')}", self._password).rstrip(".")

    def _open(self) -> _Session:
        """A new connection, greeted, secured and logged in."""
        sock = dial(self._host, self._server.port, self._seconds)
        if self._server.security == "tls":
            sock = secure(sock, self._host, self._seconds)
        session = _Session(sock, self._domain, self._seconds)
        try:
            self._greet(session)
            if self._server.username:
                self._login(session)
        except smtplib.SMTPServerDisconnected as error:
            session.close()
            place = f"{self._host}:{self._server.port}"
            said = f"{place} took nothing: {error}. {self._hint()}".rstrip()
            raise Unavailable(said, connected=False) from None
        except Unavailable as error:
            session.close()
            raise Unavailable(str(error), error.retry_after, connected=False) from None
        except BaseException:
            session.close()
            raise
        return session

    def _hint(self) -> str:
        if self._server.port == 465 and self._server.security != "tls":
            return 'Port 465 mostly wants `security = "tls"`.'
        return ""

    def _greet(self, session: _Session) -> None:
        self._welcome(*session.getreply())
        self._welcome(*session.ehlo())
        if self._server.security != "starttls":
            return
        if not session.has_extn("starttls"):
            fact = f"{self._host} does not offer STARTTLS, so that letters would travel in the clear"
            raise Misconfigured(f'{fact}. Try `security = "tls"` with port 465 in [tool.kith.smtp].')
        self._welcome(*session.docmd("STARTTLS"))
        if session.sock is not None:
            session.put_on(secure(session.sock, self._host, self._seconds))
        self._welcome(*session.ehlo())

    def _welcome(self, code: int, said: bytes) -> None:
        if code >= 500:
            fact = f"{self._host}:{self._server.port} does not want to talk: {self._said(code, said)}"
            raise Misconfigured(f"{fact}. Check [tool.kith.smtp].")
        if code >= 300:
            raise Unavailable(f"{self._host} takes nothing now: {self._said(code, said)}.")

    def _login(self, session: _Session) -> None:
        if self._server.security == "none" and not is_loopback(self._host):
            raise Misconfigured("[tool.kith.smtp] security: a password is not given to a server in the clear.")
        try:
            session.login(self._server.username, self._password)
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPAuthenticationError as error:
            raise self._no_login(error.smtp_code) from None
        except (smtplib.SMTPException, ValueError):
            ways = "PLAIN, LOGIN or CRAM-MD5, and names and passwords in ASCII"
            raise Misconfigured(f"{self._host} offers no login that Kith knows ({ways}).") from None

    def _no_login(self, code: int) -> NotSubmitted | Misconfigured:
        # The words are left out: servers are known to repeat what they were given.
        if code < 500:
            return Unavailable(f"{self._host} cannot check the login now ({code}); it took nothing.")
        names = f"`username` and the password in `{self._server.password_env}`"
        return Misconfigured(f"{self._host} refused the login ({code}). Check {names}.")
