"""Finds the links and pictures of a Markdown text without rendering it, in time that grows with its length only."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

_FENCE = re.compile(r"(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])(?=[ \t]))*(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_LISTED = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_BRACKET = re.compile(r"\\.|\[|\]", re.DOTALL)
_ADDRESS = re.compile(r"\((?P<said>[^()]{0,2000}(?:\([^()]{0,1000}\)[^()]{0,1000}){0,8})\)")
_TITLE = re.compile(r"""\s(?:"[^"]*"|'[^']*')\s*$""")
_DEFINED = re.compile(r"^[ ]{0,3}\[(?!\^)[^\]\n]{1,999}\]:[ \t]*<?([^\s>]+)>?", re.MULTILINE)
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
    found = [(bisect_right(breaks, at - 1) + 1, tag, address.strip()) for at, tag, address in _everywhere(text)]
    return sorted({one for one in found if one[2]})


def _everywhere(text: str) -> Iterator[tuple[int, str, str]]:
    start = 0
    for block in re.split(r"(\n[ \t]*\n)", text):
        if "[" in block or "<" in block:
            yield from ((start + at, tag, address) for at, tag, address in _inline(without_spans(block)))
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


def _bare(said: str) -> str:
    """The address of a link without its title and angle brackets."""
    said = said.strip()
    if said.startswith("<") and ">" in said:
        return said[1 : said.index(">")]
    return _TITLE.sub("", said).strip()


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
    """The numbers (from 0) of the lines that are fenced or indented code; a fence that never closes begins none."""
    coded: set[int] = set()
    hopeless: dict[str, int] = {}
    number, listed = 0, False
    while number < len(lines):
        line = lines[number]
        end = _end(lines, number, hopeless)
        if end:
            coded.update(range(number, end + 1))
        elif line.strip():
            listed = bool(_LISTED.match(line)) or (listed and (line[0] in " \t" or bool(lines[number - 1].strip())))
            above = number - 1
            if (
                not listed
                and line.startswith(("    ", "\t"))
                and (above < 0 or above in coded or not lines[above].strip())
            ):
                coded.add(number)
        elif number - 1 in coded and number + 1 < len(lines) and lines[number + 1].startswith(("    ", "\t")):
            coded.add(number)
        number = max(end, number) + 1
    return coded


def _end(lines: list[str], start: int, hopeless: dict[str, int]) -> int:
    """The line that closes the fence which begins at ``start``; 0 when none begins or it never closes."""
    match = _FENCE.match(lines[start]) if "```" in lines[start] or "~~~" in lines[start] else None
    if match is None or (match["fence"][0] == "`" and "`" in match["info"]):
        return 0
    sign, length = match["fence"][0], len(match["fence"])
    if length >= hopeless.get(sign, length + 1):
        return 0
    for number in range(start + 1, len(lines)):
        if sign * 3 not in lines[number]:
            continue
        closing = _FENCE.match(lines[number])
        if closing and closing["fence"].startswith(match["fence"]) and not closing["info"].strip():
            return number
    hopeless[sign] = length
    return 0


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
