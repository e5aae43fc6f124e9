"""The web site: stages what is public, has MkDocs make it, and puts it in place in one move.

MkDocs sees only what was staged into `build/docs`. Nothing is done when nothing changed.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline.album import Album, mark
from pipeline.bodies import html_for
from pipeline.errors import Problems
from pipeline.finish import finish
from pipeline.links import Links, Shelf
from pipeline.markup import Rendered
from pipeline.model import EVERYONE, House, Version, worded
from pipeline.pages import Render, SitePage, Words, frames, site_pages
from pipeline.stage import Stage, document
from pipeline.workshop import fingerprint, site_folder, words_for

Extra = Callable[[Callable[[str], int | None]], Mapping[str, bytes]]
"""More documents to publish with the site, such as feeds: path → bytes, given each public file's size in bytes."""


Verify = Callable[[Path], object]
"""Looks at a finished site in a folder; raises when it must not be put in place."""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What became of the site: pages by whether their bytes changed, other documents likewise.

    ``others`` are the paths of the other documents.
    """

    index: Path
    changed: int = 0
    kept: int = 0
    removed: int = 0
    pages: tuple[str, ...] = ()
    extra: int = 0
    extra_changed: int = 0
    others: tuple[str, ...] = ()
    others_changed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Folders:
    """Where a house keeps its site: ``build`` is the folder that all of it is made in."""

    root: Path
    build: Path

    @property
    def docs(self) -> Path:
        return self.build / "docs"

    @property
    def site(self) -> Path:
        return self.build / "site"

    @property
    def fresh(self) -> Path:
        return self.build / "site.new"

    @property
    def old(self) -> Path:
        return self.build / "site.old"

    @property
    def manifest(self) -> Path:
        return self.build / "site.json"


@dataclass(slots=True)
class _Manifest:
    """What the site in place was made from."""

    inputs: str = ""
    staged: str = ""
    marks: dict[str, list[int]] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> _Manifest:
        """The manifest at ``path``; an empty one, which makes the site anew, when it cannot be read."""
        try:
            return cls(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self)), encoding="utf-8")
        partial.replace(path)

    def holds(self, inputs: str, content: Path) -> bool:
        """Whether the site in place is still what these inputs make."""
        return self.inputs == inputs and all(mark(content / path) == was for path, was in self.marks.items())


def build(
    house: House,
    root: Path,
    extra: Extra | None = None,
    verify: Verify | None = None,
    *,
    folder: Path | None = None,
    stamp: str = "",
) -> SiteReport:
    """Brings `build/site` up to date and says what changed; a failure or a kill leaves the site as it was.

    ``verify`` looks at the folder of a finished site before it is put in place, and raises to keep the old one.
    ``folder`` takes the place of `build`, for a preview. One build at a time: a second one waits for the first.
    ``stamp`` stands for what ``extra`` is made from beside the house: with another one it is made anew.
    """
    folders = _Folders(root, folder or root / "build")
    with _alone(folders.build):
        return _build(house, folders, extra, verify, stamp)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(house: House, folders: _Folders, extra: Extra | None, verify: Verify | None, stamp: str) -> SiteReport:
    root = folders.root
    _recover(folders)
    source = site_folder(root)
    before = _Manifest.read(folders.manifest)
    inputs = fingerprint(house, source) + (f" and more {stamp}" if extra else "")
    if (folders.site / "index.html").is_file() and before.holds(inputs, root / "content"):
        return _unchanged(folders, before)
    words = words_for(source, house)
    now, album = _stage(house, folders, words, extra, inputs)
    now.marks = album.marks()
    if now.staged == before.staged and (folders.site / "index.html").is_file():
        now.write(folders.manifest)
        return _unchanged(folders, now)
    return _make(house, folders, words, before, now, verify)


def _unchanged(folders: _Folders, manifest: _Manifest) -> SiteReport:
    pages = tuple(manifest.pages)
    others = tuple(manifest.extra)
    return SiteReport(folders.site / "index.html", kept=len(pages), pages=pages, extra=len(others), others=others)


def _stage(house: House, folders: _Folders, words: Words, extra: Extra | None, inputs: str) -> tuple[_Manifest, Album]:
    """Writes everything public, and nothing else, into `build/docs`."""
    links = Links.of(house.settings)
    album = Album(folders.root / "content", folders.root / "build" / "cache" / "media", links)
    pages = site_pages(house, words, _renderer(house, album))
    if album.problems:
        raise Problems(album.problems)
    stage = Stage(folders.docs)
    for page in pages:
        stage.write(_file(page), document(page, links.absolute(page.path)))
    for public, file in album.files.items():
        stage.copy(unquote(public), file)
    stage.tree(site_folder(folders.root) / "assets", "assets")
    stage.write("robots.txt", f"User-agent: *\nAllow: /\n\nSitemap: {links.absolute('sitemap.xml')}\n".encode())
    more = extra(lambda path: _bytes(album, links.media(path))) if extra else {}
    for path, data in more.items():
        stage.write(unquote(path), data)
    around = repr(frames(house, words)) + fingerprint(House(house.settings), site_folder(folders.root))
    now = _Manifest(inputs, stage.finish(around), {}, [page.path for page in pages], [unquote(path) for path in more])
    return now, album


def _bytes(album: Album, public: str) -> int | None:
    path = album.files.get(public)
    return path.stat().st_size if path else None


def _renderer(house: House, album: Album) -> Render:
    """What everyone may read of a version, as it stands on its pages; each is rendered once."""
    shelf = Shelf.of(house)

    @cache
    def render(version: Version, prefix: str) -> Rendered:
        body = html_for(shelf, version, EVERYONE, absolute=False, media=album.address, prefix=prefix)
        return Rendered(finish(body.html, album.sizes), body.headings)

    return render


def _file(page: SitePage) -> str:
    return unquote(page.path) + "index.md"


def _made(path: str) -> str:
    return unquote(path) + "index.html"


def _make(
    house: House, folders: _Folders, words: Words, before: _Manifest, now: _Manifest, verify: Verify | None
) -> SiteReport:
    """Runs the engine beside the site in place, then swaps the two."""
    from pipeline.engine import Job, run

    shutil.rmtree(folders.fresh, ignore_errors=True)
    source, home = site_folder(folders.root), house.settings.language
    job = Job(source, folders.docs, folders.fresh, _options(house), frames(house, words), home)
    warnings = run(job)
    (folders.fresh / "sitemap.xml.gz").unlink(missing_ok=True)  # it holds the time of the build
    if verify:
        verify(folders.fresh)
    report = _compare(folders, before, now, warnings)
    _swap(folders)
    now.write(folders.manifest)
    return report


def _options(house: House) -> dict[str, Any]:
    settings = house.settings
    return {
        "site_name": worded(settings.title, settings.language) or settings.author,
        "site_url": Links.of(settings).url,
        "site_author": settings.author,
        "site_description": worded(settings.description, settings.language),
    }


def _compare(folders: _Folders, before: _Manifest, now: _Manifest, warnings: tuple[str, ...]) -> SiteReport:
    """Counts what changed; files that did not keep their time, so that copying the site stays cheap."""
    same = {path: _same(folders, path) for path in _all(folders.fresh)}
    changed = sum(not same.get(_made(path), False) for path in now.pages)
    others_changed = tuple(path for path in now.extra if not same.get(path, False))
    return SiteReport(
        folders.site / "index.html",
        changed=changed,
        kept=len(now.pages) - changed,
        removed=len(set(before.pages) - set(now.pages)),
        pages=tuple(now.pages),
        extra=len(now.extra),
        extra_changed=len(others_changed),
        others=tuple(now.extra),
        others_changed=others_changed,
        warnings=warnings,
    )


def _all(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]


def _same(folders: _Folders, path: str) -> bool:
    fresh, there = folders.fresh / path, folders.site / path
    if not there.is_file() or there.stat().st_size != fresh.stat().st_size or there.read_bytes() != fresh.read_bytes():
        return False
    shutil.copystat(there, fresh)
    return True


def _swap(folders: _Folders) -> None:
    shutil.rmtree(folders.old, ignore_errors=True)
    if folders.site.exists():
        folders.site.rename(folders.old)
    folders.fresh.rename(folders.site)
    shutil.rmtree(folders.old, ignore_errors=True)


def _recover(folders: _Folders) -> None:
    """Puts the site back that a kill between the two moves of a swap took away."""
    if folders.old.is_dir() and not folders.site.exists():
        folders.old.rename(folders.site)
