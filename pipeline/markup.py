"""Markdown → HTML, with one set of extensions for page, feed and letter.

What comes out is plain semantic HTML: code carries Pygments' classes, maths stands as TeX in
``<span|div class="arithmatex">``, and every link has gone through the caller's ``link``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pipeline import ahead
from pipeline.references import references
from pipeline.retouch import elsewhere, instead, retouched

__all__ = [
    "Heading", "Link", "Rendered", "etree_text", "references", "render", "rewrite", "serialise",
    "shorten", "tree",
]  # fmt: skip

Link = Callable[[str, str], str | None]
"""Given an element's tag (``a`` or ``img``) and its address: the address to use, or None to unlink it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading for a table of contents."""

    level: int
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """HTML of one body and its headings, in order."""

    html: str
    headings: tuple[Heading, ...] = ()


@lru_cache(maxsize=1)
def _markdown() -> Any:
    from pipeline.dialect import engine
    from pipeline.links import slugify

    return engine(slugify)


def render(body: str, link: Link, prefix: str = "") -> Rendered:
    """Renders ``body``; ``prefix`` goes before every id, so that several bodies can stand on one page."""
    html, headings = ahead.made(body) or converted(body)
    named = [Heading(level, prefix + name, title) for level, name, title in headings]
    return Rendered(rewrite(html, link, prefix), tuple(named))


def converted(body: str) -> tuple[str, list[tuple[int, str, str]]]:
    """The body as HTML whose links lead nowhere yet, and its headings: level, id and words."""
    engine = _markdown()
    engine.reset()
    return engine.convert(_contents(body)), list(_flat(engine.toc_tokens))


_JEKYLL = re.compile(r"(?m)^[*+-] [^\n]*\n\{: ?toc[^}\n]*\}[ \t]*$")


def _contents(body: str) -> str:
    """Kramdown's mark for a table of contents, as many blogs have it, as ours; what stands in code stays."""
    found = _JEKYLL.search(body) if "toc" in body else None
    if found is None or "```" in body[: found.start()]:
        return body
    return body[: found.start()] + "[TOC]" + body[found.end() :]


def _flat(tokens: list[dict[str, Any]]) -> Iterator[tuple[int, str, str]]:
    for token in tokens:
        yield token["level"], token["id"], token["name"]
        yield from _flat(token["children"])


def tree(html: str) -> Any:
    """The fragment as one lxml ``div`` element, which is not part of the text."""
    from lxml import html as parser

    return parser.fragment_fromstring(_UNFIT.sub(_fit, html), create_parent="div")


_UNFIT = re.compile(
    r"</?(?:html|head|body|frameset)\b[^>]*>|<!doctype\b[^>]*>|&#(?:x([0-9a-fA-F]+)|([0-9]+));|[\x00-\x08\x0b\x0c\x0e-\x1f]",
    re.I,
)


def _fit(match: re.Match[str]) -> str:
    """Takes out what no fragment can hold: a document's own frame, and characters that XML forbids."""
    if not (match[1] or match[2]):
        return ""
    number = int(match[1], 16) if match[1] else int(match[2])
    sound = (
        number in (9, 10, 13) or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD or 0x10000 <= number <= 0x10FFFF
    )
    return match[0] if sound else ""


def serialise(root: Any) -> str:
    """The inside of the element that `tree` made."""
    from lxml import etree
    from lxml import html as parser

    inner = [etree_text(root.text)] + [
        parser.tostring(child, encoding="unicode", method="html") for child in root if child.tag is not etree.Comment
    ]
    return _VOID.sub("", "".join(inner))


_VOID = re.compile("</(?:source|track|wbr)>")
"""End tags that libxml2, which knows HTML 4 only, writes and HTML forbids; in text they would be escaped."""


def etree_text(text: str | None) -> str:
    """Escaped text."""
    from html import escape

    return escape(text or "", quote=False)


def rewrite(html: str, link: Link, prefix: str) -> str:
    """Leads every link and picture through ``link``, puts ``prefix`` before every id, and drops comments.

    A comment is a note of the author to themselves: it is for nobody who can read the source of a page.
    """
    made = retouched(html, link, prefix)
    return parsed(html, link, prefix) if made is None else made


def parsed(html: str, link: Link, prefix: str) -> str:
    """The same by way of a parser, which can do it for any HTML."""
    from lxml import etree

    root = tree(html)
    for comment in list(root.iter(etree.Comment)):
        comment.drop_tree()
    _in_words(root)
    for element in root.iter("a", "img", "source", "video", "audio"):
        _relink(element, link, prefix)
    if prefix:
        for element in root.iter():
            for key in ("id", "for", "name", "aria-labelledby", "aria-describedby"):
                if isinstance(element.tag, str) and element.get(key):
                    element.set(key, prefix + element.get(key))
    return serialise(root)


_HTML = frozenset(
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo big blink blockquote body br "
    "button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em "
    "embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr "
    "html i iframe img input ins kbd label legend li link main map mark marquee math menu meta meter nav nobr "
    "noscript object ol optgroup option output p param picture pre progress q rb rp rt rtc ruby s samp script "
    "search section select slot small source span strike strong style sub summary sup svg table tbody td template "
    "textarea tfoot th thead time title tr track tt u ul var video wbr".split()
)


def _in_words(root: Any) -> None:
    """Shows what only looks like an element, such as a key's `<RET>` or a type's `<String>`, as it was meant."""
    for element in list(root.iter()):
        tag = element.tag
        if not isinstance(tag, str) or tag in _HTML or "-" in tag:
            continue
        if next(element.iterancestors("svg", "math"), None) is None:
            element.text = f"<{tag}>{element.text or ''}"
            element.drop_tag()


def _relink(element: Any, link: Link, prefix: str) -> None:
    key = "href" if element.tag == "a" else "src"
    address = element.get(key)
    if address is None:
        return
    if address.startswith("#"):
        element.set(key, f"#{prefix}{address[1:]}")
        return
    found = link("a" if key == "href" else "img", address)
    if found is not None:
        element.set(key, found)
    elif key == "href":
        element.drop_tag()
    else:
        _in_other_words(element, address)


def _in_other_words(element: Any, address: str) -> None:
    """Says what is not shown; what another host serves is a link, unless it stands in one."""
    words = instead(element.get("alt") or element.get("title") or "", address)
    if element.tag == "source" or not words:
        element.drop_tree()
        return
    if not elsewhere(address) or next(element.iterancestors("a"), None) is not None:
        element.tail = words + (element.tail or "")
        element.drop_tree()
        return
    tail = element.tail
    element.clear()
    element.tag, element.text, element.tail = "a", words, tail
    element.set("href", address)


def shorten(text: str, most: int = 160) -> str:
    """At most ``most`` characters of ``text``, cut at a word or, without spaces, a character."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > most * 2 // 3 else cut).rstrip(" ,.;:，。；：、") + "…"
