"""Makes versions and entries of files that were taken apart, and notes what is wrong with them on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pipeline import passages
from pipeline.comments import unclosed
from pipeline.config import zone
from pipeline.errors import Problem
from pipeline.firstwords import heading_words
from pipeline.frontmatter import Source, moment, words
from pipeline.links import is_alias, is_folder, slugify
from pipeline.model import PUBLIC, Entry, Kind, Version
from pipeline.settings import Settings
from pipeline.validate import visible

_MOST_TAGS = 100
"""Tags of one entry; each has a page and feeds of its own in every language."""


@dataclass(slots=True)
class Draft:
    """One file on its way to being a version of something."""

    source: Source
    kind: Kind
    slug: str
    lang: str
    day: str

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.slug}"


def pack_draft(draft: Draft) -> tuple[Any, ...]:
    """A draft as plain values."""
    source = draft.source
    problems = [(one.path, one.line, one.fact, one.suggestion) for one in source.problems]
    taken = source.path, source.meta, source.lines, source.body, source.line, problems, source.texts, source.broken
    return taken, str(draft.kind), draft.slug, draft.lang, draft.day


def unpack_draft(packed: tuple[Any, ...]) -> Draft:
    """The draft that was packed."""
    (path, meta, lines, body, line, problems, texts, broken), kind, slug, lang, day = packed
    source = Source(path, meta, lines, body, line, [Problem(*one) for one in problems], texts, broken)
    return Draft(source, Kind(kind), slug, lang, day)


def versions_of(group: list[Draft], settings: Settings) -> list[tuple[Version, Draft]]:
    """The versions of one thing, the one that is not a translation and stands first in the house's languages first."""
    seen: dict[str, Draft] = {}
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


def _version(draft: Draft) -> Version:
    source = draft.source
    title, body, line = source.text("title"), source.body, source.line
    if not title and draft.kind is not Kind.UPDATE:
        if (match := _TITLE.match(body)) and unclosed(match[2]):
            source.problems.append(Problem(source.path, line + match[1].count("\n"), *_TORN))
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
        aliases=_aliases(source),
    )


def _tags(source: Source) -> tuple[str, ...]:
    found = words(source, "tags")
    if len(found) <= _MOST_TAGS:
        return found
    fact = f"there are {len(found):,} tags; an entry may have {_MOST_TAGS}"
    source.say("tags", fact, "Keep those by which readers look for it.")
    return found[:_MOST_TAGS]


def _aliases(source: Source) -> tuple[str, ...]:
    """The addresses it had elsewhere, as paths; whatever else stands there cannot be led on."""
    found = tuple(unquote(one) for one in words(source, "aliases"))
    for one in found:
        if not is_alias(one):
            hint = "Write its path, such as `/2014/08/30/about-life/`; the site's own folders and documents are taken."
            source.say("aliases", f"nothing can stand at the address `{visible(one)}`", hint)
    return tuple(dict.fromkeys(one.strip("/") + "/" * is_folder(one) for one in found if is_alias(one)))


_TORN = "a comment begins in the title and ends on another line", "Write `-->` on the same line, or move it down."
_TITLE = re.compile(r"(\s*)#[ \t]+([^\n]+?)[ \t]*#*[ \t]*(?=\n|\Z)")


def _heading(body: str) -> tuple[str, str]:
    """A first-level heading that opens a body is its title; its line stays, empty, so that line numbers hold."""
    match = _TITLE.match(body)
    if not match:
        return "", body
    rest = match[1] + body[match.end() :]
    return heading_words(match[2], rest), rest


def entry_from(
    versions: list[tuple[Version, Draft]],
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
    tags = next((tags for tags in [_tags(source) for source in sources] if tags), ())
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


def _when(versions: list[tuple[Version, Draft]], house_zone: ZoneInfo) -> datetime | None:
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
