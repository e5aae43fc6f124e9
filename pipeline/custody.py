"""Keeps the house's secret and its generation of sealed pages together with the ledger of what was made with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import KithError
from pipeline.ledger import Ledger
from pipeline.links import leads_to_sealed
from pipeline.outgoing import Delivery
from pipeline.regular import read_regular
from pipeline.secret import FILE as SECRET
from pipeline.secret import GENERATION, Secret, fresh_key, new_generation, read_generation, read_secret


def known_secret(root: Path, ledger: Ledger, *, mine: bool) -> Secret:
    """The secret, with a generation of sealed pages; it is begun only by whoever holds the ledger (``mine``)."""
    if not (root / "private" / SECRET).exists() and ledger.deliveries():
        raise KithError(
            f"private/{SECRET} is gone, but the ledger is there. Restore it: links in letters depend on it."
        )
    if read_generation(root) is None:
        if holding(ledger, ledger.deliveries()) or pasted(ledger):
            raise KithError(
                f"private/{GENERATION} is gone, but letters with links to sealed pages are there. Restore it,"
                " or run `kith rotate`: then those links stop working."
            )
        if mine:
            new_generation(root)
    return read_secret(root)


def holding(ledger: Ledger, deliveries: Iterable[Delivery]) -> int:
    """How many of these letters hold a link to a sealed page."""
    return sum(bool(leads_to_sealed(ledger.letter(one.id).sheet.text)) for one in deliveries)


def pasted(ledger: Ledger) -> int:
    """How many texts to paste hold one."""
    return sum(bool(leads_to_sealed(text)) for _, text in ledger.pastes())


def passing_secret(root: Path) -> Secret:
    """A secret for previews of a house that has none yet: kept under `build/`, and never that of a publish."""
    path = root / "build" / "cache" / "passing.key"
    try:
        key = bytes.fromhex(read_regular(path, 1000).decode("ascii"))
    except (OSError, ValueError):
        key = b""
    if len(key) != 32:
        path.parent.mkdir(parents=True, exist_ok=True)
        key = fresh_key(path)
    return Secret(key)
