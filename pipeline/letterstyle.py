"""Styles a letter's document inline, turns it for right-to-left readers and lets nothing unlisted through."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pipeline.markup import serialise, tree

_PROPERTIES = (
    "background-color border border-bottom border-collapse border-left border-radius border-right border-spacing"
    " border-top color display font-family font-size font-style font-weight height letter-spacing line-height"
    " list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width mso-hide overflow"
    " overflow-wrap padding padding-bottom padding-left padding-right padding-top table-layout text-align"
    " text-decoration vertical-align white-space width word-break -webkit-text-size-adjust"
)
PROPERTIES = frozenset(_PROPERTIES.split())
"""What mail programs understand, or leave alone without harm."""

_FLIPPED = {"left": "right", "right": "left"}
_SIDE = re.compile(r"\b(left|right)\b")


def finish(document: str, css: str) -> str:
    """The document with ``css`` inline; its own ``<style>``, with what depends on the reader's screen, stays.

    Classes stay where that ``<style>`` names them, and comments where they speak to Outlook.
    """
    from lxml import html

    root = html.document_fromstring(_inliner(css).inline(document))
    named = set(re.findall(r"\.([a-z]+)", " ".join(style.text or "" for style in root.iter("style"))))
    for element in list(root.iter()):
        if isinstance(element.tag, str):
            _settle(element, named)
        elif not (element.text or "").startswith("[if mso"):
            element.drop_tree()
    return "<!DOCTYPE html>\n" + str(html.tostring(root, encoding="unicode")) + "\n"


@lru_cache(maxsize=4)
def _inliner(css: str) -> Any:
    from css_inline import CSSInliner

    return CSSInliner(load_remote_stylesheets=False, inline_style_tags=False, keep_style_tags=True, extra_css=css)


def _settle(element: Any, named: set[str]) -> None:
    element.attrib.pop("id", None)
    classes = [name for name in (element.get("class") or "").split() if name in named]
    element.set("class", " ".join(classes))
    if not classes:
        del element.attrib["class"]
    if style := element.get("style"):
        rtl = _direction(element) == "rtl"
        element.set("style", _listed(style, rtl=rtl))
        if rtl and (side := element.get("align")) in _FLIPPED:
            element.set("align", _FLIPPED[side])


def _direction(element: Any) -> str:
    while element is not None:
        if element.get("dir") not in {None, "auto"}:
            return str(element.get("dir"))
        element = element.getparent()
    return "ltr"


def _listed(style: str, *, rtl: bool) -> str:
    kept = []
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in PROPERTIES and "url(" not in value.lower():
            kept.append(_turned(name, value) if rtl else f"{name}:{value}")
    return ";".join(kept)


def _turned(name: str, value: str) -> str:
    name = _SIDE.sub(lambda side: _FLIPPED[side[0]], name)
    if name == "text-align":
        value = _FLIPPED.get(value, value)
    sides = value.split()
    if name in {"margin", "padding"} and len(sides) == 4:
        value = " ".join((sides[0], sides[3], sides[2], sides[1]))
    return f"{name}:{value}"


def cut(fragment: str, most: int) -> str:
    """The first blocks of a body that together have at most ``most`` bytes; at least one."""
    root = tree(fragment)
    size = 0
    for place, block in enumerate(list(root)):
        size += len(serialise(_alone(block)).encode())
        if place and size > most:
            root.remove(block)
    return serialise(root).strip()


def _alone(block: Any) -> Any:
    from copy import deepcopy

    around = tree("")
    around.append(deepcopy(block))
    return around
