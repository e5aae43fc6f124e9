"""The whole job, in order: read, plan, render, check, deploy, deliver, record. Only this module knows the order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.census import Census, census
from pipeline.confided import Confided
from pipeline.config import zone
from pipeline.custody import known_secret
from pipeline.errors import KithError, Leaked, LedgerUnusable, Problem
from pipeline.keyring import Keyring
from pipeline.ledger import Ledger
from pipeline.links import SEALED, SEALED_INDEX, leads_to_sealed
from pipeline.model import (
    EVERYONE,
    Delivery,
    DeliveryState,
    Frozen,
    History,
    House,
    Issue,
    Pasted,
    Picture,
    Plan,
)
from pipeline.packaged import own_or_packaged
from pipeline.plan import plan
from pipeline.privacy import heard_by, told_to
from pipeline.reading import read_house
from pipeline.records import Outcome
from pipeline.renamed import fingerprint, known_again
from pipeline.secret import Secret, private_folder, read_secret
from pipeline.sieve import What

if TYPE_CHECKING:
    from pipeline.consent import MayGo
    from pipeline.leakcheck import LeakCheck
    from pipeline.manifest import SiteReport, Verify
    from pipeline.terms import Surroundings, Tally
    from pipeline.transports.base import Transport


@dataclass(frozen=True)
class Opened:
    """A house and what its ledger knows, at one moment; ``secret`` is None before the first publish."""

    root: Path
    now: datetime
    house: House
    history: History
    secret: Secret | None


class Late(Enum):
    """What to do with letters that waited too long: let them go, hold them, or leave them until somebody says."""

    GO = "go"
    HOLD = "hold"
    ASK = "ask"


@dataclass(frozen=True)
class Web:
    """What changed of the site and of the feeds; how many sealed pages there are, and how many are made anew."""

    pages_changed: int
    pages_kept: int
    index: Path
    feeds_changed: int
    feeds: int
    files: int
    sealed: tuple[int, int] = (0, 0)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Built:
    """What a build made: the site (None when it was left alone), letters, pastes, how much was checked, pictures.

    ``problems`` are what readers or their programs would stumble on; nothing is kept back for them. ``hub`` says what
    a hub is told once the site is online.
    """

    web: Web | None
    issues: tuple[Issue, ...]
    pastes: tuple[Pasted, ...]
    narrow: int
    outputs: int
    pictures: Census = field(default_factory=Census)
    problems: tuple[Problem, ...] = ()
    hub: str = ""

    @property
    def letters(self) -> int:
        """How many letters there are to submit."""
        return sum(len(issue.letters) for issue in self.issues)


@dataclass
class Job:
    """What a publish is handed: where, when, by what means, and whom to ask."""

    root: Path
    environ: Mapping[str, str]
    now: datetime
    transport: Callable[[House], Transport]
    around: Callable[[MayGo], Surroundings]
    confirm: Callable[[Opened, Plan, Built, list[Delivery], bool], bool]
    late: Callable[[list[Delivery]], Late]
    step: Callable[[str], None] = field(default=lambda _: None)
    site: bool = True


def open_house(root: Path, environ: Mapping[str, str], now: datetime, ledger: Ledger | None = None) -> Opened:
    """Reads everything. Raises `Problems` with every fault, `LedgerUnusable` for a ledger that is gone or damaged."""
    own = ledger or Ledger.peek(root / "private")
    try:
        house = read_house(root, own.dates() if own else {}, environ, now)
        house = known_again(house, own.texts() if own else {})
        if own is None:
            return Opened(root, now, house, History(), None)
        secret = known_secret(root, own, mine=ledger is not None)
        marks = {person.id: secret.mark(person.address) for person in house.people if person.address}
        return Opened(root, now, house, own.history(marks), secret)
    finally:
        if own is not None and ledger is None:
            own.close()


def _read_first(job: Job) -> Opened | None:
    """The house, read before its ledger is opened for writing: one that cannot be read is left as it is.

    None when the ledger cannot be looked into from beside; opening it says why, and better.
    """
    try:
        return open_house(job.root, job.environ, job.now)
    except LedgerUnusable:
        return None


def _remembering(opened: Opened, ledger: Ledger) -> Opened:
    """The same house with what the ledger knows now that nobody else can write to it."""
    secret = known_secret(opened.root, ledger, mine=True)
    marks = {person.id: secret.mark(person.address) for person in opened.house.people if person.address}
    return replace(opened, history=ledger.history(marks), secret=secret)


def build(
    opened: Opened,
    decided: Plan,
    secret: Secret,
    taken: frozenset[str] = frozenset(),
    *,
    site: bool = True,
    folder: Path | None = None,
    full: bool = False,
) -> Built:
    """Renders pages and feeds (unless ``site`` is false), letters and pastes, and checks them; nothing leaves.

    ``taken`` are ids of issues that exist already; with ``full`` the whole site is made anew. Raises `Leaked` when a
    narrower text stands in a wider output.
    """
    from pipeline.leakcheck import LeakCheck
    from pipeline.letterproof import proof

    root, house = opened.root, opened.house
    keyring = Keyring(house, secret.seals)
    check = LeakCheck(house, root, keyring, secret.token)
    web = _web(root, house, keyring, check, folder, full=full) if site else None
    due = decided.letters or decided.pastes
    issues, pastes = _composed(opened, decided, secret, keyring, taken) if due else ((), ())
    by_person = {letter.person.id: letter for letter in decided.letters}
    audiences = {who: letter.audience | set(map(told_to, letter.person.circles)) for who, letter in by_person.items()}
    outputs = check.letters(issues, audiences, pastes) + (web.files if web else 0)
    texts = check.texts + _check_lines(opened, issues, pastes, web)
    problems = proof((by_person[one.stub.person], one) for issue in issues for one in _distinct(issue))
    return Built(
        web=web, pastes=pastes, narrow=texts, outputs=outputs, issues=issues, pictures=census(house, root),
        problems=(web.problems if web else ()) + tuple(problems),
    )  # fmt: skip


def _composed(
    opened: Opened, decided: Plan, secret: Secret, keyring: Keyring, taken: frozenset[str]
) -> tuple[tuple[Issue, ...], tuple[Pasted, ...]]:
    """The letters and pastes that are due; most days there are none."""
    from pipeline.issues import compose
    from pipeline.letters import Composer
    from pipeline.stationery import load_stationery

    root, house = opened.root, opened.house
    stationery = load_stationery(own_or_packaged(root, "templates"))
    composer = Composer(house, stationery, _pictures(root), keyring.path)
    issues = compose(house, decided, opened.history.choices, composer, secret, taken)
    return issues, tuple(Pasted(paste, composer.paste(paste)) for paste in decided.pastes)


def _web(root: Path, house: House, keyring: Keyring, check: LeakCheck, folder: Path | None, *, full: bool) -> Web:
    report = site_with_all(root, house, keyring, check.site, folder, full=full)
    files = check.site(report.index.parent)
    fed, sealed = _parted(report.others)
    fed_anew, sealed_anew = _parted(report.others_changed)
    return Web(report.changed, report.kept, report.index, fed_anew, fed, files, (sealed, sealed_anew), report.problems)


def site_with_all(
    root: Path, house: House, keyring: Keyring, verify: Verify | None, folder: Path | None = None, *, full: bool = False
) -> SiteReport:
    """The site with its feeds and sealed pages, brought up to date; raises what `site.build` raises."""
    from pipeline import site

    stamp, more = "", None
    if next(keyring.doors(), None):
        from pipeline import sealed as locked

        stamp = locked.stamp(house, keyring, root / "content")
        more = lambda _: locked.documents(house, keyring, root)  # noqa: E731 - made only where it is wanted
    return site.build(house, root, more, verify, folder=folder, feeds=True, full=full, stamp=stamp)


def _parted(paths: Iterable[str]) -> tuple[int, int]:
    """How many of these documents are feeds, and how many are sealed pages."""
    names = list(paths)
    sealed = [path for path in names if path.startswith(SEALED)]
    return len(names) - len(sealed), sum(path.endswith("/index.html") and path != SEALED_INDEX for path in sealed)


def _pictures(root: Path) -> Callable[[str], Picture | None]:
    from pipeline.enclosed import enclose

    return lambda path: enclose(root / "content", path)


def _check_lines(opened: Opened, issues: tuple[Issue, ...], pastes: tuple[Pasted, ...], web: Web | None) -> int:
    """Looks for personal lines in everything but their own letter; how many there were. Raises `Leaked`."""
    lines = opened.history.lines
    if not lines:
        return 0
    outputs = [
        (f"the letter to `{one.stub.person}`", one.stub.person, f"{one.stub.subject}\n{one.sheet.html}")
        for issue in issues
        for one in _distinct(issue)
    ]
    outputs += [(pasted.paste.file_name, "", pasted.text) for pasted in pastes]
    for path in sorted(web.index.parent.rglob("*.*ml")) if web else ():
        outputs.append((f"build/site/{path.name}", "", path.read_text("utf-8", errors="replace")))
    if found := Confided.of(opened.house, lines).faults(outputs):
        raise Leaked("\n".join([*found[:20], "Nothing was published or submitted."]))
    return len(lines)


def _distinct(issue: Issue) -> list[Frozen]:
    """One letter for each sheet: what differs beside it is a reader's own greeting and links."""
    return list({id(one.sheet): one for one in issue.letters}.values())


def write_letters(folder: Path, issues: tuple[Issue, ...]) -> None:
    """Writes letters to look through into ``folder``, in place of what is in it."""
    from pipeline.transports.outbox import Outbox

    shutil.rmtree(folder, ignore_errors=True)
    outbox = Outbox(folder)
    for issue in issues:
        for one in issue.letters:
            outbox.submit(one)
    outbox.close()


def write_pastes(root: Path, pastes: list[tuple[str, str]]) -> None:
    """Writes the texts to paste: (file name, text)."""
    for name, text in pastes:
        path = root / "build" / "paste" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


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
            opened = _without_suppressed(opened, lines[0])
            decided = plan(opened.house, opened.history, job.now)
            built = build(opened, decided, secret, ledger.issue_ids(), site=job.site)
            left, too_late = _left(job, opened, ledger)
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
            ledger.hold_for_good([one.id for one in too_late], "too late, as a person decided", job.now)
            ledger.step([Outcome(one, DeliveryState.HELD, why) for one, why in narrowed.items()], [], job.now)
            if job.site:
                deploy_if_changed(job.root, opened.house, ledger, job.environ, job.step)
            ledger.freeze(decided, built.issues, built.pastes, [entry.id for entry in opened.house.entries])
            ledger.note_texts({entry.id: fingerprint(entry) for entry in opened.house.entries})
            write_pastes(job.root, _pastes_for_them(job.root, opened.house, ledger))
            return _deliver(job, opened, ledger, lines, left, {issue.id for issue in built.issues})
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
    answer = job.late(late)
    if answer is Late.GO:
        return left, []
    return [one for one in left if one not in late], late if answer is Late.HOLD else []


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
    return deliver(ledger, lines, job.around(question), limits, waiting=_closest_first(opened.house, waiting))


def _closest_first(house: House, waiting: list[Delivery]) -> list[Delivery]:
    """In the order of the circles, whichever day they were frozen; a stranger to every circle comes last."""
    rank = {person.id: min((c.rank for c in house.circles_of(person)), default=999) for person in house.people}
    return sorted(waiting, key=lambda one: rank.get(one.who, 999))


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
    from pipeline import hub
    from pipeline.leakcheck import LeakCheck
    from pipeline.tripwire import guard

    settings = house.settings.deploy
    where = online.target(settings)
    if not where:
        return False
    secret = read_secret(root)
    LeakCheck(house, root, Keyring(house, secret.seals), secret.token).site(root / "build" / "site")
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
