"""What Markdown does to a text before it is a tree and after, only where there is something to do."""

from __future__ import annotations

import re
from typing import Any

from markdown.extensions.md_in_html import HtmlBlockPreprocessor, MarkdownInHTMLPostprocessor
from markdown.preprocessors import NormalizeWhitespace


class Whitespace(NormalizeWhitespace):
    """Tabs, line ends and blank lines made alike, where any are not."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.preprocessors.register(cls(engine), "normalize_whitespace", 30)

    def run(self, lines: list[str]) -> list[str]:
        """Works as the one it replaces."""
        text = "\n".join(lines)
        if any(sign in text for sign in "\t\r\x02\x03") or ("\n " in text and any(map(_blank, lines))):
            return super().run(lines)
        return [*lines, "", ""]


def _blank(line: str) -> bool:
    return line.endswith(" ") and not line.strip(" ")


class RawBlocks(HtmlBlockPreprocessor):
    """HTML of the author's own, sought where there may be some."""

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of theirs."""
        engine.preprocessors.register(cls(engine), "html_block", 20)

    def run(self, lines: list[str]) -> list[str]:
        """Works as the one it replaces."""
        text = "\n".join(lines)
        return super().run(lines) if "<" in text or "&" in text else lines


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
