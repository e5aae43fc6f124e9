"""What a body needs on a web page only: pictures in sizes, and mathematics without scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from pipeline.markup import serialise, tree

Sizes = Mapping[str, tuple[int, int]]
"""Width and height in pixels by a picture's address."""

Siblings = Mapping[str, tuple[tuple[int, str], ...]]
"""Narrower pictures in WebP, as width and address, by the address of the picture they are made from."""

_NARROW = 320
"""Pixels of a picture that fits every screen as it is."""

COLUMN = "(min-width: 36em) 640px, calc(100vw - 40px)"
"""How wide a picture is shown: the column of `site/assets/kith.css`, without its edges."""


def finish(html: str, sizes: Sizes, siblings: Siblings = MappingProxyType({})) -> str:
    """The body with every picture's place reserved, its narrower siblings offered, and every formula as MathML."""
    html = _HEAD.sub(lambda match: _CELL.sub('<th scope="col"', match[0]), html)
    if not any(mark in html for mark in ("<img", "arithmatex", "task-list-item", " align=")):
        return html
    root = tree(html)
    for element in root.xpath(".//*[@align]"):
        _align(element)
    for picture in list(root.iter("img")):
        _offer(picture, siblings.get(picture.get("src", ""), ()))
        _reserve(picture, sizes)
        _name(picture)
    for box in root.xpath(".//li[@class='task-list-item']//input"):
        box.set("aria-label", " ".join(box.getparent().text_content().split())[:120])
    for formula in root.xpath(".//*[contains(concat(' ', @class, ' '), ' arithmatex ')]"):
        _formula(formula)
    return serialise(root)


_HEAD = re.compile(r"<table>\n<thead>\n<tr>(?:\n<th(?: style=\"text-align: \w+;\")?>[^\n]*</th>)+\n</tr>")
"""The head of a table as Markdown makes it, of which readers who hear it must know that it heads columns."""

_CELL = re.compile("<th(?=[ >])")


def _align(element: Any) -> None:
    """What HTML has forgotten, as a style."""
    where = element.attrib.pop("align").strip().lower()
    if where in {"left", "right", "center", "justify"}:
        says = f"float: {where}" if element.tag == "img" else f"text-align: {where}"
        element.set("style", f"{says}; {element.get('style') or ''}".strip("; "))


def _name(picture: Any) -> None:
    """A picture whose author gave it no words is passed over by who hears the page, unless it is all a link says."""
    if picture.get("alt") is None:
        picture.set("alt", "")
    link = next(picture.iterancestors("a"), None)
    if not picture.get("alt") and link is not None and not link.text_content().strip():
        picture.set("alt", unquote(picture.get("src") or "").rpartition("/")[2].partition(".")[0])


def _reserve(picture: Any, sizes: Sizes) -> None:
    size = sizes.get(picture.get("src", ""))
    if size and not picture.get("height"):
        _scale(picture, size, (picture.get("width") or "").strip())
    picture.set("loading", picture.get("loading") or "lazy")
    picture.set("decoding", "async")


def _scale(picture: Any, size: tuple[int, int], wanted: str) -> None:
    """Both measures, so that the place has its shape before the picture is there; ``wanted`` is the author's width."""
    width, height = size
    if re.fullmatch(r"\d{1,3}%", wanted):
        picture.set("style", f"width: {wanted}; {picture.get('style') or ''}".strip())
    elif pixels := re.fullmatch(r"([1-9]\d{0,4})(?:px)?", wanted):
        width, height = int(pixels[1]), max(1, round(int(pixels[1]) * size[1] / size[0]))
    picture.set("width", str(width))
    picture.set("height", str(height))


def _offer(picture: Any, offered: tuple[tuple[int, str], ...]) -> None:
    """Puts the picture into a `picture` element; one that the author wrote, or sized by hand, stays as it is."""
    from lxml import html as parser

    dressed = picture.get("srcset") or picture.get("style") or next(picture.iterancestors("picture"), None) is not None
    if not offered or dressed:
        return
    frame, source = parser.Element("picture"), parser.Element("source")
    source.set("type", "image/webp")
    source.set("srcset", ", ".join(f"{address} {width}w" for width, address in offered))
    source.set("sizes", _shown(picture))
    picture.getparent().replace(picture, frame)
    frame.tail, picture.tail = picture.tail, None
    frame.extend([source, picture])


def _shown(picture: Any) -> str:
    """How wide the picture is shown: never wider than it is."""
    width = picture.get("width") or ""
    return f"{width}px" if width.isdigit() and int(width) < _NARROW else COLUMN


def _formula(element: Any) -> None:
    """MathML in the formula's place; its TeX as code where it cannot be converted."""
    from lxml import html as parser

    tex = (element.text or "").strip()
    block = tex.startswith("\\[")
    tex = tex.removeprefix("\\[" if block else "\\(").removesuffix("\\]" if block else "\\)").strip()
    made = _mathml(tex, block=block)
    element.text = None
    if made:
        element.append(parser.fragment_fromstring(made))
        element.set("class", "kith-math")
    else:
        code = parser.Element("code")
        code.text = tex
        element.append(code)


def _mathml(tex: str, *, block: bool) -> str:
    from latex2mathml import converter

    try:
        return str(converter.convert(tex, display="block" if block else "inline"))
    except Exception:  # noqa: BLE001 - its errors have no common base, and the TeX itself is a good answer to all
        return ""
