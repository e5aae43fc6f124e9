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
import re
import smtplib

from pipeline.errors import Misconfigured, NotSubmitted, Refused, Unavailable, Uncertain
from pipeline.mailsession import MailSession
from pipeline.mime import ascii_address
from pipeline.outgoing import Frozen, Receipt
from pipeline.settings import Smtp
from pipeline.transports.base import Submitting, mailbox, words, written
from pipeline.wire import dial, is_loopback, secure, stale, through

_CLOSING = 421
_LOGIN_WANTED = {530, 534, 535, 538}

_ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")
_OF_THE_SENDER = {"7", "8"}
_NO_MAILBOX = re.compile(
    r"no such|unknown|not? (exist|found|known)|(invalid|disabled|inactive|full).{0,20}(recipient|mailbox|address|user)"
    r"|(recipient|mailbox|address|user|account).{0,20}(invalid|disabled|inactive|unavailable|full)",
    re.IGNORECASE,
)


def _names_the_mailbox(answer: str) -> bool:
    """Whether a refusal is about this one mailbox, by its enhanced code (RFC 3463) or else by its words."""
    code = _ENHANCED.search(answer)
    if code:
        return code[1] == "2" or (code[1] == "1" and code[2] not in _OF_THE_SENDER)
    return _NO_MAILBOX.search(answer) is not None


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
        self._session: MailSession | None = None

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

    def _kept(self) -> MailSession | None:
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

    def _exchange(self, session: MailSession, sender: str, recipient: str, data: bytes) -> Submitting:
        self._session = session
        try:
            return (yield from self._transaction(session, sender, recipient, data))
        except smtplib.SMTPServerDisconnected as error:
            raise Unavailable(f"{self._host} took nothing: {error}, before the letter was handed over.") from None
        finally:
            if not session.in_step:
                self._drop()

    def _transaction(self, session: MailSession, sender: str, recipient: str, data: bytes) -> Submitting:
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

    def _options(self, session: MailSession, data: bytes) -> list[str]:
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
        a 5xx may, and does where its words say so.
        """
        if code // 100 == wanted // 100:
            return
        answer = self._said(code, said)
        if code in _LOGIN_WANTED:
            raise Misconfigured(f"{self._host} wants a login: {answer}. Check `username` in [tool.kith.smtp].")
        if code >= 500:
            about_it = address and _names_the_mailbox(answer)
            raise Refused(f"{self._host} refused {what}: {answer}.", address=about_it)
        raise Unavailable(f"{self._host} did not take {what} now: {answer}.", personal=personal and code != _CLOSING)

    def _said(self, code: int, said: bytes) -> str:
        return words(f"{code} {said.decode('utf-8', 'replace')}", self._password).rstrip(".")

    def _open(self) -> MailSession:
        """A new connection, greeted, secured and logged in."""
        sock = dial(self._host, self._server.port, self._seconds)
        if self._server.security == "tls":
            sock = secure(sock, self._host, self._seconds)
        session = MailSession(sock, self._domain, self._seconds)
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

    def _greet(self, session: MailSession) -> None:
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

    def _login(self, session: MailSession) -> None:
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
