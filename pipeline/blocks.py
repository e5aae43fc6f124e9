"""Markdown's block processors, asked only about blocks that they can take.

Python-Markdown asks each of its two dozen processors about each block. Most of them take blocks only in which some
line begins with a sign of theirs, so looking at how the lines begin gives the same result in less time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from markdown.blockparser import BlockParser

_INDENT, _DIGIT, _PIPE = " ", "0", "|"

_SIGNS: dict[str, str] = {
    "admonition": "!" + _INDENT,
    "markdown_block": "\x02",
    "details": "?" + _INDENT,
    "tabbed": "=" + _INDENT,
    "indent": _INDENT,
    "defindent": _INDENT,
    "code": _INDENT,
    "arithmatex-block": "$\\",
    "table": _PIPE,
    "hashheader": "#",
    "setextheader": "=-",
    "hr": "-_*",
    "olist": _DIGIT,
    "ulist": "*+-",
    "deflist": ":",
    "quote": ">",
    "footnote": "[",
    "abbr": "*",
    "reference": "[",
}
"""What lines of a block must begin with, one of them with one of these, for a processor to take it.

An indentation is four spaces at the block's beginning, and a pipe may stand anywhere. Processors that are not named
here are always asked.
"""

_BEGINNING = re.compile(r"\n *([!?=$\\#\-_*+:>\[\x02])")
_FIRST = frozenset("!?=$\\#-_*+:>[\x02")


class Blocks(BlockParser):
    """The block parser, with a look at the block before its processors are asked."""

    def __init__(self, theirs: BlockParser) -> None:
        super().__init__(theirs.md)
        self.blockprocessors = theirs.blockprocessors
        self._indent = " " * theirs.md.tab_length
        for processor in self.blockprocessors:
            processor.parser = self
        self._able = lru_cache(maxsize=1024)(self._those_able)

    @classmethod
    def replace(cls, engine: Any) -> None:
        """Takes the place of the engine's parser."""
        theirs, engine.parser = engine.parser, cls(engine.parser)
        for extension in engine.registeredExtensions:
            if getattr(extension, "parser", None) is theirs:
                extension.parser = engine.parser

    def parseBlocks(self, parent: Any, blocks: list[str]) -> None:  # noqa: N802 - the base's name
        """Works as the one it replaces."""
        while blocks:
            for processor in self._able(self._signs(blocks[0])):
                if processor.test(parent, blocks[0]) and processor.run(parent, blocks) is not False:
                    break

    def _signs(self, block: str) -> str:
        """How the lines of a block begin, as far as any processor minds."""
        first = block.lstrip(" ")[:1]
        signs = {first} if first in _FIRST else {_DIGIT} if first.isdigit() else set()
        if "\n" in block:
            signs.update(_BEGINNING.findall(block))
        if _PIPE in block:
            signs.add(_PIPE)
        if block.startswith(self._indent):
            signs.add(_INDENT)
        return "".join(sorted(signs))

    def _those_able(self, signs: str) -> tuple[Any, ...]:
        named = {id(self.blockprocessors[name]): needed for name, needed in _SIGNS.items()}
        return tuple(
            one for one in self.blockprocessors if id(one) not in named or not set(signs).isdisjoint(named[id(one)])
        )
