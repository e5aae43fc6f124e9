"""The blocks of a Markdown text, found as CommonMark and GitHub find them: what contains what, line by line. Pure.

Containers (quotes, items of lists, boxes, notes, meanings) hold blocks; leaves (paragraphs, headings, code, HTML,
tables, formulas) hold lines. What each becomes is decided elsewhere. Sources: https://spec.commonmark.org/0.31.2/ and
https://github.github.com/gfm/.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipeline.linecut import Line

DEEPEST = 60
"""Containers inside each other; what would stand deeper is text."""

LITERAL = frozenset({"fence", "html", "inhtml", "math"})
"""Leaves that take lines as they are, whatever they begin with."""


@dataclass(slots=True, eq=False)
class Block:
    """One block: its kind, its lines from ``first`` to ``last``, and what stands in it."""

    kind: str
    first: int = 0
    last: int = 0
    children: list[Block] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)

    def end(self) -> int:
        """The last line that belongs to it, or to anything in it."""
        return max(self.last, self.children[-1].end()) if self.children else self.last


@dataclass(frozen=True, slots=True)
class Rules:
    """What the reader asks: how blocks begin and go on, and which constructs of extensions there are."""

    start: Callable[[Reader], str]
    """Opens the block that the line begins: ``container``, ``leaf`` when the line is done, or nothing."""
    literal: Callable[[Reader, Block], bool]
    """Gives the line to a leaf that takes lines as they are; False where it ends before the line."""
    defined: Callable[[str], int]
    """Takes link definitions from the beginning of a text; the number of characters they take."""
    box: Callable[[str], str]
    """The kind of box that a line begins."""


class Reader:
    """Reads line by line; the open containers stand in ``open``, and the open leaf of the last of them in ``leaf``."""

    def __init__(self, lines: list[str], rules: Rules) -> None:
        self.lines, self.rules = lines, rules
        self.open = [Block("document")]
        self.leaf: Block | None = None
        self.number = 0
        self.now = Line("")
        self.matched = 0

    def read(self) -> Block:
        """The whole text."""
        for number, text in enumerate(self.lines, start=1):
            self.number, self.now = number, Line(text)
            self._line()
        self.close_leaf()
        return self.open[0]

    def _line(self) -> None:
        self.matched = self._continued()
        if self.leaf is not None and self.leaf.kind in LITERAL and self.whole() and self.rules.literal(self, self.leaf):
            return
        kind = fresh = self._starts()
        if kind == "leaf":
            return
        leaf, blank = self.leaf, self.now.blank()
        if leaf is not None and not fresh and (self.whole() or self._lazily(leaf)):
            if leaf.kind == "code" and (blank or self.now.indent() > 3):
                self._code(leaf)
                return
            if leaf.kind in {"paragraph", "table"} and not blank:
                self.add(self.now.word())
                return
            self.close_leaf()
        self.close_to(self.matched)
        if not blank:
            self._text()

    def _text(self) -> None:
        """Begins a paragraph, or indented code."""
        if self.now.indent() > 3:
            self._code(self.begin("code"))
        else:
            self.begin("paragraph")
            self.add(self.now.word())

    def _lazily(self, leaf: Block) -> bool:
        """Whether the line goes on with a paragraph though it lacks the signs of what contains that."""
        left = self.open[self.matched + 1 :]
        return leaf.kind == "paragraph" and not self.now.blank() and all(block.kind != "box" for block in left)

    def _continued(self) -> int:
        """The place of the last open container that the line goes on with; the line is read up to its inside."""
        for place in range(1, len(self.open)):
            if not self._continues(self.open[place]):
                return place - 1
        return len(self.open) - 1

    def _continues(self, block: Block) -> bool:
        now = self.now
        if block.kind in {"list", "meanings"}:
            return True
        if block.kind == "quote":
            if now.indent() > 3 or not now.word().startswith(">"):
                return False
            self.enter_quote()
            block.last = self.number
            return True
        if now.blank():
            return bool(block.children) or block.kind != "item"
        if now.indent() < block.said["offset"]:
            return False
        now.skip(block.said["offset"])
        return True

    def enter_quote(self) -> None:
        """Passes over a quote's sign."""
        self.now.skip_indent()
        self.now.skip(1)
        self.now.optional()

    def _starts(self) -> str:
        """Opens what the line begins: ``leaf`` when the line is done, else whether any container was opened."""
        opened = ""
        while not self.now.blank():
            if self.now.indent() > 3:
                break
            kind = self.rules.start(self)
            if kind != "container":
                return kind or opened
            opened = kind
        return opened

    # -- what the rules ask and do

    def whole(self) -> bool:
        """Whether every open container goes on in this line."""
        return self.matched == len(self.open) - 1

    def paragraph(self) -> Block | None:
        """The paragraph that this line would go on with."""
        return self.leaf if self.leaf is not None and self.leaf.kind == "paragraph" and self.whole() else None

    @property
    def inside(self) -> Block:
        """The container that the line is in."""
        return self.open[self.matched]

    def _room(self, kind: str) -> None:
        """Closes what is not gone on with, and a list in which only items can stand."""
        if self.inside.kind in {"list", "meanings"} and kind not in {"item", "meaning"}:
            self.matched -= 1
        self.close_leaf()
        self.close_to(self.matched)

    def push(self, kind: str, **said: Any) -> Block:
        """Opens a container."""
        self._room(kind)
        block = Block(kind, self.number, self.number, said=said)
        self.inside.children.append(block)
        self.open.append(block)
        self.matched += 1
        return block

    def begin(self, kind: str, **said: Any) -> Block:
        """Opens a leaf in the container that the line is in."""
        self._room(kind)
        self.leaf = Block(kind, self.number, self.number, said=said)
        self.inside.children.append(self.leaf)
        return self.leaf

    def single(self, kind: str, lines: list[str], **said: Any) -> None:
        """Opens and closes a leaf of one line."""
        self.begin(kind, **said).lines = lines
        self.leaf = None

    def add(self, text: str) -> None:
        """Gives a line to the open leaf."""
        assert self.leaf is not None
        self.leaf.lines.append(text)
        self.leaf.last = self.number

    def _code(self, leaf: Block) -> None:
        self.now.skip(4)
        leaf.lines.append(self.now.rest())
        leaf.last = leaf.last if self.now.blank() else self.number

    # -- ends

    def close_to(self, place: int) -> None:
        """Closes the containers behind ``place``."""
        if place < len(self.open) - 1:
            self.close_leaf()
            del self.open[place + 1 :]

    def close_leaf(self) -> None:
        """Closes the open leaf; a paragraph gives its link definitions away, and a formula without end becomes one."""
        leaf, self.leaf = self.leaf, None
        if leaf is None:
            return
        if leaf.kind == "math" and not leaf.said.get("closed"):
            self._give_back(leaf)
        if leaf.kind == "paragraph":
            self._take_definitions(leaf)
        elif leaf.kind == "code":
            while leaf.lines and not leaf.lines[-1].strip(" \t"):
                leaf.lines.pop()

    def _give_back(self, leaf: Block) -> None:
        """Makes a paragraph of what was no formula, or a part of the one before it."""
        leaf.kind, leaf.lines = "paragraph", [line.strip(" \t") for line in leaf.lines]
        beside = self.open[-1].children
        before = beside[-2] if len(beside) > 1 else None
        if before is not None and before.kind == "paragraph" and before.last == leaf.first - 1:
            leaf.lines, leaf.first = before.lines + leaf.lines, before.first
            beside.remove(before)

    def _take_definitions(self, leaf: Block) -> None:
        if not leaf.lines or not leaf.lines[0].startswith("["):
            return
        text = "\n".join(leaf.lines)
        rest = text[self.rules.defined(text) :]
        if not rest.strip(" \t\n"):
            leaf.kind, leaf.lines = "nothing", []
        elif len(rest) < len(text):
            leaf.lines = rest.split("\n")

    def give_definitions(self) -> Block | None:
        """The paragraph that this line would go on with, without the link definitions that it begins with."""
        leaf = self.paragraph()
        if leaf is not None:
            self._take_definitions(leaf)
            if leaf.kind == "nothing":
                leaf.kind, self.leaf = "nothing", None
                return None
        return leaf
