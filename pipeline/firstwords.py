"""The first words of a text as its readers see them: for summaries, descriptions, preheaders and titles from headings.

They are taken from the rendered text, so that no sign of Markdown, no comment and no address can stand in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from pipeline.markup import render, shorten, tree

_ENOUGH = 2000
"""Characters of a body that are rendered first: a paragraph that begins later is looked for in the whole body."""

_MOST = 4000
"""Characters that are kept of the words."""

_DEFINED = re.compile(r"^ {0,3}\[[^\]\n]{1,999}\]:.*$", re.MULTILINE)
_MARKED = re.compile(r"[^\w\s.,;?()/，。；：？！（）、“”‘’《》「」—–…'-]|__|\b_|_\b")
"""A sign that may be Markdown."""

_SILENT = frozenset("script style template svg math object iframe video audio select textarea rt rp".split())
_SILENT_CLASSES = frozenset("footnote toc footnote-ref footnote-backref headerlink admonition-title".split())
_ASIDE = frozenset("table ul ol dl details figure aside nav header footer".split())
"""Elements whose paragraphs are not what a text begins with."""

_LATER = frozenset("table details pre h1 h2 h3 h4 h5 h6".split())
"""Elements that count only where there are no other words."""

_BLOCKS = frozenset("p div li dt dd tr td th br blockquote pre h1 h2 h3 h4 h5 h6 summary figcaption hr".split())
_FORMULA = re.compile(r"\\[(\[](.*)\\[)\]]", re.DOTALL)


def first_words(body: str, most: int = 160) -> str:
    """The words of the first paragraph; of a body without one its other words."""
    return shorten(_words(body), most)


def heading_words(heading: str, body: str) -> str:
    """The words of the inside of a heading; ``body`` has the links that it may refer to."""
    if not _MARKED.search(heading):
        return heading
    shown = render("\n\n".join(["# " + heading, *_DEFINED.findall(body)]), _as_it_is)
    for element in tree(shown.html).iter("h1"):
        return _said(element, frozenset())
    return ""


@lru_cache(maxsize=4096)
def _words(body: str) -> str:
    part = _beginning(body)
    found = next(_paragraphs(tree(render(part, _as_it_is).html)), "")
    if not found:
        root = tree(render(body, _as_it_is).html)
        found = next(_paragraphs(root), "") or _said(root, _LATER) or _said(root, frozenset())
    return found[:_MOST]


def _beginning(body: str) -> str:
    """The first blocks of a body, with the links and notes that they may refer to."""
    end = body.find("\n\n", _ENOUGH)
    return body if end < 0 else "\n\n".join([body[:end], *_DEFINED.findall(body, end)])


def _as_it_is(_: str, address: str) -> str:
    return address


def _paragraphs(root: Any) -> Iterator[str]:
    """The words of each paragraph that the author wrote as such."""
    for element in root.iter("p"):
        above = [element, *element.iterancestors()]
        if not any(one.tag in _ASIDE or _silent(one) or "admonition" in _classes(one) for one in above):
            words = _said(element, frozenset())
            if words:
                yield words


def _classes(element: Any) -> list[str]:
    return (element.get("class") or "").split()


def _silent(element: Any) -> bool:
    """Whether nothing in an element is shown as words of the text."""
    if element.tag in _SILENT or not isinstance(element.tag, str):
        return True
    hidden = element.get("hidden") is not None or "display:none" in (element.get("style") or "").replace(" ", "")
    return hidden or not _SILENT_CLASSES.isdisjoint(_classes(element))


def _said(root: Any, without: frozenset[str]) -> str:
    """The words in an element, on one line."""
    said: list[str] = []
    _collect(root, without, said.append)
    return " ".join("".join(said).split())


def _collect(root: Any, without: frozenset[str], say: Callable[[str], None]) -> None:
    """Gives each text in an element to ``say``, without calling itself: elements may be nested deeply."""
    waiting: list[tuple[Any, bool]] = [(root, False)]
    while waiting:
        element, done = waiting.pop()
        block = element.tag in _BLOCKS
        if done:
            say(" " * block + (element.tail or "") * (element is not root))
            continue
        waiting.append((element, True))
        if _silent(element) or element.tag in without:
            continue
        say(" " * block + _text(element))
        waiting += [(child, False) for child in reversed(element)]


def _text(element: Any) -> str:
    """The text at the beginning of an element; a formula without the signs around it."""
    text: str = element.text or ""
    formula = _FORMULA.fullmatch(text.strip()) if "arithmatex" in _classes(element) else None
    return formula[1] if formula else text
