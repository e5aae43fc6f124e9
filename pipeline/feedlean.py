"""Does to a body what `feedhtml` does, without building a tree of it: for those in which there is little to do.

Most bodies are paragraphs, headings, lists, tables and code. Where libxml2 would read just the elements that are
written, a body stays as it is but for its addresses and the colours of its code. Everything else is left to the tree.
"""

from __future__ import annotations

import re
from html import unescape

from pipeline.feedhtml import absolute, is_clean

_CODE = re.compile(
    r'<div class="(?:(language-[\w+#.-]+) )?highlight"><pre><span></span><code>'
    r'([^<]*(?:<(?:span class="\w+"|/span)>[^<]*)*)</code></pre></div>'
)
_COLOUR = re.compile("<[^>]*>")
_TAG = re.compile(r'<(/?)([a-z]+[1-6]?)((?: [a-z]+="[^"<>]*")*)>')
_OWN = (
    r'(?: (?:id|class|alt|title|start|colspan|rowspan|lang|dir)="[^"]*"'
    r'| style="text-align: (?:left|right|center);?")*'
)
_FITTING = {
    "a": re.compile(rf'{_OWN} href="[^"]*"{_OWN}'),
    "img": re.compile(rf'{_OWN} src="[^"]*"{_OWN}'),
}
_ANY = re.compile(_OWN)
"""The attributes that an element may have here: a link, a picture, any other."""

_LED = re.compile(rf'(<(?:a{_OWN} href|img{_OWN} src)=")([^"]*)')
_WRITTEN = re.compile(r"[A-Za-z0-9@:/?#%&,+._~!*()=-]+")
"""Addresses that libxml2 writes as they are."""

_RULED = re.compile("highlight|arithmatex|tabbed|admonition|headerlink")
"""Classes for which `feedhtml` has rules."""

_VOID = frozenset("br hr img".split())
_PHRASE = frozenset("abbr b br code del em i img ins kbd mark small span strong sub sup".split())
_FLOW = _PHRASE | frozenset("a blockquote div h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())
_INSIDE = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "td", "th", *_PHRASE - _VOID), _PHRASE | {"a"}),
    **dict.fromkeys(("", "blockquote", "div", "li"), _FLOW),
    **dict.fromkeys(("ol", "ul"), frozenset({"li"})),
    **dict.fromkeys(("thead", "tbody"), frozenset({"tr"})),
    "a": _PHRASE,
    "table": frozenset({"thead", "tbody"}),
    "tr": frozenset({"td", "th"}),
}
"""What may stand in an element so that libxml2 ends none before its end tag; nothing is around the body itself."""


def lean(html: str, address: str) -> tuple[str, list[str]] | None:
    """The body as `feedhtml.tidy` leaves it, and where its links and pictures lead; None when that takes a tree.

    ``html`` is as libxml2 writes it, ``address`` its entry's page.
    """
    text = _CODE.sub(_uncoloured, html)
    tags = _TAG.findall(text)
    if not text.startswith("<") or len(tags) != text.count("<") or not (_nested(tags) and _plain(text)):
        return None
    urls: list[str] = []

    def lead(match: re.Match[str]) -> str:
        tag = "a" if match[1].startswith("<a") else "img"
        urls.append(absolute(tag, unescape(match[2]).strip(), address) or "")
        return match[1] + urls[-1].replace("&", "&amp;")

    text = _LED.sub(lead, text)
    return (text, urls) if all(map(_WRITTEN.fullmatch, urls)) else None


def _uncoloured(match: re.Match[str]) -> str:
    """A block of code with its language and without its colours."""
    language = f' class="{match[1]}"' if match[1] else ""
    return f"<pre><code{language}>{_COLOUR.sub('', match[2])}</code></pre>"


def _plain(text: str) -> bool:
    """Whether every character is written as libxml2 would write it again."""
    references = text.count("&amp;") + text.count("&lt;") + text.count("&gt;")
    return text.count("&") == references and "\r" not in text and is_clean(text)


def _nested(tags: list[tuple[str, str, str]]) -> bool:
    """Whether elements stand only in such as may hold them, with nothing about them that must change."""
    around = [""]
    for end, name, attributes in tags:
        if end:
            if around.pop() != name or attributes:
                return False
        elif name not in _INSIDE[around[-1]] or not _fitting(name, attributes):
            return False
        elif name not in _VOID:
            around.append(name)
    return around == [""]


def _fitting(name: str, attributes: str) -> bool:
    if not attributes:
        return name not in _FITTING
    return _FITTING.get(name, _ANY).fullmatch(attributes) is not None and not _RULED.search(attributes)
