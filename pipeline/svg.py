"""Drawings (SVG) without what drawing programs and authors leave in them, and without anything that runs or loads.

Gone are metadata, comments, scripts, handlers, other programs' elements and attributes (they name files and folders
of a machine), and every address that would be fetched. Pictures inside a drawing lose their own traces.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_KEPT = {f"{_XLINK}href", f"{_XLINK}title", f"{_XML}space", f"{_XML}lang"}
_GONE = {"metadata", "script", "foreignObject", "handler", "listener"}
_MOVES = {"animate", "animateTransform", "animateMotion", "set", "discard"}
_IMPORT = re.compile(r"@import\b[^;]*(?:;|$)", re.IGNORECASE)
_URL = re.compile(r"url\(\s*(?P<quote>[\"']?)(?P<address>[^)]*?)(?P=quote)\s*\)", re.IGNORECASE)
_LOADS = re.compile(r"url\(|@import|\\", re.IGNORECASE)
_INSIDE = re.compile(r"\s*data:image/(?P<kind>png|jpe?g|gif|webp);base64,(?P<data>[A-Za-z0-9+/=\s]+)$", re.IGNORECASE)
_LINK = re.compile(r"\s*(?:https?:|mailto:|#)", re.IGNORECASE)

Bare = Callable[[bytes], bytes]
"""Given a picture's bytes: the same picture without traces. Raises what its reader raises."""


def cleaned(data: bytes, bare: Bare) -> tuple[bytes, bool]:
    """The drawing without its traces, and whether it had any; ``bare`` cleans pictures inside it.

    Raises `ValueError` for what is no drawing.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from None
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("there is no `svg` element of SVG in it")
    washing = _Washing(bare)
    washing.had = any(True for _ in [*root.itersiblings(preceding=True), *root.itersiblings()])
    washing.wash(root)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="utf-8", with_tail=False), washing.had


class _Washing:
    """One drawing being cleaned; ``had`` says whether anything was taken out."""

    def __init__(self, bare: Bare) -> None:
        self.bare, self.had = bare, False

    def wash(self, root: Any) -> None:
        """Cleans a drawing in place."""
        for element in list(root.iter()):
            if element is not root and self._goes(element):
                self.had = True
                _drop(element)
            elif isinstance(element.tag, str):
                self._element(element)

    def _goes(self, element: Any) -> bool:
        """Whether an element says something else than the drawing, or runs."""
        if not isinstance(element.tag, str):
            return True
        space, _, name = element.tag[1:].partition("}")
        moved = element.get("attributeName", "").lower()
        return (
            space != _SVG
            or name in _GONE
            or (name in _MOVES and (moved.endswith("href") or moved.startswith("on") or moved == "style"))
        )

    def _element(self, element: Any) -> None:
        for key, value in list(element.attrib.items()):
            own = key.rpartition("}")[2].lower()
            if (key.startswith("{") and key not in _KEPT) or own.startswith(("on", "data-")):
                del element.attrib[key]
                self.had = True
            elif own in {"href", "src"}:
                self._address(element, key, value)
            elif _LOADS.search(value):
                element.set(key, self._style(value))
        if element.tag == f"{{{_SVG}}}style" and element.text:
            element.text = self._style(element.text)

    def _address(self, element: Any, key: str, value: str) -> None:
        """What is inside the drawing stays; a link may lead out, nothing else may."""
        if value.strip().startswith("#") or (element.tag == f"{{{_SVG}}}a" and _LINK.match(value)):
            return
        kept = self._picture(value)
        if kept:
            element.set(key, kept)
        else:
            del element.attrib[key]
            self.had = True

    def _picture(self, value: str) -> str:
        """A picture inside the drawing, without traces; nothing for any other address."""
        match = _INSIDE.match(value)
        if match is None:
            return ""
        try:
            data = base64.b64decode(match["data"])
            made = self.bare(data)
        except (binascii.Error, OSError, SyntaxError):
            return ""
        self.had = self.had or made != data
        return f"data:image/{match['kind'].lower()};base64,{base64.b64encode(made).decode('ascii')}"

    def _style(self, text: str) -> str:
        def inside(match: re.Match[str]) -> str:
            address = match["address"].strip()
            if address.startswith("#"):
                return match[0]
            kept = self._picture(address)
            self.had = self.had or not kept
            return f'url("{kept}")' if kept else "none"

        # An address may hide behind CSS's own escapes: nobody writes them in a drawing by chance.
        made = "" if "\\" in text else _IMPORT.sub("", text)
        self.had = self.had or made != text
        return _URL.sub(inside, made)


def _drop(element: Any) -> None:
    """Takes an element out and leaves the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail and before is not None:
        before.tail = (before.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)
