"""Markdown's inline patterns, tried only where they can match.

Python-Markdown tries each of its patterns on each piece of text. Most pieces hold none of the signs that a pattern
needs, so looking for those first gives the same result in less time.
"""

from __future__ import annotations

import re
from typing import Any

from markdown.treeprocessors import InlineProcessor
from markdown.util import AtomicString

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
    "magic-link": ("://", "w.", "W."),
    "magic-mail": ("@",),
    "entity": ("&",),
    "keys-custom": ("++",),
    "keys": ("++",),
    "delimiter": ("*", "_", "^", "=", "~"),
}
"""What a text must hold one of for a pattern to match; patterns that are not named here are always tried."""


_ANY = re.compile("|".join(sorted({re.escape(sign) for signs in _SIGNS.values() for sign in signs})))


class Inline(InlineProcessor):
    """The inline processor, with a look at the text before each pattern."""

    def __init__(self, md: Any) -> None:
        super().__init__(md)
        self._needs: list[tuple[str, ...]] = []
        self._all_need = False

    def run(self, tree: Any, ancestors: Any = None) -> Any:
        """Works as the one it replaces; which patterns there are is asked anew each time."""
        patterns = self.md.inlinePatterns
        known = {id(patterns[name]): signs for name, signs in _SIGNS.items() if name in patterns}
        self._needs = [known.get(id(pattern), ()) for pattern in patterns]
        self._all_need = all(self._needs)
        return super().run(tree, ancestors)

    def _InlineProcessor__handleInline(self, data: str, index: int = 0) -> str:  # noqa: N802 - the base's private name
        if isinstance(data, AtomicString) or (self._all_need and _ANY.search(data) is None):
            return data
        patterns, apply, start = self.inlinePatterns, self._apply, 0
        count = len(patterns)
        while index < count:
            for sign in self._needs[index]:
                if sign in data:
                    break
            else:
                if self._needs[index]:
                    index, start = index + 1, 0
                    continue
            data, matched, start = apply(patterns[index], data, index, start)
            if not matched:
                index += 1
        return data

    @property
    def _apply(self) -> Any:
        """How the base tries one pattern."""
        return self._InlineProcessor__applyPattern  # type: ignore[attr-defined]  # the base's private name
