"""What a setting may be, beyond its type: choices, addresses, time zones, numbers that make sense."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pipeline.settings import Mail, Settings
from pipeline.validate import LANGUAGE, did_you_mean

Fault = tuple[tuple[str, ...], str, str]
"""The path of a setting, the fact, the suggestion."""

CHOICES = {
    ("mail", "transport"): ("outbox", "smtp", "sendgrid"),
    ("smtp", "security"): ("starttls", "tls", "none"),
    ("deploy", "to"): ("none", "folder", "branch", "command"),
}
_NEEDS = {"folder": "folder", "branch": "remote", "command": "command"}
_LEAST = {
    ("mail", "timeout"): (0.1, 3600), ("mail", "per_second"): (0, 10_000), ("mail", "per_day"): (0, 10**9),
    ("mail", "late_after"): (0, 3650), ("smtp", "port"): (1, 65535), ("mail", "connections"): (1, 100),
    ("mail", "per_domain_a_minute"): (0, 10**6), ("feed_entries",): (20, 50),
}  # fmt: skip


def faults(settings: Settings) -> Iterator[Fault]:
    """Everything that is wrong with settings whose types are right."""
    yield from _site(settings)
    yield from _choices(settings)
    yield from _numbers(settings)
    yield from _languages(settings)
    yield from _mail(settings)
    yield from _hub(settings)
    yield from _lines(settings)
    yield from _variables(settings)


def _choices(settings: Settings) -> Iterator[Fault]:
    for path, known in CHOICES.items():
        value = getattr(getattr(settings, path[0]), path[1])
        if value not in known:
            yield path, f"`{path[1]}` cannot be `{value}`", did_you_mean(value, known)
    needed = _NEEDS.get(settings.deploy.to)
    if needed and not getattr(settings.deploy, needed):
        yield ("deploy",), f"deploying to a {settings.deploy.to} needs `{needed}`", f"Add `{needed} = …`."


def _site(settings: Settings) -> Iterator[Fault]:
    if not _is_site(settings.url):
        yield ("url",), f"`{settings.url}` is not a site's address", "Write `https://example.org/`."
    if settings.timezone not in available_timezones():
        hint = did_you_mean(settings.timezone, available_timezones(), "Write one such as `Europe/Madrid`.")
        yield ("timezone",), f"unknown time zone `{settings.timezone}`", hint
    if not any(text.strip() for text in settings.title.values()):
        yield ("title",), "`title` is empty", "Give the house a name."
    if not settings.author.strip():
        yield ("author",), "`author` is empty", "Write your name."


def _is_site(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = parts.scheme in ("http", "https") and not (
        parts.query or parts.fragment or parts.username or parts.password
    )
    return (
        plain
        and port_is_sound
        and re.fullmatch(r"[A-Za-z0-9.:_-]+", host) is not None
        and not re.search(r"\s|[<>\"\\]", url)
    )


def _numbers(settings: Settings) -> Iterator[Fault]:
    for path, (least, most) in _LEAST.items():
        value = settings.feed_entries if len(path) == 1 else getattr(getattr(settings, path[0]), path[1])
        if not least <= value <= most:
            yield path, f"`{path[-1]}` is {value}", f"Write a number from {least} to {most}."


def _languages(settings: Settings) -> Iterator[Fault]:
    if not settings.languages:
        yield ("languages",), "there is no language", 'Write `languages = ["en"]`.'
    for number, tag in enumerate(settings.languages):
        if not LANGUAGE.fullmatch(tag):
            yield ("languages",), f"`{tag}` is not a language tag", "Write one such as `en`, `zh` or `pt-BR`."
        if tag.lower() in (other.lower() for other in settings.languages[:number]):
            yield ("languages",), f"`{tag}` stands in `languages` twice", "Keep one of them."


def _mail(settings: Settings) -> Iterator[Fault]:
    for key in ("sender", "reply_to"):
        value = getattr(settings.mail, key)
        if value and not _is_mailbox(value):
            yield ("mail", key), f"`{value}` is not a mailbox", "Write `Name <name@example.org>`."
    yield from _answers(settings.mail)
    if not settings.mail.sender.strip():
        yield ("mail", "sender"), "`sender` is empty", "Write `Name <name@example.org>`."
    way_out = settings.mail.unsubscribe
    if way_out and (not way_out.startswith("https://") or "{token}" not in way_out):
        hint = "Write `https://example.org/leave/{token}`."
        yield ("mail", "unsubscribe"), "the address to leave must be https and hold `{token}`", hint


def _hub(settings: Settings) -> Iterator[Fault]:
    """It stands in every feed, for everybody; one with a password in it is refused, and not shown."""
    if settings.hub and not _is_hub(settings.hub):
        yield ("hub",), "`hub` is not the https address of a hub", "Write one such as `https://hub.example.org/`."


def _is_hub(address: str) -> bool:
    """Plain http only where nothing leaves the machine."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))
    plain = re.fullmatch(r"[!#-;=?-~]+", address) is not None and "@" not in parts.netloc and "#" not in address
    return safe and plain and bool(host) and port != 0


def _is_here(host: str) -> bool:
    from pipeline.wire import is_loopback

    return is_loopback(host)


_NOBODY = re.compile(r"(do[-_]?)?not?[-_]?reply@.*", re.IGNORECASE)


def _answers(mail: Mail) -> Iterator[Fault]:
    """Readers answer letters, and leave by one where there is no page for it."""
    from email.utils import parseaddr

    key = "reply_to" if mail.reply_to else "sender"
    address = parseaddr(getattr(mail, key))[1]
    if _NOBODY.fullmatch(address):
        yield ("mail", key), f"nobody reads `{address}`, and a letter is answered", "Write a mailbox that you read."


def _is_mailbox(value: str) -> bool:
    from email.utils import getaddresses

    found = getaddresses([value])
    return len(found) == 1 and re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", found[0][1]) is not None


def _lines(settings: Settings) -> Iterator[Fault]:
    """A line break in what becomes a header would start another header."""
    texts: list[tuple[tuple[str, ...], str]] = [(("author",), settings.author), (("url",), settings.url)]
    texts += [((key,), text) for key in ("title", "description") for text in getattr(settings, key).values()]
    texts += [(("mail", key), getattr(settings.mail, key)) for key in ("sender", "reply_to", "unsubscribe")]
    for path, text in texts:
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            yield path, f"there is a line break or control character in `{path[-1]}`", "Keep it to one line of text."


def _variables(settings: Settings) -> Iterator[Fault]:
    """Where a variable's name belongs, the secret itself must not stand; so it is not shown either."""
    for path, name in (
        (("smtp", "password_env"), settings.smtp.password_env),
        (("sendgrid", "key_env"), settings.sendgrid.key_env),
    ):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name):
            fact = f"`{path[1]}` is not the name of an environment variable"
            yield path, fact, "Write its name, such as `KITH_SECRET`, and keep the secret out of this file."
