"""What the ledger says of emails, whatever state the texts are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import KithError, LedgerUnusable
from pipeline.frozen import whole
from pipeline.ledger import Ledger
from pipeline.model import Unclear
from pipeline.opened import open_house, open_people
from pipeline.outgoing import Delivery, Letter
from pipeline.plan import plan
from pipeline.planned import Held
from pipeline.transports.outbox import preview


@dataclass(frozen=True, slots=True)
class Reported:
    """``held`` is empty where ``problems`` keep the texts from being read: who waits for what is not known then."""

    counts: Mapping[str, int]
    deliveries: tuple[Delivery, ...]
    held: tuple[Held, ...]
    blocked: Mapping[str, str]
    problems: tuple[str, ...] = ()
    unclear: tuple[Unclear, ...] = ()


def reported(root: Path, environ: Mapping[str, str], now: datetime) -> Reported:
    """Every delivery, and who is held now. Raises `LedgerUnusable` for a ledger that is gone or damaged."""
    problems: tuple[str, ...] = ()
    held: tuple[Held, ...] = ()
    try:
        opened = open_house(root, environ, now)
        held = plan(opened.house, opened.history, opened.now).held
    except LedgerUnusable:
        raise
    except KithError as error:
        problems = tuple(str(error).splitlines())
        opened = open_people(root, environ, now)
    ledger = Ledger.peek(root / "private")
    if ledger is None:
        return Reported({}, (), held, opened.history.blocked, problems, opened.house.unclear)
    try:
        ledger.audit()
        counts, deliveries = ledger.counts(), tuple(ledger.deliveries())
        return Reported(counts, deliveries, held, opened.history.blocked, problems, opened.house.unclear)
    finally:
        ledger.close()


def one_email(root: Path, name: str) -> tuple[Path, Letter]:
    """The email of a delivery as it was composed, and a page that shows it; ``name`` may be a shortened id.

    Raises `KithError` where there is no such delivery, or several.
    """
    ledger = Ledger.peek(root / "private")
    if ledger is None:
        raise KithError("no email was composed yet. `kith publish` composes the first ones.")
    try:
        found = [one.id for one in ledger.deliveries() if one.id.startswith(name)]
        if len(found) != 1:
            fact = "there is no such delivery" if not found else f"{len(found)} deliveries begin with that"
            raise KithError(f"`{name}`: {fact}. `kith report --json` lists every delivery with its id.")
        letter = ledger.letter(found[0])
    finally:
        ledger.close()
    page = root / "build" / "shown" / f"{found[0]}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(preview(letter), "utf-8")
    return page, whole(letter)
