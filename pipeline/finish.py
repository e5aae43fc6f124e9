"""What a body needs on a web page only: sizes of pictures, and mathematics without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.markup import serialise, tree

Sizes = Mapping[str, tuple[int, int]]
"""Width and height in pixels by a picture's address."""


def finish(html: str, sizes: Sizes) -> str:
    """The body with every picture's place reserved and every formula as MathML."""
    if "<img" not in html and "arithmatex" not in html:
        return html
    root = tree(html)
    for picture in root.iter("img"):
        _reserve(picture, sizes)
    for formula in root.xpath(".//*[contains(concat(' ', @class, ' '), ' arithmatex ')]"):
        _formula(formula)
    return serialise(root)


def _reserve(picture: Any, sizes: Sizes) -> None:
    size = sizes.get(picture.get("src", ""))
    if size and not (picture.get("width") or picture.get("height")):
        picture.set("width", str(size[0]))
        picture.set("height", str(size[1]))
    picture.set("loading", picture.get("loading") or "lazy")
    picture.set("decoding", "async")


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
