"""The transport that the settings name, with everything it needs, or one clear reason why not."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import Misconfigured
from pipeline.settings import Settings
from pipeline.transports.base import Transport
from pipeline.wire import is_loopback

_NAMES = ("outbox", "smtp", "sendgrid")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def transport(settings: Settings, environ: Mapping[str, str], outbox: Path) -> Transport:
    """The transport of ``mail.transport``, not yet connected; ``outbox`` is the folder of that one.

    Raises `Misconfigured` for an unknown transport, host or security, and for a key or password that is not there.
    """
    chosen = settings.mail.transport
    if chosen == "outbox":
        from pipeline.transports.outbox import Outbox

        return Outbox(outbox)
    if not (math.isfinite(settings.mail.timeout) and settings.mail.timeout > 0):
        raise _wrong("mail", "timeout", f"`{settings.mail.timeout}` is no number of seconds", "Write one above 0.")
    if chosen == "smtp":
        return _smtp(settings, environ)
    if chosen == "sendgrid":
        return _sendgrid(settings, environ)
    raise _wrong("mail", "transport", f"there is no transport `{chosen}`", _meant(chosen, _NAMES))


def _smtp(settings: Settings, environ: Mapping[str, str]) -> Transport:
    from pipeline.transports.smtp import SmtpTransport

    server, ways = settings.smtp, ("starttls", "tls", "none")
    if server.security not in ways:
        raise _wrong("smtp", "security", f"there is no `{server.security}`", _meant(server.security, ways))
    if not _is_host(server.host):
        raise _wrong("smtp", "host", f"`{server.host}` is no host name", "Write it without a scheme, port or path.")
    if not 0 < server.port < 65_536:
        raise _wrong("smtp", "port", f"`{server.port}` is no port", "Most servers take letters at 587 or 465.")
    if server.username and server.security == "none" and not is_loopback(server.host):
        hint = 'Write `security = "starttls"` or `"tls"`.'
        raise _wrong("smtp", "security", "`none` would give the password away on the way to the server", hint)
    password = _secret(environ, "smtp", "password_env", server.password_env) if server.username else ""
    return SmtpTransport(server, password, settings.mail.sender, settings.mail.timeout)


def _sendgrid(settings: Settings, environ: Mapping[str, str]) -> Transport:
    from pipeline.transports.sendgrid import SendgridTransport

    host = settings.sendgrid.host
    key_env = settings.sendgrid.key_env
    if not _is_origin(host):
        hint = "Write `https://api.sendgrid.com` or `https://api.eu.sendgrid.com`."
        raise _wrong("sendgrid", "host", f"`{host}` is no https address of a host", hint)
    key = _secret(environ, "sendgrid", "key_env", key_env)
    if not re.fullmatch(r"[!-~]+", key):
        raise Misconfigured(f"The environment variable `{key_env}` holds characters that no key has. Copy it again.")
    return SendgridTransport(host, key, settings.mail.timeout, key_env)


def _secret(environ: Mapping[str, str], table: str, setting: str, variable: str) -> str:
    """What the environment holds there; a name that may be the secret itself is never shown."""
    if not _VARIABLE.fullmatch(variable):
        fact = "this is no name of an environment variable (capitals, digits and _)"
        raise _wrong(table, setting, fact, "Put the name here and the secret itself into the environment.")
    secret = environ.get(variable, "").strip("\r\n")
    if not secret.strip():
        fact = f"the environment variable `{variable}` is {'empty' if variable in environ else 'not set'}"
        raise _wrong(table, setting, fact, 'Set it, or write `transport = "outbox"` in [tool.kith.mail].')
    return secret


def _is_host(host: str) -> bool:
    return bool(re.fullmatch(r"[^\s/:@?#\x00-\x1f\x7f]+|[0-9A-Fa-f:.]+", host))


def _is_origin(host: str) -> bool:
    """A scheme, a host and perhaps a port; plain http only where nothing leaves the machine."""
    try:
        parts, port = urlsplit(host), urlsplit(host).port
    except ValueError:
        return False
    name = parts.hostname or ""
    alone = host.isascii() and host.isprintable() and " " not in host and "@" not in parts.netloc and port != 0
    whole = not (parts.query or parts.fragment) and parts.path in {"", "/"}
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(name))
    return bool(name) and alone and whole and safe


def _meant(word: str, names: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, names, 1)
    return f"Did you mean `{close[0]}`?" if close else f"It is one of {', '.join(f'`{name}`' for name in names)}."


def _wrong(table: str, setting: str, fact: str, hint: str) -> Misconfigured:
    return Misconfigured(f"pyproject.toml: [tool.kith.{table}] {setting}: {fact}. {hint}")
