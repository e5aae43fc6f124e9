"""Sealed pages: what not everyone may read, as pages that open only with the key in a letter's link.

Path → bytes, made of the house, its keys and its files alone, to be published like any other document. A page is a
shell without a word of its text; text and pictures are encrypted (`sealing`), and a script of the house opens
them in the reader's browser.
"""

from __future__ import annotations

import base64
import hashlib
import json
import mimetypes
from collections.abc import Callable, Mapping
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from pipeline.album import Album
from pipeline.bodies import html_for
from pipeline.desk import Desk
from pipeline.errors import Problem, Problems
from pipeline.finish import finish
from pipeline.keyring import Door, Keyring
from pipeline.keys import content_key
from pipeline.languages import worded
from pipeline.links import SEALED_INDEX, Links, Shelf, inside
from pipeline.markup import references
from pipeline.model import Entry, House, Kind
from pipeline.passages import body_for
from pipeline.regular import read_regular
from pipeline.sealing import Seal, checksum, encrypt
from pipeline.shell import dressed
from pipeline.templatefault import TEMPLATE_HINT, template_faults
from pipeline.timeline import provenance
from pipeline.walked import mark
from pipeline.workshop import Words, site_folder, words_for

_TEMPLATE = "site/sealed.html"

_STATES = ("opening", "no_key", "wrong_key", "damaged", "insecure")
"""What a page can have to say instead of its text; the script knows these names."""


_NOTHING_HERE = (
    b'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="robots" content="noindex">\n'
    b"<title>Nothing here</title>\n</head>\n<body></body>\n</html>\n"
)


def documents(house: House, keyring: Keyring, root: Path) -> dict[str, bytes]:
    """Every sealed page and file by its path on the site; nothing where there is nothing narrower.

    Raises `Problems` for pictures that cannot be shown.
    """
    doors = list(keyring.doors())
    if not doors:
        return {}
    look = site_folder(root)
    album = Album(root / "content", root / "build" / "cache" / "media", Links.of(house.settings))
    binder = _Binder(house, keyring, album, look, words_for(look, house))
    pages = {binder.links.sealed(door.seal.address) + "index.html": binder.page(door) for door in doors}
    if album.problems:
        raise Problems(album.problems)
    return pages | binder.files | {SEALED_INDEX: _NOTHING_HERE}


def stamp(house: House, keyring: Keyring, content: Path) -> str:
    """A fingerprint of what sealed pages are made from, beside the house's public texts and its looks."""
    shelf = Shelf.of(house)
    doors = list(keyring.doors())
    files = {path for door in doors for path in _files_of(shelf, door)}
    marks = [(path, mark(content / path)) for path in sorted(files)]
    known = [(door.seal.address, sorted(door.audience)) for door in doors]
    texts = [_facts(entry) for entry in house.entries if not entry.public]
    return hashlib.sha256(repr((known, marks, texts)).encode()).hexdigest() if doors else ""


def _facts(entry: Entry) -> tuple[object, ...]:
    """What a narrower entry's pages show of it: the key of the site itself looks at what everyone may read."""
    versions = [content_key(version) for version in entry.versions]
    return entry.id, entry.slug, entry.kind, entry.date.isoformat(), entry.dated, entry.series, versions


def _files_of(shelf: Shelf, door: Door) -> list[str]:
    source = inside(door.version.path)
    found = (shelf.find(source, address) for _, _, address in references(body_for(door.version.body, door.audience)))
    return [target.path for target in found if target.kind == "file"]


class _Binder:
    """Binds the pages of one house; ``files`` collects the pictures that they show."""

    def __init__(self, house: House, keyring: Keyring, album: Album, look: Path, words: Words) -> None:
        self.house, self.keyring, self.album, self.look, self.words = house, keyring, album, look, words
        self.links = Links.of(house.settings)
        self.files: dict[str, bytes] = {}
        self._seals: dict[str, Seal] = {}

    @cached_property
    def shelf(self) -> Shelf:
        """What texts can link to."""
        return Shelf.of(self.house)

    @cached_property
    def desk(self) -> Desk:
        """How the site speaks in each language."""
        return Desk.of(self.house, self.words)

    @cached_property
    def shell(self) -> Callable[[Mapping[str, Any]], str]:
        """The template of every page, which knows nothing of any text."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        loader = FileSystemLoader(self.look)
        environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        with template_faults(_TEMPLATE):
            return environment.get_template("sealed.html").render

    def page(self, door: Door) -> bytes:
        """The shell with the locked text in it."""
        text = json.dumps(self._text(door), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        data = encrypt(door.seal, text.encode("utf-8", "surrogatepass"))
        lang = door.version.lang
        tongue = self.desk.tongue(lang)
        values = {
            "lang": lang,
            "dir": tongue.direction,
            "house": worded(self.house.settings.title, lang),
            "home": self._rooted(self.links.front(lang if lang in self.house.settings.languages else self.links.home)),
            "assets": self._rooted("assets/"),
            "icon": self._icon,
            "title": tongue.say("sealed_title"),
            "states": [(name.replace("_", "-"), tongue.say(f"sealed_{name}")) for name in _STATES],
            "no_script": tongue.say("sealed_no_script"),
            "only": tongue.say("sealed_only"),
            "gone": tongue.say("sealed_gone"),
            "data": base64.b32encode(data).decode("ascii").lower().rstrip("="),
            "check": checksum(data),
        }
        with template_faults(_TEMPLATE):
            page = self.shell(values)
        if lost := [name for name in ("data", "check", "assets") if str(values[name]) not in page]:
            named = ", ".join(f"`{{{{ {name} }}}}`" for name in lost)
            fact = f"{named} is missing in it: pages made with it could not be opened"
            raise Problems([Problem(_TEMPLATE, 0, fact, TEMPLATE_HINT)])
        return page.encode("utf-8", "surrogatepass")

    @cached_property
    def _icon(self) -> str:
        """The house's sign, carried along: a page asks for as little as it can."""
        path = self.look / "assets" / "favicon.svg"
        return "data:image/svg+xml;base64," + base64.b64encode(read_regular(path) if path.is_file() else b"").decode()

    def _rooted(self, path: str) -> str:
        return self.links.rooted(path)

    def _text(self, door: Door) -> dict[str, Any]:
        """What is locked: the whole text, and where its files lie with their keys."""
        version = door.version
        shown = html_for(
            self.shelf, version, door.audience, absolute=False, media=self.album.address, door=self._door(door)
        )
        body, files = dressed(finish(shown.html, self.album.sizes), self._known())
        tongue = self.desk.tongue(version.lang)
        post = door.entry.kind is Kind.POST
        return {
            "title": version.title if post else tongue.say("sealed_title"),
            "lang": version.lang,
            "dir": tongue.direction,
            "html": self._head(door) + f'<div class="e-content">{body}</div>',
            "files": [self._file(path) for path in files],
        }

    def _door(self, door: Door) -> Callable[..., str]:
        return lambda entry, version: self.keyring.path(entry, version, door.audience)

    def _head(self, door: Door) -> str:
        """Title, day and what a reader should know; an update's heading is its day."""
        entry, version = door.entry, door.version
        tongue = self.desk.tongue(version.lang)
        day = escape(tongue.day(entry.date)) if entry.dated else ""
        when = f'<time datetime="{entry.date.isoformat()}">{day}</time>' if day else ""
        post = entry.kind is Kind.POST
        title = escape(version.title) if post else when or escape(tongue.say("sealed_title"))
        facts = [
            f'<span class="kith-badge">{escape(one)}</span>' for one in provenance(self.desk, version, version.lang)
        ]
        line = " ".join(
            part for part in (f"<span>{when}</span>" if post and when else "", *facts, self._also(door)) if part
        )
        meta = f'<p class="kith-meta">{line}</p>' if line else ""
        return f'<header class="kith-head"><h1{"" if post else " class=kith-day"}>{title}</h1>{meta}</header>'

    def _also(self, door: Door) -> str:
        """The same in its other languages, as these readers may read it."""
        entry = door.entry
        found = []
        for other in entry.versions:
            path = self.keyring.path(entry, other, door.audience)
            path = path or (self.links.entry(entry, other.lang) if entry.public else "")
            if other.lang != door.version.lang and path:
                name = escape(self.desk.tongue(other.lang).name)
                found.append(f'<a href="{escape(self._rooted(path))}" lang="{escape(other.lang)}">{name}</a>')
        said = escape(self.desk.tongue(door.version.lang).say("also"))
        return f'<span class="kith-also">{said} {" · ".join(found)}</span>' if found else ""

    def _known(self) -> dict[str, str]:
        """Files that texts asked for: address → path inside `content/`."""
        return {address: path for path, address in self.album.asked.items() if address is not None}

    def _file(self, path: str) -> list[str]:
        """A file for the script: where it lies locked, its address and key, and what kind it is."""
        seal = self._seals.get(path) or self._lock(path)
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        return [self._rooted(self.links.sealed_file(seal.address)), seal.address, seal.spoken, kind]

    def _lock(self, path: str) -> Seal:
        """Locks a file with a key of its own, made of its bytes: whoever has the key may have just this file."""
        data = self.album.files[self.links.media(path)].read_bytes()
        seal = self._seals[path] = self.keyring.seals.seal("file", hashlib.sha256(data).hexdigest())
        self.files[self.links.sealed_file(seal.address)] = encrypt(seal, data)
        return seal
