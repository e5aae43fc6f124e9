"""Public texts as HTML, each rendered once, with a note of what else in the house each of them depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.album import Album
from pipeline.bodies import html_for, linker
from pipeline.finish import finish
from pipeline.keys import content_key, key_of
from pipeline.links import Links, Shelf
from pipeline.markup import Rendered
from pipeline.model import EVERYONE, House, Version
from pipeline.sizes import narrower
from pipeline.walked import mark

Refs = tuple[tuple[str, str], ...]
"""What a text asks for: each element (``a`` or ``img``) with its address, as far as the house decides about it."""


class Fragments:
    """What everyone may read of a house's versions; ``refs`` are what earlier builds noted."""

    def __init__(self, house: House, album: KnownAlbum, refs: dict[bytes, Refs]) -> None:
        self.shelf, self.album = Shelf.of(house), album
        self.refs = refs
        self.fresh: dict[bytes, Refs] = {}
        self._contents: dict[int, bytes] = {}
        self._raw: dict[tuple[str, str], Rendered] = {}
        self._finished: dict[tuple[str, str], Rendered] = {}

    def content(self, version: Version) -> bytes:
        """The key of a version itself; the house holds all of them, so that none takes another's id."""
        if version.known:
            return version.known.key
        found = self._contents.get(id(version))
        if found is None:
            found = self._contents[id(version)] = content_key(version)
        return found

    def inputs(self, version: Version) -> bytes:
        """The key of all that the version's HTML is made from; of what was never rendered, only of its own text."""
        key = version.known.key if version.known else self.content(version)
        refs = self.refs.get(key)
        if not refs:
            return key
        return key_of(key, [self._answer(version, tag, href) for tag, href in refs])

    def _answer(self, version: Version, tag: str, href: str) -> Any:
        found = linker(self.shelf, version, self.album.address)(tag, href)
        album, place = self.album, found or ""
        return found, album.sizes.get(place), self.weight(found), album.siblings.get(place)

    def weight(self, address: str | None) -> int | None:
        """The size in bytes of a published file."""
        base = self.shelf.links.base
        file = self.album.files.get(address.removeprefix(base)) if address and address.startswith(base) else None
        return file.stat().st_size if file else None

    def raw(self, version: Version, prefix: str = "") -> Rendered:
        """The HTML as Markdown makes it, with the addresses of the site."""
        place = version.path, prefix
        if place not in self._raw:
            self._raw[place] = self._render(version, prefix)
        return self._raw[place]

    def _render(self, version: Version, prefix: str) -> Rendered:
        asked: dict[tuple[str, str], None] = {}
        link = linker(self.shelf, version, self.album.address)

        def noting(tag: str, href: str) -> str | None:
            target = self.shelf.find(version.path.removeprefix("content/"), href)
            if target.kind not in {"outside", "here"}:
                asked[tag, href] = None
            return link(tag, href)

        made = html_for(self.shelf, version, EVERYONE, absolute=False, prefix=prefix, link=noting)
        self.refs[self.content(version)] = self.fresh[self.content(version)] = tuple(asked)
        return made

    def render(self, version: Version, prefix: str) -> Rendered:
        """The HTML as it stands on a page: pictures have sizes, formulas need no script."""
        place = version.path, prefix
        if place not in self._finished:
            body = self.raw(version, prefix)
            self._finished[place] = Rendered(finish(body.html, self.album.sizes, self.album.siblings), body.headings)
        return self._finished[place]

    def drop(self) -> None:
        """Forgets what was rendered, so that many pages take no more room than few."""
        self._raw.clear()
        self._finished.clear()


class KnownAlbum(Album):
    """The site's album: it offers pictures in several sizes, and knows the files that did not change.

    ``media`` is what `noted` gave. ``siblings`` are the narrower pictures, as width and address, by the address of
    the one they are made from.
    """

    def __init__(self, content: Path, cache: Path, links: Links, media: dict[str, tuple[Any, ...]]) -> None:
        super().__init__(content, cache, links)
        self.siblings: dict[str, tuple[tuple[int, str], ...]] = {}
        self._media = media

    def _take(self, path: str) -> str | None:
        address = self._known(path) or super()._take(path)
        if address and (size := self.sizes.get(address)):
            self._offer(self.links.media(path), address, size)
        return address

    def _known(self, path: str) -> str | None:
        seen, public, made, size = self._media.get(path, ((), "", "", None))
        file = Path(made)
        if not (made and mark(self.content / path) == list(seen) and file.is_file()):
            return None
        address = self.links.rooted(public)
        self.files[public] = file
        if size:
            self.sizes[address] = size
        return address

    def _offer(self, public: str, address: str, size: tuple[int, int]) -> None:
        """Publishes a picture's narrower siblings with it."""
        offered = []
        for width, file in narrower(self.files[public], size).items():
            self.files[f"{public}.{width}.webp"] = file
            offered.append((width, f"{address}.{width}.webp"))
        self.siblings[address] = tuple(offered)


def noted(album: Album) -> dict[str, tuple[Any, ...]]:
    """What an album made ready, for `KnownAlbum`."""
    found: dict[str, tuple[Any, ...]] = {}
    for path, address in album.asked.items():
        if address is not None:
            public = album.links.media(path)
            size = album.sizes.get(address)
            seen = tuple(mark(album.content / path))
            found[path] = (seen, public, str(album.files[public]), size and tuple(size))
    return found
