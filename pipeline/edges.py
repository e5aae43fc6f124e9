"""What Markdown does to a text before it is a tree and after, only where there is something to do."""

from __future__ import annotations

import re
from typing import Any

from markdown.extensions.md_in_html import HtmlBlockPreprocessor, MarkdownInHTMLPostprocessor
from markdown.preprocessors import NormalizeWhitespace


class Whitespace(NormalizeWhitespace):
    """Line ends made alike; tabs stay, since code may need them."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.preprocessors.register(cls(engine), "normalize_whitespace", 30)

    def run(self, lines: list[str]) -> list[str]:
        """The lines without the signs by which Python-Markdown marks what was put aside."""
        text = "\n".join(lines)
        if not any(sign in text for sign in "\r\x02\x03\x00"):
            return lines
        text = text.replace("\x02", "").replace("\x03", "").replace("\x00", "\ufffd")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


class RawBlocks(HtmlBlockPreprocessor):
    """Elements with Markdown in them; where there is HTML, `structure` finds out."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.preprocessors.register(cls(engine), "html_block", 20)

    def run(self, lines: list[str]) -> list[str]:
        """Leaves the whole text alone."""
        return lines

    def inside(self, lines: list[str]) -> list[str]:
        """The lines of one element, with places for it and for what stands in it."""
        return super().run(lines)


_HELD = re.compile("\x02wzxhzdk:([0-9]+)\x03")


class RawHtml(MarkdownInHTMLPostprocessor):
    """What was put aside, put back where it was."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.postprocessors.register(cls(engine), "raw_html", 30)

    def run(self, text: str) -> str:
        """Works as the one it replaces."""
        held: list[Any] = self.md.htmlStash.rawHtmlBlocks
        pieces: list[str] = []
        done = 0
        for match in _HELD.finditer(text) if held else ():
            number, (start, end) = int(match[1]), match.span()
            if number >= len(held):
                continue
            html = self.stash_to_string(held[number])
            if text.startswith("</p>", end) and text.endswith("<p>", done, start):
                start, end = start - 3, end + 4
                html = html if self.isblocklevel(html) else f"<p>{html}</p>"
            pieces += [text[done:start], self.run(html) if "\x02" in html else html]
            done = end
        return "".join([*pieces, text[done:]]) if pieces else text
