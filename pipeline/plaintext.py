"""A letter's HTML as plain text worth reading: 72 columns, code line by line, links in numbers or in place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from string import ascii_lowercase
from typing import Any

from pipeline.markup import tree

WIDTH = 72

_BLOCKS = frozenset(
    ["blockquote", "dd", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "table", "ul"]
    + [f"h{level}" for level in range(1, 7)]
)
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_OPENING = "（「『【《〈“‘［｛"
_CLOSING = "，。、；：！？）」』】》〉”’］｝…—～·％"
_WIDE = "ᄀ-ᅟ⺀-〾ぁ-꓏가-힣豈-﫿︰-﹏！-｠￠-￦\U0001f300-\U0001faff\U00020000-\U0003fffd"
_ATOM = re.compile(rf"[{_OPENING}]*(?:[^{_WIDE}{_OPENING}{_CLOSING}]+|[{_WIDE}])?[{_CLOSING}]*")


def columns(text: str) -> int:
    """How many columns ``text`` takes on a screen of fixed width: wide characters two, combining ones none."""
    # Printable ASCII has no sign that is wide or combines.
    return len(text) if text.isascii() else sum(map(_columns, text))


@lru_cache(maxsize=8192)
def _columns(sign: str) -> int:
    if sign < "\u0300":
        return 1
    if unicodedata.category(sign) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns (0: one line), broken at spaces or between wide characters.

    Nothing is broken inside a word, so that an address stays whole on a line of its own if need be.
    """
    if not width:
        return [" ".join(text.split())] if text.strip() else []
    lines: list[str] = []
    line, taken = "", 0
    for space, atom in _atoms(text):
        more = columns(atom)
        if line and taken + len(space) + more > width:
            lines.append(line)
            line, taken = atom, more
        else:
            line, taken = (f"{line}{space}{atom}", taken + len(space) + more) if line else (atom, more)
    return [*lines, line] if line else lines


def _atoms(text: str) -> Iterator[tuple[str, str]]:
    for word in text.split():
        space = " "
        for atom in _ATOM.findall(word):
            if atom:
                yield space, atom
                space = ""


def text(html: str, *, width: int = WIDTH, picture: str = "Picture", numbered: bool = True) -> str:
    """The words of ``html`` as plain text, without a line end at its end.

    ``numbered`` links stand as ``[1]`` with their addresses below, others follow their words at once;
    ``picture`` is the reader's word for one; ``width`` 0 leaves paragraphs on one line.
    """
    writer = _Writer(picture, numbered)
    lines = writer.blocks(tree(html), width)
    if writer.addresses:
        lines += ["", *(f"[{number}] {address}" for address, number in writer.addresses.items())]
    return "\n".join(line.rstrip() for line in lines)


@dataclass(slots=True)
class _Writer:
    picture: str
    numbered: bool
    addresses: dict[str, int] = field(default_factory=dict)

    def blocks(self, element: Any, width: int) -> list[str]:
        """The lines of what stands in ``element``, blocks apart by an empty line."""
        found: list[list[str]] = []
        loose, titled = self.escaped(element.text), False
        for child in element:
            if child.tag in _BLOCKS:
                lines = self.block(child, width)
                if found and titled:
                    found[-1] += lines
                else:
                    found += [self.paragraph(loose, width), lines]
                titled, loose = child.get("class") in {"tip", "file"}, ""
            else:
                loose += self.inline(child)
            loose += self.escaped(child.tail)
        found.append(self.paragraph(loose, width))
        tight = element.tag == "li" and element.find("p") is None
        return _apart([lines for lines in found if lines], tight=tight)

    def escaped(self, words: str | None) -> str:
        """Text between elements, its line ends being spaces."""
        return re.sub(r"[ \t\r\n]+", " ", words or "")

    def paragraph(self, words: str, width: int) -> list[str]:
        """``words`` wrapped; a line end in them is one that was asked for."""
        return [line for part in words.strip().split("\n") for line in wrap(part, width)]

    def block(self, element: Any, width: int) -> list[str]:
        """The lines of one block element."""
        ways: dict[str, Callable[[Any, int], list[str]]] = {
            "pre": _code,
            "ul": self.listing,
            "ol": self.listing,
            "blockquote": lambda quote, room: _led("> ", self.blocks(quote, _less(room, 2))),
            "table": self.table,
            "hr": lambda _, __: ["* * *"],
            "dd": lambda meaning, room: _led("    ", self.blocks(meaning, _less(room, 4))),
        }
        if element.tag in ways:
            return ways[element.tag](element, width)
        if element.tag == "dl":
            return _apart([self.block(child, width) for child in element], tight=True)
        lines = self.blocks(element, width)
        if re.fullmatch(r"h[1-6]", element.tag) and lines:
            lines.append("-" * max(columns(line) for line in lines))
        return lines

    def listing(self, element: Any, width: int) -> list[str]:
        """A list with its bullets, its numbers, its boxes or, for footnotes, raised numbers."""
        rows = element.findall("li")
        first = int(element.get("start") or 1)
        found: list[list[str]] = []
        for number, row in enumerate(rows, start=first):
            lead = self.lead(element, row, number, first + len(rows) - 1)
            lines = self.blocks(row, _less(width, columns(lead) or 2)) or [""]
            rest = " " * (columns(lead) or 2)
            found.append([lead + lines[0], *((rest + line).rstrip() for line in lines[1:])])
        return _apart(found, tight=not any(row.findall("p") for row in rows))

    def lead(self, element: Any, row: Any, number: int, last: int) -> str:
        """What stands before one line of a list."""
        if element.get("class") == "notes":
            return str(number).translate(_RAISED) + " "
        if element.tag == "ol" and element.get("type") in {"a", "A"} and number <= len(ascii_lowercase):
            letter = ascii_lowercase[number - 1]
            return f"{letter.upper() if element.get('type') == 'A' else letter}. "
        if element.tag == "ol":
            return f"{number}.".rjust(len(str(last)) + 1) + " "
        return "" if (row.text_content().strip() or " ")[0] in "☑☐" else "- "

    def table(self, element: Any, width: int) -> list[str]:
        """A box with a bar along its side, or a table's cells in columns, or, too wide for that, one by one."""
        if element.get("role") == "presentation":
            cells = [line for cell in element.iter("td") for line in self.blocks(cell, _less(width, 2))]
            return [f"| {line}".rstrip() for line in cells]
        rows = [[self.cell(cell) for cell in row if cell.tag in {"td", "th"}] for row in element.iter("tr")]
        rows = [row + [""] * (max(map(len, rows)) - len(row)) for row in rows]
        aligned = [cell.get("align") == "right" for cell in next(element.iter("tr"), [])]
        headed = element.find("thead") is not None
        return _grid(rows, aligned, headed, width) or _records(rows, headed, width)

    def cell(self, element: Any) -> str:
        """A cell's words on one line."""
        return " ".join(self.inline(element).split())

    def inline(self, element: Any) -> str:
        """The words of an inline element with what marks them in plain text."""
        if not isinstance(element.tag, str):
            return ""
        inner = self.escaped(element.text)
        for child in element:
            inner += self.inline(child) + self.escaped(child.tail)
        return self.marked(element, inner)

    def marked(self, element: Any, inner: str) -> str:
        """``inner`` as its element is shown."""
        tag = element.tag
        if tag == "a":
            return self.link(inner, element.get("href") or "")
        if tag == "img":
            return f"[{self.picture}: {element.get('alt')}]" if element.get("alt") else ""
        if tag == "br":
            return "\n"
        if tag in {"sup", "sub"}:
            signs, sign = (_RAISED, "^") if tag == "sup" else (_LOWERED, "_")
            return inner.translate(signs) if all(ord(one) in signs for one in inner) else sign + inner
        marks = {"strong": "*", "b": "*", "em": "_", "i": "_", "code": "`", "del": "~", "s": "~"}
        sign = marks.get(tag, "")
        return f"{sign}{inner}{sign}" if inner.strip() else inner

    def link(self, words: str, address: str) -> str:
        """A link's words and its number, or its address, unless they are the same."""
        bare = address.removeprefix("mailto:")
        if not address or not words.strip():
            return words
        if words.strip() in {address, bare, bare.rstrip("/")}:
            return bare
        if not self.numbered:
            return f"{words} {bare} "
        number = self.addresses.setdefault(address, len(self.addresses) + 1)
        return f"{words} [{number}]"


def _apart(groups: list[list[str]], *, tight: bool) -> list[str]:
    lines: list[str] = []
    for group in groups:
        if lines and not tight:
            lines.append("")
        lines += group
    return lines


def _less(width: int, by: int) -> int:
    """A narrower width; 0 stays 0, and no indentation makes it unreadable."""
    return max(width - by, 20) if width else 0


def _led(lead: str, lines: list[str]) -> list[str]:
    return [(lead + line).rstrip() for line in lines]


def _code(element: Any, _: int) -> list[str]:
    lines = element.text_content().strip("\n").split("\n")
    return _led("    ", lines)


def _grid(rows: list[list[str]], right: list[bool], headed: bool, width: int) -> list[str]:
    """Cells in columns, or nothing when they do not fit in ``width``."""
    widths = [max(columns(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    if not widths or (width and sum(widths) + 2 * (len(widths) - 1) > width):
        return []
    lines = ["  ".join(_padded(*one) for one in zip(row, widths, right, strict=False)).rstrip() for row in rows]
    if headed:
        lines.insert(1, "  ".join("-" * most for most in widths))
    return lines


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - columns(cell))
    return space + cell if right else cell + space


def _records(rows: list[list[str]], headed: bool, width: int) -> list[str]:
    """One cell per line under its heading's name, rows apart by an empty line."""
    names = rows[0] if headed else [""] * len(rows[0]) if rows else []
    groups = []
    for row in rows[1 if headed else 0 :]:
        named = [f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=True) if cell]
        groups.append([line for one in named for line in wrap(one, width)])
    return _apart(groups, tight=False)
