"""Reads ``content/``: files become posts, updates and pages, siblings in several languages become one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline import markup, passages
from pipeline.config import zone
from pipeline.errors import Problem
from pipeline.filename import LETTERS, odd_name, read_name
from pipeline.frontmatter import Source, moment, take_apart, words
from pipeline.links import slugify
from pipeline.model import PUBLIC, Entry, Kind, Page, Settings, Version
from pipeline.textfile import files_below, read_text
from pipeline.validate import did_you_mean, visible

FOLDERS = {Kind.POST: "posts", Kind.UPDATE: "updates", Kind.PAGE: "pages"}
_RESERVED = frozenset("posts updates archive tags subscribe feeds media assets search 404 s".split())


@dataclass(slots=True)
class Shelved:
    """What a reading of ``content/`` gave: everything that is sound, and every problem."""

    entries: list[Entry] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """One file on its way to being a version of something."""

    source: Source
    kind: Kind
    slug: str
    lang: str
    day: str

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.slug}"


def read_content(root: Path, settings: Settings, dates: Mapping[str, datetime], now: datetime) -> Shelved:
    """Everything in ``content/`` of the house at ``root``.

    ``dates`` are the moments at which entries without a date of their own were first seen; a new one is given
    ``now``. Entries come newest first, drafts and entries dated ahead included.
    """
    found = Shelved()
    base = root / "content"
    if not base.is_dir():
        found.problems.append(Problem("content/", 0, "there is no such folder", "`kith new post TITLE` makes it."))
        return found
    drafts = [draft for kind, path in _files(base, root, found) if (draft := _draft(path, root, kind, settings, found))]
    groups: dict[str, list[_Draft]] = {}
    for draft in drafts:
        groups.setdefault(draft.key, []).append(draft)
    for group in groups.values():
        _shelve(group, settings, dates, now, found)
    if not found.entries and not found.problems:
        hint = "`kith new post TITLE` or `kith new update` writes the first one."
        found.problems.append(Problem("content/", 0, "there is no post and no update in it", hint))
    found.entries.sort(key=lambda entry: entry.order, reverse=True)
    found.problems += _twins(found.entries)
    return found


def _files(base: Path, root: Path, found: Shelved) -> list[tuple[Kind, Path]]:
    """Every text in ``content/`` with what it is by its folder; one that stands in no such folder is a problem."""
    kinds = {folder: kind for kind, folder in FOLDERS.items()}
    paths, problems = files_below(base, root)
    found.problems += problems
    texts: list[tuple[Kind, Path]] = []
    for path in paths:
        folder = path.relative_to(base).parts[0]
        if path.suffix.lower() not in (".md", ".markdown") or folder.startswith("_") or folder == LETTERS:
            continue
        if folder in kinds and path.parent != base:
            texts.append((kinds[folder], path))
        elif path.name != "README.md":
            fact = "it stands in no folder that is read, so nobody would ever see it"
            hint = f"Move it to `content/{_right_folder(folder)}/`."
            found.problems.append(Problem(visible(path.relative_to(root).as_posix(), 300), 1, fact, hint))
    return sorted(texts, key=lambda one: (list(FOLDERS).index(one[0]), one[1]))


def _right_folder(folder: str) -> str:
    close = re.search("`(.+)`", did_you_mean(folder, FOLDERS.values(), "`posts`"))
    return close[1] if close else "posts"


def _draft(path: Path, root: Path, kind: Kind, settings: Settings, found: Shelved) -> _Draft | None:
    name = path.relative_to(root).as_posix()
    if fault := odd_name(name):
        found.problems.append(Problem(visible(name, 300), 1, fact=fault, suggestion="Give the file another name."))
        return None
    text, problems = read_text(path, name, root)
    found.problems += problems
    if problems:
        return None
    source = take_apart(text, name, settings.foreign_keys)
    if source.problems and not source.body.strip() and not source.meta:
        found.problems += source.problems
        return None
    slug, lang, day = read_name(path, source, settings)
    return _Draft(source, kind, slug if kind is not Kind.UPDATE else _whole(day, slug), lang, day)


def _whole(day: str, slug: str) -> str:
    return f"{day}-{slug}" if day and slug != day else slug


def _shelve(
    group: list[_Draft], settings: Settings, dates: Mapping[str, datetime], now: datetime, found: Shelved
) -> None:
    versions = _versions(group, settings)
    if group[0].kind is Kind.PAGE:
        _page(group, versions, settings, found)
    else:
        found.entries.append(_entry(versions, settings, dates, now))
    for draft in group:
        found.problems += draft.source.problems


def _page(group: list[_Draft], versions: list[tuple[Version, _Draft]], settings: Settings, found: Shelved) -> None:
    slug = group[0].slug
    if slug in _RESERVED | {tag.lower() for tag in settings.languages}:
        group[0].source.say("", f"`{slug}` is an address of the site itself", "Give the file another name.")
    for draft in group:
        if (draft.source.text("visibility") or PUBLIC) != PUBLIC:
            hint = "Make it a post, or put what is for a circle into a passage."
            draft.source.say("visibility", "a page is for everyone: it can have no `visibility`", hint)
        moment(draft.source, zone(settings))
    live = tuple(version for version, draft in versions if draft.source.meta.get("draft") is not True)
    if live:
        found.pages.append(Page(slug, live))


def _versions(group: list[_Draft], settings: Settings) -> list[tuple[Version, _Draft]]:
    """The versions of one thing, the one that is not a translation and stands first in the house's languages first."""
    seen: dict[str, _Draft] = {}
    for draft in group:
        if other := seen.get(draft.lang.lower()):
            fact = f"the same slug `{draft.slug}` and language `{draft.lang}` as `{other.source.path}`"
            draft.source.say("lang", fact, "Rename one of them, or give it another `lang`.")
            _version(draft)
        else:
            seen[draft.lang.lower()] = draft
    made = [(_version(draft), draft) for draft in seen.values()]
    rank = {tag: index for index, tag in enumerate(settings.languages)}
    return sorted(made, key=lambda pair: (pair[0].translated, rank.get(pair[0].lang, 99), pair[0].lang))


def _version(draft: _Draft) -> Version:
    source = draft.source
    title, body, line = source.text("title"), source.body, source.line
    if not title and draft.kind is not Kind.UPDATE:
        title, body = _heading(body)
        if not title and not source.broken:
            source.say("title", "there is no title", "Write `title: …` in the front matter.")
    if draft.kind is not Kind.UPDATE and len(title) > 200:
        source.say("title", f"the title has {len(title)} characters", "Keep it to 200.")
    for key, text in (("title", title), ("series", source.text("series"))):
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            source.say(key, f"there is a line break or control character in `{key}`", "Keep it to one line of text.")
    if not body.strip() and source.meta.get("draft") is not True and not source.broken:
        source.problems.append(Problem(source.path, line, "there is no text below the front matter", "Write some."))
    for fault in passages.faults(body):
        source.problems.append(
            Problem(source.path, line + fault.number - 1, visible(fault.fact, 200), fault.suggestion)
        )
    return Version(
        lang=draft.lang,
        title=title,
        summary=" ".join(source.text("summary").split()),
        body=body,
        path=source.path,
        line=line,
        generated=source.meta.get("generated") is True,
        translated=source.meta.get("translated") is True,
        names=words(source, "names"),
        lines=source.lines,
    )


def _heading(body: str) -> tuple[str, str]:
    """A first-level heading that opens a body is its title; its line stays, empty, so that line numbers hold."""
    match = re.match(r"(\s*)#[ \t]+([^\n]+?)[ \t]*#*[ \t]*(?=\n|\Z)", body)
    return (match[2], match[1] + body[match.end() :]) if match else ("", body)


def _entry(
    versions: list[tuple[Version, _Draft]],
    settings: Settings,
    dates: Mapping[str, datetime],
    now: datetime,
) -> Entry:
    head = versions[0][1]
    sources = [draft.source for _, draft in versions]
    identity = _agreed(sources, "id", [source.text("id") for source in sources]) or head.slug
    said = [source.text("visibility") or ("" if source.broken else PUBLIC) for source in sources]
    visibility = _agreed(sources, "visibility", said) or PUBLIC
    when = _when(versions, zone(settings))
    live = tuple(version for version, draft in versions if draft.source.meta.get("draft") is not True)
    kinds = {source.text("type") for source in sources} - {""}
    for source in sources:
        if source.text("type") not in ("", "post", "note", "update"):
            source.say("type", f"`{visible(source.text('type'))}` is not a type", "Write `post` or `note`.")
    tags = next((tags for tags in [words(source, "tags") for source in sources] if tags), ())
    return Entry(
        id=identity,
        kind=head.kind,
        slug=head.slug,
        date=when or dates.get(identity) or now,
        versions=live or tuple(version for version, _ in versions),
        visibility=visibility,
        tell=_tell(sources),
        tags=tuple(dict.fromkeys(tag for tag in tags if slugify(tag))),
        note="note" in kinds or any(version.generated for version, _ in versions),
        series=next((text for source in sources if (text := source.text("series"))), ""),
        ask=any(source.meta.get("ask") is True for source in sources),
        draft=not live,
        dated=when is not None,
    )


def _agreed(sources: list[Source], key: str, values: list[str]) -> str:
    """One value for all languages: a translation that says less would tell more people."""
    said = [value for value in values if value]
    first = next((source for source, value in zip(sources, values, strict=True) if value), sources[0])
    for source, value in zip(sources, values, strict=True):
        if value and value != said[0]:
            hint = "Write the same in every language of it."
            source.say(key, f"`{key}` is `{visible(value)}` here and `{visible(said[0])}` in `{first.path}`", hint)
    return said[0] if said else ""


def _tell(sources: list[Source]) -> tuple[str, ...] | None:
    """None for ``auto``, nobody for ``none``, else the circles."""
    said = [(source, words(source, "tell")) for source in sources if source.meta.get("tell") is not None]
    for source, value in said[1:]:
        if set(value) != set(said[0][1]):
            fact = f"`tell` is not the same as in `{said[0][0].path}`"
            source.say("tell", fact, "Write the same in every language of it.")
    if not said or said[0][1] == ("auto",):
        return None
    return () if said[0][1] == ("none",) else said[0][1]


def _when(versions: list[tuple[Version, _Draft]], house_zone: ZoneInfo) -> datetime | None:
    found: datetime | None = None
    for _, draft in versions:
        source = draft.source
        when = moment(source, house_zone)
        if when is None and draft.day and source.meta.get("date") is None and not source.broken:
            named = Source(source.path, {"date": draft.day})
            when = moment(named, house_zone)
            if named.problems:
                source.say(
                    "date", f"the file's name begins with `{draft.day}`, which is not a date", "Rename the file."
                )
        found = found or when
    return found


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


def summary(version: Version) -> str:
    """What stands for a version where there is no room for it, from what everyone may read."""
    return version.summary or markup.teaser(passages.body_for(version.body, frozenset({PUBLIC})))
