"""The web site: finds out whether anything changed, and has what changed made anew.

Everything on the site has a key of what it is made from; what has the key it had stays as it is. Nothing is
imported that only making needs, and nothing is written, when nothing changed.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import ahead
from pipeline.edition import edition
from pipeline.keys import house_key, key_of
from pipeline.manifest import Extra, Folders, Manifest, SiteReport, Start, Verify
from pipeline.model import House
from pipeline.outputs import refuse_link
from pipeline.walked import glanced, mark
from pipeline.workshop import Words, looks, site_folder, words_for

__all__ = ["Extra", "SiteReport", "Verify", "build"]


def build(
    house: House,
    root: Path,
    extra: Extra | None = None,
    verify: Verify | None = None,
    *,
    folder: Path | None = None,
    feeds: bool = False,
    full: bool = False,
    stamp: str = "",
) -> SiteReport:
    """Brings `build/site` up to date and says what changed; a failure leaves the site as it was.

    ``verify`` looks at what changed before it is put in place, and raises to keep the old. ``folder`` takes the place
    of `build`, for a preview; with ``full`` everything is made anew. One build at a time: a second one waits for the
    first. One that was killed is mended by the next. ``stamp`` stands for what ``extra`` is made from beside the house:
    with another one everything is looked at again.
    """
    folders = Folders(root, folder or root / "build")
    with _alone(folders.build):
        start = _start(house, folders, feeds=feeds, full=full, stamp=stamp)
        if _holds(start):
            return _unchanged(start)
        from pipeline.rebuild import rebuild

        return rebuild(house, start, extra, verify, feeds=feeds)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(house: House, folders: Folders, *, feeds: bool, full: bool, stamp: str) -> Start:
    """Looks at what there is; nothing is made yet."""
    source = site_folder(folders.root)
    before = Manifest() if full else Manifest.read(folders.notes / "manifest")
    words = words_for(source, house, folders.root / "build" / "cache" / "reading")
    around = _around(house, words, looks(source, folders.root / "build" / "cache" / "reading"))
    whole = key_of(around, feeds, stamp, house_key(house))
    there = None if folders.mark.exists() else ahead.seen(folders.site)
    try:
        there = glanced(folders.site, before.files, before.folders) if there is None else there
    except OSError as error:
        refuse_link(Path(error.filename or folders.site), folders.root)
        raise
    return Start(folders, before, there, before.damaged(there), words, around, whole)


def _holds(start: Start) -> bool:
    """Whether the site in place is whole, and made of what there is now."""
    before, content = start.before, start.folders.root / "content"
    if before.whole != start.whole or start.damaged or start.folders.mark.exists():
        return False
    return all(mark(content / path) == list(was[0]) for path, was in before.media.items())


def _unchanged(start: Start) -> SiteReport:
    before, pages = start.before, tuple(start.before.leaves)
    index = start.folders.site / "index.html"
    return SiteReport(index, kept=len(pages), pages=pages, others=before.extra, there=start.there)


def _around(house: House, words: Words, look: str) -> bytes:
    """The key of all that every page and feed depends on."""
    standing = [(page.slug, [(one.lang, one.title) for one in page.versions]) for page in house.pages]
    given = sorted((lang, sorted(said.items())) for lang, said in words.items())
    return key_of(edition(), look, repr(house.settings), given, standing)
