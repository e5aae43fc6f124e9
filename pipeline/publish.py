"""The whole job, in order: read, plan, render, check, deploy, deliver, record. Only this module knows the order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import ahead
from pipeline.build import Built, build, write_pastes
from pipeline.config import zone
from pipeline.custody import known_secret
from pipeline.errors import KithError, LedgerUnusable
from pipeline.keyring import Keyring
from pipeline.ledger import Ledger
from pipeline.leftover import changed
from pipeline.links import SEALED, leads_to_sealed
from pipeline.model import EVERYONE, House, State
from pipeline.opened import Opened, marks, open_house
from pipeline.outgoing import Delivery, DeliveryState, Issue
from pipeline.plan import plan, standing
from pipeline.planned import Choice, Plan
from pipeline.privacy import heard_by, told_to
from pipeline.records import WITHDRAWN, Outcome
from pipeline.report import unsettled
from pipeline.secret import private_folder, read_secret
from pipeline.setbacks import TOGETHER
from pipeline.sieve import What

if TYPE_CHECKING:
    from pipeline.consent import MayGo
    from pipeline.terms import Surroundings, Tally
    from pipeline.transports.base import Transport


class Late(Enum):
    """What to do with letters that waited too long: let them go, hold them, or leave them until somebody says."""

    GO = "go"
    HOLD = "hold"
    ASK = "ask"


@dataclass
class Job:
    """What a publish is handed: where, when, by what means, and whom to ask.

    ``late`` is asked about letters that waited too long, ``anew`` whether letters are composed again of which something
    changed (delivery → what); if not, they go as they are.
    """

    root: Path
    environ: Mapping[str, str]
    now: datetime
    transport: Callable[[House], Transport]
    around: Callable[[MayGo], Surroundings]
    confirm: Callable[[Opened, Plan, Built, list[Delivery], bool], bool]
    late: Callable[[list[Delivery]], Late]
    anew: Callable[[list[Delivery], Mapping[str, str]], bool] = field(default=lambda *_: True)
    step: Callable[[str], None] = field(default=lambda _: None)
    site: bool = True


def _read_first(job: Job) -> Opened | None:
    """The house, read before its ledger is opened for writing: one that cannot be read is left as it is.

    None when the ledger cannot be looked into from beside; opening it says why, and better.
    """
    try:
        return open_house(job.root, job.environ, job.now, told=False)
    except LedgerUnusable:
        return None


def _remembering(opened: Opened, ledger: Ledger) -> Opened:
    """The same house with what the ledger knows now that nobody else can write to it."""
    secret = known_secret(opened.root, ledger, mine=True)
    return replace(opened, history=ledger.history(marks(opened.house, secret)), secret=secret)


def publish(job: Job) -> Tally | None:
    """Does the whole job; None when the person it asked said no.

    Everything is decided and composed before `Job.confirm` is asked; after a yes it is carried out as it is.
    Raises what its steps raise; then nothing was submitted, or it is in the ledger what was.
    """
    read = _read_first(job)
    with Ledger.open(private_folder(job.root), job.now) as ledger:
        opened = _remembering(read, ledger) if read else open_house(job.root, job.environ, job.now, ledger)
        secret = opened.secret or read_secret(job.root)
        lines = [job.transport(opened.house) for _ in range(opened.house.settings.mail.connections)]
        try:
            left, too_late = _left(job, opened, ledger)
            opened, left, outdated = _up_to_date(job, opened, ledger, left)
            opened = _without_suppressed(opened, lines[0])
            decided = plan(opened.house, opened.history, job.now)
            built = build(opened, decided, secret, ledger.issue_ids(), site=job.site)
            ahead.end()  # whoever is asked, or waited for, may take hours
            left, narrowed = _still_for_them(job.root, opened.house, ledger, left)
            deploys = job.site and would_deploy(job.root, opened.house, ledger)
            if deploys:
                from pipeline.tripwire import guard

                guard(job.root, opened.house, job.environ)
            if not job.site and built.letters:
                _refuse_dead_links(job.root, opened.house, ledger, built.issues)
            if job.site and opened.house.settings.hub:
                from pipeline import hub

                built = replace(built, hub=hub.news(job.root, opened.house, ledger).words)
            if not job.confirm(opened, decided, built, left, deploys):
                return None
            ledger.withdraw(list(outdated), f"{WITHDRAWN}, to be composed again", job.now)
            ledger.hold_for_good([one.id for one in too_late], "too late, as a person decided", job.now)
            ledger.step([Outcome(one, DeliveryState.HELD, why) for one, why in narrowed.items()], [], job.now)
            if job.site:
                deploy_if_changed(job.root, opened.house, ledger, job.environ, job.step)
            seen = [entry.id for entry in opened.house.settled.entries]
            ledger.freeze(decided, built.issues, built.pastes, seen, opened.identities)
            write_pastes(job.root, _pastes_for_them(job.root, opened.house, ledger))
            tally = _deliver(job, opened, ledger, lines, left, {issue.id for issue in built.issues})
            tally.unclear = len(opened.house.unclear)
            return tally
        finally:
            for line in lines:
                line.close()


def _left(job: Job, opened: Opened, ledger: Ledger) -> tuple[list[Delivery], list[Delivery]]:
    """What earlier runs left pending and may go now, and what a person says is too late.

    What waited too long goes only if a person says so.
    """
    left = ledger.deliveries(DeliveryState.PENDING)
    bound = job.now - timedelta(days=opened.house.settings.mail.late_after)
    late = [one for one in left if one.issued and one.issued < bound]
    if not late:
        return left, []
    ahead.end()
    answer = job.late(late)
    if answer is Late.GO:
        return left, []
    return [one for one in left if one not in late], late if answer is Late.HOLD else []


def _up_to_date(
    job: Job, opened: Opened, ledger: Ledger, left: list[Delivery]
) -> tuple[Opened, list[Delivery], list[str]]:
    """What of it goes as it is, and what is composed again; the history is then as if that had been withdrawn."""
    found = changed(job.root, opened.house, ledger, left)
    if not found:
        return opened, left, []
    ahead.end()
    if not job.anew([one for one in left if one.id in found], found):
        return opened, left, []
    history = ledger.history_without(list(found), marks(opened.house, opened.secret or read_secret(job.root)), job.now)
    return replace(opened, history=history), [one for one in left if one.id not in found], list(found)


def _still_for_them(
    root: Path, house: House, ledger: Ledger, left: list[Delivery]
) -> tuple[list[Delivery], dict[str, str]]:
    """Which of these letters may still go, and of the others why not: a text can be narrowed after it was frozen."""
    from pipeline.leakcheck import LeakCheck

    people = {person.id: person for person in house.people}
    letters = [(ledger.letter(one.id), heard_by(house, people[one.who])) for one in left if one.who in people]
    found = LeakCheck(house, root).frozen(letters) if letters else {}
    return [one for one in left if one.id not in found], found


def _pastes_for_them(root: Path, house: House, ledger: Ledger) -> list[tuple[str, str]]:
    """The texts to paste whose circle may still read all of each."""
    from pipeline.leak import Output
    from pipeline.leakcheck import LeakCheck

    check, kept = LeakCheck(house, root), []
    for who, name, text in ledger.pasted():
        circle = next((one for one in house.circles if f"circle:{one.name}" == who), None)
        if circle and not any(
            leak.one.what is What.TEXT
            for leak in check.look(
                Output(name, circle.reads | EVERYONE | {told_to(circle.name)}, text.encode("utf-8", "replace"))
            )
        ):
            kept.append((name, text))
    return kept


def _deliver(
    job: Job, opened: Opened, ledger: Ledger, lines: list[Transport], left: list[Delivery], fresh: set[str]
) -> Tally:
    from pipeline.consent import LastQuestion
    from pipeline.deliver import deliver
    from pipeline.terms import Limits
    from pipeline.throttle import Throttle

    mail = opened.house.settings.mail
    midnight = job.now.astimezone(zone(opened.house.settings)).replace(hour=0, minute=0, second=0, microsecond=0)
    had = ledger.submitted_to_since(midnight.replace(day=1))
    limits = Limits(
        Throttle(mail.per_second, mail.per_domain_a_minute),
        max(0, mail.per_day - ledger.submitted_since(midnight)) if mail.per_day else None,
    )
    goes = {one.id for one in left}
    waiting = [one for one in ledger.deliveries(DeliveryState.PENDING) if one.id in goes or one.issue in fresh]
    question = LastQuestion(job.root, opened.house, opened.history, had, job.environ)
    blocked = _refused_before(opened, ledger)
    tally = deliver(ledger, lines, job.around(question), limits, waiting=_closest_first(opened.house, waiting))
    tally.blocked = blocked
    return tally


def _refused_before(opened: Opened, ledger: Ledger) -> int:
    """How many people, who want letters, get none as their address was refused in an earlier run."""
    choices = opened.history.choices
    wanting = {
        one.id for one in opened.house.people if standing(one, choices.get(one.id, Choice())) is State.SUBSCRIBED
    }
    return len(
        {one.who for one in unsettled(ledger.deliveries(DeliveryState.REFUSED), opened.history.blocked)} & wanting
    )


def _closest_first(house: House, waiting: list[Delivery]) -> list[Delivery]:
    """In the order of the circles, whichever day they were frozen; a stranger to every circle comes last.

    What was refused in a row comes after the others: should it be refused again, they have theirs by then.
    """
    rank = {person.id: min((c.rank for c in house.circles_of(person)), default=999) for person in house.people}
    return sorted(waiting, key=lambda one: (one.reason.startswith(TOGETHER), rank.get(one.who, 999)))


def _without_suppressed(opened: Opened, transport: Transport) -> Opened:
    """People whom the provider no longer mails are held with its reason."""
    lists = transport.suppressed()
    blocked = {p.id: lists[p.address.lower()] for p in opened.house.people if p.address.lower() in lists}
    if not blocked:
        return opened
    return replace(opened, history=replace(opened.history, blocked={**opened.history.blocked, **blocked}))


def _refuse_dead_links(root: Path, house: House, ledger: Ledger, issues: Iterable[Issue]) -> None:
    from pipeline import deploy as online

    if not online.target(house.settings.deploy):
        return
    if not ledger.deployed():
        raise KithError("The site never went online, so links in letters would lead nowhere. Run `kith publish`.")
    site = root / "build" / "site"
    meant = {address for issue in issues for one in issue.letters for address in leads_to_sealed(one.sheet.text)}
    if site.is_dir() and not all((site / SEALED / address).is_dir() for address in meant):
        raise KithError("Letters would lead to sealed pages that are not on the site yet. Run `kith publish`.")


def would_deploy(root: Path, house: House, ledger: Ledger) -> bool:
    """Whether the site, or its target, is not what went online last, or is no longer there."""
    from pipeline import deploy as online

    settings = house.settings.deploy
    if not online.target(settings):
        return False
    site = root / "build" / "site"
    return ledger.deployed() != online.fingerprint(site, settings) or not online.is_there(root, settings)


def deploy_if_changed(
    root: Path, house: House, ledger: Ledger, environ: Mapping[str, str], step: Callable[[str], None]
) -> bool:
    """Puts the site online when it, or its target, is not what went online last; then tells the hub of it."""
    from pipeline import deploy as online

    settings = house.settings.deploy
    where = online.target(settings)
    if not where:
        return False
    from pipeline import hub
    from pipeline.leakcheck import LeakCheck
    from pipeline.tripwire import guard

    secret = read_secret(root)
    lines = ledger.history(marks(house, secret)).lines
    LeakCheck(house, root, Keyring(house, secret.seals), secret.token, lines).site(root / "build" / "site")
    if not would_deploy(root, house, ledger):
        step(f"Deploy    nothing changed since the last time: {where}")
        hub.tell(root, house, ledger, step)
        return False
    guard(root, house, environ)
    online.deploy(root, settings, environ)
    ledger.note_deployed(online.fingerprint(root / "build" / "site", settings))
    step(f"Deploy    done: {where}")
    hub.tell(root, house, ledger, step)
    return True
