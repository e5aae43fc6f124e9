"""Markdown's marks for stressed, inserted, raised, marked and struck words, made ready when a text first needs them.

Their patterns know all punctuation of Unicode, and take longer to make than everything else that Markdown starts with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from markdown.inlinepatterns import InlineProcessor

EXTENSIONS = ("pymdownx.betterem", "pymdownx.caret", "pymdownx.mark", "pymdownx.tilde")
"""What would make them ready at once."""

_THEIRS = ("not_strong", "strong_em", "em_strong", "em_strong2", "strong", "emphasis", "strong2", "emphasis2")
"""Markdown's own patterns for stressed words, which those take the place of."""


def one_pattern() -> bool:
    """Whether one pattern is for all of them; in older pymdown-extensions each has patterns of its own."""
    return find_spec("pymdownx.delimiterprocessor") is not None


class Marks(InlineProcessor):
    """Stands for the pattern of all of them; ``started`` is an engine that has them and nothing else."""

    def __init__(self, engine: Any, started: Callable[[], Any]) -> None:
        super().__init__(r"\*|_|\^|=|\~", engine)
        self._started = started

    @classmethod
    def add(cls, engine: Any, started: Callable[[], Any]) -> None:
        """Gives them to an engine that was made without them."""
        for name in _THEIRS:
            engine.inlinePatterns.deregister(name, strict=False)
        marks = cls(engine, started)
        engine.inlinePatterns.register(marks, "delimiter", 60)
        engine.registerExtension(marks)
        engine.ESCAPED_CHARS += ["^", " ", "=", "~"]

    @cached_property
    def _pattern(self) -> Any:
        pattern = self._started().inlinePatterns["delimiter"]
        pattern.md = self.md
        return pattern

    def handleMatch(self, m: re.Match[str], data: str) -> Any:  # type: ignore[override]  # noqa: N802 - the base's name
        """What stands between this mark and its other one."""
        return self._pattern.handleMatch(m, data)

    def reset(self) -> None:
        """Forgets the text before."""
        if "_pattern" in self.__dict__:
            self._pattern.reset()
