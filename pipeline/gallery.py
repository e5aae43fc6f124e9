"""A gallery of letters: each at three widths, in the light and in the dark, on one page. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from pipeline.letters import Composer
from pipeline.model import EVERYONE, Circle, Entry, House, Kind, Person
from pipeline.outgoing import Letter
from pipeline.planned import Chosen, PlannedLetter
from pipeline.stationery import Stationery

WIDTHS = (320, 375, 600)
"""Pixels: the smallest telephone, a usual one, and the column of a letter."""

SCHEMES = ("light", "dark")

_READER = Person("reader", ("gallery",), address="reader@example.org")
_DIGEST = (3, 2)
"""Posts and updates in the digest that is shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter with what it is an example of."""

    name: str
    letter: Letter


def samples(house: House, stationery: Stationery, now: datetime) -> list[Shown]:
    """A single post, a digest and an update in each language of the house, as anybody might get them."""
    circle = Circle("gallery", EVERYONE)
    composer = Composer(replace(house, circles=(circle,)), stationery, lambda _: None)
    found = []
    for language in house.settings.languages:
        for kind, planned in _plans(house, language, now):
            letter = composer.letter(planned, issue_id=kind, delivery_id=f"{kind}-{language}", token="token", now=now)  # noqa: S106 - it opens nothing
            found.append(Shown(f"{kind} · {language}", letter))
    return found


def _plans(house: House, language: str, now: datetime) -> Iterator[tuple[str, PlannedLetter]]:
    """The newest of what everyone may read, what is in that language first."""
    entries = sorted(house.public_entries, key=lambda one: (language in one.languages, one.order), reverse=True)
    posts = [one for one in entries if one.kind is Kind.POST]
    updates = [one for one in entries if one.kind is Kind.UPDATE]
    most, short = _DIGEST
    opening = next((o for o in house.openings if o.version.lang == language and o.date <= now), None)
    if posts:
        yield "single", _planned(language, posts[:1])
    if len(posts) > 1:
        also = tuple(_chosen(one, language) for one in posts[most : most + 2])
        digest = _planned(language, [*posts[:most], *updates[:short]], digest=True)
        yield "digest", replace(digest, opening=opening, also=also)
    if updates:
        yield "update", _planned(language, updates[:1])


def _planned(language: str, entries: list[Entry], *, digest: bool = False) -> PlannedLetter:
    chosen = tuple(_chosen(one, language) for one in sorted(entries, key=lambda one: one.order))
    return PlannedLetter(_READER, "gallery", language, EVERYONE, chosen, digest)


def _chosen(entry: Entry, language: str) -> Chosen:
    version = entry.version(language)
    return Chosen(entry, version, version.lang != language)


_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 14%, transparent); }
* { box-sizing: border-box; }
body { margin: 0; padding: 2.5rem 2rem 5rem; font: 15px/1.5 system-ui, sans-serif; color: CanvasText;
  background: color-mix(in srgb, CanvasText 4%, Canvas); }
h1 { margin: 0; font-size: 1.25rem; font-weight: 600; }
h2 { margin: 0; font-size: 1rem; font-weight: 600; }
p { margin: .25rem 0 0; opacity: .8; }
nav { margin: 1rem 0 0; display: flex; flex-wrap: wrap; gap: .4rem 1rem; }
a { color: inherit; text-underline-offset: .2em; }
a:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
section { margin: 3.5rem 0 0; padding: 2rem 0 0; border-top: 1px solid var(--line); }
.row { display: flex; gap: 1.5rem; overflow-x: auto; padding: 1rem 0 .75rem; }
figure { margin: 0; flex: none; }
figcaption { margin: 0 0 .4rem; font-size: 13px; opacity: .8; }
iframe { display: block; height: 40rem; border: 1px solid var(--line); border-radius: 10px; background: #fff; }
"""


def page(shown: Sequence[Shown], site: str, media: str) -> str:
    """The gallery as one page that loads nothing; ``media`` is where the pictures of ``site`` are when it is shown."""
    links = " ".join(f'<a href="#l{number}">{escape(one.name)}</a>' for number, one in enumerate(shown))
    parts = "\n".join(_section(number, one, site, media) for number, one in enumerate(shown))
    rule = "default-src 'none'; img-src 'self' data: file:; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{rule}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Letters</title>\n<style>{_STYLE}</style>\n<body>\n<h1>Letters</h1>\n"
        "<p>Each at 320, 375 and 600 pixels, in the light and in the dark. None of them goes anywhere.</p>\n"
        f"<nav>{links}</nav>\n{parts}\n</body>\n</html>\n"
    )


def _section(number: int, one: Shown, site: str, media: str) -> str:
    letter = one.letter
    frames = "\n".join(
        f"<figure><figcaption>{width} · {scheme}</figcaption>"
        f'<iframe sandbox="allow-same-origin" loading="lazy" width="{width}"'
        f' title="{escape(one.name)}, {width} pixels, {scheme}"'
        f' srcdoc="{escape(forced(letter, scheme, site, media))}"></iframe></figure>'
        for width in WIDTHS
        for scheme in SCHEMES
    )
    return (
        f'<section id="l{number}">\n<h2>{escape(one.name)}</h2>\n<p dir="auto">{escape(letter.subject)}</p>\n'
        f'<div class="row" tabindex="0" role="group" aria-label="{escape(one.name)}">\n{frames}\n</div>\n</section>'
    )


def forced(letter: Letter, scheme: str, site: str, media: str) -> str:
    """A letter's HTML in the light or in the dark, whatever the screen is, with its pictures where they are now."""
    inside = {
        f"cid:{one.cid}": f"data:{one.media_type};base64,{base64.b64encode(one.data).decode('ascii')}"
        for one in letter.inline
    }
    html = re.sub(r"cid:[^\"]+", lambda found: inside.get(found[0], found[0]), letter.html)
    html = html.replace("@media (prefers-color-scheme: dark)", "@media all" if scheme == "dark" else "@media not all")
    html = html.replace("color-scheme: light dark", f"color-scheme: {scheme}")
    html = html.replace('content="light dark"', f'content="{scheme}"')
    return html.replace(f'src="{site.rstrip("/")}/', f'src="{media}')
