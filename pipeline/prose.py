"""Paragraphs of plain prose, with code, links and stressed words of the simplest kind, as elements at once.

Markdown tries its patterns on such a paragraph one after another, each on the whole of it, with something that stands
for what each of them found. Where every mark is beyond doubt, reading it once from the left gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

_STRESSED = r"([^\W_](?:[^*_`\[\]\n]*[^\W_])?)"
_MARKS = re.compile(
    r"`(?<!``)(?![\s:#`])([^`\\]+)`(?!`)"
    rf"|\*\*(?<![^\s(]\*\*){_STRESSED}\*\*(?![^\s.,;:)])"
    rf"|\*(?<![^\s(]\*){_STRESSED}\*(?![^\s.,;:)])"
    r"|\[(?<!!\[)([^\[\]`\n]+)\]\(([\w./:#?=%~;,@&-]+)\)"
)
"""Code, strong words, stressed words, and a link with its address."""

_MARK = re.compile(r"[`*\[]")


class Prose:
    """Reads a paragraph; ``code`` makes the element of some code, ``plain`` tells that a text has no signs."""

    def __init__(self, code: Callable[[str], Any], plain: Callable[[str], bool]) -> None:
        self._code, self._plain = code, plain

    def elements(self, text: str) -> tuple[str, list[Any]] | None:
        """What stands before the first element, and the elements with what follows each; None for any other text."""
        if _MARK.search(text) is None:
            return None
        before, *parts = _MARKS.split(text)
        words = [before, *(part or "" for number, part in enumerate(parts) if number % 6 not in {0, 4})]
        if not parts or not self._plain("|".join(words)):
            return None
        return before, [self._element(*parts[at : at + 6]) for at in range(0, len(parts), 6)]

    def _element(self, code: str, strong: str, stressed: str, words: str, address: str, after: str) -> Any:
        if code:
            element = self._code(code.strip())
        elif words:
            element = Element("a", {"href": address})
        else:
            element = Element("strong" if strong else "em")
        if not code:
            element.text = words or strong or stressed
        element.tail = after or None
        return element
