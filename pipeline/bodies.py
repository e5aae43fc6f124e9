"""A version's body as HTML for one audience, with every link led to where its readers can follow it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from pipeline.fortext import for_text
from pipeline.links import Shelf, Target
from pipeline.markup import Link, Rendered, render
from pipeline.model import Audience, Entry, Version
from pipeline.passages import body_for

Media = Callable[[str], str | None]
"""Given a file's path inside ``content/``: the address to use for it, or None when it must not be shown."""

Door = Callable[[Entry, Version], str]
"""The path of the sealed page that the readers have of an entry, with its key; nothing where they have none."""

_SOURCES = {".md", ".markdown", ".yml", ".yaml", ".toml", ".db", ".key"}


def html_for(
    shelf: Shelf,
    version: Version,
    audience: Audience,
    *,
    absolute: bool,
    media: Media | None = None,
    prefix: str = "",
    door: Door | None = None,
    link: Link | None = None,
) -> Rendered:
    """The body as ``audience`` may read it, with full or rooted addresses; ``prefix`` goes before every id.

    ``door`` leads links to entries to sealed pages; without it every link is to what everyone may read. ``link`` takes
    the place of the house's own way to lead links.
    """
    mint = shelf.links.absolute if absolute else shelf.links.rooted
    show = media or (lambda path: mint(shelf.links.media(path)))
    lead = link or _link(shelf, version, mint, show, door)
    with for_text(version.path):
        return render(body_for(version.body, audience), lead, prefix)


def linker(shelf: Shelf, version: Version, media: Media) -> Link:
    """Where links and pictures of ``version`` lead, as rooted addresses that everyone may follow."""
    return _link(shelf, version, shelf.links.rooted, media, None)


def publishable(path: str) -> bool:
    """Whether a path inside ``content/`` may be given to readers: never a text's source or what lies outside."""
    parts = path.split("/")
    return not (path.startswith("/") or any(part.startswith(".") or not part for part in parts)) and (
        posixpath.splitext(path)[1].lower() not in _SOURCES and "." in parts[-1]
    )


def _link(shelf: Shelf, version: Version, mint: Callable[[str], str], media: Media, door: Door | None) -> Link:
    source = version.path.removeprefix("content/")

    def link(tag: str, href: str) -> str | None:
        target = shelf.find(source, href)
        if target.kind in {"outside", "here"}:
            return _foreign(tag, href)
        if target.kind == "file":
            return media(target.path) if publishable(target.path) else None
        path = _behind(shelf, target, version.lang, door) or shelf.address(target, version.lang)
        return None if path is None else mint(path)

    return link


def _foreign(tag: str, href: str) -> str | None:
    """Links may leave the house; a picture that another host would serve is shown as its words."""
    return href if tag == "a" or href.startswith("data:") else None


def _behind(shelf: Shelf, target: Target, language: str, door: Door | None) -> str:
    """The sealed page of an entry that is linked to, and the place on it."""
    if door is None or target.kind != "entry":
        return ""
    entry, linked = shelf.entries[target.path]
    path = door(entry, entry.version(language, linked))
    return f"{path}/{target.fragment}" if path and target.fragment else path
