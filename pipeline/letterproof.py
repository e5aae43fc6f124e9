"""Looks composed letters over: what a mail program, a filter or a reader would stumble on, with its file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import Problem
from pipeline.letterhtml import ATTRIBUTES, TAGS, WIDEST
from pipeline.letterparts import PREHEADER
from pipeline.letters import LIMIT, SUBJECT, WEIGHT, weight
from pipeline.letterstyle import PROPERTIES
from pipeline.model import Version
from pipeline.outgoing import Frozen
from pipeline.plaintext import columns
from pipeline.planned import PlannedLetter

FRAME = TAGS | frozenset("html head meta title style body tbody".split())
FRAME_ATTRIBUTES = ATTRIBUTES | frozenset("cellpadding charset content name style".split())

LINE = 998
"""Characters of a line that every mail server takes (RFC 5322, 2.1.1)."""

_TEMPLATES = "templates/"
_NO_WORDS = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt\s*=\s*[\"']?[^\s\"'>])[^>]*>")
_DARK = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)")
"""What a style sheet says for the dark."""

_FENCE = re.compile(r"\s*(```|~~~)")


def proof(letters: Iterable[tuple[PlannedLetter, Frozen]]) -> list[Problem]:
    """Everything wrong with these letters; one for each sheet is enough."""
    found: list[Problem] = []
    for planned, one in letters:
        found += _entries(planned)
        found += _sizes(planned, one)
        found += [Problem(_TEMPLATES, 0, fact, hint) for fact, hint in _frame(one)]
    return sorted(set(found))


def _versions(planned: PlannedLetter) -> list[Version]:
    versions = [chosen.version for chosen in planned.entries]
    return versions + ([planned.opening.version] if planned.opening else [])


def _entries(planned: PlannedLetter) -> Iterator[Problem]:
    """What only the entry's own file can mend."""
    for version in _versions(planned):
        inside = ""
        for number, line in enumerate(version.body.split("\n")):
            fence = _FENCE.match(line)
            if fence and inside in ("", fence[1]):
                inside = "" if inside else fence[1]
            elif not inside and _NO_WORDS.search(re.sub(r"`[^`]*`", "", line)):
                hint = "Say what is on it: `![The balcony](…)`."
                yield Problem(version.path, version.line + number, "a picture without words", hint)


def _sizes(planned: PlannedLetter, one: Frozen) -> Iterator[Problem]:
    """What is too long or too heavy, with the entry that has most of it."""
    heaviest = max(_versions(planned), key=lambda version: len(version.body))
    size = len(one.sheet.html.encode())
    if size > LIMIT:
        fact = f"a letter with it has {size / 1000:.0f} KB of HTML; Gmail shows {LIMIT // 1000} KB"
        yield Problem(heaviest.path, 1, fact, "Split it, or let everyone read it on the site.")
    if (heavy := weight(one.sheet)) > WEIGHT:
        fact = f"a letter with it weighs {heavy / 1000:.0f} KB; {WEIGHT // 1000} KB are bearable"
        yield Problem(heaviest.path, 1, fact, "Take pictures out, or make them smaller.")
    if not 0 < columns(one.stub.subject) <= SUBJECT:
        newest = planned.entries[-1].version
        yield Problem(newest.path, newest.at("title"), f"its subject has {columns(one.stub.subject)} columns")
    long = next((line for line in one.sheet.text.split("\n") if len(line) > LINE), "")
    if long:
        start = long.strip()[:20]
        version = next((each for each in _versions(planned) if start in each.body), heaviest)
        number = next((n for n, line in enumerate(version.body.split("\n")) if start in line), 0)
        fact = f"a line of {len(long):,} characters; mail has room for {LINE}"
        yield Problem(version.path, version.line + number, fact, "Break it.")


def _frame(one: Frozen) -> Iterator[tuple[str, str]]:
    """What a changed template or style does that mail programs do not take: bodies are cleaned as they are made."""
    from lxml import html

    root: Any = html.document_fromstring(one.sheet.html)
    dark = set(
        re.findall(r"\.([a-z]+)", " ".join(_DARK.findall(" ".join(one.text or "" for one in root.iter("style")))))
    )
    for element in root.iter():
        if isinstance(element.tag, str):
            yield from _element(element, dark)
    shown = root.xpath("//body/*[1]")
    words = (shown[0].text or "").strip() if shown else ""
    length = len(words)
    if columns(words) < PREHEADER[0] or length > PREHEADER[1]:
        least, most = PREHEADER
        yield f"the line for the inbox has {length} characters", f"It is good with {least} to {most}."
    if not one.sheet.text.strip():
        yield "the letter as plain text is empty", "See the templates that end in `.txt.j2`."
    missing = {address for address in root.xpath("//@href") if address.removeprefix("mailto:") not in one.sheet.text}
    yield from ((f"the plain text lacks the link {_short(address)}", "Both say the same.") for address in missing)


def _element(element: Any, dark: set[str]) -> Iterator[tuple[str, str]]:
    tag = element.tag
    if tag not in FRAME:
        yield f"`<{tag}>` is nothing for mail", "Use a table, a `div` or a `p`."
        return
    for name in set(element.attrib) - FRAME_ATTRIBUTES:
        yield f"the attribute `{name}` of `<{tag}>` is nothing for mail", "Take it out."
    for name in ("href", "src"):
        address = element.get(name)
        if address is not None and urlsplit(address).scheme not in {"https", "mailto", "cid"}:
            yield f"the address {_short(address)} is not a whole https one", "Write it whole."
    if tag == "img" and not 0 < int(element.get("width") or 0) <= WIDEST:
        yield "a picture without a `width`, or wider than the letter", f"Give it one of at most {WIDEST}."
    if tag == "table" and element.get("role") != "presentation" and not element.xpath(".//th[@scope]"):
        yield "a table without headings", 'Write `role="presentation"` if it is for the layout.'
    yield from _style(element, dark)


def _style(element: Any, dark: set[str]) -> Iterator[tuple[str, str]]:
    styles = dict(part.split(":", 1) for part in (element.get("style") or "").split(";") if ":" in part)
    names = {name.strip() for name in styles}
    for name in sorted(names - PROPERTIES):
        yield f"the property `{name}` is nothing for mail", "Take it out of the styles."
    if "background-color" in names and not dark & set((element.get("class") or "").split()):
        yield f"`<{element.tag}>` has a background and none for the dark", "Name its class in `layout.html.j2`."
    if styles.get("display", "").strip() == "none" and "preheader" not in (element.get("class") or ""):
        previous = element.getprevious()
        if element.getparent() is None or element.getparent().tag != "body" or previous is not None:
            yield "hidden text", "Filters take it for deceit: take it out."


def _short(address: str) -> str:
    return f"`{address if len(address) < 61 else address[:60] + '…'}`"
