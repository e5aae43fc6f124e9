"""Makes what must be made: pages in all processes that the machine has room for, and what they say elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pipeline import cldr
from pipeline.crew import spread
from pipeline.desk import Desk, Leaf, SitePage
from pipeline.errors import Problem
from pipeline.fragments import Fragments
from pipeline.keys import key_of
from pipeline.languages import worded
from pipeline.links import Links
from pipeline.manifest import Folders, Place
from pipeline.model import House
from pipeline.pages import framed
from pipeline.searching import Piece, piece
from pipeline.workshop import site_folder

if TYPE_CHECKING:
    from pipeline.newsstand import Newsstand, Packed

_SITEMAP = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)


def file_of(path: str) -> str:
    """The file of a page; an old address may be one itself."""
    name = unquote(path) if "%" in path else path
    return f"{name}index.html" if not path or path.endswith("/") else name


def options(house: House) -> dict[str, Any]:
    """What the house says over `site/mkdocs.yml`."""
    settings = house.settings
    return {
        "site_name": worded(settings.title, settings.language) or settings.author,
        "site_url": Links.of(settings).url,
        "site_author": settings.author,
        "site_description": worded(settings.description, settings.language),
    }


_READY: dict[bytes, Any] = {}
"""The engine of the last build of this process, under the key of all that it was started with."""


class Maker:
    """Makes pages, and remembers what they say for the sitemap, the search and the feeds."""

    def __init__(
        self, desk: Desk, fragments: Fragments, place: Place, where: Folders, around: bytes, *, feeds: bool
    ) -> None:
        self.desk, self.fragments, self.place, self.where = desk, fragments, place, where
        self._around = key_of(around, str(where.root), str(where.build))
        self._feeds = feeds
        self.sitemap: dict[str, str] = {}
        self.pieces: dict[str, Piece] = {}
        self.items: dict[bytes, Packed] = {}
        self._engine: Any = None
        self._known = cldr.remember(where.root / "build" / "cache")

    @cached_property
    def stand(self) -> Newsstand | None:
        """The feeds; what makes them is loaded only by the process that does."""
        if not self._feeds:
            return None
        from pipeline.newsstand import Newsstand

        return Newsstand.of(self.desk, self._weight, self.fragments.raw)

    def keep(self) -> None:
        """Keeps for the next build what was found out about languages."""
        if len(cldr.FACTS) > self._known:
            cldr.keep(self.where.root / "build" / "cache")

    def _weight(self, path: str) -> int | None:
        album = self.fragments.album
        file = album.files.get(album.links.media(path))
        return file.stat().st_size if file else None

    @property
    def engine(self) -> Any:
        """The engine, started when it is first needed: that takes longer than anything else.

        In a preview it is kept for the next build, as long as what stands around every page is the same.
        """
        if self._engine is None and self._around in _READY:
            self._engine = _READY[self._around]
            self._engine.again()
        if self._engine is None:
            from pipeline.engine import Engine, Job

            house, cache = self.desk.house, self.where.root / "build" / "cache" / "templates"
            source, empty, home = site_folder(self.where.root), self.where.build / "docs", house.settings.language
            self._engine = Engine(Job(source, empty, cache, options(house), framed(self.desk), home, self._around))
            _READY.clear()
            _READY[self._around] = self._engine
        return self._engine

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the engine had to say, once each."""
        return tuple(dict.fromkeys(self._engine.warnings)) if self._engine else ()

    def lost(self) -> bytes:
        """The page for lost readers."""
        page: bytes = self.engine.lost()
        return page

    def make(self, todo: Sequence[Leaf]) -> None:
        """Makes these pages beside the site."""
        from pipeline.crew import FEW

        _ = self.engine
        many = len(todo) >= FEW
        if many:
            self._warm()
            _ = self.stand
        for made in spread(range(len(todo)), lambda number: self._made(number, todo[number], many=many)):
            self._take(todo, *made)

    def _made(self, number: int, leaf: Leaf, *, many: bool) -> tuple[Any, ...]:
        """A page, written beside the site, and what the rest of the build must know of it, as plain values."""
        known = len(self.fragments.album.problems)
        page = leaf.make()
        changed = self.place.put(file_of(leaf.path), self.engine.page(page, self.desk.links.absolute(page.path)))
        self.desk.forget(leaf.told)
        items = [self.stand.pack(*one) for one in leaf.told] if many and self.stand else []
        refs, self.fragments.fresh = self.fragments.fresh, {}
        album = self.fragments.album
        # handed over, and not kept: where one process makes all pages, each would be taken again with every page
        problems = [(one.path, one.line, one.fact, one.suggestion) for one in album.problems[known:]]
        del album.problems[known:]
        if many:
            self.fragments.drop()
            self.forget_items()
        return number, changed, self._said(page), piece(page, leaf.told), items, refs, problems, self._engine.warnings

    def _warm(self) -> None:
        """Finds out before a fork what every process will need."""
        from pipeline.markup import render

        render("a", lambda _, href: href)
        for lang in self.desk.languages:
            tongue = self.desk.tongue(lang)
            for write in (tongue.day, tongue.short, tongue.month, tongue.month_name):
                write(date.min)

    def forget_items(self) -> None:
        """Lets go of what the feeds' press remembers: it was handed over."""
        if self.stand:
            self.stand.press.items.clear()

    def _take(
        self, todo: Sequence[Leaf], number: int, changed: bool, said: str, searched: Piece,
        items: list[tuple[bytes, Packed]], refs: dict[bytes, Any], problems: list[Any], warnings: list[str],
    ) -> None:  # fmt: skip
        path = todo[number].path
        self.sitemap[path], self.pieces[path] = said, searched
        self.items.update(items)
        self.fragments.refs.update(refs)
        self.fragments.album.problems += [Problem(*one) for one in problems]
        if self._engine.warnings is not warnings:
            self._engine.warnings += warnings
        if changed:
            self.place.changed.add(file_of(path))

    def piece(self, leaf: Leaf) -> Piece:
        """What the search says of a page that stays as it is."""
        return piece(leaf.make(), leaf.told)

    def _said(self, page: SitePage) -> str:
        """What the sitemap says of a page; of what has moved, nothing."""
        if page.kind == "moved":
            return ""
        url = self.desk.links.absolute
        updated = page.meta.get("updated")
        others = page.alternates if len(page.alternates) > 1 else ()
        return "".join(
            [
                f"<url><loc>{escape(url(page.path))}</loc>",
                f"<lastmod>{escape(updated)}</lastmod>" if updated else "",
                *(
                    f'<xhtml:link rel="alternate" hreflang="{escape(lang)}" href="{escape(url(path))}"/>'
                    for lang, path in others
                ),
                "</url>",
            ]
        )


def sitemap(pieces: Sequence[str]) -> bytes:
    """The sitemap of pages in this order (sitemaps.org, 0.9)."""
    return (_SITEMAP + "\n".join(filter(None, pieces)) + "\n</urlset>\n").encode()
