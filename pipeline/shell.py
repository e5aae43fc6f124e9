"""Makes a body fit for a sealed page: nothing in it styles itself, runs, or asks for a file in the open."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pipeline.markup import serialise, tree

_GONE = "script style link meta base form object embed frame frameset applet noscript template".split()
_ALIGN = re.compile(r"text-align:\s*(left|right|center)")
_RUNS = re.compile(r"[\s\x00-\x20]*(?:javascript|vbscript|data:text|data:application)", re.IGNORECASE)
_ASKING = ("srcset", "poster", "background", "ping", "style", "action", "formaction", "download")


def dressed(html: str, known: Mapping[str, str]) -> tuple[str, list[str]]:
    """The body with numbers in place of the addresses of ``known`` files (address → path), and those files in order.

    What remains of a film from elsewhere is a link to it.
    """
    root = tree(html)
    files: list[str] = []
    for frame in list(root.iter("iframe")):
        _as_link(frame)
    for element in list(root.iterdescendants()):
        if element.tag in _GONE:
            element.drop_tree()
        elif isinstance(element.tag, str):
            _file(element, known, files)
            _quiet(element)
    return serialise(root), files


def _as_link(frame: Any) -> None:
    address = frame.get("src") or ""
    frame.text = frame.get("title") or address
    frame.tag = "a"
    frame.attrib.clear()
    if address.startswith(("https://", "http://", "//")):
        frame.set("href", address)


def _file(element: Any, known: Mapping[str, str], files: list[str]) -> None:
    key = "href" if element.tag == "a" else "src"
    address = element.get(key)
    if address is None:
        return
    if address in known:
        path = known[address]
        if path not in files:
            files.append(path)
        del element.attrib[key]
        element.set("data-file", str(files.index(path)))
        if element.tag == "a":
            element.set("data-name", unquote(posixpath.basename(path)))
    elif key == "src" and not address.startswith("data:image/"):
        del element.attrib[key]


def _quiet(element: Any) -> None:
    """Table cells keep their alignment, which needs no style; nothing else in the element asks or runs."""
    if match := _ALIGN.search(element.get("style") or ""):
        element.set("align", match[1])
    for name in list(element.attrib):
        plain = name.rpartition("}")[2].rpartition(":")[2]
        # In drawings links and pictures go by other names, and can ask or run as well.
        drawn = plain == "href" and element.tag != "a"
        runs = plain in ("href", "src") and _RUNS.match(element.get(name) or "")
        if name in _ASKING or name.startswith("on") or plain != name or drawn or runs:
            del element.attrib[name]
