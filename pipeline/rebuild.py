"""Makes anew what changed of the site, and puts each changed file in its place in one move."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from pipeline.crew import FEW, beside
from pipeline.desk import Bunch, Desk
from pipeline.errors import Problems
from pipeline.fragments import Fragments, KnownAlbum, Refs, noted
from pipeline.indexed import indexed
from pipeline.keys import key_of
from pipeline.links import Links
from pipeline.making import Maker, file_of, sitemap
from pipeline.manifest import Extra, Place, SiteReport, Start, Verify
from pipeline.model import House
from pipeline.pages import bunches, refuse_collisions
from pipeline.underway import Printed, Underway
from pipeline.walked import stamp_of, times
from pipeline.workshop import site_folder

LOST = "404.html"


def rebuild(house: House, start: Start, extra: Extra | None, verify: Verify | None, *, feeds: bool) -> SiteReport:
    """Brings the site up to date; a failure leaves it as it was. Raises `Problems` for files that cannot be shown."""
    run = _begin(house, start)
    maker = Maker(run.desk, run.fragments, run.place, run.folders, run.around, feeds=feeds)
    with _feeds(run, maker, wanted=feeds) as feeds_made:
        _pages(run, maker)
        _singles(run, maker)
        feeds_made()
    more = dict(extra(lambda path: _bytes(run, path))) if extra else {}
    _documents(run, more)
    _media(run)
    # what is wrong is said again by every build until it is mended
    run.now.whole, run.now.extra = b"" if run.faults else start.whole, tuple(run.extra)
    if run.fragments.album.problems:
        raise Problems(run.fragments.album.problems)
    indexed(run, maker)
    report = _finish(run, maker, verify)
    maker.keep()
    return report


def _begin(house: House, start: Start) -> Underway:
    folders = start.folders
    cache = folders.root / "build" / "cache" / "media"
    album = KnownAlbum(folders.root / "content", cache, Links.of(house.settings), start.before.media)
    fragments = Fragments(house, album, dict(start.before.refs))
    desk = Desk.of(house, start.words, fragments.render, fragments.inputs)
    place = Place(folders.site, folders.fresh, folders.mark)
    if folders.fresh.exists():
        place.begin()
    return Underway(start, house, desk, place, fragments)


@contextmanager
def _feeds(run: Underway, maker: Maker, *, wanted: bool) -> Iterator[Callable[[], None]]:
    """The feeds: where little changed they are made while pages are, else after the pages, which know most of them."""

    def made() -> Printed:
        from pipeline.printing import printed

        return printed(run, maker)

    fresh = [one for entry in run.desk.entries for one in entry.versions if one.known is None]
    if not wanted or len(fresh) >= FEW or run.before.single.get(LOST) != run.around:
        yield lambda: run.printed(made())
        return
    for one in fresh:
        run.fragments.raw(one)  # what it leads to is part of its key, in pages and in feeds
    with beside(made) as found:
        yield lambda: run.printed(found())


def _pages(run: Underway, maker: Maker) -> None:
    """Makes every page whose key is not the one it had."""
    run.bunches = list(bunches(run.desk))
    paths: list[str] = []
    for bunch in run.bunches:
        was = run.before.bunches.get(bunch.name)
        if was and was[0] == key_of(run.around, bunch.key()) and run.hold(was[1]):
            run.now.bunches[bunch.name] = was
            paths += was[1]
            for path in was[1]:
                run.keep(path)
        else:
            paths += _looked_at(run, bunch)
    if len({path.lower() for path in paths}) < len(paths):
        refuse_collisions(run.house, [leaf for bunch in run.bunches for leaf in bunch.leaves()])
    if run.todo:
        known = dict(run.fragments.refs)
        maker.make(run.todo)
        _made(run, maker, known, paths)
    for bunch in run.bunches:
        key, own = run.now.bunches.get(bunch.name, (b"-", ()))
        if not key:
            run.now.bunches[bunch.name] = key_of(run.around, bunch.key()), own


def _made(run: Underway, maker: Maker, known: Mapping[bytes, Refs], paths: Sequence[str]) -> None:
    """Notes the pages that were made, under the keys that they have now that it is known what their texts lead to."""
    fresh = {key for key, refs in run.fragments.refs.items() if known.get(key) != refs}
    every = ((entry, version) for entry in run.desk.entries for version in entry.versions)
    run.desk.forget([one for one in every if run.fragments.content(one[1]) in fresh])
    for leaf in run.todo:
        run.now.leaves[leaf.path] = key_of(run.around, leaf.key()), maker.sitemap[leaf.path]
        run.now.files[file_of(leaf.path)] = (0, 0)
    # as the pages stand in the house, not as they were made
    run.now.leaves = {path: run.now.leaves[path] for path in paths}


def _looked_at(run: Underway, bunch: Bunch) -> list[str]:
    """The addresses of a bunch's pages, after each was looked at by itself."""
    found = bunch.leaves()
    for leaf in found:
        key, name = key_of(run.around, leaf.key()), file_of(leaf.path)
        was = run.before.leaves.get(leaf.path)
        if was and was[0] == key and run.holds(name):
            run.keep(leaf.path)
        else:
            run.todo.append(leaf)
    if bunch.name:
        run.now.bunches[bunch.name] = b"", tuple([leaf.path for leaf in found])
    return [leaf.path for leaf in found]


def _singles(run: Underway, maker: Maker) -> None:
    """What every site has once: the page for lost readers, the sitemap, robots, the looks."""
    absolute = run.desk.links.absolute("sitemap.xml")
    robots = f"User-agent: *\nAllow: /\n\nSitemap: {absolute}\n".encode()
    run.single("robots.txt", key_of(robots), lambda: robots)
    pieces = [said for _, said in run.now.leaves.values()]
    run.single("sitemap.xml", key_of(pieces), lambda: sitemap(pieces))
    run.single(LOST, run.around, maker.lost)
    known = [name for name, key in run.before.single.items() if key == b"asset " + run.around]
    if known and all(map(run.holds, known)):
        run.now.single.update(dict.fromkeys(known, b"asset " + run.around))
        run.now.files.update({name: run.before.files[name] for name in known})
        return
    for name, source in _assets(maker, run).items():
        run.place.copy(name, source)
        run.now.single[name], run.now.files[name] = b"asset " + run.around, (0, 0)


def _documents(run: Underway, more: Mapping[str, bytes]) -> None:
    for path, data in more.items():
        name = unquote(path)
        run.single(name, key_of(data), lambda data=data: data)  # type: ignore[misc]  # bound now, not when it is called
        run.extra.append(name)


def _media(run: Underway) -> None:
    """The files that public texts refer to."""
    for public, file in run.fragments.album.files.items():
        seen = file.stat()
        key = key_of(str(file), seen.st_size, seen.st_mtime_ns)
        name = unquote(public)
        run.now.single[name] = key
        if run.before.single.get(name) == key and run.holds(name):
            run.now.files[name] = run.before.files[name]
        else:
            run.place.copy(name, file)
            run.now.files[name] = (0, 0)


def _bytes(run: Underway, path: str) -> int | None:
    album = run.fragments.album
    file = album.files.get(album.links.media(path))
    return file.stat().st_size if file else None


def _assets(maker: Maker, run: Underway) -> dict[str, Path]:
    """The theme's files, and those of the house's looks over them."""
    own = site_folder(run.folders.root) / "assets"
    found = {f"assets/{path.relative_to(own).as_posix()}": path for path in sorted(own.rglob("*")) if path.is_file()}
    return {**maker.engine.assets(), **found}


def _finish(run: Underway, maker: Maker, verify: Verify | None) -> SiteReport:
    """Has what changed looked at, moves it into place, and notes what the site is now."""
    now, place = run.now, run.place
    gone = set(run.before.files) - set(now.files)
    unsure = not run.before.files or run.folders.mark.exists()
    if unsure:
        gone |= run.start.there.keys() - now.files.keys()
    if verify and place.changed:
        verify(run.folders.fresh)
    now.media = noted(run.fragments.album)
    wanted = {run.fragments.content(one) for entry in run.desk.entries for one in entry.versions}
    wanted |= {run.fragments.content(one) for page in run.house.pages for one in page.versions}
    now.refs = {key: refs for key, refs in run.fragments.refs.items() if key in wanted}
    if place.changed or gone or unsure:
        place.settle(gone)
    there = {name: stamp for name, stamp in run.start.there.items() if name not in gone}
    for name, was in now.files.items():
        if was == (0, 0):
            there[name] = stamp_of(os.stat(f"{run.folders.site}/{name}"))  # noqa: PTH116 - thousands of files
            now.files[name] = there[name][:2]
    now.folders = times(run.folders.site, now.files, run.before.folders, place.changed | gone)
    if now != run.before:
        now.write(run.folders.notes / "manifest")
    if place.changed or gone or unsure:
        place.settled()
    shutil.rmtree(run.folders.fresh, ignore_errors=True)
    changed = sum(file_of(path) in place.changed for path in run.pages)
    return SiteReport(
        run.folders.site / "index.html",
        changed=changed,
        kept=len(run.pages) - changed,
        removed=len(set(run.before.leaves) - set(run.pages)),
        pages=tuple(run.pages),
        others=tuple(run.extra),
        others_changed=tuple(name for name in run.extra if name in place.changed),
        warnings=maker.warnings,
        there=there,
        problems=tuple(sorted(set(run.faults))),
    )
