"""Takes HTML comments out of Markdown before anything else reads it: they are the author's own, whatever they hold.

Parsers of Markdown and HTML disagree about where a comment ends when it holds an empty line, a ``>`` or a ``|``. Here
it ends at the first ``-->``, wherever that is. In code, and behind a backslash, it is text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.references import code_lines

_NOTHING = "<!-- -->"
"""What stands for a comment that begins its line, so that blocks and lists stay as they are."""

_TOKEN = re.compile(r"\n|\\[^\n]|`+|<!--")
_COMMENT = re.compile(r"<!--(?:-?>|.*?-->)", re.DOTALL)
_BEFORE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*[ \t]*")
_MARKER = re.compile(r"[-*+]|\d{1,9}[.)]")
_EMPTY_LINE = re.compile(r"\n[ \t>]*(?:\n|$)")
_READINGS = 50
"""How often it is worked out anew which lines are code, after comments of several lines."""


def without_comments(body: str) -> str:
    """The text without its comments; every line keeps its number. One that never ends takes all that follows."""
    return _parted(body)[0] if "<!--" in body else body


def unclosed(body: str) -> int:
    """The number, from 1, of the line in which a comment begins that never ends; 0 without one."""
    return _parted(body)[1] if "<!--" in body else 0


@lru_cache(maxsize=512)
def _parted(body: str) -> tuple[str, int]:
    """The text without its comments, and the line of one that never ends."""
    reader = _Scan(body)
    kept: list[str] = []
    done = readings = 0
    while (start := reader.comment()) >= 0:
        kept.append(reader.text[done:start])
        match = _COMMENT.match(reader.text, start)
        if match is None:
            rest = reader.text.count("\n", start)
            return "".join(kept) + "\n" * rest, reader.line + 1
        kept.append(_instead(reader.text, start, match[0]))
        done = match.end()
        if "\n" in match[0] and readings < _READINGS:
            readings += 1
            begun = "".join(kept)
            reader = _Scan(begun + reader.text[done:], len(begun))
            kept, done = [begun], len(begun)
        else:
            reader.go(done)
    return "".join([*kept, reader.text[done:]]), 0


def _instead(text: str, start: int, comment: str) -> str:
    """What stands in place of a comment: as many lines."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    if not _BEFORE.fullmatch(before):
        return "\n" * comment.count("\n")
    next_line = "\n" + _MARKER.sub(lambda match: " " * len(match[0]), before) + _NOTHING
    return _NOTHING + next_line * comment.count("\n")


class _Scan:
    """Looks for comments in a text, from ``at`` on; what stands in code is passed over."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text, self.at = text, at
        self.line = text.count("\n", 0, at)
        self._code = code_lines(text.split("\n"))
        self._paragraph = 0

    def comment(self) -> int:
        """Where the next comment begins; -1 where there is none."""
        while match := _TOKEN.search(self.text, self.at):
            self.go(match.start())
            sign = match[0]
            if sign == "\n" or self.line not in self._code:
                if sign == "<!--":
                    return self.at
                self.go(self._span(match) if sign[0] == "`" else match.end())
            else:
                end = self.text.find("\n", self.at)
                self.go(len(self.text) if end < 0 else end)
        return -1

    def go(self, at: int) -> None:
        """Goes on to a place in the text."""
        self.line += self.text.count("\n", self.at, at)
        self.at = at

    def _span(self, match: re.Match[str]) -> int:
        """The end of the code that begins with these signs; where it does not end in its paragraph, theirs."""
        closing = re.compile(f"(?<!`){match[0]}(?!`)").search(self.text, match.end(), self._end(match.end()))
        if closing is None:
            return match.end()
        last = self.line + self.text.count("\n", self.at, closing.start())
        return match.end() if not self._code.isdisjoint(range(self.line, last + 1)) else closing.end()

    def _end(self, at: int) -> int:
        """The end of the paragraph that stands there."""
        if self._paragraph < at:
            found = _EMPTY_LINE.search(self.text, at)
            self._paragraph = found.start() if found else len(self.text)
        return self._paragraph
