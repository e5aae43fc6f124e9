"""Tells the house's hub which feeds changed, so that programs which read them need not ask again and again.

Source: https://www.w3.org/TR/websub/. How a publisher speaks to its hub is left open there; all known hubs take
``hub.mode=publish``, some with the feed's address as ``hub.url``, some as ``hub.topic``.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode, urlsplit

from pipeline.deploy import target
from pipeline.errors import Misconfigured, NotSubmitted
from pipeline.feeds import FORMS, listing
from pipeline.links import Links
from pipeline.model import House
from pipeline.regular import read_regular
from pipeline.web import Wire

if TYPE_CHECKING:
    from pipeline.ledger import Ledger

SECONDS = 10.0
"""How long one answer may take; all of them may take three times that, so that no letter waits for a hub for long."""


def _counted(number: int) -> str:
    return f"{number:,} feed{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class News:
    """What a hub does not know yet: under each feed's address the digest of its bytes.

    ``known`` are those of the feeds that did not change.
    """

    hub: str
    feeds: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """What to call the hub."""
        return urlsplit(self.hub).hostname or ""

    @property
    def words(self) -> str:
        """``3 feeds to hub.example.org``; empty when there is nothing to tell."""
        return f"{_counted(len(self.feeds))} to {self.host}" if self.feeds else ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of telling: how many feeds the hub heard of, why not of all, and what to remember."""

    count: int
    remark: str
    memory: str
    left: int = 0

    @property
    def lines(self) -> list[str]:
        """What to say of it."""
        told = [f"Hub       {_counted(self.count)} told"] if self.count or not self.remark else []
        again = f"{_counted(self.left)} {'is' if self.left == 1 else 'are'} told the next time"
        return told + ([f"Hub       {self.remark}: {again}"] if self.remark else [])


def news(root: Path, house: House, ledger: Ledger) -> News:
    """Which feeds of the site differ from what the hub was told last; none where no hub is set, or no target."""
    settings = house.settings
    if not (settings.hub and target(settings.deploy)):
        return News("")
    site, before = root / "build" / "site", _remembered(ledger.hub())
    now = {address: digest for address, path in _addresses(house) if (digest := _digest(site / path))}
    fresh = {address: digest for address, digest in now.items() if before.get(address) != digest}
    return News(settings.hub, fresh, {address: digest for address, digest in now.items() if address not in fresh})


def tell(root: Path, house: House, ledger: Ledger, step: Callable[[str], None]) -> None:
    """Tells the hub of the feeds that are online now and changed; what it cannot be told waits for the next time.

    ``step`` is called with each line to say; nothing is raised for a hub that cannot be reached.
    """
    new = news(root, house, ledger)
    if not new.feeds:
        return
    heard = _told(new)
    ledger.note_hub(heard.memory)
    for line in heard.lines:
        step(line)


def _addresses(house: House) -> list[tuple[str, str]]:
    """Every current document of every feed: its address, and its path inside the site."""
    links = Links.of(house.settings)
    return [(info.addresses[form], unquote(links.feed(info.name, form))) for info in listing(house) for form in FORMS]


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(read_regular(path)).hexdigest()[:32]
    except OSError:
        return ""


def _remembered(memory: str) -> dict[str, str]:
    """What the hub was told; another hub stands in the feeds themselves, so that all of them changed."""
    try:
        return dict(json.loads(memory or "{}"))
    except (ValueError, TypeError):
        return {}


def _told(new: News) -> Heard:
    """Tells the hub of each feed; it stops at the first thing that would go wrong for the others too."""
    told, remark, wire = dict(new.known), "", Wire(new.hub, SECONDS)
    until = time.monotonic() + 3 * SECONDS
    try:
        for address, digest in new.feeds.items():
            if time.monotonic() > until:
                remark = f"{new.host} is slow"
                break
            status = wire.request("POST", _path(new.hub), _HEADERS, _words(address)).status
            if 200 <= status < 300:
                told[address] = digest
            else:
                remark = f"{new.host} answered with {status}"
                if status >= 500 or status == 429 or 300 <= status < 400:
                    break
    except (NotSubmitted, Misconfigured) as error:
        remark = str(error).replace("`host`", "`hub`").rstrip(".")
    finally:
        wire.close()
    count = len(told) - len(new.known)
    return Heard(count, remark, json.dumps(told), len(new.feeds) - count)


_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Kith"}


def _words(address: str) -> bytes:
    return urlencode({"hub.mode": "publish", "hub.url": address, "hub.topic": address}).encode("ascii")


def _path(hub: str) -> str:
    parts = urlsplit(hub)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
