"""What earlier runs composed and did not submit: whether what it was made from changed, and taking it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pipeline.errors import KithError
from pipeline.ledger import Ledger
from pipeline.model import House
from pipeline.origin import Origin
from pipeline.outgoing import Delivery, DeliveryState
from pipeline.packaged import own_or_packaged
from pipeline.records import WITHDRAWN
from pipeline.report import counted
from pipeline.secret import FILE as SECRET
from pipeline.secret import private_folder, read_secret
from pipeline.stationery import load_stationery
from pipeline.validate import did_you_mean, visible

SHORTEST = 6
"""Letters of a delivery's id that are enough to name it."""


def changed(root: Path, house: House, ledger: Ledger, left: Sequence[Delivery]) -> dict[str, str]:
    """Delivery → what of that which it was composed from is no longer as it was, in words."""
    origins = ledger.origins() if left else {}
    made = {one.id: origins[one.id] for one in left if one.id in origins}
    if not made:
        return {}
    stationery = load_stationery(own_or_packaged(root, "templates"), root / "build" / "cache" / "letters")
    origin = Origin(house, stationery.key)
    said = {text: ", ".join(origin.changes(text)) for text in set(made.values())}
    return {one: said[text] for one, text in made.items() if said[text]}


def withdraw(
    root: Path, what: str, now: datetime, agreed: Callable[[list[Delivery], int], bool]
) -> list[Delivery] | None:
    """Takes back pending emails, all or those that ``what`` names; None when ``agreed`` said no to it.

    ``agreed`` is handed them, and how many others of the same issue or person are left alone, as they may have been
    submitted. Raises `KithError` where nothing of ``what`` is pending.
    """
    if not (root / "private").is_dir():
        return []
    with Ledger.open(private_folder(root), now) as ledger:
        everything = ledger.deliveries()
        found = _meant(root, ledger, everything, what)
        others = sum(what in (one.issue, one.who) and _may_have_gone(one) for one in everything)
        if found and not agreed(found, others):
            return None
        ledger.withdraw([one.id for one in found], f"{WITHDRAWN} on {now:%Y-%m-%d}", now)
        return found


def _may_have_gone(one: Delivery) -> bool:
    return one.state not in (DeliveryState.PENDING, DeliveryState.HELD, DeliveryState.REFUSED)


def _meant(root: Path, ledger: Ledger, everything: list[Delivery], what: str) -> list[Delivery]:
    """The pending emails that somebody names: ``all``, an issue, a person, their address or token, or a delivery."""
    pending = [one for one in everything if one.state is DeliveryState.PENDING]
    if what == "all":
        return pending
    found = [one for one in pending if what in (one.issue, one.who)]
    found = found or [one for one in pending if len(what) >= SHORTEST and one.id.startswith(what)]
    if not found and pending and (root / "private" / SECRET).exists():
        mark = read_secret(root).mark(what)
        letters = {one.id: ledger.letter(one.id) for one in pending}
        found = [one for one in pending if what == letters[one.id].token or mark == letters[one.id].mark]
    if not found:
        _refuse(everything, pending, what)
    return found


def _refuse(everything: list[Delivery], pending: list[Delivery], what: str) -> None:
    theirs = Counter(one.state.value for one in everything if what in (one.issue, one.who, one.id))
    if theirs:
        states = ", ".join(f"{number:,} {state}" for state, number in sorted(theirs.items()))
        raise KithError(f"`{what}`: none of its emails is pending ({states}), so there is nothing to withdraw.")
    if not pending:
        raise KithError(f"`{visible(what)}`: no email is pending, so there is nothing to withdraw.")
    names = {name for one in pending for name in (one.issue, one.who)}
    fact = f"`{visible(what)}`: this is no issue, person or delivery with a pending email"
    raise KithError(f"{fact}. {did_you_mean(what, names)}".rstrip())


def withdrawn_line(found: Sequence[Delivery]) -> str:
    """What was taken back."""
    if not found:
        return "No email is pending: there is nothing to withdraw."
    people = counted(len({one.who for one in found}), "person", "people")
    return f"{counted(len(found), 'email')} to {people} withdrawn. Their entries wait again for these people."
