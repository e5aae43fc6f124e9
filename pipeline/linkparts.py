"""The parts of Markdown's links: labels, addresses, titles, and the definitions made of them; and of HTML. Pure."""

from __future__ import annotations

import re
from html.entities import html5
from urllib.parse import quote

_LABEL = re.compile(r"\[((?:[^\\\[\]]|\\.){1,999})\]", re.DOTALL)
_BLANKS = re.compile(r"[ \t]*\n?[ \t]*")
_POINTED = re.compile(r"<((?:[^<>\\\n]|\\.)*)>")
_STOP = re.compile(r"[()\\\x00-\x20\x7f]")
_TITLES = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL),
    "'": re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL),
    "(": re.compile(r"\(((?:[^()\\]|\\.)*)\)", re.DOTALL),
}
_SPACED = re.compile(
    r"""[ \t]*([^\s()<>"][^\n()<>"]*\.[A-Za-z0-9]{1,8}(?:\#[^\s()<>"]*)?)"""
    r"""(?:[ \t]+(?:"([^"\n]*)"|'([^'\n]*)'))?[ \t]*\)"""
)
_LINE_END = re.compile(r"[ \t]*(?:\n|$)")
_MOST_PARENTHESES = 32

PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""What a backslash takes the meaning of."""

ENTITY = re.compile(r"&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([A-Za-z][A-Za-z0-9]{1,31}));")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])|" + ENTITY.pattern)

NAME = r"[A-Za-z][A-Za-z0-9-]*"
_VALUE = r"""(?:[^\s"'=<>`]+|'[^']*'|"[^"]*")"""
TAG = rf"(?:<{NAME}(?:\s+[A-Za-z_:][A-Za-z0-9_.:-]*(?:\s*=\s*{_VALUE})?)*\s*/?>|</{NAME}\s*>)"
"""A whole tag of HTML, as the inside of a pattern."""

NAMED = re.compile(r"!?\[\[([^\[\]|\n\s](?:[^\[\]|\n]{0,298}[^\[\]|\n\s])?)(?:\|([^\[\]\n]{1,300}))?\]\]")
"""A link or picture by a name in two pairs of brackets, as notebooks write it, and its words."""

BY_NAME = "wiki:"
"""The scheme of an address that stands for such a name."""

_PICTURES = frozenset("png jpg jpeg gif webp svg avif heic bmp".split())

Definitions = dict[str, tuple[str, str]]
"""Addresses and titles by the label in its usual form."""


def usual(label: str) -> str:
    """A label as labels are compared: without case, and with single blanks."""
    return " ".join(label.split()).casefold().upper()


def entity(match: re.Match[str], first: int = 1) -> str:
    """The sign that an entity stands for; itself where it stands for none."""
    if match[first] or match[first + 1]:
        number = int(match[first], 16) if match[first] else int(match[first + 1])
        return _numbered(number)
    return html5.get(match[first + 2] + ";", match[0])


def _numbered(number: int) -> str:
    """The sign with a number; nothing for one that no document can hold."""
    if not 0 < number <= 0x10FFFF:
        return "\ufffd"
    fit = number in {9, 10, 13} or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD or number > 0xFFFF
    return chr(number) if fit else ""


def plainly(text: str) -> str:
    """A text without backslashes before signs, and with the signs that entities stand for."""
    if "\\" not in text and "&" not in text:
        return text
    return _ESCAPED.sub(lambda match: match[1] or entity(match, 2), text)


def by_name(match: re.Match[str]) -> tuple[str, str]:
    """The element that a name in two pairs of brackets becomes, and the address that stands for the name."""
    picture = match[0][0] == "!" and match[1].rpartition(".")[2].lower() in _PICTURES
    return "img" if picture else "a", BY_NAME + quote(match[1], safe="#/")


def address(text: str, at: int) -> tuple[str, int] | None:
    """The address that begins at a place, and where it ends."""
    if text.startswith("<", at):
        match = _POINTED.match(text, at)
        return (plainly(match[1]), match.end()) if match else None
    depth, start = 0, at
    while match := _STOP.search(text, at):
        at, sign = match.start(), match[0]
        if sign == "\\":
            at += 2 if text[at + 1 : at + 2] in PUNCTUATION and text[at + 1 : at + 2] else 1
            continue
        if sign == "(" and depth < _MOST_PARENTHESES:
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        else:
            break
        at += 1
    else:
        at = len(text)
    return (plainly(text[start:at]), at) if not depth else None


def title(text: str, at: int) -> tuple[str, int] | None:
    """The title that begins at a place, and where it ends."""
    pattern = _TITLES.get(text[at : at + 1])
    match = pattern.match(text, at) if pattern else None
    return (plainly(match[1]), match.end()) if match else None


def blanks(text: str, at: int) -> int:
    """Where the blanks end that begin at a place; they hold one line end at most."""
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def target(text: str, at: int) -> tuple[str, str, int] | None:
    """Address, title and end of what stands in parentheses behind a link's words; ``at`` is behind the first.

    A file's name may have blanks in it, which only GitHub does not take for one.
    """
    if found := _strictly(text, at):
        return found
    match = _SPACED.match(text, at)
    return (plainly(match[1]), plainly(match[2] or match[3] or ""), match.end()) if match else None


def _strictly(text: str, at: int) -> tuple[str, str, int] | None:
    at = blanks(text, at)
    found = ("", at) if text.startswith(")", at) else address(text, at)
    if found is None:
        return None
    led, end = found
    at = blanks(text, end)
    named = title(text, at) if at > end else None
    if named is not None:
        at = blanks(text, named[1])
    return (led, named[0] if named else "", at + 1) if text.startswith(")", at) else None


def definitions(text: str, known: Definitions) -> int:
    """Takes the link definitions that a paragraph begins with into ``known``; how many characters they take."""
    at = 0
    while text.startswith("[", at) and (end := _definition(text, at, known)):
        at = end
    return at


def _definition(text: str, at: int, known: Definitions) -> int:
    label = _LABEL.match(text, at)
    if label is None or not label[1].strip() or label[1].startswith("^") or not text.startswith(":", label.end()):
        return 0
    start = blanks(text, label.end() + 1)
    found = address(text, start)
    if found is None or found[1] == start:
        return 0
    led, end = found
    at = blanks(text, end)
    named = title(text, at) if at > end else None
    done = _LINE_END.match(text, named[1]) if named else None
    if done is None:
        named = None
        done = _LINE_END.match(text, end)
    if done is None:
        return 0
    known.setdefault(usual(label[1]), (led, named[0] if named else ""))
    return done.end()
