"""A version's body as HTML for one audience, with every link led to where its readers can follow it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from pipeline.links import Shelf, Target
from pipeline.markup import Link, Rendered, render
from pipeline.model import Audience, Version
from pipeline.passages import body_for

Media = Callable[[str], str | None]
"""Given a file's path inside ``content/``: the address to use for it, or None when it must not be shown."""

_SOURCES = {".md", ".markdown", ".yml", ".yaml", ".toml", ".db", ".key"}


def html_for(
    shelf: Shelf,
    version: Version,
    audience: Audience,
    *,
    absolute: bool,
    media: Media | None = None,
    prefix: str = "",
    link: Link | None = None,
) -> Rendered:
    """The body as ``audience`` may read it, with full or rooted addresses; ``prefix`` goes before every id.

    ``link`` takes the place of the house's own way to lead links.
    """
    mint = shelf.links.absolute if absolute else shelf.links.rooted
    show = media or (lambda path: mint(shelf.links.media(path)))
    return render(body_for(version.body, audience), link or _link(shelf, version, mint, show), prefix)


def linker(shelf: Shelf, version: Version, media: Media) -> Link:
    """Where links and pictures of ``version`` lead, as rooted addresses."""
    return _link(shelf, version, shelf.links.rooted, media)


def publishable(path: str) -> bool:
    """Whether a path inside ``content/`` may be given to readers: never a text's source or what lies outside."""
    parts = path.split("/")
    return not (path.startswith("/") or any(part.startswith(".") or not part for part in parts)) and (
        posixpath.splitext(path)[1].lower() not in _SOURCES and "." in parts[-1]
    )


def _link(shelf: Shelf, version: Version, mint: Callable[[str], str], media: Media) -> Link:
    source = version.path.removeprefix("content/")

    def link(tag: str, href: str) -> str | None:
        target = shelf.find(source, href)
        if target.kind in {"outside", "here"}:
            return _foreign(tag, href)
        if target.kind == "file":
            return media(target.path) if publishable(target.path) else None
        return _own(shelf, target, version.lang, mint)

    return link


def _foreign(tag: str, href: str) -> str | None:
    """Links may leave the house; a picture that another host would serve is shown as its words."""
    return href if tag == "a" or href.startswith("data:") else None


def _own(shelf: Shelf, target: Target, language: str, mint: Callable[[str], str]) -> str | None:
    path = shelf.address(target, language)
    return None if path is None else mint(path)
