"""Code in colours: Pygments with what it looks up for every block of code looked up once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pygments import highlight
from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound
from pymdownx.highlight import BlockHtmlFormatter, Highlight
from pymdownx.superfences import SuperFencesBlockPreprocessor


class Fences(SuperFencesBlockPreprocessor):  # type: ignore[misc]  # theirs has no types
    """Fenced code, sought only where there are fences."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs, with what it was told."""
        theirs = engine.preprocessors["fenced_code_block"]
        mine = cls(engine)
        mine.config, mine.extension = theirs.config, theirs.extension
        mine.extension.superfences[0]["formatter"] = mine.highlight
        engine.preprocessors.register(mine, "fenced_code_block", 25)

    def run(self, lines: list[str]) -> list[str]:
        """Leaves the whole text alone."""
        return lines

    def inside(self, lines: list[str]) -> list[str]:
        """Lines with places for the fenced code among them."""
        self._code: list[str] | None = None
        made: list[str] = super().run(lines)
        return made

    def coloured(self, info: str, code: list[str]) -> str:
        """A place for fenced code; of a first line that is not understood, only the language counts."""
        self._code = code
        for said in dict.fromkeys([info, info.split(" ", maxsplit=1)[0], ""]):
            sign = "~~~" if "`" in said else "```"
            made: list[str] = super().run([sign + said, *["x"] * len(code), sign])
            if len(made) == 1:
                return made[0]
        raise AssertionError(info)

    def rebuild_block(self, lines: list[str]) -> str:
        """The lines of the code."""
        return str(super().rebuild_block(lines)) if self._code is None else "\n".join(self._code)


class Coloured(Highlight):  # type: ignore[misc]  # theirs has no types
    """A block of code in colours."""

    @staticmethod
    def replace(engine: Any) -> None:
        """Takes the place of theirs."""
        for extension in engine.registeredExtensions:
            if hasattr(extension, "get_pymdownx_highlighter"):
                extension.get_pymdownx_highlighter = lambda: Coloured

    def get_lexer(self, src: str, language: str, inline: bool, stripnl: bool) -> tuple[Any, str]:
        """The lexer for a language, and the language's name."""
        kind = _lexer(language)
        if kind is None or self.guess_lang or self.extend_pygments_lang or self.default_lang:
            found: tuple[Any, str] = super().get_lexer(src, language if kind else "", inline, stripnl)
            return found
        return kind(stripnl=stripnl), language

    def highlight(self, src: str, language: str, css_class: str = "highlight", **asked: Any) -> Any:
        """The code as HTML; what asks for nothing but its language goes the short way."""
        if asked.get("inline") or self.linenums or self.auto_title or _wanted(asked):
            return super().highlight(src, language, css_class, **asked)
        lexer, name = self.get_lexer(src, language, False, self.stripnl)
        before, html = f'<div class="{css_class}">', highlight(src, lexer, _formatter(css_class, self.pygments_style))
        return f'<div class="{self.language_prefix}{name} {css_class}">{html.removeprefix(before)}'.strip()


def _wanted(asked: dict[str, Any]) -> bool:
    """Whether a block is to have numbers, marked lines, a title, or attributes."""
    said = ("hl_lines", "classes", "id_value", "attrs", "title")
    return any(asked.get(one) for one in said) or (asked.get("linestart") or 0) > 0


@lru_cache(maxsize=256)
def _lexer(language: str) -> Any:
    """The class of lexers for a language; Pygments looks through all that it has."""
    try:
        return find_lexer_class_by_name(language)
    except ClassNotFound:
        return None


@lru_cache(maxsize=4)
def _formatter(css_class: str, style: Any) -> Any:
    return BlockHtmlFormatter(cssclass=css_class, wrapcode=True, style=style)
