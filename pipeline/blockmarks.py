"""How each kind of Markdown block begins, and how those end that take lines as they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

from pipeline.linkparts import NAME, TAG
from pipeline.structure import DEEPEST, Block, Reader

_HEADING = re.compile(r"(#{1,6})(?=[ \t]|$)")
_SETEXT = re.compile(r"(?:=+|-+)[ \t]*$")
_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|(?:-[ \t]*){3,})$")
_FENCE = re.compile(r"`{3,}|~{3,}")
_BULLET = re.compile(r"[*+-](?=[ \t]|$)")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=[ \t]|$)")
_LETTER = re.compile(r"([A-Za-z])([.)])(?=[ \t])")
_DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")
_NOTE = re.compile(r"\[\^([^\]\s]+)\]:[ \t]*")
_ABBREVIATION = re.compile(r"\*\[[^\]\\]+\] ?:[ \t]*\S")
_HELD = re.compile("\x02wzxhzdk:[0-9]+\x03$")
_MEANING = re.compile(r":(?=[ \t]+\S)")
_BOX = re.compile(r"(?:!!! ?[\w-]|\?{3}\+? ?[\w\"-]|===[!+]* +\").*$")
_AHEAD = 200
"""Lines in which the second item of a list that counts in letters is sought."""

_BLOCKS = (
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link "
    "main menu menuitem nav noframes ol optgroup option p param search section source summary table tbody td tfoot th "
    "thead title tr track ul"
)
_HTML: tuple[tuple[re.Pattern[str], re.Pattern[str] | None], ...] = (
    (
        re.compile(r"<(?:script|pre|style|textarea)(?:[\s>]|$)", re.I),
        re.compile(r"</(?:script|pre|style|textarea)>", re.I),
    ),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_BLOCKS.replace(' ', '|')})(?:[\s>]|/>|$)", re.I), None),
    (re.compile(rf"{TAG}[ \t]*$"), None),
)
"""How the seven kinds of HTML blocks begin and end; those without an end go on to the next blank line."""

_WITHIN = re.compile(rf"<({NAME})(?=[\s/>])(?=[^>]*\smarkdown(?:[\s=>]|$))[^>]*>")
_MATHS = (
    (re.compile(r"\$\$"), r"\$\$"),
    (re.compile(r"\\\["), r"\\\]"),
    (re.compile(r"\\begin\{([A-Za-z]+\*?)\}"), ""),
)


def _quote(reader: Reader) -> str:
    if len(reader.open) > DEEPEST:
        return ""
    reader.push("quote")
    reader.enter_quote()
    return "container"


def _heading(reader: Reader) -> str:
    match = _HEADING.match(reader.now.word())
    if match is None:
        return ""
    words = reader.now.word()[match.end() :].strip(" \t")
    open_words = words.rstrip("#")
    if not open_words or open_words[-1] in " \t":
        words = open_words.rstrip(" \t")
    reader.single("heading", [words], level=len(match[1]))
    return "leaf"


def _fence(reader: Reader) -> str:
    word = reader.now.word()
    match = _FENCE.match(word)
    if match is None or (word[0] == "`" and "`" in word[match.end() :]):
        return ""
    reader.begin("fence", indent=reader.now.indent(), sign=match[0], info=word[match.end() :].strip(" \t"))
    return "leaf"


def _html(reader: Reader) -> str:
    word = reader.now.word()
    for number, (begins, ends) in enumerate(_HTML, start=1):
        if begins.match(word) and (number < len(_HTML) or reader.leaf is None or reader.leaf.kind != "paragraph"):
            within = _WITHIN.match(word) if number > 5 else None
            reader.begin("inhtml" if within else "html", ends=ends, tag=within[1].lower() if within else "", depth=0)
            literal(reader, reader.inside.children[-1])
            return "leaf"
    return ""


def _setext(reader: Reader) -> str:
    if not _SETEXT.match(reader.now.word()) or reader.paragraph() is None:
        return ""
    leaf = reader.give_definitions()
    if leaf is None:
        return ""
    leaf.kind, leaf.last = "heading", reader.number
    leaf.said["level"] = 1 if reader.now.word()[0] == "=" else 2
    leaf.lines[-1] = leaf.lines[-1].rstrip(" \t")
    reader.leaf = None
    return "leaf"


def _rule(reader: Reader) -> str:
    if not _RULE.match(reader.now.word()):
        return ""
    reader.single("rule", [])
    return "leaf"


def _table(reader: Reader) -> str:
    word, leaf = reader.now.word().rstrip(" \t"), reader.paragraph()
    if leaf is None or not _DELIMITER.match(word) or not ("|" in word or "|" in leaf.lines[-1]):
        return ""
    head = leaf.lines[-1]
    if len(cells(head)) != len(cells(word)):
        return ""
    leaf.lines.pop()
    if not leaf.lines:
        reader.inside.children.remove(leaf)
        reader.leaf = None
    else:
        leaf.last -= 1
    table = reader.begin("table")
    table.first -= 1
    table.lines = [head, word]
    return "leaf"


_CELL = re.compile(r"\\.|(`+)(?!`)|\|", re.DOTALL)


def cells(row: str) -> list[str]:
    """The cells of a table's row; a pipe in code does not part them, nor does one behind a backslash."""
    row = row.strip(" \t").removeprefix("|")
    found, done, at = [], 0, 0
    ticks: dict[str, int] = {}
    while match := _CELL.search(row, at):
        at = match.end()
        if match[0] == "|":
            found.append(row[done : match.start()])
            done = at
        elif match[1]:
            end = _code_end(row, match[1], at, ticks)
            at = end if end else at
    if row[done:].strip(" \t") or not found:
        found.append(row[done:])
    return [cell.strip(" \t").replace("\\|", "|") for cell in found]


def _code_end(row: str, sign: str, at: int, hopeless: dict[str, int]) -> int:
    """Where the code ends that began with ``sign``; 0 where it does not."""
    if sign in hopeless:
        return 0
    match = re.compile(rf"(?<!`){sign}(?!`)").search(row, at)
    if match is None:
        hopeless[sign] = at
        return 0
    return match.end()


def _item(reader: Reader) -> str:
    word, here = reader.now.word(), reader.paragraph()
    if match := _BULLET.match(word):
        kind, start = word[0], 0
    elif match := _NUMBER.match(word):
        kind, start = match[2], int(match[1])
    elif match := _LETTER.match(word):
        kind, start = _lettered(reader, match)
        if not kind:
            return ""
    else:
        return ""
    if len(reader.open) >= DEEPEST:
        return ""
    if here and (not word[match.end() :].strip(" \t") or (kind in {".", ")"} and start != 1)):
        return ""
    offset = _past(reader, match.end())
    if reader.inside.kind != "list" or reader.inside.said["type"] != kind:
        if reader.inside.kind == "list":
            reader.matched -= 1
        reader.push("list", type=kind, start=start)
    reader.push("item", offset=offset)
    return "container"


def _past(reader: Reader, length: int) -> int:
    """Reads past an item's sign of some length; how far its content is indented."""
    now = reader.now
    indent = now.indent()
    now.skip(indent + length)
    blanks = now.indent()
    if now.blank() or blanks > 4:
        now.optional()
        return indent + length + 1
    now.skip(blanks)
    return indent + length + blanks


def _lettered(reader: Reader, match: re.Match[str]) -> tuple[str, int]:
    """The type and number of an item that counts in letters; nothing where it is only a word."""
    letter, sign = match[1], match[2]
    kind = ("A" if letter.isupper() else "a") + sign
    number = ord(letter.lower()) - ord("a") + 1
    inside = reader.inside
    if inside.kind == "list" and inside.said["type"] == kind:
        return (kind, number) if number == inside.said["start"] + len(inside.children) else ("", 0)
    if number != 1 or reader.paragraph() is not None:
        return "", 0
    following = re.compile(rf"[ \t>]*{chr(ord(letter) + 1)}{re.escape(sign)}[ \t]")
    ahead = islice(reader.lines, reader.number, reader.number + _AHEAD)
    return (kind, number) if any(following.match(line) for line in ahead) else ("", 0)


def _box(reader: Reader) -> str:
    word = reader.now.word()
    name = reader.rules.box(word)
    if not name or len(reader.open) > DEEPEST:
        return ""
    reader.push("box", name=name, head=word, offset=4)
    reader.now.skip(len(reader.now.text) * 4)
    return "leaf"


def _note(reader: Reader) -> str:
    match = _NOTE.match(reader.now.word())
    if match is None or len(reader.open) > DEEPEST:
        return ""
    reader.push("note", name=match[1], offset=4)
    reader.now.skip_indent()
    for _ in match[0].rstrip(" \t"):
        reader.now.skip(1)
    reader.now.skip_indent()
    return "container"


def _abbreviation(reader: Reader) -> str:
    word = reader.now.word()
    if not _ABBREVIATION.match(word):
        return ""
    reader.single("abbreviation", [word])
    return "leaf"


def _maths(reader: Reader) -> str:
    word = reader.now.word()
    for begins, ends in _MATHS:
        if match := begins.match(word):
            if (ends == r"\$\$" and "$$" in word.rstrip(" \t")[2:-2]) or "](" in word:
                return ""
            end = ends or rf"\\end\{{{re.escape(match[1])}\}}"
            leaf = reader.begin("math", end=re.compile(end + "$"), after=match.end())
            if not literal(reader, leaf):
                reader.close_leaf()
            return "leaf"
    return ""


def _meaning(reader: Reader) -> str:
    if not _MEANING.match(reader.now.word()) or len(reader.open) >= DEEPEST:
        return ""
    place = reader.inside
    if place.kind != "meanings":
        leaf = place.children[-1] if place.children else None
        if leaf is None or leaf.kind != "paragraph" or (reader.leaf is not None and reader.leaf is not leaf):
            return ""
        if not reader.whole() or reader.number - leaf.last > 2:
            return ""
        loose = reader.leaf is None
        reader.close_leaf()
        if leaf.kind != "paragraph":
            return ""
        place.children.remove(leaf)
        _terms(reader, leaf)
    else:
        loose = bool(place.children) and reader.number - place.children[-1].end() > 1
    reader.push("meaning", offset=_past(reader, 1), loose=loose)
    return "container"


def _terms(reader: Reader, leaf: Block) -> None:
    """The lines of a paragraph as the terms of a list of meanings, which may be the one before it."""
    before = reader.inside.children[-1] if reader.inside.children else None
    if before is not None and before.kind == "meanings":
        reader.open.append(before)
        reader.matched += 1
    else:
        reader.push("meanings").first = leaf.first
    for line in leaf.lines:
        reader.inside.children.append(Block("term", leaf.first, leaf.last, lines=[line.strip(" \t")]))


def _held(reader: Reader) -> str:
    word = reader.now.word()
    if not _HELD.match(word):
        return ""
    reader.single("held", [word])
    return "leaf"


_STARTS: dict[str, tuple[Callable[[Reader], str], ...]] = {
    ">": (_quote,),
    "#": (_heading,),
    "`": (_fence,),
    "~": (_fence,),
    "<": (_html,),
    "=": (_setext, _box),
    "-": (_setext, _table, _rule, _item),
    "*": (_rule, _abbreviation, _item),
    "_": (_rule,),
    "+": (_item,),
    "|": (_table,),
    ":": (_table, _meaning),
    "!": (_box,),
    "?": (_box,),
    "[": (_note,),
    "$": (_maths,),
    "\\": (_maths,),
    "\x02": (_held,),
}


def box(text: str) -> str:
    """Whether a line begins a box, for readers to whom it does not matter of which kind."""
    return "box" if _BOX.match(text) else ""


def start(reader: Reader) -> str:
    """Opens the block that a line begins."""
    sign = reader.now.word()[0]
    found = _STARTS.get(sign, (_item,) if sign.isascii() and sign.isalnum() else ())
    return next((kind for begin in found if (kind := begin(reader))), "")


def literal(reader: Reader, leaf: Block) -> bool:
    """Gives the line to a leaf that takes lines as they are; False where it ended before the line."""
    ways = {"fence": _fenced, "html": _in_html, "inhtml": _in_element, "math": _in_math}
    return ways[leaf.kind](reader, leaf)


def _fenced(reader: Reader, leaf: Block) -> bool:
    now, sign = reader.now, leaf.said["sign"]
    word = now.word().rstrip(" \t")
    if now.indent() < 4 and word.startswith(sign) and not word.strip(sign[0]):
        leaf.last = reader.number
        reader.close_leaf()
    else:
        now.skip(min(now.indent(), leaf.said["indent"]))
        reader.add(now.rest())
    return True


def _in_html(reader: Reader, leaf: Block) -> bool:
    ends: re.Pattern[str] | None = leaf.said["ends"]
    if ends is None and reader.now.blank():
        reader.close_leaf()
        return False
    text = reader.now.rest()
    reader.add(text)
    if ends is not None and ends.search(text):
        reader.close_leaf()
    return True


def _in_element(reader: Reader, leaf: Block) -> bool:
    """An element in which Markdown is to be read goes on to its end tag."""
    text = reader.now.rest()
    reader.add(text)
    for match in re.finditer(rf"<(/?){leaf.said['tag']}\b", text, re.I):
        leaf.said["depth"] += -1 if match[1] else 1
    if leaf.said["depth"] <= 0:
        reader.close_leaf()
    return True


def _in_math(reader: Reader, leaf: Block) -> bool:
    if reader.now.blank():
        reader.close_leaf()
        return False
    text = reader.now.rest()
    start = len(text) - len(text.lstrip(" \t")) + leaf.said["after"] if not leaf.lines else 0
    reader.add(text)
    if leaf.said["end"].search(text.rstrip(" \t"), start):
        leaf.said["closed"] = True
        reader.close_leaf()
    return True
