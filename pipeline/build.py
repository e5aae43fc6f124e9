"""What a plan comes to: pages, feeds, letters and pastes, made and checked; nothing leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import ahead
from pipeline.census import Census, census
from pipeline.crew import FEW
from pipeline.errors import Problem
from pipeline.keyring import Keyring
from pipeline.links import SEALED, SEALED_INDEX
from pipeline.listed import NEWEST
from pipeline.model import EVERYONE, Entry, House, Kind, Version
from pipeline.opened import Opened
from pipeline.outgoing import Frozen, Issue, Pasted, Picture
from pipeline.outputs import refuse_links
from pipeline.packaged import own_or_packaged
from pipeline.passages import body_for
from pipeline.planned import Plan, PlannedLetter
from pipeline.privacy import own, told_to
from pipeline.secret import Secret

if TYPE_CHECKING:
    from pipeline.leakcheck import LeakCheck
    from pipeline.manifest import SiteReport, Verify
    from pipeline.walked import Stamp


@dataclass(frozen=True)
class Web:
    """What changed of the site and of the feeds; how many sealed pages there are, and how many are made anew.

    ``there`` is every file of the site as it is now.
    """

    pages_changed: int
    pages_kept: int
    index: Path
    feeds_changed: int
    feeds: int
    files: int
    sealed: tuple[int, int] = (0, 0)
    problems: tuple[Problem, ...] = ()
    there: Mapping[str, Stamp] = field(default_factory=dict)

    @property
    def again(self) -> Web:
        """The same, as a build would find it in which nothing changed."""
        pages = self.pages_changed + self.pages_kept
        return replace(self, pages_changed=0, pages_kept=pages, feeds_changed=0, sealed=(self.sealed[0], 0))


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

    root, house = opened.root, opened.house
    refuse_links(root)
    _order(house)
    keyring = Keyring(house, secret.seals)
    lines = opened.history.lines
    check = LeakCheck(house, root, keyring, secret.token, lines)
    web = _web(root, house, keyring, check, folder, full=full) if site else None
    due = decided.letters or decided.pastes
    issues, pastes = _composed(opened, decided, secret, keyring, taken) if due else ((), ())
    by_person = {letter.person.id: letter for letter in decided.letters}
    audiences = {who: letter.audience | set(map(told_to, letter.person.circles)) for who, letter in by_person.items()}
    audiences |= {who: audiences[who] | {own(who)} for who in lines if who in audiences}
    outputs = check.letters(issues, audiences, pastes) + (web.files if web else 0)
    return Built(
        web=web, pastes=pastes, narrow=check.texts, outputs=outputs, issues=issues, pictures=census(house, root),
        problems=(web.problems if web else ()) + _faults(issues, by_person),
    )  # fmt: skip


def _order(house: House) -> None:
    """Says which texts will be converted for pages: those just read, their neighbours, and updates on the home."""
    entries = house.public_entries
    fresh = [one for entry in entries for one in entry.versions if one.known is None]
    if 0 < len(fresh) < FEW:
        beside = [one for lang in {one.lang for one in fresh} for one in _neighbours(entries, lang)]
        newest = [one for entry in entries[:NEWEST] if entry.kind is Kind.UPDATE for one in entry.versions]
        ahead.order(body_for(one.body, EVERYONE) for one in [*fresh, *beside, *newest])


def _neighbours(entries: tuple[Entry, ...], lang: str) -> Iterator[Version]:
    """Posts that stand in a language beside one that was just read: they lead to each other."""
    row = [entry.version(lang) for entry in entries if entry.kind is Kind.POST and lang in entry.languages]
    for one, other in pairwise(row):
        if (one.known is None) != (other.known is None):
            yield one if one.known else other


def _faults(issues: tuple[Issue, ...], by_person: Mapping[str, PlannedLetter]) -> tuple[Problem, ...]:
    """What readers of letters or their programs would stumble on."""
    if not issues:
        return ()
    from pipeline.letterproof import proof

    return tuple(proof((by_person[one.stub.person], one) for issue in issues for one in _distinct(issue)))


def _composed(
    opened: Opened, decided: Plan, secret: Secret, keyring: Keyring, taken: frozenset[str]
) -> tuple[tuple[Issue, ...], tuple[Pasted, ...]]:
    """The letters and pastes that are due; most days there are none."""
    from pipeline.issues import compose
    from pipeline.letters import Composer
    from pipeline.stationery import load_stationery

    root, house = opened.root, opened.house
    stationery = load_stationery(own_or_packaged(root, "templates"), root / "build" / "cache" / "letters")
    composer = Composer(house, stationery, _pictures(root), keyring.path)
    issues = compose(house, decided, opened.history.choices, composer, secret, taken)
    return issues, tuple(Pasted(paste, composer.paste(paste)) for paste in decided.pastes)


def _web(root: Path, house: House, keyring: Keyring, check: LeakCheck, folder: Path | None, *, full: bool) -> Web:
    report = site_with_all(root, house, keyring, check.site, folder, full=full)
    files = check.site(report.index.parent, report.there)
    fed, sealed = _parted(report.others)
    fed_anew, sealed_anew = _parted(report.others_changed)
    made = (sealed, sealed_anew), report.problems, report.there
    return Web(report.changed, report.kept, report.index, fed_anew, fed, files, *made)


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


def _distinct(issue: Issue) -> list[Frozen]:
    """One letter for each sheet: what differs beside it is a reader's own greeting and links."""
    return list({id(one.sheet): one for one in issue.letters}.values())


def write_letters(folder: Path, issues: tuple[Issue, ...]) -> None:
    """Writes letters to look through into ``folder``, in place of what is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    if not issues:
        return
    from pipeline.transports.outbox import Outbox

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
