"""Begins a new generation of sealed pages: with it, links in letters that went before stop working."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.custody import holding, pasted
from pipeline.keyring import Keyring
from pipeline.ledger import Ledger
from pipeline.model import House
from pipeline.outgoing import DeliveryState
from pipeline.reading import read_house
from pipeline.report import counted
from pipeline.sealing import Seals
from pipeline.secret import new_generation, private_folder

_OPEN = (DeliveryState.PENDING, DeliveryState.SUBMITTING, DeliveryState.UNCERTAIN)
"""States in which a letter, or another copy of it, may yet leave with the links it was frozen with."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was, or would be, rotated: sealed pages there are now; letters not settled, and pastes, with old links."""

    rotated: bool
    pages: int
    waiting: int
    pastes: int


def rotate(root: Path, environ: Mapping[str, str], now: datetime, agreed: Callable[[list[str]], bool]) -> Rotation:
    """Begins anew when ``agreed`` says yes to these lines; the ledger is held meanwhile, so that nobody publishes.

    A generation that is gone or damaged is no hindrance: this is its cure.
    """
    with Ledger.open(private_folder(root), now) as ledger:
        house = read_house(root, ledger.dates(), environ, now)
        counts = _pages(house), holding(ledger, ledger.deliveries(*_OPEN)), pasted(ledger)
        if not agreed(_said(*counts)):
            return Rotation(False, *counts)
        new_generation(root)
        return Rotation(True, *counts)


def _pages(house: House) -> int:
    """How many there are; which keys they have does not matter here."""
    return sum(1 for _ in Keyring(house, Seals(b"", b"")).doors())


def _said(pages: int, waiting: int, pastes: int) -> list[str]:
    verb = "gets a new address" if pages == 1 else "get new addresses"
    lines = [
        f"{counted(pages, 'sealed page')} {verb} and new keys with the next `kith publish`.",
        "Links to sealed pages in letters that went before stop working then, for everybody.",
    ]
    if waiting:
        hold = "holds" if waiting == 1 else "hold"
        lines.append(
            f"{counted(waiting, 'letter')} not settled yet {hold} old links, and would leave with them:"
            " run `kith deliver` first, or `kith report` to see them."
        )
    if pastes:
        hold = "holds" if pastes == 1 else "hold"
        lines.append(f"{counted(pastes, 'text')} in build/paste {hold} old links: do not paste it again.")
    return lines
