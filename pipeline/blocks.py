"""Python-Markdown's block parser, which finds blocks as CommonMark and GitHub do.

What blocks there are, `structure` finds; here they become elements. What belongs to an extension of Python-Markdown
(boxes, tabs, notes, abbreviations, code in colours, Markdown in HTML) is made by that extension.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree.ElementTree import Element, ElementTree, SubElement

from markdown.blockparser import BlockParser
from markdown.util import AtomicString, code_escape

from pipeline import blockmarks, linkparts
from pipeline.phrases import LOOSE
from pipeline.structure import Block, Reader, Rules

_BOXES = {"!": ("admonition", "RE"), "?": ("details", "START"), "=": ("tabbed", "START")}
_CALLOUT = re.compile(r"\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\][ \t]*(.*)$", re.IGNORECASE)
_CELLS = re.compile(r"(:?)-+(:?)")


class _Note(str):
    """The text of a footnote as its extension keeps it, of which the blocks are known already."""

    __slots__ = ("block",)
    block: Block

    def __new__(cls, block: Block) -> _Note:
        """Keeps the blocks beside an empty text."""
        note = super().__new__(cls)
        note.block = block
        return note


class Blocks(BlockParser):
    """Makes the elements of a text."""

    def __init__(self, theirs: BlockParser) -> None:
        super().__init__(theirs.md)
        self.blockprocessors = theirs.blockprocessors
        for processor in self.blockprocessors:
            processor.parser = self
        engine: Any = theirs.md
        self._rules = Rules(blockmarks.start, blockmarks.literal, self._defined, self._box)
        self._stash: Any = engine.htmlStash
        self._engine = engine
        self._ways: dict[str, Callable[[Element, Block], object]] = {
            "paragraph": self._paragraph, "heading": self._heading, "rule": lambda parent, _: self._add(parent, "hr"),
            "code": self._code, "fence": self._fence, "html": self._html, "inhtml": self._in_html, "table": self._table,
            "math": self._maths, "quote": self._quote, "list": self._list, "box": self._boxed, "note": self._note,
            "meanings": self._meanings, "abbreviation": self._abbreviation, "held": self._held,
            "nothing": lambda *_: None,
        }  # fmt: skip

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of the engine's parser."""
        theirs, engine.parser = engine.parser, cls(engine.parser)
        for extension in engine.registeredExtensions:
            if getattr(extension, "parser", None) is theirs:
                extension.parser = engine.parser

    def parseDocument(self, lines: Iterable[str]) -> Any:  # noqa: N802 - the base's name
        """The whole text as a tree."""
        root = Element(self.md.doc_tag)
        self._fill(root, list(lines))
        self.root: Any = root
        return ElementTree(root)

    def parseChunk(self, parent: Any, text: str) -> None:  # noqa: N802 - the base's name
        """Puts the elements of a text into ``parent``."""
        if isinstance(text, _Note):
            self._children(parent, text.block)
        else:
            self._fill(parent, text.split("\n"))

    def parseBlocks(self, parent: Any, blocks: list[str]) -> None:  # noqa: N802 - the base's name
        """Puts the elements of blocks, which empty lines part, into ``parent``."""
        self._fill(parent, "\n\n".join(blocks).split("\n"))
        blocks.clear()

    def _fill(self, parent: Element, lines: list[str]) -> None:
        self._children(parent, Reader(lines, self._rules).read())

    def _children(self, parent: Element, block: Block) -> None:
        for child in block.children:
            self._ways[child.kind](parent, child)

    def _defined(self, text: str) -> int:
        known: Any = self._engine.references
        return linkparts.definitions(text, known)

    def _box(self, text: str) -> str:
        name, pattern = _BOXES.get(text[:1], ("", ""))
        if name not in self.blockprocessors:
            return ""
        match = getattr(self.blockprocessors[name], pattern).match(text)
        return name if match and match.end() == len(text) else ""

    # -- leaves

    def _add(self, parent: Element, tag: str, text: str | None = None) -> Element:
        element = SubElement(parent, tag)
        element.text = text
        return element

    def _paragraph(self, parent: Element, block: Block) -> None:
        self._add(parent, "p", _joined(block))

    def _heading(self, parent: Element, block: Block) -> None:
        self._add(parent, f"h{block.said['level']}", _joined(block))

    def _code(self, parent: Element, block: Block) -> None:
        pre = self._add(parent, "pre")
        self._add(pre, "code", AtomicString(code_escape("\n".join(block.lines) + "\n")))

    def _fence(self, parent: Element, block: Block) -> None:
        self._put(parent, self._engine.preprocessors["fenced_code_block"].coloured(block.said["info"], block.lines))

    def _put(self, parent: Element, held: str) -> None:
        """Puts in a place for HTML that was put aside."""
        self._add(parent, LOOSE, AtomicString(f"\n{held}\n"))

    def _html(self, parent: Element, block: Block) -> None:
        self._put(parent, self._stash.store("\n".join(block.lines)))

    def _in_html(self, parent: Element, block: Block) -> None:
        """An element in which Markdown is to be read, by way of the extension for it."""
        lines = block.lines
        for name in ("fenced_code_block", "html_block"):
            lines = self._engine.preprocessors[name].inside(lines)
        self._fill(parent, lines)

    def _held(self, parent: Element, block: Block) -> None:
        if self.blockprocessors["markdown_block"].run(parent, list(block.lines)) is False:
            self._put(parent, block.lines[0])

    def _maths(self, parent: Element, block: Block) -> None:
        processor: Any = self.blockprocessors["arithmatex-block"]
        text = "\n".join(line.strip(" \t") for line in block.lines)
        if processor.test(parent, text):
            processor.run(parent, [text])
        else:
            self._add(parent, "p", text)

    def _abbreviation(self, parent: Element, block: Block) -> None:
        self.blockprocessors["abbr"].run(parent, list(block.lines))

    def _table(self, parent: Element, block: Block) -> None:
        head, delimiter, *rows = block.lines
        aligned = [_aligned(cell) for cell in blockmarks.cells(delimiter)]
        table = self._add(parent, "table")
        _row(self._add(table, "thead"), "th", head, aligned)
        if rows:
            body = self._add(table, "tbody")
            for row in rows:
                _row(body, "td", row, aligned)

    # -- containers

    def _quote(self, parent: Element, block: Block) -> None:
        first = block.children[0] if block.children else None
        match = _CALLOUT.match(first.lines[0]) if first is not None and first.kind == "paragraph" else None
        if first is None or match is None:
            self._children(self._add(parent, "blockquote"), block)
            return
        kind, title = match[1].lower(), match[2].strip(" \t")
        first.lines.pop(0)
        if not first.lines:
            first.kind = "nothing"
        quoted = title.replace('"', "&quot;")
        self._inside(parent, "admonition", f'!!! {kind} "{quoted}"' if title else f"!!! {kind}", block)

    def _boxed(self, parent: Element, block: Block) -> None:
        self._inside(parent, block.said["name"], block.said["head"], block)

    def _inside(self, parent: Element, name: str, head: str, block: Block) -> None:
        """A box that an extension makes, with its content."""
        self.blockprocessors[name].run(parent, [head])
        box = parent[-1]
        if name == "tabbed":
            box = box.findall("div")[-1][-1]
        self._children(box, block)

    def _note(self, _: Element, block: Block) -> None:
        """The text of a footnote, which its extension keeps until the notes are set."""
        notes: Any = self.blockprocessors["footnote"]
        notes.footnotes.footnotes.setdefault(block.said["name"], _Note(block))

    def _list(self, parent: Element, block: Block) -> None:
        kind, start = block.said["type"], block.said["start"]
        element = self._add(parent, "ul" if kind in "*+-" else "ol")
        if kind[0] in "aA":
            element.set("type", kind[0])
        if kind not in "*+-" and start != 1:
            element.set("start", str(start))
        loose = _loose(block) or any(_loose(item) for item in block.children)
        for item in block.children:
            self._listed(self._add(element, "li"), item, loose)

    def _meanings(self, parent: Element, block: Block) -> None:
        element = self._add(parent, "dl")
        for child in block.children:
            if child.kind == "term":
                self._add(element, "dt", child.lines[0])
            else:
                self._listed(self._add(element, "dd"), child, child.said["loose"] or _loose(child))

    def _listed(self, element: Element, block: Block, loose: bool) -> None:
        """What stands in one item; without empty lines its paragraphs are only text."""
        for child in block.children:
            if loose or child.kind != "paragraph":
                self._ways[child.kind](element, child)
            elif len(element) or element.text:
                self._add(element, LOOSE, _joined(child))
            else:
                element.text = _joined(child)


def _joined(block: Block) -> str:
    """A paragraph's lines as one text, without blanks at its end."""
    return "\n".join(block.lines).rstrip(" \t\n")


def _loose(block: Block) -> bool:
    """Whether an empty line stands between two blocks."""
    children = block.children
    return any(children[at].first - children[at - 1].end() > 1 for at in range(1, len(children)))


def _aligned(cell: str) -> str:
    match = _CELLS.match(cell)
    sides = (bool(match[1]), bool(match[2])) if match else (False, False)
    return {(True, True): "center", (True, False): "left", (False, True): "right"}.get(sides, "")


def _row(parent: Element, tag: str, row: str, aligned: list[str]) -> None:
    element = SubElement(parent, "tr")
    found = blockmarks.cells(row)
    for number, side in enumerate(aligned):
        cell = SubElement(element, tag)
        cell.text = found[number] if number < len(found) else ""
        if side:
            cell.set("style", f"text-align: {side};")
