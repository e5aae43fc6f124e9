"""Reads the insides of all blocks of a tree, in the place of Python-Markdown's inline patterns."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from pipeline.phrases import LOOSE, Reading
from pipeline.strokes import Chain, Piece, fill

_PLAIN = re.compile(r"[\\`*_~^!\[\]<&$\n@=+:]|www\.", re.IGNORECASE)


class Phrases(Treeprocessor):
    """Takes the place of Python-Markdown's inline patterns."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.treeprocessors.register(cls(engine), "inline", 20)

    def run(self, root: Element) -> None:
        """Reads every text of the tree."""
        # patterns of extensions look here for what others put aside
        self.stashed_nodes: dict[str, Any] = {}
        waiting = [root]
        while waiting:
            element = waiting.pop()
            children = list(element)
            waiting += reversed(children)
            if element.text and not isinstance(element.text, AtomicString):
                held = self._read(element.text)
                element.text = held.text
                element[:0] = list(held)
            for child in children:
                if child.tail and child.tail.strip() and not isinstance(child.tail, AtomicString):
                    held = self._read(child.tail)
                    child.tail = held.text
                    place = list(element).index(child) + 1
                    element[place:place] = list(held)
        dissolve(root)

    def _read(self, text: str) -> Element:
        held = Element("div")
        if not _PLAIN.search(text):
            held.text = text
            return held
        reading = Reading(self.md, text)
        reading.read()
        fill(held, reading.chain.first.after)
        if "@" in text and "magic-mail" in self.md.inlinePatterns:
            _mails(held, self.md.inlinePatterns["magic-mail"])
        return held


def dissolve(root: Element) -> None:
    """Takes out the elements that only stand for their content."""
    for parent in reversed([one for one in root.iter() if any(child.tag == LOOSE for child in one)]):
        chain = Chain()
        atomic = isinstance(parent.text, AtomicString)
        _unpack(parent, chain)
        for child in list(parent):
            parent.remove(child)
        fill(parent, chain.first.after)
        if atomic and parent.text:
            parent.text = AtomicString(parent.text)


def _unpack(parent: Element, chain: Chain) -> None:
    """Puts what stands in an element into a chain, and what stands in elements that only stand for their content."""
    chain.add(Piece(parent.text or ""))
    for child in parent:
        if child.tag == LOOSE:
            _unpack(child, chain)
        else:
            chain.add(Piece(element=child))
        chain.add(Piece(child.tail or ""))


def _mails(element: Element, pattern: Any) -> None:
    """Makes links of the mail addresses in a text; none inside a link."""
    if element.tag in {"a", "code"}:
        return
    for child in list(element):
        _mails(child, pattern)
    pieces = _mailed(element.text, pattern)
    element.text = pieces[0]
    element[:0] = pieces[1]
    for child in list(element)[len(pieces[1]) :]:
        if child.tail and "@" in child.tail:
            tail, found = _mailed(child.tail, pattern)
            child.tail = tail
            place = list(element).index(child) + 1
            element[place:place] = found


def _mailed(text: str | None, pattern: Any) -> tuple[str | None, list[Element]]:
    if not text or "@" not in text or isinstance(text, AtomicString):
        return text, []
    found: list[Element] = []
    before: str | None = None
    done = 0
    for match in pattern.getCompiledRegExp().finditer(text):
        link, start, end = pattern.handleMatch(match, text)
        if link is None or start is None:
            continue
        if found:
            found[-1].tail = text[done:start]
        else:
            before = text[done:start]
        found.append(link)
        done = end
    if not found:
        return text, []
    found[-1].tail = text[done:]
    return before, found
