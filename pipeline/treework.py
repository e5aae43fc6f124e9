"""What Markdown does to the whole tree of a text, only where there is something to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html import unescape
from typing import Any
from xml.etree.ElementTree import HTML_EMPTY

from markdown.extensions.attr_list import AttrListTreeprocessor
from markdown.extensions.toc import (
    TocTreeprocessor,
    nest_toc_tokens,
    remove_fnrefs,
    render_inner_html,
    strip_tags,
)  # fmt: skip
from markdown.extensions.toc import unescape as plainly
from markdown.serializers import RE_AMP, to_html_string
from markdown.treeprocessors import UnescapeTreeprocessor

_BRACES = r"\{(?=:|[ ]*(?:[.#]|[\w:-]+=))\:?[ ]*([^\}\n ][^\n]*)\}"
"""Attributes: a class, an id or a value is among them; other braces are words."""


class Attributes(AttrListTreeprocessor):
    """Attributes in braces, where the text has braces."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        mine: Any = cls(engine)
        mine.HEADER_RE = re.compile(rf"(?<! )[ ]+{_BRACES}[ ]*$")
        mine.BLOCK_RE = re.compile(rf"\n[ ]*{_BRACES}[ ]*$")
        mine.INLINE_RE = re.compile(f"^{_BRACES}")
        engine.treeprocessors.register(mine, "attr_list", 8)

    def run(self, doc: Any) -> None:
        """Works as the one it replaces."""
        if "{" in "".join(doc.itertext()):
            super().run(doc)


class Escapes(UnescapeTreeprocessor):
    """Escaped characters, where there are any."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.treeprocessors.register(cls(engine), "unescape", 0)

    def run(self, root: Any) -> None:
        """Works as the one it replaces."""
        if self.RE.search("".join(root.itertext())) or any(
            value and "\x02" in value for element in root.iter() if element.attrib for value in element.attrib.values()
        ):
            super().run(root)


class Headings(TocTreeprocessor):
    """Ids of headings; a table of contents is made only for a text that asks for one."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs, with what it was told."""
        mine = cls.__new__(cls)
        mine.__dict__.update(engine.treeprocessors["toc"].__dict__)
        engine.treeprocessors.register(mine, "toc", 5)

    def run(self, doc: Any) -> None:
        """Works as the one it replaces; of headings it tells their levels, ids and names."""
        found = [one for one in doc.iter() if type(one.tag) is not str or one.tag[:1] in "hH"]
        headings = [one for one in found if one.tag in _LEVELS]
        if len(headings) + sum(one.tag == "hr" for one in found) < len(found) or self._particular(doc, headings):
            super().run(doc)
            return
        used = {one.attrib["id"] for one in doc.iter() if "id" in one.attrib}
        tokens: list[Any] = []
        same: Counter[str] = Counter()
        for one in headings:
            name = self._name(one)
            if "id" not in one.attrib:
                one.attrib["id"] = _unused(self.slugify(unescape(name), self.sep), used, same)
            level = _LEVELS[one.tag]
            if self.toc_top <= level <= self.toc_bottom:
                tokens.append({"level": level, "id": plainly(one.attrib["id"]), "name": name})
        engine: Any = self.md
        engine.toc_tokens = nest_toc_tokens(tokens)

    def _particular(self, doc: Any, headings: list[Any]) -> bool:
        """Whether more is asked for than ids."""
        asked = self.base_level or self.use_anchors or self.use_permalinks or self.marker in "".join(doc.itertext())
        return bool(asked) or any("data-toc-label" in one.attrib for one in headings)

    def _name(self, heading: Any) -> str:
        """A heading's words, as HTML without tags."""
        if len(heading) or "\x02" in (heading.text or ""):
            return strip_tags(render_inner_html(remove_fnrefs(heading), self.md))
        return " ".join(_escaped(heading.text or "").split())


def _unused(name: str, used: set[str], same: Counter[str]) -> str:
    """An id that nothing has: the name, or the name with the next number behind it."""
    found = name
    while not found or found in used:
        same[name] += 1
        found = f"{name}_{same[name]}"
    used.add(found)
    return found


_LEVELS = {f"h{level}": level for level in range(1, 7)}


def written(element: Any) -> str:
    """The tree as HTML, as `to_html_string` writes it."""
    pieces: list[str] = []
    try:
        _write(element, pieces.append)
    except (RecursionError, _Rare):
        return to_html_string(element)
    return "".join(pieces)


class _Rare(Exception):
    """Something in the tree is not an element with attributes that have values."""


_VERBATIM = frozenset({"script", "style"})


def _write(element: Any, write: Callable[[str], None]) -> None:
    tag, text, tail = element.tag, element.text, element.tail
    if type(tag) is not str or tag.lower() in _VERBATIM:
        raise _Rare
    if element.attrib:
        write(f"<{tag}{''.join(map(_attribute, sorted(element.items())))}>")
    else:
        write(f"<{tag}>")
    if text:
        write(_escaped(text))
    for child in element:
        _write(child, write)
    if tag.lower() not in HTML_EMPTY:
        write(f"</{tag}>")
    if tail:
        write(_escaped(tail))


def _escaped(text: str) -> str:
    if "&" in text:
        text = RE_AMP.sub("&amp;", text)
    if "<" in text or ">" in text:
        text = text.replace("<", "&lt;").replace(">", "&gt;")
    return text


def _attribute(item: tuple[Any, Any]) -> str:
    key, value = item
    if type(key) is not str or type(value) is not str or key == value:
        raise _Rare
    quoted = _escaped(value).replace('"', "&quot;")
    return f' {key}="{quoted}"'
