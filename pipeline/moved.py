"""Old addresses: a small page at each of them that leads on to where the text is now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline.desk import Desk, Leaf, SitePage
from pipeline.keys import key_of
from pipeline.model import Version


def moved(desk: Desk) -> Iterator[Leaf]:
    """A page for every old address of what is public, in the language of the text it leads to."""
    for entry in desk.entries:
        for version in entry.versions:
            yield from _of(desk, version, desk.links.entry(entry, version.lang) if version.aliases else "")
    for page in desk.house.pages:
        for version in page.versions:
            yield from _of(desk, version, desk.links.page(page, version.lang) if version.aliases else "")


def _of(desk: Desk, version: Version, target: str) -> Iterator[Leaf]:
    for alias in version.aliases:
        path = desk.links.alias(alias)
        key = partial(key_of, "moved", version.lang, version.title, target)
        yield Leaf(path, version.lang, key, partial(_signpost, desk, version, path, target))


def _signpost(desk: Desk, version: Version, path: str, target: str) -> SitePage:
    """Where it stood, and where it is; what it is called is for those whose browser does not go on by itself."""
    title = version.title or desk.tongue(version.lang).say("updates")
    meta = {"source": version.path, "target": desk.links.absolute(target)}
    return SitePage(path, version.lang, "moved", title, "", "", meta=meta)
