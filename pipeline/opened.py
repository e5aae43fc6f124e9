"""A house and what its ledger knows of it, read at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline.custody import known_secret
from pipeline.errors import Problem
from pipeline.identity import Memory
from pipeline.ledger import Ledger
from pipeline.model import House
from pipeline.planned import History
from pipeline.reading import read_house, read_people
from pipeline.renamed import Identities, known_again
from pipeline.secret import FILE as SECRET
from pipeline.secret import Secret, read_secret
from pipeline.walked import Stamp


@dataclass(frozen=True)
class Opened:
    """A house and what its ledger knows, at one moment; ``secret`` is None before the first publish.

    ``identities`` is what a publish notes of the identity of entries.
    """

    root: Path
    now: datetime
    house: House
    history: History
    secret: Secret | None
    faults: tuple[Problem, ...] = ()
    identities: Identities = field(default_factory=Identities)


def open_house(
    root: Path,
    environ: Mapping[str, str],
    now: datetime,
    ledger: Ledger | None = None,
    *,
    told: bool = True,
    there: Mapping[str, Stamp] | None = None,
) -> Opened:
    """Reads everything, but without ``told`` not what people were told: the history is empty.

    ``there`` is every file of ``content/``, where somebody just looked. Raises `Problems` with every fault,
    `LedgerUnusable` for a ledger that is gone or damaged.
    """
    own = ledger or Ledger.peek(root / "private")
    try:
        dates = own.dates() if own else {}
        house = read_house(root, dates, environ, now, there)
        house, identities = known_again(root, house, own.memory() if own else Memory(), dates)
        if own is None:
            return Opened(root, now, house, History(), None, identities=identities)
        secret = known_secret(root, own, mine=ledger is not None)
        history = own.history(marks(house, secret)) if told else History()
        return Opened(root, now, house, history, secret, identities=identities)
    finally:
        if own is not None and ledger is None:
            own.close()


def open_people(root: Path, environ: Mapping[str, str], now: datetime, ledger: Ledger | None = None) -> Opened:
    """The people and what the ledger knows of them, whatever state the texts, settings and looks are in.

    The house has no entries; ``faults`` are what is wrong with the file of people. Raises `LedgerUnusable` for a ledger
    that is gone or damaged.
    """
    house, faults = read_people(root, environ)
    own = ledger or Ledger.peek(root / "private")
    if own is None:
        return Opened(root, now, house, History(), None, tuple(faults))
    try:
        secret = read_secret(root) if (root / "private" / SECRET).exists() else None
        return Opened(root, now, house, own.history(marks(house, secret) if secret else {}), secret, tuple(faults))
    finally:
        if ledger is None:
            own.close()


def marks(house: House, secret: Secret) -> dict[str, str]:
    """Person → the fingerprint of their present address."""
    return {person.id: secret.mark(person.address) for person in house.people if person.address}
