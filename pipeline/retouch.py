"""Links, ids and entities of HTML as Markdown writes it, set right in the text itself. Pure.

A parser and its writer take ten times as long, and give the same for HTML that is as regular as most posts are.
Whatever is not known to come out the same is left to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

_PHRASES = frozenset("a code span em strong del mark sub sup kbd ins img br".split())
_FLOW = _PHRASES | frozenset("p h1 h2 h3 h4 h5 h6 ul ol blockquote div pre hr table dl".split())
_INSIDE = {
    **dict.fromkeys(["div", "blockquote", "li", "dd"], _FLOW),
    **dict.fromkeys("p h1 h2 h3 h4 h5 h6 pre td th dt code span em strong del mark sub sup kbd ins".split(), _PHRASES),
    "a": _PHRASES - {"a"},
    **dict.fromkeys(["ul", "ol"], frozenset({"li"})),
    "dl": frozenset({"dt", "dd"}),
    "table": frozenset({"thead", "tbody"}),
    **dict.fromkeys(["thead", "tbody"], frozenset({"tr"})),
    "tr": frozenset({"th", "td"}),
}
"""What may stand in an element so that no parser moves it."""

_EMPTY = frozenset({"img", "br", "hr"})
_LEAF = re.compile(r'<(span|code|strong|em)(?: class="[\w -]+")?>[^<>]*</\1>')
_TAG = re.compile(r'(/?)([a-z][a-z0-9]*)((?: (?:class|id|href|src|alt|title|style|width|height)="[^"<>\x01]*")*)')
_KEY = re.compile(r' ([a-z]+)="')
_ENTITY = re.compile(r"&(?:(?!(?:amp|lt|gt|quot|#39);)|(?:quot|#39);[^<>]*>)")
"""An entity that a parser resolves and its writer does not write again, or a quote in an attribute."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_HOLLOW = re.compile("<li[^<>]*></li>")
"""What the parser's writer does not close."""

_QUOTED = re.compile(r">[^<>]*&(?:quot|#39);[^<>]*")
_LED = re.compile(r"<a(?: [^>]*)?>|</a>|<img [^>]*>")
_ADDRESS = re.compile(r' (href|src)="([^"]*)"')
_ALT = re.compile(r' alt="([^"]*)"')
_ID = re.compile(r'(<[^<>]*? id=")([^"<>])')
_NAME = re.compile(r"[\w.-]*")
_SAFE = re.compile(r"[A-Za-z0-9_.~:/?#=,;%+@-]*")
"""An address that stands in HTML as it is, whoever writes it."""


def retouched(html: str, link: Callable[[str, str], str | None], prefix: str) -> str | None:
    """The body as `markup.rewrite` makes it; None where only a parser can tell."""
    if not (_regular(html) and _NAME.fullmatch(prefix)):
        return None
    if "&quot;" in html or "&#39;" in html:
        html = _QUOTED.sub(lambda match: match[0].replace("&quot;", '"').replace("&#39;", "'"), html)
    if prefix:
        html = _ID.sub(lambda match: match[1] + prefix + match[2], html)
    if "<a" not in html and "<img" not in html:
        return html
    dropped: list[bool] = []

    def led(match: re.Match[str]) -> str:
        tag = match[0]
        if tag == "</a>":
            return "" if dropped.pop() else tag
        made = _led(tag, link, prefix)
        if tag[1] == "a":
            dropped.append(made is None)
        return ("" if tag[1] == "a" else _in_words(tag, not all(dropped))) if made is None else made

    return _LED.sub(led, html)


def _led(tag: str, link: Callable[[str, str], str | None], prefix: str) -> str | None:
    """A link's or picture's tag with its address led on; None where it leads nowhere."""
    match = _ADDRESS.search(tag)
    if match is None:
        return tag
    address = _plain(match[2])
    if address.startswith("#"):
        found: str | None = f"#{prefix}{address[1:]}"
    else:
        found = link("a" if match[1] == "href" else "img", address)
    return None if found is None else f"{tag[: match.start(2) - 1]}{_written(found)}{tag[match.end(2) + 1 :]}"


def _in_words(tag: str, linked: bool) -> str:
    """A picture that is not shown, by its words; one that another host serves is a link, unless it stands in one."""
    match, led = _ALT.search(tag), _ADDRESS.search(tag)
    address = _plain(led[2]) if led else ""
    words = instead(_plain(match[1]) if match else "", address)
    said = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<a href={_written(address)}>{said}</a>" if words and elsewhere(address) and not linked else said


def elsewhere(address: str) -> bool:
    """Whether another host serves what stands at an address."""
    return address[:8].lower().startswith(("http://", "https://", "//"))


def instead(alt: str, address: str) -> str:
    """The words for a picture that is not shown: what it shows, else the name of the file on the other host."""
    words = alt.strip()
    if not elsewhere(address):
        return f"[{words}]" if words else ""
    return words or unquote(address.partition("?")[0].rstrip("/").rpartition("/")[2])


def _plain(value: str) -> str:
    """An attribute's value without entities."""
    if "&" not in value:
        return value
    return value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


@lru_cache(maxsize=1024)
def _written(address: str) -> str:
    """An address in quotes, as the parser's writer escapes it."""
    if _SAFE.fullmatch(address):
        return f'"{address}"'
    from lxml import etree

    return str(etree.tostring(etree.Element("a", href=address), encoding="unicode", method="html"))[8:-5]


def _regular(html: str) -> bool:
    """Whether every element is known, closed, and where it may stand, so that a parser would change nothing."""
    if html[:1] != "<" or html[-1:] != ">" or _ENTITY.search(html) or _HOLLOW.search(html):
        return False
    if not html.replace("\n", "").isprintable() and _CONTROL.search(html):
        return False
    first, *pieces = _LEAF.sub("\x01", html).split("<")
    inside = ["div"]
    for piece in pieces:
        tag, end, after = piece.partition(">")
        closing, name, empty = _known(tag)
        if closing:
            if inside.pop() != name or not inside:
                return False
        elif name not in _INSIDE[inside[-1]]:
            return False
        elif not empty:
            inside.append(name)
        if not end or ">" in after:
            return False
    return len(inside) == 1 and ">" not in first


@lru_cache(maxsize=4096)
def _known(tag: str) -> tuple[bool, str, bool]:
    """Of a tag without its brackets: whether it closes, its name, whether it has no end; no name where it is odd."""
    match = _TAG.fullmatch(tag)
    keys = _KEY.findall(match[3]) if match else []
    if match is None or len(set(keys)) < len(keys) or (match[1] and keys):
        return False, "", False
    return bool(match[1]), match[2], match[2] in _EMPTY
