"""What would keep emails from leaving or arriving, once a real transport is chosen; nothing stops for it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from pathlib import Path

from pipeline.config import FILE, toml_line
from pipeline.errors import Misconfigured, Problem
from pipeline.model import House, State
from pipeline.report import counted
from pipeline.transports.choose import transport

_RESERVED = {"example.org", "example.com", "example.net", "example", "invalid", "test", "localhost"}
"""Domains at which there are no mailboxes (RFC 2606, RFC 6761)."""

_WANTED = (State.SUBSCRIBED, State.PAUSED)


def warnings(root: Path, house: House, environ: Mapping[str, str]) -> list[Problem]:
    """Placeholders and missing settings; none while emails go to the outbox."""
    chosen = house.settings.mail.transport
    if chosen == "outbox":
        return []
    text = (root / FILE).read_text("utf-8", "replace")
    return [*_sender(house, text), *_people(house), *_host(chosen, text), *_transport(root, house, environ, text)]


def is_reserved(address: str) -> bool:
    """Whether an address is at a domain that exists for examples and tests only."""
    parts = address.rpartition("@")[2].strip().rstrip(".").lower().split(".")
    return any(".".join(parts[start:]) in _RESERVED for start in range(len(parts)))


def _sender(house: House, text: str) -> Iterator[Problem]:
    mail = house.settings.mail
    for key in ("sender", "reply_to"):
        name, address = parseaddr(getattr(mail, key))
        placeholder = name.casefold() == "your name" or address.casefold().startswith(("you@", "your-name@"))
        if address and (placeholder or is_reserved(address)):
            fact = f"`{key}` is `{getattr(mail, key)}`, a placeholder: nobody reads mail there"
            yield Problem(FILE, toml_line(text, ("mail", key)), fact, "Write a mailbox of yours, at a domain of yours.")


def _people(house: House) -> Iterator[Problem]:
    found = [one for one in house.people if one.state in _WANTED and one.address and is_reserved(one.address)]
    if found:
        first = found[0]
        more = len(found) - 1
        who = f"`{first.id}` and {counted(more, 'other')} have addresses" if more else f"`{first.id}` has an address"
        fact = f"{who} at a domain for examples (`{first.address.rpartition('@')[2]}`), where nobody reads mail"
        yield Problem("subscribers.yml", first.line, fact, "Write real ones, or take these people out.")


def _host(chosen: str, text: str) -> Iterator[Problem]:
    """The default would be this machine."""
    table = tomllib.loads(text).get("tool", {}).get("kith", {})
    if chosen == "smtp" and "host" not in table.get("smtp", {}):
        fact = "`transport` is `smtp`, and there is no `host` in [tool.kith.smtp]"
        yield Problem(
            FILE, toml_line(text, ("mail", "transport")), fact, 'Add `host = "mail.example.org"`, your mail server.'
        )


def _transport(root: Path, house: House, environ: Mapping[str, str], text: str) -> Iterator[Problem]:
    """What the transport itself misses: a key, a password, a host that is none."""
    try:
        transport(house.settings, environ, root / "build" / "outbox").close()
    except Misconfigured as error:
        yield Problem(FILE, toml_line(text, ("mail", "transport")), str(error).removeprefix(f"{FILE}: "))
