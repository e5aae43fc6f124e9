"""The whole job, in order: read, plan, render, check, deploy, deliver, record. Only this module knows the order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pipeline import deploy as online
from pipeline import privacy
from pipeline.deliver import Surroundings, Tally, deliver
from pipeline.enclosed import enclose
from pipeline.errors import KithError, Leaked
from pipeline.feeds import feeds
from pipeline.ledger import Ledger
from pipeline.letters import Composer
from pipeline.model import (
    EVERYONE,
    Choice,
    Delivery,
    DeliveryState,
    Frozen,
    Held,
    History,
    House,
    Issue,
    Letter,
    Pasted,
    Picture,
    Plan,
    PlannedLetter,
    State,
)
from pipeline.packaged import own_or_packaged
from pipeline.plan import plan, standing
from pipeline.reading import read_house
from pipeline.secret import FILE as SECRET
from pipeline.secret import Secret, private_folder, read_secret
from pipeline.stationery import load_stationery
from pipeline.transports.base import Transport


@dataclass(frozen=True)
class Opened:
    """A house and what its ledger knows, at one moment; ``secret`` is None before the first publish."""

    root: Path
    now: datetime
    house: House
    history: History
    secret: Secret | None


@dataclass(frozen=True)
class Web:
    """What changed of the site and of the feeds."""

    pages_changed: int
    pages_kept: int
    index: Path
    feeds_changed: int
    feeds: int


@dataclass(frozen=True)
class Built:
    """What a build made: the site (None when it was left alone), letters, pastes, and how much was checked."""

    web: Web | None
    letters: tuple[Letter, ...]
    pastes: tuple[Pasted, ...]
    narrow: int
    outputs: int
    issues: tuple[Issue, ...] = ()


@dataclass
class Job:
    """What a publish is handed: where, when, by what means, and whom to ask."""

    root: Path
    environ: Mapping[str, str]
    now: datetime
    transport: Callable[[House], Transport]
    around: Callable[[Callable[[Delivery, str], str]], Surroundings]
    confirm: Callable[[Opened, Plan, Built, list[Delivery]], bool]
    step: Callable[[str], None] = field(default=lambda _: None)
    site: bool = True


def open_house(root: Path, environ: Mapping[str, str], now: datetime, ledger: Ledger | None = None) -> Opened:
    """Reads everything. Raises `Problems` with every fault, `LedgerUnusable` for a ledger that is gone or damaged."""
    folder = root / "private"
    own = ledger or Ledger.peek(folder)
    if own is None and (folder / SECRET).exists():
        raise KithError(
            f"private/ledger.db is gone, but private/{SECRET} is there: somebody was told something before."
            " Restore the ledger from a backup; if there is none, `kith baseline` records everything as told."
        )
    try:
        house = read_house(root, own.dates() if own else {}, environ, now)
        if own is None:
            return Opened(root, now, house, History(), None)
        secret = _known_secret(root, own)
        marks = {person.id: secret.mark(person.address) for person in house.people if person.address}
        return Opened(root, now, house, own.history(marks), secret)
    finally:
        if own is not None and ledger is None:
            own.close()


def _known_secret(root: Path, ledger: Ledger) -> Secret:
    if not (root / "private" / SECRET).exists() and ledger.deliveries():
        raise KithError(f"private/{SECRET} is gone, but the ledger is there. Restore it: links in letters depend on it.")
    return read_secret(root)


def build(
    opened: Opened, decided: Plan, secret: Secret, taken: frozenset[str] = frozenset(), *, site: bool = True
) -> Built:
    """Renders pages and feeds (unless ``site`` is false), letters and pastes, and checks them; nothing leaves.

    ``taken`` are ids of issues that exist already. Raises `Leaked` when a narrower text stands in a wider output.
    """
    root, house = opened.root, opened.house
    web = _web(root, house) if site else None
    composer = Composer(house, load_stationery(own_or_packaged(root, "templates")), _pictures(root))
    issues = compose(opened, decided, composer, secret, taken)
    letters = tuple(one.letter for issue in issues for one in issue.letters)
    pastes = tuple(Pasted(paste, composer.paste(paste)) for paste in decided.pastes)
    audiences = {letter.person.id: letter.audience for letter in decided.letters}
    narrow, outputs = _check(root, house, letters, audiences, pastes)
    return Built(web=web, letters=letters, pastes=pastes, narrow=narrow, outputs=outputs, issues=issues)


def _web(root: Path, house: House) -> Web:
    from pipeline import site

    report = site.build(house, root, lambda sizes: feeds(house, sizes))
    return Web(report.changed, report.kept, report.index, report.extra_changed, report.extra)


def _pictures(root: Path) -> Callable[[str], Picture | None]:
    return lambda path: enclose(root / "content", path)


def compose(
    opened: Opened, decided: Plan, composer: Composer, secret: Secret, taken: frozenset[str]
) -> tuple[Issue, ...]:
    """One issue for each circle and language that gets letters now, with everyone it is for who is held."""
    groups: dict[tuple[str, str], list[PlannedLetter]] = {}
    for planned in decided.letters:
        groups.setdefault((planned.circle, planned.language), []).append(planned)
    issues: list[Issue] = []
    for (circle, language), group in groups.items():
        name = _issue_id(decided.now, circle, language, taken)
        frozen = tuple(
            Frozen(
                composer.letter(
                    planned,
                    issue_id=name,
                    delivery_id=secret.delivery_id(name, planned.person.id),
                    token=secret.token(planned.person.id),
                    now=decided.now,
                ),
                name,
                secret.mark(planned.person.address),
            )
            for planned in group
        )
        issues.append(Issue(name, frozen, _held_with(opened, decided, circle, language)))
    return tuple(issues)


def _issue_id(now: datetime, circle: str, language: str, taken: frozenset[str]) -> str:
    name = f"{now:%Y-%m-%d}-{circle}-{language}"
    number = 2
    while name in taken and f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}" if name in taken else name


def _held_with(opened: Opened, decided: Plan, circle: str, language: str) -> tuple[Held, ...]:
    """Those whom this issue would have been for, had they not been held."""
    people = {person.id: person for person in opened.house.people}
    found: list[Held] = []
    for held in decided.held:
        person = people.get(held.who)
        if person is None or not held.entries:
            continue
        circles = opened.house.circles_of(person)
        choice = opened.history.choices.get(person.id, Choice())
        spoken = (choice.languages or person.languages)[0]
        if circles and circles[0].name == circle and spoken == language:
            found.append(held)
    return tuple(found)


def _check(
    root: Path,
    house: House,
    letters: tuple[Letter, ...],
    audiences: Mapping[str, frozenset[str]],
    pastes: tuple[Pasted, ...],
) -> tuple[int, int]:
    """Looks for narrower texts in everything that was made: (texts looked for, outputs looked at)."""
    narrow = privacy.narrow_runs(house)
    outputs = [privacy.Output(f"build/site/{name}", EVERYONE, text) for name, text in _site_texts(root)] if narrow else []
    for letter in letters:
        text = "\n".join((letter.subject, letter.html, letter.text, *(value for _, value in letter.headers)))
        outputs.append(privacy.Output(f"the letter to `{letter.person}`", audiences[letter.person], text))
    outputs += [privacy.Output(pasted.paste.file_name, pasted.paste.audience, pasted.text) for pasted in pastes]
    found = privacy.leaks(narrow, outputs)
    if found:
        raise Leaked("\n".join(str(leak) for leak in found[:20]))
    return len({(one.path, one.needs) for one in narrow}), len(outputs)


def _site_texts(root: Path) -> list[tuple[str, str]]:
    site = root / "build" / "site"
    kinds = {".html", ".xml", ".json", ".txt", ".opml", ".webmanifest"}
    return [
        (path.relative_to(site).as_posix(), path.read_text("utf-8", errors="replace") if path.suffix in kinds else "")
        for path in sorted(site.rglob("*"))
        if path.is_file() and not path.is_relative_to(site / "assets")
    ]


def write_letters(root: Path, letters: tuple[Letter, ...], pastes: list[tuple[str, str]]) -> None:
    """Writes letters to look through into ``build/letters`` and texts to paste into ``build/paste``."""
    from pipeline.transports.outbox import Outbox

    folder = root / "build" / "letters"
    shutil.rmtree(folder, ignore_errors=True)
    outbox = Outbox(folder)
    for letter in letters:
        outbox.submit(letter)
    outbox.close()
    write_pastes(root, pastes)


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
    with Ledger.open(private_folder(job.root), job.now) as ledger:
        opened = open_house(job.root, job.environ, job.now, ledger)
        secret = opened.secret or read_secret(job.root)
        transport = job.transport(opened.house)
        try:
            opened = _without_suppressed(opened, transport)
            decided = plan(opened.house, opened.history, job.now)
            built = build(opened, decided, secret, ledger.issue_ids(), site=job.site)
            left = ledger.deliveries(DeliveryState.PENDING)
            if not job.confirm(opened, decided, built, left):
                return None
            if job.site:
                deploy_if_changed(job.root, opened.house, ledger, job.environ, job.step)
            ledger.freeze(decided, built.issues, built.pastes, [entry.id for entry in opened.house.entries])
            write_pastes(job.root, ledger.pastes())
            return deliver(ledger, transport, job.around(last_question(opened)))
        finally:
            transport.close()


def _without_suppressed(opened: Opened, transport: Transport) -> Opened:
    """People whom the provider no longer mails are held with its reason."""
    lists = transport.suppressed()
    blocked = {p.id: lists[p.address.lower()] for p in opened.house.people if p.address.lower() in lists}
    if not blocked:
        return opened
    from dataclasses import replace

    return replace(opened, history=replace(opened.history, blocked={**opened.history.blocked, **blocked}))


def deploy_if_changed(
    root: Path, house: House, ledger: Ledger, environ: Mapping[str, str], step: Callable[[str], None]
) -> bool:
    """Puts the site online when it, or its target, is not what went online last."""
    settings = house.settings.deploy
    where = online.target(settings)
    if not where:
        return False
    mark = online.fingerprint(root / "build" / "site", settings)
    if ledger.deployed() == mark:
        step(f"Deploy    nothing changed since the last time: {where}")
        return False
    online.deploy(root, settings, environ)
    ledger.note_deployed(mark)
    step(f"Deploy    done: {where}")
    return True


def last_question(opened: Opened) -> Callable[[Delivery, str], str]:
    """Asks again, right before a letter is submitted, whether it may go: consent, state and address as they are now."""
    people = {person.id: person for person in opened.house.people}

    def may_go(delivery: Delivery, address: str) -> str:
        person = people.get(delivery.who)
        if person is None:
            return "no longer in subscribers.yml"
        state = standing(person, opened.history.choices.get(person.id, Choice()))
        if state is not State.SUBSCRIBED:
            return f"{state} since the letter was composed"
        if person.address.lower() != address.lower():
            return "the address changed since the letter was composed"
        return opened.history.blocked.get(person.id, "")

    return may_go

