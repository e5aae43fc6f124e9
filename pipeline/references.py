"""Finds the links and pictures of a Markdown text without rendering it, in time that grows with its length only."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from pipeline import blockmarks, linkparts
from pipeline.strokes import wordy
from pipeline.structure import Block, Reader, Rules

_BRACKET = re.compile(r"\\.|\[|\]", re.DOTALL)
_ADDRESS = re.compile(r"\((?P<said>[^()]{0,2000}(?:\([^()]{0,1000}\)[^()]{0,1000}){0,8})\)")
_TITLE = re.compile(r"""\s(?:"[^"]*"|'[^']*')\s*$""")
_DEFINED = re.compile(r"^[ ]{0,3}\[(?!\^)[^\]\n]{1,999}\]:[ \t]*<?([^\s>]+)>?", re.MULTILINE)
_LABELS = re.compile(r"^[ ]{0,3}\[(?!\^)([^\]\n]{1,999})\]:", re.MULTILINE)
_HTML = re.compile(r"<(img|a|source|video|audio)\b([^<>]{0,4000})>", re.IGNORECASE)
_LEADS = re.compile(r"""(?:^|[\s"'])(?:src|href)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_TICKS = re.compile(r"`+")


def references(body: str) -> list[tuple[int, str, str]]:
    """Every link and picture of a Markdown text outside code: (line from 1, the HTML element, address).

    Cheap on purpose (no rendering), so that `kith plan` can check every link of a house.
    """
    if "[" not in body and "<" not in body:
        return []
    text = _without_comments(without_code(body))
    breaks = [match.start() for match in re.finditer("\n", text)]
    labels = {linkparts.usual(label) for label in _LABELS.findall(text)} if "[[" in text else set()
    found = [(bisect_right(breaks, at - 1) + 1, tag, address.strip()) for at, tag, address in _everywhere(text, labels)]
    return sorted({one for one in found if one[2]})


def _everywhere(text: str, labels: set[str]) -> Iterator[tuple[int, str, str]]:
    start = 0
    for block in re.split(r"(\n[ \t]*\n)", text):
        if "[" in block or "<" in block:
            plain = without_spans(block)
            yield from ((start + at, tag, address) for at, tag, address in _inline(plain))
            if "[[" in plain:
                yield from ((start + at, tag, address) for at, tag, address in _by_name(plain, labels))
        start += len(block)


def _inline(block: str) -> Iterator[tuple[int, str, str]]:
    opened: list[int] = []
    for match in _BRACKET.finditer(block) if "[" in block else ():
        if match[0] == "[":
            opened.append(match.start())
        elif match[0] == "]" and opened:
            at = opened.pop()
            if said := _ADDRESS.match(block, match.end()):
                yield at, "img" if block[at - 1 : at] == "!" and at else "a", _bare(said["said"])
    if "]:" in block:
        yield from ((match.start(), "a", match[1]) for match in _DEFINED.finditer(block))
    for match in _HTML.finditer(block) if "<" in block else ():
        if leads := _LEADS.search(match[2]):
            yield match.start(), match[1].lower(), leads[1] or leads[2] or leads[3] or ""


def _by_name(block: str, labels: set[str]) -> Iterator[tuple[int, str, str]]:
    """Links by names in two pairs of brackets; a label that is defined is none, nor is an index such as ``x[[1]]``."""
    for match in linkparts.NAMED.finditer(block):
        before = block[match.start() - 1 : match.start()] if match.start() else ""
        if before != "\\" and not wordy(before) and linkparts.usual(match[1]) not in labels:
            yield match.start(), *linkparts.by_name(match)


def _bare(said: str) -> str:
    """The address of a link without its title and angle brackets."""
    said = said.strip()
    if said.startswith("<") and ">" in said:
        return linkparts.plainly(said[1 : said.index(">")])
    return linkparts.plainly(_TITLE.sub("", said).strip())


def _without_comments(text: str) -> str:
    """The text with nothing but line ends for what HTML comments hold."""
    kept: list[str] = []
    done = 0
    while (start := text.find("<!--", done)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept += [text[done:start], _blank(text[start : end + 3])]
        done = end + 3
    return "".join([*kept, text[done:]])


def _blank(text: str) -> str:
    """Nothing but the line ends of a text."""
    return "\n".join(" " * len(line) for line in text.split("\n"))


def without_code(body: str) -> str:
    """The text with spaces for every line of a code block, so that lines keep their numbers."""
    lines = body.split("\n")
    coded = code_lines(lines)
    return "\n".join("" if number in coded else line for number, line in enumerate(lines))


def code_lines(lines: list[str]) -> set[int]:
    """The numbers (from 0) of the lines that are fenced or indented code."""
    return set(_coded(Reader(lines, _RULES).read(), 0))


def _coded(block: Block, above: int) -> Iterator[int]:
    """The lines of code in a block that begins ``above`` lines below the first."""
    if block.kind in {"code", "fence"}:
        yield from range(above + block.first - 1, above + block.last)
    elif block.kind == "inhtml":
        yield from _coded(Reader(block.lines[1:], _RULES).read(), above + block.first)
    for child in block.children:
        yield from _coded(child, above)


_RULES = Rules(blockmarks.start, blockmarks.literal, lambda _: 0, blockmarks.box)


def without_spans(block: str) -> str:
    """The block with spaces for its inline code."""
    if "`" not in block:
        return block
    runs = [match for match in _TICKS.finditer(block) if block[match.start() - 1 : match.start()] != "\\"]
    later: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        later.setdefault(len(runs[index][0]), []).append(index)
    kept: list[str] = []
    index, done = 0, 0
    while index < len(runs):
        same = later[len(runs[index][0])]
        while same and same[-1] <= index:
            same.pop()
        if same:
            kept += [block[done : runs[index].start()], _blank(block[runs[index].start() : runs[same[-1]].end()])]
            index = same[-1]
            done = runs[index].end()
        index += 1
    return "".join([*kept, block[done:]])
