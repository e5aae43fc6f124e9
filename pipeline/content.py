"""Reads ``content/``: files become posts, updates and pages, siblings in several languages become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import zone
from pipeline.crew import spread
from pipeline.errors import Problem
from pipeline.fortext import for_text
from pipeline.links import slugify
from pipeline.model import PUBLIC, Entry, Kind, Page, Version
from pipeline.notebook import Note, Notebook, Stamp, entry_of, pack_entry, pack_page, page_of
from pipeline.settings import Settings
from pipeline.textfile import read_text
from pipeline.texts import Text, texts_below
from pipeline.validate import visible

if TYPE_CHECKING:
    from pipeline.drafts import Draft

_RESERVED = frozenset("posts updates archive tags subscribe feeds media assets search 404 s".split())


@dataclass(slots=True)
class Shelved:
    """What a reading of ``content/`` gave: everything that is sound, and every problem."""

    entries: list[Entry] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: dict[str, Note] = field(default_factory=dict)
    groups: dict[str, dict[str, Stamp | None]] = field(default_factory=dict)
    fresh: dict[str, Entry | Page | None] = field(default_factory=dict)

    def keep(self, book: Notebook) -> None:
        """Takes down in ``book`` what was read anew; for a house in which nothing is wrong."""
        for key, made in self.fresh.items():
            packed = pack_entry(made) if isinstance(made, Entry) else made and pack_page(made)
            paths = self.groups[key]
            book.take(key, paths, packed, {path: self.notes[path] for path in paths if path in self.notes})
        book.save([path for paths in self.groups.values() for path in paths], self.groups)


def read_content(
    root: Path,
    settings: Settings,
    dates: Mapping[str, datetime],
    now: datetime,
    book: Notebook | None = None,
    there: Mapping[str, Stamp] | None = None,
) -> Shelved:
    """Everything in ``content/`` of the house at ``root``.

    ``dates`` are the moments at which entries without a date of their own were first seen; a new one is given
    ``now``. Entries come newest first, drafts and entries dated ahead included. What ``book`` knows is not read again;
    ``there`` is what a walk just found.
    """
    found = Shelved()
    if not (root / "content").is_dir():
        found.problems.append(Problem("content/", 0, "there is no such folder", "`kith new post TITLE` makes it."))
        return found
    for key, members in _groups(root, settings, book, found, there).items():
        found.groups[key] = {text.name: text.stamp for text, _ in members}
        known = book.group(key, tuple(found.groups[key])) if book and not any(draft for _, draft in members) else None
        if known:
            found.notes |= known.notes
            _put(root, known.packed, key.startswith(f"{Kind.PAGE}/"), settings, dates, now, found)
        else:
            drafts = [draft for text, one in members if (draft := one or _draft(text, root, settings, found))]
            found.fresh[key] = _shelve(drafts, settings, dates, now, found) if drafts else None
    if not found.entries and not found.problems:
        hint = "`kith new post TITLE` or `kith new update` writes the first one."
        found.problems.append(Problem("content/", 0, "there is no post and no update in it", hint))
    found.entries.sort(key=lambda entry: entry.order, reverse=True)
    found.problems += _twins(found.entries)
    return found


def _groups(
    root: Path, settings: Settings, book: Notebook | None, found: Shelved, there: Mapping[str, Stamp] | None
) -> dict[str, list[tuple[Text, Draft | None]]]:
    """The texts that are one thing, under its key; without a draft where the book knows the text unchanged."""
    texts = texts_below(root, found.problems, there)
    keys = {text.name: book.known(text.name, text.stamp) for text in texts} if book else {}
    unknown = [text for text in texts if not keys.get(text.name)]
    if book and unknown:
        book.begin()
    drafts = _drafts(unknown, root, settings, found)
    groups: dict[str, list[tuple[Text, Draft | None]]] = {}
    for text in texts:
        draft = drafts.get(text.name)
        if key := keys.get(text.name) or (draft.key if draft else ""):
            groups.setdefault(key, []).append((text, draft))
    return groups


def _drafts(texts: list[Text], root: Path, settings: Settings, found: Shelved) -> dict[str, Draft]:
    """The files taken apart, each under its path; many of them by all processes that the machine has room for."""
    from pipeline.drafts import pack_draft, unpack_draft

    def taken_apart(number: int) -> tuple[int, Any, list[Any]]:
        own = Shelved()
        draft = _draft(texts[number], root, settings, own)
        return number, draft and pack_draft(draft), [(p.path, p.line, p.fact, p.suggestion) for p in own.problems]

    drafts: dict[str, Draft] = {}
    for number, packed, problems in spread(range(len(texts)), taken_apart):
        found.problems += [Problem(*one) for one in problems]
        if packed:
            drafts[texts[number].name] = unpack_draft(packed)
    return drafts


def _put(
    root: Path, packed: tuple[Any, ...], standing: bool, settings: Settings, dates: Mapping[str, datetime],
    now: datetime, found: Shelved,
) -> None:  # fmt: skip
    """Shelves again what an earlier reading made."""
    if not standing:
        found.entries.append(entry_of(packed, zone(settings), dates, now, root))
    elif packed:
        found.pages.append(page_of(packed, root))


def _draft(one: Text, root: Path, settings: Settings, found: Shelved) -> Draft | None:
    from pipeline.drafts import Draft
    from pipeline.filename import odd_name, read_name
    from pipeline.frontmatter import take_apart

    name, kind, path = one.name, one.kind, root / one.name
    if fault := odd_name(name):
        found.problems.append(Problem(visible(name, 300), 1, fact=fault, suggestion="Give the file another name."))
        return None
    text, problems = read_text(path, name, root)
    found.problems += problems
    if problems:
        return None
    with for_text(name):
        source = take_apart(text, name, settings.foreign_keys)
    if source.problems and not source.body.strip() and not source.meta:
        found.problems += source.problems
        return None
    slug, lang, day = read_name(path, source, settings)
    return Draft(source, kind, slug if kind is not Kind.UPDATE else _whole(day, slug), lang, day)


def _whole(day: str, slug: str) -> str:
    return f"{day}-{slug}" if day and slug != day else slug


def _shelve(
    group: list[Draft], settings: Settings, dates: Mapping[str, datetime], now: datetime, found: Shelved
) -> Entry | Page | None:
    """Makes one thing of its files; None when there is nothing of it to show."""
    from pipeline.drafts import entry_from, versions_of

    with for_text(group[0].source.path):
        versions = versions_of(group, settings)
    made: Entry | Page | None
    if group[0].kind is Kind.PAGE:
        made = _page(group, versions, settings)
        found.pages += [made] if made else []
    else:
        made = entry_from(versions, settings, dates, now)
        found.entries.append(made)
    for draft in group:
        found.problems += draft.source.problems
    return made


def _page(group: list[Draft], versions: list[tuple[Version, Draft]], settings: Settings) -> Page | None:
    from pipeline.frontmatter import moment

    slug = group[0].slug
    if slug in _RESERVED | {tag.lower() for tag in settings.languages}:
        group[0].source.say("", f"`{slug}` is an address of the site itself", "Give the file another name.")
    for draft in group:
        if (draft.source.text("visibility") or PUBLIC) != PUBLIC:
            hint = "Make it a post, or put what is for a circle into a passage."
            draft.source.say("visibility", "a page is for everyone: it can have no `visibility`", hint)
        moment(draft.source, zone(settings))
    live = tuple(version for version, draft in versions if draft.source.meta.get("draft") is not True)
    return Page(slug, live) if live else None


def _twins(entries: Iterable[Entry]) -> list[Problem]:
    """Entries that would overwrite each other or be taken for each other."""
    problems: list[Problem] = []
    seen: dict[str, Entry] = {}
    anchors: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: entry.master.path):
        version = entry.master
        if other := seen.get(entry.id):
            fact = f"the id `{entry.id}` is also that of `{other.master.path}`"
            problems.append(Problem(version.path, version.at("id"), fact, "Give one of them another `id`."))
        elif other := anchors.get(slugify(entry.id)):
            fact = f"the id `{entry.id}` is too close to `{other.id}` of `{other.master.path}`"
            problems.append(Problem(version.path, version.at("id"), fact, "Give one of them another `id`."))
        seen.setdefault(entry.id, entry)
        anchors.setdefault(slugify(entry.id), entry)
    return problems
