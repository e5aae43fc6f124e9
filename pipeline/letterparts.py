"""One entry as a letter shows it to those who may read it: rendered once, whoever the readers are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pipeline.bodies import Door, html_for
from pipeline.firstwords import first_words
from pipeline.letterhtml import mailable
from pipeline.letterstyle import cut
from pipeline.links import Links, Shelf, inside
from pipeline.markup import references, shorten
from pipeline.model import EVERYONE, Audience, Entry, House, Kind, Opening, Page, Version
from pipeline.outgoing import Picture
from pipeline.passages import body_for
from pipeline.plaintext import WIDTH, columns, text, wrap
from pipeline.planned import Chosen
from pipeline.tongue import Tongue, direction, language_in, plural

SUMMARY = 200
"""Characters of a summary: two lines, three on a telephone."""

PREHEADER = (40, 110)
"""Characters an inbox shows after the subject: with fewer it goes on to what comes next in the letter."""


Sealed = Callable[[Entry, Version, Audience], str]
"""The path of the sealed page that readers of an audience have of an entry, with its key; nothing for none."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How much room there is: ``most`` bytes for one body (0: all), colours in code, pictures inside the letter.

    ``brief`` gives posts in summaries, and ``newest`` bounds how many entries are shown (0: all).
    """

    colours: bool = True
    most: int = 0
    pictures: bool = True
    brief: bool = False
    newest: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """For whom pieces are made: ``full`` shows posts whole, ``paste`` is text for a chat, ``now`` shortens dates."""

    audience: Audience
    tongue: Tongue
    now: datetime
    full: bool = False
    paste: bool = False
    fit: Fit = Fit()


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry in a letter; an update has no title, and what stands on no page has no address.

    ``html`` and ``text`` are its body, or nothing where the summary must do; ``shortened`` says that there is more.
    """

    title: str
    url: str
    day: str
    notes: tuple[str, ...]
    language: str
    direction: str
    summary: str
    teaser: str
    html: str
    text: str
    shortened: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What the author says first, as HTML and as text."""

    html: str
    text: str
    language: str
    direction: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A post that is only named, with its address on the site."""

    title: str
    url: str
    language: str
    direction: str


class Pieces:
    """Makes the pieces of one house and keeps them; ``pictures`` gives what stands on no public page, or None."""

    def __init__(self, house: House, pictures: Callable[[str], Picture | None], sealed: Sealed = lambda *_: "") -> None:
        self.house = house
        self._sealed = sealed
        self.shelf = Shelf.of(house)
        self._pictures = pictures
        self._shown: dict[str, tuple[str | None, Picture | None]] = {}
        self._bodies: dict[tuple[object, ...], tuple[str, str, bool]] = {}
        self._wholes: dict[tuple[object, ...], str] = {}

    @property
    def links(self) -> Links:
        """The addresses of the house."""
        return self.shelf.links

    def all(self, entries: Iterable[Chosen], view: View) -> list[Piece]:
        """The entries, oldest first."""
        return [self.piece(one, view) for one in sorted(entries, key=lambda one: one.entry.order)]

    def fitting(self, entries: Iterable[Chosen], view: View) -> tuple[list[Chosen], int]:
        """The entries there is room for, oldest first, and how many older ones are left to the site.

        What stands on no page that everyone may read is never left to it.
        """
        found = sorted(entries, key=lambda one: one.entry.order)
        older = found[: -view.fit.newest] if view.fit.newest else []
        kept = [one for one in older if self._narrow(one, view)]
        return [*kept, *found[len(older) :]], len(older) - len(kept)

    def _narrow(self, chosen: Chosen, view: View) -> bool:
        """Whether these readers may read more of it than everyone."""
        body = chosen.version.body
        return not chosen.entry.public or body_for(body, view.audience) != body_for(body, EVERYONE)

    def piece(self, chosen: Chosen, view: View) -> Piece:
        """The entry for those whose ``view`` it is.

        In full, whatever the view says, what not everyone may read: narrower entries, and posts with a passage for
        these readers. Its links then lead to the sealed page, and to nothing where there is neither that nor another.
        """
        entry, version = chosen.entry, chosen.version
        body = body_for(version.body, view.audience)
        full = view.full and not view.fit.brief
        whole = full or entry.kind is Kind.UPDATE or self._narrow(chosen, view)
        url = self._url(entry, version, view)
        html, plain, shortened = self._body(chosen, view, url) if whole else ("", "", False)
        brief = " ".join((version.summary or first_words(body, SUMMARY)).split())
        return Piece(
            title=" ".join(version.title.split()) if entry.kind is Kind.POST else "",
            url=url,
            day=self._day(entry, view),
            notes=_notes(chosen, view.tongue),
            language=version.lang,
            direction=direction(version.lang),
            summary="" if whole else shorten(brief, SUMMARY),
            teaser=brief,
            html=html,
            text=plain,
            shortened=shortened,
        )

    def opening(self, opening: Opening, view: View) -> Said:
        """What the author says first, for those whose ``view`` it is."""
        version = opening.version
        door = self._door(view)
        rendered = html_for(self.shelf, version, view.audience, absolute=True, media=self._media, door=door)
        html = mailable(rendered.html, colours=view.fit.colours)
        plain = text(html, picture=view.tongue.say("picture"), numbered=False)
        return Said(html, plain, version.lang, direction(version.lang))

    def mention(self, chosen: Chosen) -> Mention:
        """A public post by its title."""
        entry, version = chosen.entry, chosen.version
        url = self.links.absolute(self.links.entry(entry, version.lang))
        return Mention(" ".join(version.title.split()), url, version.lang, direction(version.lang))

    def inline(self, html: str) -> tuple[Picture, ...]:
        """The pictures that must travel with a letter of this HTML."""
        cids = set(re.findall(r'src="cid:([^"]+)"', html))
        found = {picture.cid: picture for _, picture in self._shown.values() if picture is not None}
        return tuple(picture for cid, picture in sorted(found.items()) if cid in cids)

    def _url(self, entry: Entry, version: Version, view: View) -> str:
        path = self._sealed(entry, version, view.audience)
        if not path and entry.public:
            path = self.links.entry(entry, version.lang)
        return self.links.absolute(path) if path else ""

    def _door(self, view: View) -> Door:
        return lambda entry, version: self._sealed(entry, version, view.audience)

    def _body(self, chosen: Chosen, view: View, url: str) -> tuple[str, str, bool]:
        """HTML, plain text, and whether there is more at ``url``; the same readers' is made once."""
        version, fit = chosen.version, view.fit
        same = (chosen.entry.id, version.lang, view.audience, fit.colours, fit.pictures)
        key = (*same, fit.most, view.tongue.lang, view.paste)
        if key not in self._bodies:
            if same not in self._wholes:
                self._wholes[same] = self._whole(version, view, url)
            whole = self._wholes[same]
            html = cut(whole, fit.most) if fit.most and url else whole
            width = 0 if view.paste else WIDTH
            plain = text(html, width=width, picture=view.tongue.say("picture"), numbered=not view.paste)
            self._bodies[key] = html, plain, html != whole
        return self._bodies[key]

    def _whole(self, version: Version, view: View, url: str) -> str:
        """All of a body as HTML for a letter."""
        media = self._media if view.fit.pictures else self._on_the_web
        rendered = html_for(self.shelf, version, view.audience, absolute=True, media=media, door=self._door(view))
        return mailable(rendered.html, page=url, colours=view.fit.colours)

    def _media(self, path: str) -> str | None:
        """Where a file of ``content/`` is for a reader: on the web, inside the letter, or nowhere."""
        if path not in self._shown:
            self._shown[path] = self._where(path)
        return self._shown[path][0]

    def _on_the_web(self, path: str) -> str | None:
        """The same without what would travel inside the letter."""
        found = self._media(path)
        return None if found and found.startswith("cid:") else found

    def _where(self, path: str) -> tuple[str | None, Picture | None]:
        if self._published(path):
            return self.links.absolute(self.links.media(path)), None
        picture = self._pictures(path)
        return (f"cid:{picture.cid}", picture) if picture else (None, None)

    def _published(self, path: str) -> bool:
        """Whether a page of the site shows or links the file."""
        owners: tuple[Entry | Page, ...] = (*self.house.public_entries, *self.house.pages)
        versions = [version for owner in owners for version in owner.versions]
        name = path.rpartition("/")[2]
        return any(
            self.shelf.find(inside(version.path), address).path == path
            for version in versions
            if name in version.body or ("%" in version.body and name in unquote(version.body))
            for _, _, address in references(body_for(version.body, EVERYONE))
        )

    def _day(self, entry: Entry, view: View) -> str:
        """The entry's date in the house's time zone; of this year's updates, day and month."""
        if not entry.dated:
            return ""
        zone = ZoneInfo(self.house.settings.timezone)
        day, today = entry.date.astimezone(zone).date(), view.now.astimezone(zone).date()
        brief = entry.kind is Kind.UPDATE and day.year == today.year
        return view.tongue.short(day) if brief else view.tongue.day(day)


def _notes(chosen: Chosen, tongue: Tongue) -> tuple[str, ...]:
    """What a reader should know of an entry: that it is in another language, by a machine, or not on the web."""
    version = chosen.version
    said = {
        "in": chosen.fallback,
        "generated": version.generated,
        "translated": version.translated,
        "unlisted": not chosen.entry.public,
    }
    name = language_in(version.lang, tongue.lang) if chosen.fallback else ""
    return tuple(tongue.say(key, language=name) for key, holds in said.items() if holds)


def counted(tongue: Tongue, key: str, number: int, **values: object) -> str:
    """The words for ``key`` in the plural that ``number`` takes in the tongue's language."""
    form = f"{key}-{plural(tongue.lang, number)}"
    return tongue.say(form if form in tongue.words else f"{key}-other", n=number, **values)


def clipped(words: str, most: int) -> str:
    """``words`` in at most ``most`` columns, cut at a word where that leaves enough of them."""
    if columns(words) <= most:
        return words
    cut_at = next(end for end in range(len(words), 0, -1) if columns(words[:end]) < most)
    return shorten(words, min(cut_at + 1, len(words) - 1))


def preheader(pieces: list[Piece], *more: str) -> str:
    """The line an inbox shows after the subject: the newest piece's first words, then what else there is."""
    least, most = PREHEADER
    newest = ([piece for piece in pieces if piece.title] or pieces)[-1]
    others = [piece.title or piece.teaser for piece in pieces if piece is not newest]
    line = ""
    for words in (newest.teaser, *others, *more):
        if len(line) < least and words:
            line = f"{line} · {words}".strip(" ·")
    return shorten(line, most)


def folded(words: str) -> str:
    """A summary on lines of plain text."""
    return "\n".join(wrap(words, WIDTH))
