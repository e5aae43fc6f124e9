"""A mail server of our own on loopback (aiosmtpd), with books of its own and faults on request.

Every accepted letter is a line of the books, written and fsynced *before* the server answers. Faults:

    greet:421  greet:554  greet-hang  greet-garbage     at the next connection
    ehlo-drop  starttls:454  auth:454
    mail:451   mail:550   mail:421   rcpt:550  rcpt:451  rcpt:530  data:451  data:554     the reply to that command
    mail-drop  rcpt-drop  data-drop  mail-hang          the connection is cut, or hangs, instead of that reply
    text-drop                                           cut after the first line of the letter
    dot:552    dot:451    dot:421                       the reply to the whole letter, which is not taken
    dot-drop                                            cut after the last dot, not taken
    take-drop  take-hang  take-half  take-garbage       taken, and no whole reply
    take-and-drop                                       taken, said so, then cut
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOGIN = ("lin@lin.example.org", "correct horse battery")


class FakeSmtp:
    """The mail server; use it as a context manager. ``tls`` is none, starttls or tls."""

    def __init__(
        self, books: Path, *, tls: str = "none", pem: Path | None = None, login: bool = False, size: int = 33_554_432,
        pipelining: bool = False,
    ) -> None:  # fmt: skip
        self.books_path = books
        self.pipelining = pipelining
        self.login = login
        self.faults: deque[str] = deque()
        self.connections = 0
        self.verbs: list[str] = []
        self.names: list[str] = []
        context = server_context(pem) if pem else None
        self._controller = _Controller(self, tls, context, size)
        self._controller.start()
        # The controller knocks once to see that it is there.
        self.connections = 0
        self.port: int = self._controller.server.sockets[0].getsockname()[1]

    def __enter__(self) -> FakeSmtp:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.hang_up()
        self._controller.stop(no_assert=True)

    def script(self, *faults: str) -> None:
        """The faults to come, each waiting for its moment; the first one that fits it is used up."""
        self.faults.extend(faults)

    def books(self) -> list[dict[str, Any]]:
        """The letters that were taken."""
        text = self.books_path.read_text("utf-8") if self.books_path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def hang_up(self) -> None:
        """Cuts every open connection, as a server does with idle ones."""
        done = asyncio.run_coroutine_threadsafe(self._controller.hang_up(), self._controller.loop)
        done.result(5)

    def fault(self, moment: str) -> str:
        """The scripted fault of this moment, such as ``550`` or ``drop``, or nothing."""
        if self.faults and self.faults[0].startswith((f"{moment}:", f"{moment}-")):
            return self.faults.popleft()[len(moment) + 1 :]
        return ""

    def book(self, envelope: Envelope) -> str:
        number = f"fake{len(self.books()) + 1}"
        content = envelope.original_content or b""
        data = content.decode("latin-1")
        line = {"number": number, "from": envelope.mail_from, "to": envelope.rcpt_tos, "data": data}
        with self.books_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return number


class _Server(SMTP):
    """aiosmtpd's server, cutting the line where the script says."""

    fake: FakeSmtp

    async def _handle_client(self) -> None:
        self.fake.connections += 1
        fault = self.fake.fault("greet")
        if fault == "hang":
            await asyncio.sleep(30)
        elif fault:
            await self.push("hello?" if fault == "garbage" else f"{fault} 4.3.2 not now")
            self.transport.close()
        else:
            await super()._handle_client()

    async def push(self, status: Any) -> None:
        if not self.transport.is_closing():
            await super().push(status)

    async def abort(self) -> None:
        """Cuts the line; whoever waits here is cancelled by the loss of it."""
        self.transport.abort()
        await asyncio.sleep(30)

    async def cut(self, moment: str) -> bool:
        """Whether the script answered, cut or hung up at ``moment``."""
        self.fake.verbs.append(moment)
        fault = self.fake.fault(moment)
        if fault == "drop":
            await self.abort()
        elif fault == "hang":
            await asyncio.sleep(30)
        elif fault:
            await self.push(f"{fault} 4.3.0 the scripted fault")
            if fault == "421":
                self.transport.close()
        return bool(fault)

    async def smtp_EHLO(self, hostname: str) -> None:
        self.fake.names.append(hostname)
        if not await self.cut("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self.cut("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self.cut("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str) -> None:
        if self.fake.login and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
        elif not await self.cut("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str) -> None:
        if not await self.cut("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_RSET(self, arg: str) -> None:
        self.fake.verbs.append("rset")
        await super().smtp_RSET(arg)

    async def smtp_QUIT(self, arg: str) -> None:
        self.fake.verbs.append("quit")
        await super().smtp_QUIT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self.cut("data"):
            return
        if self.fake.fault("text"):
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            await self.abort()
        await super().smtp_DATA(arg)


class _Handler:
    """Takes letters, or not."""

    def __init__(self, fake: FakeSmtp) -> None:
        self._fake = fake

    async def handle_EHLO(
        self, server: _Server, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return ["250-PIPELINING", *responses] if self._fake.pipelining else responses

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:
        if await server.cut("dot"):
            return ""
        number = self._fake.book(envelope)
        fault = self._fake.fault("take")
        if not fault:
            return f"250 2.0.0 Ok: queued as {number}"
        await self._unsaid(server, fault)
        return ""

    async def _unsaid(self, server: _Server, fault: str) -> None:
        if fault == "hang":
            await asyncio.sleep(30)
        elif fault == "half":
            server._writer.write(b"250 2.0.0 O")
        elif fault == "garbage":
            await server.push("yes, of course")
        elif fault == "and-drop":
            await server.push("250 2.0.0 Ok: queued as last")
        elif fault == "drop":
            await server.abort()
        server.transport.close()


class _Controller(Controller):
    """Runs the server in a thread of its own."""

    def __init__(self, fake: FakeSmtp, tls: str, context: ssl.SSLContext | None, size: int) -> None:
        self._fake = fake
        self._starttls = context if tls == "starttls" else None
        self._size = size
        self._servers: list[_Server] = []
        outer = context if tls == "tls" else None
        super().__init__(_Handler(fake), hostname="127.0.0.1", port=0, ssl_context=outer, ready_timeout=10)

    def factory(self) -> _Server:
        server = _Server(
            self.handler,
            hostname="mail.fake",
            ident="fake",
            data_size_limit=self._size,
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            authenticator=_authenticate,
            auth_require_tls=self._starttls is not None,
            timeout=30,
        )
        server.fake = self._fake
        self._servers.append(server)
        return server

    def _trigger_server(self) -> None:
        # The port is chosen by the system, and known only now.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    async def hang_up(self) -> None:
        for server in self._servers:
            if server.transport is not None:
                server.transport.abort()
        while any(server.transport is not None for server in self._servers):
            await asyncio.sleep(0.005)


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == LOGIN
    return AuthResult(success=right, handled=False)


def certificate(folder: Path, names: Iterable[str] = ("localhost",)) -> Path:
    """A throwaway self-signed certificate with its key in one PEM file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Kith's tests")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.public_bytes(serialization.Encoding.PEM)
    path = folder / "certificate.pem"
    path.write_bytes(pem)
    return path


def server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@contextmanager
def interrupted(seconds: float) -> Iterator[None]:
    """Interrupts whatever runs inside, as Ctrl-C would, after so many seconds."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
