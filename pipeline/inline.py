"""Markdown's inline patterns, tried only where they can match.

Python-Markdown tries each of its patterns on each piece of text. Most pieces hold none of the signs that a pattern
needs, so looking for those first gives the same result in less time.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from markdown.treeprocessors import InlineProcessor
from markdown.util import AtomicString

from pipeline.prose import Prose

_SIGNS: dict[str, tuple[str, ...]] = {
    "backtick": ("`",),
    "arithmatex-inline": ("$", "\\"),
    "escape": ("\\",),
    "footnote": ("[^",),
    "reference": ("[",),
    "link": ("[",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("<",),
    "automail": ("<",),
    "linebreak": ("  \n",),
    "html": ("<",),
    "magic-link": ("://", "ww.", "wW.", "Ww.", "WW."),
    "magic-mail": ("@",),
    "entity": ("&",),
    "keys-custom": ("++",),
    "keys": ("++",),
    "delimiter": ("*", "_", "^", "=", "~"),
}
"""What a text must hold one of for a pattern to match; patterns that are not named here are always tried."""


_STARTS: dict[str, str] = {
    "backtick": "\\`",
    "arithmatex-inline": "\\$",
    "keys-custom": "\\+",
    "escape": "\\",
    "footnote": "[",
    "reference": "[",
    "link": "[",
    "image_link": "!",
    "image_reference": "!",
    "short_reference": "[",
    "short_image_ref": "!",
    "autolink": "<",
    "automail": "<",
    "html": "<",
    "entity": "&",
    "keys": "+",
    "delimiter": "*_^=~",
}
"""What a match of a pattern begins with; patterns that are not named here may begin anywhere."""

_COMMON = ("ww.", "wW.", "Ww.", "WW.", "  \n")
"""Signs that begin as most texts do somewhere."""

_RARE = sorted({one for signs in _SIGNS.values() for one in signs if one not in _COMMON})
_ANY = re.compile("|".join(map(re.escape, _RARE)))
_SPECIAL = re.compile(f"[{re.escape(''.join({one[0] for one in _RARE}))}]")
"""What any other sign begins with."""


class Inline(InlineProcessor):
    """The inline processor, with a look at the text before each pattern."""

    def __init__(self, md: Any) -> None:
        super().__init__(md)
        patterns = md.inlinePatterns
        names = {id(patterns[name]): name for name in _SIGNS if name in patterns}
        self._patterns = [(pattern, names.get(id(pattern), "")) for pattern in patterns]
        self._all_need = all(name for _, name in self._patterns)
        patterns["backtick"].get_settings()
        self._prose = Prose(lambda code: patterns["backtick"].handle_code("", code), self._plain)
        self._able = lru_cache(maxsize=1024)(self._those_able)

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.treeprocessors.register(cls(engine), "inline", 20)

    def _those_able(self, special: frozenset[str]) -> list[tuple[int, Any, tuple[str, ...], Any]]:
        """The patterns, with their places, signs and starts, that can match where these signs begin."""
        return [
            (place, pattern, _SIGNS.get(name, ()), _starts(name))
            for place, (pattern, name) in enumerate(self._patterns)
            if not name or any(sign[0] in special or sign in _COMMON for sign in _SIGNS[name])
        ]

    def _plain(self, text: str) -> bool:
        """Whether no pattern can match, and nothing is to be put anywhere."""
        for sign in _COMMON:
            if sign in text:
                return False
        return self._all_need and (_SPECIAL.search(text) is None or _ANY.search(text) is None) and "\x02" not in text

    def run(self, tree: Any, ancestors: list[str] | None = None) -> Any:
        """Works as the one it replaces, and leaves alone what has no signs."""
        self.stashed_nodes: dict[str, Any] = {}
        waiting: deque[tuple[Any, list[str]]] = deque([(tree, [*(ancestors or ()), tree.tag.lower()])])
        while waiting:
            element, self.ancestors = waiting.popleft()
            if element is not tree:
                self.ancestors.append(element.tag.lower())
            inside: list[tuple[Any, list[Any]]] = []
            for child in element:
                if child.text and not isinstance(child.text, AtomicString) and not self._plain(child.text):
                    inside.append((child, self._text(child, waiting)))
                if child.tail and not self._plain(child.tail):
                    self._tail(element, child)
                if len(child):
                    waiting.append((child, self.ancestors[:]))
            for child, found in inside:
                child[:0] = found
        return tree

    def _text(self, child: Any, waiting: deque[tuple[Any, list[str]]]) -> list[Any]:
        """Sets what stands in an element; gives the elements that are to stand in it."""
        prose = self._prose.elements(child.text)
        if prose:
            child.text = prose[0] or None
            return prose[1]
        self.ancestors.append(child.tag.lower())
        text, child.text = child.text, None
        found = self._placed(self._handled(text), child)
        self.ancestors.pop()
        waiting += found
        return [node for node, _ in found]

    def _tail(self, element: Any, child: Any) -> None:
        """Sets what follows an element, and puts elements there."""
        text, child.tail = self._handled(child.tail), None
        held = Element("d")
        found = self._placed(text, held, False)
        if held.tail:
            child.tail = held.tail
        place = list(element).index(child) + 1
        for node, _ in reversed(found):
            element.insert(place, node)

    def _InlineProcessor__handleInline(self, data: str, index: int = 0) -> str:  # noqa: N802 - the base's private name
        if isinstance(data, AtomicString):
            return data
        apply = self._apply
        for place, pattern, signs, starts in self._able(frozenset(_SPECIAL.findall(data))):
            if place < index or (signs and not any(sign in data for sign in signs)):
                continue
            matched, start = True, 0
            while matched and (first := starts(data, start)):
                data, matched, start = apply(pattern, data, place, first.start())
        return data

    @property
    def _handled(self) -> Callable[..., str]:
        """How patterns are tried."""
        return self._InlineProcessor__handleInline

    @property
    def _apply(self) -> Any:
        """How the base tries one pattern."""
        return self._InlineProcessor__applyPattern  # type: ignore[attr-defined]  # the base's private name

    @property
    def _placed(self) -> Any:
        """How the base puts elements in the place of what stands for them."""
        return self._InlineProcessor__processPlaceholders  # type: ignore[attr-defined]  # the base's private name


def _starts(name: str) -> Callable[[str, int], re.Match[str] | None]:
    """How to look for the next place at which a pattern can begin to match."""
    return re.compile(f"[{re.escape(_STARTS[name])}]" if name in _STARTS else "").search
