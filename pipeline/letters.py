"""Composes letters: what an issue says is made once, and each reader's greeting and links are filled in.

Nothing here reads a file, a clock or chance: the same plan gives the same letters, byte for byte.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline.frozen import whole
from pipeline.languages import worded
from pipeline.letterhead import Letterhead
from pipeline.letterparts import Fit, Piece, Pieces, Sealed, View, clipped, counted, folded, preheader
from pipeline.letterstyle import finish
from pipeline.model import Circle, House
from pipeline.origin import Origin
from pipeline.outgoing import Frozen, Letter, Picture, Sheet
from pipeline.plaintext import WIDTH, columns
from pipeline.planned import PlannedLetter, PlannedPaste
from pipeline.stationery import Stationery
from pipeline.tongue import Tongue, direction

Pictures = Callable[[str], Picture | None]

SUBJECT = 60
"""Columns of a subject, what most inboxes show of one; Chinese characters take two."""

TARGET, LIMIT = 80_000, 102_000
"""Bytes of HTML: from the first on code loses its colours, above the second Gmail shows only a part."""

WEIGHT = 200_000
"""Bytes of a whole message: what is heavier opens slowly on a telephone, and looks like a file to filters."""

_FITS = (
    Fit(),
    Fit(colours=False),
    Fit(colours=False, pictures=False),
    *(Fit(colours=False, pictures=False, most=most) for most in (40_000, 20_000, 10_000, 5_000)),
    *(Fit(colours=False, pictures=False, most=5_000, brief=True, newest=newest) for newest in (0, 80, 40, 20, 10)),
)
"""What gives way until a letter is small enough: the first of these that makes it so."""


class Composer:
    """Composes the letters of one house; ``pictures`` gives what stands on no public page, or None.

    ``sealed`` gives the path of the page on which readers of an audience see more of an entry than everyone.
    """

    def __init__(
        self, house: House, stationery: Stationery, pictures: Pictures, sealed: Sealed = lambda *_: ""
    ) -> None:
        self.house = house
        self.stationery = stationery
        self.pieces = Pieces(house, pictures, sealed)
        self.head = Letterhead(house.settings, self.pieces.links.authority)
        self.origin = Origin(house, stationery.key)
        self._sheets: dict[tuple[Any, ...], tuple[str, Sheet]] = {}

    def letter(self, planned: PlannedLetter, *, issue_id: str, delivery_id: str, token: str, now: datetime) -> Letter:
        """One letter; ``token`` is the reader's own and stands only in links to change the pace or leave."""
        return whole(self.frozen(planned, issue_id=issue_id, delivery_id=delivery_id, token=token, mark="", now=now))

    def frozen(
        self, planned: PlannedLetter, *, issue_id: str, delivery_id: str, token: str, mark: str, now: datetime
    ) -> Frozen:
        """One letter as its reader's part and the sheet that its issue's readers share."""
        subject, sheet = self._sheet(planned, issue_id, now)
        tongue = self._tongue(planned.language)
        mail, person = self.house.settings.mail, planned.person
        name = worded(person.name, planned.language, tongue.lang, *person.languages)
        token = quote(token, safe="")
        stub = Letter(
            delivery_id=delivery_id,
            person=person.id,
            sender=self.head.sender,
            to=person.address,
            to_name=name,
            reply_to=mail.reply_to,
            subject=subject,
            text="",
            html="",
            date=now,
            language=planned.language,
            headers=self.head.headers(
                planned.language, delivery_id, token, automatic=self.house.circle(planned.circle).automatic
            ),
            entries=planned.told,
        )
        called = worded(person.greeting, planned.language, tongue.lang, *person.languages) or name
        hello = tongue.say("hello", name=called) if called else tongue.say("hello-nobody")
        return Frozen(stub, sheet, hello, token, issue_id, mark, planned.audience, self.origin.of(planned))

    def paste(self, paste: PlannedPaste) -> str:
        """The text to paste by hand for a broadcast circle, without greeting and without anybody's links."""
        tongue = self._tongue(paste.language)
        view = View(paste.audience, tongue, max(one.entry.date for one in paste.entries), paste=True)
        pieces = self.pieces.all(paste.entries, view)
        values = {"posts": _posts(pieces), "updates": _updates(pieces), "say": tongue.say}
        return self.stationery.render("paste.txt.j2", values).strip() + "\n"

    def _tongue(self, language: str) -> Tongue:
        return self.stationery.tongue(language, self.house.settings.language)

    def _sheet(self, planned: PlannedLetter, issue_id: str, now: datetime) -> tuple[str, Sheet]:
        """The issue's sheet, made for its first reader; colours and length give way until it is small enough."""
        day = now.astimezone(ZoneInfo(self.house.settings.timezone)).date()
        circle = self.house.circle(planned.circle)
        chosen = tuple((one.entry.id, one.version.lang, one.fallback) for one in planned.entries)
        beside = (planned.opening, tuple(one.entry.id for one in planned.also), planned.more, planned.line)
        key = (issue_id, planned.language, planned.audience, chosen, planned.digest, circle.full, day, *beside)
        if key not in self._sheets:
            for fit in _FITS:
                subject, sheet = self._write(planned, circle, now, fit)
                if len(sheet.html.encode()) <= (TARGET if fit.colours else LIMIT) and weight(sheet) <= WEIGHT:
                    break
            self._sheets[key] = subject, sheet
        return self._sheets[key]

    def _write(self, planned: PlannedLetter, circle: Circle, now: datetime, fit: Fit) -> tuple[str, Sheet]:
        tongue = self._tongue(planned.language)
        posts = sum(one.entry.kind == "post" for one in planned.entries)
        full = circle.full or (not planned.digest and posts == 1)
        view = View(planned.audience, tongue, now, full=full, fit=fit)
        entries, left = self.pieces.fitting(planned.entries, view)
        pieces = [self.pieces.piece(one, view) for one in entries]
        hole = "hole" + hashlib.sha256("".join(one.html + one.text for one in pieces).encode()).hexdigest()[:16]
        subject = _subject(pieces, left, tongue)
        values = self._values(planned.language, pieces, tongue, now, hole) | {
            "subject": subject,
            "line": planned.line.text if planned.line else "",
            "opening": self.pieces.opening(planned.opening, view) if planned.opening else None,
            "also": [self.pieces.mention(one) for one in planned.also],
            "more": planned.more,
            "earlier": counted(tongue, "earlier", left) if left else "",
        }
        kind = "digest" if planned.digest or posts > 1 or len(pieces) > posts > 0 else "single"
        kind = kind if posts else "update"
        html = finish(self.stationery.render(f"{kind}.html.j2", values), self.stationery.css)
        text = re.sub(r"\n{4,}", "\n\n\n", self.stationery.render(f"{kind}.txt.j2", values)).strip() + "\n"
        return subject, Sheet(text, html, hole, self.pieces.inline(html))

    def _values(self, language: str, pieces: list[Piece], tongue: Tongue, now: datetime, hole: str) -> dict[str, Any]:
        """What the templates may name, but for what only this letter has; `offered` says what each one is."""
        settings, links = self.house.settings, self.pieces.links
        why = tongue.say("why", author=settings.author)
        front = language if language in settings.languages else settings.language
        title = worded(settings.title, language, settings.language)
        day = tongue.day(now.astimezone(ZoneInfo(settings.timezone)).date())
        return {
            "language": tongue.lang,
            "direction": direction(tongue.lang),
            "title": title,
            "front": links.absolute(links.front(front)),
            "archive": links.absolute(links.archive(front)),
            "day": day,
            "hello": hole + "hello",
            "preheader": preheader(pieces, worded(settings.description, language), why, title, day),
            "updates": _updates(pieces),
            "posts": _posts(pieces),
            "why": why,
            "leave": self.head.leave(hole + "token"),
            "pace": self.head.by_mail("pace", hole + "token"),
            "postal": " · ".join(settings.mail.postal.split("\n")).strip(" ·"),
            "say": tongue.say,
            "folded": folded,
            "under": lambda words, sign: sign * min(columns(words), WIDTH),
        }


def weight(sheet: Sheet) -> int:
    """Bytes that a letter on this sheet has as mail, headers and encoding included, or a few more."""
    texts = [len(text.encode()) for text in (sheet.text, sheet.html)]
    return 4_000 + sum(math.ceil(size * 1.37) for size in (*texts, *(len(one.data) for one in sheet.inline)))


def _posts(pieces: list[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.title]


def _updates(pieces: list[Piece]) -> list[Piece]:
    return [piece for piece in pieces if not piece.title]


def _subject(pieces: list[Piece], left: int, tongue: Tongue) -> str:
    """The newest post's title, or an update's first words, and how many more there are."""
    newest = (_posts(pieces) or pieces)[-1]
    words = " ".join((newest.title or newest.teaser).split())
    rest = len(pieces) - 1 + left
    if not rest:
        return clipped(words, SUBJECT)
    room = SUBJECT - columns(counted(tongue, "more", rest, title=""))
    return counted(tongue, "more", rest, title=clipped(words, room))
