"""The whole job, in order: read, plan, render, check, deploy, deliver, record. Only this module knows the order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import zone
from pipeline.errors import KithError, Leaked, LedgerUnusable
from pipeline.ledger import Ledger
from pipeline.model import (
    EVERYONE,
    Audience,
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
from pipeline.privacy import Leak, Narrow, Output, leaks, narrow_runs
from pipeline.reading import read_house
from pipeline.renamed import fingerprint, known_again
from pipeline.secret import FILE as SECRET
from pipeline.secret import Secret, private_folder, read_secret

if TYPE_CHECKING:
    from pipeline.consent import MayGo
    from pipeline.deliver import Surroundings, Tally
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
    """What changed of the site and of the feeds."""

    pages_changed: int
    pages_kept: int
    index: Path
    feeds_changed: int
    feeds: int
    files: int


@dataclass(frozen=True)
class Built:
    """What a build made: the site (None when it was left alone), letters, pastes, and how much was checked."""

    web: Web | None
    issues: tuple[Issue, ...]
    pastes: tuple[Pasted, ...]
    narrow: int
    outputs: int

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
        secret = _known_secret(root, own)
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
    secret = _known_secret(opened.root, ledger)
    marks = {person.id: secret.mark(person.address) for person in opened.house.people if person.address}
    return replace(opened, history=ledger.history(marks), secret=secret)


def _known_secret(root: Path, ledger: Ledger) -> Secret:
    if not (root / "private" / SECRET).exists() and ledger.deliveries():
        raise KithError(
            f"private/{SECRET} is gone, but the ledger is there. Restore it: links in letters depend on it."
        )
    return read_secret(root)


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
    root, house = opened.root, opened.house
    narrow = narrow_runs(house)
    web = _web(root, house, narrow, folder, full=full) if site else None
    issues, pastes = _composed(opened, decided, secret, taken) if decided.letters or decided.pastes else ((), ())
    audiences = {letter.person.id: letter.audience for letter in decided.letters}
    outputs = _check(narrow, issues, audiences, pastes) + (web.files if web else 0)
    texts = len({(one.path, one.needs) for one in narrow})
    return Built(web=web, pastes=pastes, narrow=texts, outputs=outputs, issues=issues)


def _composed(
    opened: Opened, decided: Plan, secret: Secret, taken: frozenset[str]
) -> tuple[tuple[Issue, ...], tuple[Pasted, ...]]:
    """The letters and pastes that are due; most days there are none."""
    from pipeline.issues import compose
    from pipeline.letters import Composer
    from pipeline.stationery import load_stationery

    root, house = opened.root, opened.house
    composer = Composer(house, load_stationery(own_or_packaged(root, "templates")), _pictures(root))
    issues = compose(house, decided, opened.history.choices, composer, secret, taken)
    return issues, tuple(Pasted(paste, composer.paste(paste)) for paste in decided.pastes)


def _web(root: Path, house: House, narrow: Sequence[Narrow], folder: Path | None, *, full: bool) -> Web:
    from pipeline import site

    verify = partial(check_site, narrow)
    report = site.build(house, root, verify=verify, folder=folder, feeds=True, full=full)
    if narrow:
        verify(report.index.parent)
    return Web(report.changed, report.kept, report.index, report.extra_changed, report.extra, report.files)


def _pictures(root: Path) -> Callable[[str], Picture | None]:
    from pipeline.enclosed import enclose

    return lambda path: enclose(root / "content", path)


def _check(
    narrow: Sequence[Narrow], issues: tuple[Issue, ...], audiences: Mapping[str, Audience], pastes: tuple[Pasted, ...]
) -> int:
    """Looks for narrower texts in every letter and paste; how many there were to look at."""
    outputs = [_letter_output(one, audiences[one.stub.person]) for issue in issues for one in _distinct(issue)]
    outputs += [Output(pasted.paste.file_name, pasted.paste.audience, pasted.text) for pasted in pastes]
    _refuse(leaks(narrow, outputs))
    return len(outputs)


def check_site(narrow: Sequence[Narrow], site: Path) -> int:
    """Looks for narrower texts in a finished site; how many files there were. Raises `Leaked`."""
    if not narrow:
        return 0
    texts = _site_texts(site)
    _refuse(leaks(narrow, [Output(f"build/site/{name}", EVERYONE, text) for name, text in texts]))
    return len(texts)


def _refuse(found: Sequence[Leak]) -> None:
    if found:
        raise Leaked("\n".join([*(str(leak) for leak in found[:20]), "Nothing was published or submitted."]))


def _distinct(issue: Issue) -> list[Frozen]:
    """One letter for each sheet: what differs beside it is a reader's own greeting and links."""
    return list({id(one.sheet): one for one in issue.letters}.values())


def _letter_output(one: Frozen, audience: Audience) -> Output:
    text = "\n".join((one.stub.subject, one.sheet.html, one.sheet.text, *(value for _, value in one.stub.headers)))
    return Output(f"the letter to `{one.stub.person}`", audience, text)


def _site_texts(site: Path) -> list[tuple[str, str]]:
    kinds = {".html", ".xml", ".json", ".txt", ".opml", ".webmanifest"}
    return [
        (path.relative_to(site).as_posix(), path.read_text("utf-8", errors="replace") if path.suffix in kinds else "")
        for path in sorted(site.rglob("*"))
        if path.is_file() and not path.is_relative_to(site / "assets")
    ]


def write_letters(folder: Path, issues: tuple[Issue, ...]) -> None:
    """Writes letters to look through into ``folder``, in place of what is in it."""
    from pipeline.frozen import whole
    from pipeline.transports.outbox import Outbox

    shutil.rmtree(folder, ignore_errors=True)
    outbox = Outbox(folder)
    for issue in issues:
        for one in issue.letters:
            outbox.submit(whole(one))
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
            left = _left(job, opened, ledger)
            deploys = job.site and would_deploy(job.root, opened.house, ledger)
            if not job.site and built.letters:
                _refuse_dead_links(opened.house, ledger)
            if not job.confirm(opened, decided, built, left, deploys):
                return None
            if job.site:
                deploy_if_changed(job.root, opened.house, ledger, job.environ, job.step)
            ledger.freeze(decided, built.issues, built.pastes, [entry.id for entry in opened.house.entries])
            ledger.note_texts({entry.id: fingerprint(entry) for entry in opened.house.entries})
            write_pastes(job.root, ledger.pastes())
            return _deliver(job, opened, ledger, lines, left, {issue.id for issue in built.issues})
        finally:
            for line in lines:
                line.close()


def _left(job: Job, opened: Opened, ledger: Ledger) -> list[Delivery]:
    """What earlier runs left pending and may go now; what waited too long goes only if a person says so."""
    left = ledger.deliveries(DeliveryState.PENDING)
    bound = job.now - timedelta(days=opened.house.settings.mail.late_after)
    late = [one for one in left if one.issued and one.issued < bound]
    if not late:
        return left
    answer = job.late(late)
    if answer is Late.GO:
        return left
    if answer is Late.HOLD:
        ledger.hold_for_good([one.id for one in late], "too late, as a person decided", job.now)
    return [one for one in left if one not in late]


def _deliver(
    job: Job, opened: Opened, ledger: Ledger, lines: list[Transport], left: list[Delivery], fresh: set[str]
) -> Tally:
    from pipeline.consent import LastQuestion
    from pipeline.deliver import Limits, deliver
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


def _refuse_dead_links(house: House, ledger: Ledger) -> None:
    from pipeline import deploy as online

    if online.target(house.settings.deploy) and not ledger.deployed():
        raise KithError("The site never went online, so links in letters would lead nowhere. Run `kith publish`.")


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
    """Puts the site online when it, or its target, is not what went online last."""
    from pipeline import deploy as online

    settings = house.settings.deploy
    where = online.target(settings)
    if not where:
        return False
    check_site(narrow_runs(house), root / "build" / "site")
    if not would_deploy(root, house, ledger):
        step(f"Deploy    nothing changed since the last time: {where}")
        return False
    online.deploy(root, settings, environ)
    ledger.note_deployed(online.fingerprint(root / "build" / "site", settings))
    step(f"Deploy    done: {where}")
    return True
