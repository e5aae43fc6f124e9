"""Shows the house as one person sees it: the site, what only they and a few others read, and their letters.

Everything is made in `build/seen`, which nothing deploys, and served on this machine like `kith serve`.
"""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from pipeline.album import Album
from pipeline.bodies import html_for
from pipeline.build import Built
from pipeline.custody import passing_secret
from pipeline.errors import Problems
from pipeline.eyes import Seen, Sight, sight
from pipeline.eyeshtml import entry_page, index, letter_page, paste_page
from pipeline.finish import finish
from pipeline.frozen import whole
from pipeline.keyring import Keyring
from pipeline.ledger import Ledger
from pipeline.links import Links, Shelf
from pipeline.model import PUBLIC, House
from pipeline.opened import Opened, open_house
from pipeline.outgoing import Letter
from pipeline.plan import plan
from pipeline.preview import preview
from pipeline.regular import read_regular
from pipeline.report import counted
from pipeline.serve import Studio
from pipeline.standing import stance, who_is

ROOM = "/seen-as/"
"""Where the pages are on the preview's server, beside the site."""


def seen_by(root: Path, environ: Mapping[str, str], now: datetime, name: str) -> tuple[Opened, Sight]:
    """The house as ``name`` sees it: a person, a broadcast circle, or ``public``; nothing is built.

    Raises `KithError` for a name that nobody has.
    """
    opened = open_house(root, environ, now)
    return opened, _sight(opened, name)


def _sight(opened: Opened, name: str) -> Sight:
    who = name if name == PUBLIC else who_is(opened.house, name)
    ledger = Ledger.peek(opened.root / "private") if who != PUBLIC else None
    record = ledger.record(who) if ledger else {}
    if ledger:
        ledger.close()
    return sight(opened.house, opened.history, plan(opened.house, opened.history, opened.now), who, record)


class Eyes(Studio):
    """Builds the pages of one person's view, anew at each save."""

    rooms: Mapping[str, str] = {ROOM: "person"}

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        name: str,
    ) -> None:
        super().__init__(root, environ, clock, say)
        self.name, self.folder = name, root / "build" / "seen"

    def make(self) -> tuple[str, str]:
        """Builds once; where the site begins, and what to say of it."""
        _, one = seen_by(self.root, self.environ, self.clock(), self.name)
        opened, _, built = preview(self.root, self.environ, self.clock(), self.folder, only=one.who)
        write(opened, one, built, self.folder / "person")
        readable = sum(seen.whole.may for seen in one.entries)
        said = f"{counted(readable, 'entry', 'entries')} to read, {counted(built.letters, 'letter')} now"
        return Links.of(opened.house.settings).base, said


def write(opened: Opened, one: Sight, built: Built, folder: Path) -> None:
    """Writes the pages of a view into ``folder``, in place of what is in it."""
    house = opened.house
    links = Links.of(house.settings)
    letters = [whole(frozen) for issue in built.issues for frozen in issue.letters]
    facts = [] if one.who == PUBLIC else stance(house, opened.history, one.who)
    shown = [("reads", ", ".join(f"`{name}`" for name in sorted(one.audience))), *facts]
    subjects = [letter.subject for letter in letters] + ["A text to paste" for _ in built.pastes]
    numbers = {seen.entry.id: number for number, seen in enumerate(one.entries, start=1) if seen.beyond}

    def address(seen: Seen) -> str:
        own = f"entries/{numbers[seen.entry.id]}.html" if seen.entry.id in numbers else ""
        return own or links.rooted(links.entry(seen.entry, seen.version.lang))

    pages = {"index.html": index(one, shown, subjects, links.base, address)}
    texts = [letter_page(one, letter, _local(letter, links)) for letter in letters]
    texts += [paste_page(one, pasted.text) for pasted in built.pastes]
    pages |= {f"letters/{number}.html": text for number, text in enumerate(texts, start=1)}
    binder = _Binder(house, opened.root, one, Keyring(house, (opened.secret or passing_secret(opened.root)).seals))
    pages |= {
        f"entries/{numbers[seen.entry.id]}.html": entry_page(one, seen, binder.body(seen))
        for seen in one.entries
        if seen.entry.id in numbers
    }
    if binder.album.problems:
        raise Problems(binder.album.problems)
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in pages.items():
        _put(folder / name, text.encode("utf-8", "replace"))
    for name, path in binder.files.items():
        _put(folder / name, read_regular(path))


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


class _Binder:
    """Renders entries for one audience; ``files`` are the pictures that they show, by their place in the view."""

    def __init__(self, house: House, root: Path, one: Sight, keyring: Keyring) -> None:
        self.links, self.one, self.keyring = Links.of(house.settings), one, keyring
        self.shelf = Shelf.of(house)
        self.album = Album(root / "content", root / "build" / "cache" / "media", self.links)
        self.files: dict[str, Path] = {}
        self.sizes: dict[str, tuple[int, int]] = {}

    def body(self, seen: Seen) -> str:
        """The text as they read it."""
        audience = self.one.audience
        shown = html_for(
            self.shelf, seen.version, audience, absolute=False, media=self._media,
            door=lambda entry, version: self.keyring.path(entry, version, audience),
        )  # fmt: skip
        return finish(shown.html, self.sizes)

    def _media(self, path: str) -> str | None:
        address = self.album.address(path)
        if address is None:
            return None
        public = self.links.media(path)
        self.files[public] = self.album.files[public]
        if address in self.album.sizes:
            self.sizes[ROOM + public] = self.album.sizes[address]
        return ROOM + public


def _local(letter: Letter, links: Links) -> str:
    """The letter's HTML with the house's own addresses on this machine, and its pictures in place."""
    html = re.sub(rf"""((?:href|src)=["']){re.escape(links.url)}""", rf"\1{links.base}", letter.html)
    for picture in letter.inline:
        data = base64.b64encode(picture.data).decode("ascii")
        html = html.replace(f"cid:{picture.cid}", f"data:{picture.media_type};base64,{data}")
    return html
