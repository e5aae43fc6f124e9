"""The insides of a Markdown block, read once from the left: code, links, pictures, HTML and stressed words.

The rules are CommonMark's and GitHub's, with what Python-Markdown's extensions add (keys, formulas, footnotes, bare
addresses), whose own patterns are asked where they can begin.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from html import unescape
from typing import Any
from xml.etree.ElementTree import Element

from markdown.util import AMP_SUBSTITUTE, ETX, STX, AtomicString

from pipeline import linkparts
from pipeline.strokes import Chain, Piece, mark, pair, runs_on, wordy

_NEXT = re.compile(r"[\\`*_~^!\[\]<&$\n]|==+|\+\+|:(?=[a-z0-9+_-]{1,40}:)|(?:https?|ftp)://|www\.", re.IGNORECASE)
_SENTENCE = re.compile("[\u3000-\u301f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\u2018-\u201d\u2026]")
_ADDRESS_END = re.compile(_SENTENCE.pattern.replace("]", "\\[\\]]"))
"""Where an address in a text ends at the latest: at Chinese or Japanese punctuation, and in brackets at their end."""

_BLANK = re.compile(r"[\s<]")
_TICKS = re.compile("`+")
_POINTED = re.compile(r"<([A-Za-z][A-Za-z0-9.+-]{1,31}:[^\s<>\x00-\x1f]*)>")
_MAIL = re.compile(r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8})>")
_TAG = re.compile(linkparts.TAG)
_SWALLOWS = re.compile(r"<(title|textarea|style|xmp|iframe|noembed|noframes|script|plaintext)\b", re.IGNORECASE)
"""Elements in which all that follows is no text any more; without an end in the same text they are meant as words."""

_CLOSED = (("<!-->", ""), ("<!--->", ""), ("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))
_REFERENCE = re.compile(r"\[((?:[^\\\[\]]|\\.){0,999})\]", re.DOTALL)
_NAME = re.compile(r":([a-z0-9+_-]+):")
_LANGUAGE = re.compile(r"(?:#!|:::)([\w#.+-]+)[ \t]+(?=\S)")
_AMPERSAND = re.compile(r"&(?=(?:#[0-9]+|#x[0-9a-f]+|[0-9a-z]+);)", re.IGNORECASE)
_FORMULA = re.compile(r"\$(?=[^\s$])((?:\\.|[^\\$`])+)(?<!\s)\$", re.DOTALL)
_DISPLAYED = re.compile(r"\$\$((?:\\.|[^\\$`])+)\$\$", re.DOTALL)
_STROKES = "*_~^="

LOOSE = "kith-loose"
"""An element that stands for its content: text between blocks, or HTML as it is."""


def safe(text: str) -> str:
    """A text in which no writer of HTML takes anything for an entity."""
    return _AMPERSAND.sub(f"{AMP_SUBSTITUTE}amp;", text) if "&" in text else text


class _Bracket:
    __slots__ = ("active", "end", "image", "marks", "piece", "used")

    def __init__(self, piece: Piece, image: bool, end: int, marks: int) -> None:
        self.piece, self.image, self.end, self.marks = piece, image, end, marks
        self.active, self.used = True, False


class Reading:
    """One text, read from the left; what was found stands in ``chain``."""

    def __init__(self, md: Any, text: str) -> None:
        self.md, self.text, self.at = md, text, 0
        self.chain = Chain()
        self.marks: list[Piece] = []
        self.brackets: list[_Bracket] = []
        self._lacking: dict[str, int] = {}
        self._ticks: dict[int, list[int]] | None = None
        self._no_address = 0
        self._patterns = md.inlinePatterns

    def read(self) -> None:
        """Reads it all."""
        text = self.text
        while match := _NEXT.search(text, self.at):
            start = match.start()
            self._say(text[self.at : start])
            self.at = start
            if not self._taken(match[0].lower()):
                self._say(match[0] if match[0][0] not in _STROKES else text[start])
                self.at = start + len(match[0])
        self._say(text[self.at :])
        pair(self.chain, self.marks, text)

    def _taken(self, sign: str) -> bool:
        """Whether something begins here; it is read then."""
        ways = {
            "\\": self._backslash, "`": self._code, "!": self._bang, "[": self._open, "]": self._close,
            "<": self._point, "&": self._entity, "$": self._formula, "\n": self._line_end,
            "++": self._keys, ":": self._emoji,
        }  # fmt: skip
        if sign[0] in _STROKES:
            return self._stroke(sign[0])
        return ways.get(sign, self._bare)()

    def _say(self, words: str) -> None:
        if words:
            self.chain.add(Piece(safe(words)))

    def _put(self, element: Element, end: int) -> bool:
        self.chain.add(Piece(element=element))
        self.at = end
        return True

    def _raw(self, html: str, end: int) -> bool:
        self.chain.add(Piece(self.md.htmlStash.store(html)))
        self.at = end
        return True

    def _find(self, sign: str, start: int) -> int:
        """Where a sign comes next; -1 where it does not, which is found out once."""
        if start >= self._lacking.get(sign, len(self.text) + 1):
            return -1
        found = self.text.find(sign, start)
        if found < 0:
            self._lacking[sign] = min(start, self._lacking.get(sign, start))
        return found

    # -- signs

    def _backslash(self) -> bool:
        after = self.text[self.at + 1 : self.at + 2]
        if after == "(" and "arithmatex-inline" in self._patterns:
            end = self._find("\\)", self.at + 2)
            tex = self.text[self.at + 2 : end]
            if end > 0 and tex.strip():
                return self._put(_tex(tex), end + 2)
        if after == "\n":
            return self._break(self.at + 2)
        if after and after in linkparts.PUNCTUATION:
            self.chain.add(Piece(f"{AMP_SUBSTITUTE}amp;" if after == "&" else f"{STX}{ord(after)}{ETX}"))
            self.at += 2
            return True
        return False

    def _break(self, end: int) -> bool:
        while self.text[end : end + 1] in {" ", "\t"}:
            end += 1
        return self._put(Element("br"), end)

    def _line_end(self) -> bool:
        before = self.chain.last
        spaces = len(before.text) - len(before.text.rstrip(" ")) if before.element is None and not before.sign else 0
        if spaces:
            before.text = before.text.rstrip(" \t")
        if spaces > 1:
            return self._break(self.at + 1)
        end = self.at + 1
        while self.text[end : end + 1] in {" ", "\t"}:
            end += 1
        last = self.text[max(0, self.at - 40) : self.at].rstrip(" \t").rstrip(_STROKES)[-1:]
        following = self.text[end : end + 40].lstrip(_STROKES)[:1]
        if not (last and following and runs_on(last, following)):
            self.chain.add(Piece("\n"))
        self.at = end
        return True

    def _entity(self) -> bool:
        match = linkparts.ENTITY.match(self.text, self.at)
        found = linkparts.entity(match) if match else ""
        if match is None or found == match[0]:
            if not _AMPERSAND.match(self.text, self.at):
                return False
            self.chain.add(Piece(f"{AMP_SUBSTITUTE}amp;"))
            self.at += 1
            return True
        self.chain.add(Piece(f"{AMP_SUBSTITUTE}amp;" if found == "&" else found))
        self.at = match.end()
        return True

    def _code(self) -> bool:
        match = _TICKS.match(self.text, self.at)
        assert match is not None
        if self._ticks is None:
            self._ticks = {}
            for run in _TICKS.finditer(self.text):
                self._ticks.setdefault(len(run[0]), []).append(run.start())
        same = self._ticks.get(len(match[0]), [])
        place = bisect_left(same, match.end())
        if place == len(same):
            self._say(match[0])
            self.at = match.end()
            return True
        code = self.text[match.end() : same[place]].replace("\n", " ")
        if code[0] == code[-1] == " " and code.strip(" "):
            code = code[1:-1]
        end = same[place] + len(match[0])
        hinted = _LANGUAGE.match(code)
        language = hinted[1] if hinted else ""
        pattern = self._patterns["backtick"]
        pattern.get_settings()
        return self._put(pattern.handle_code(language, code[hinted.end() :] if hinted else code), end)

    def _stroke(self, sign: str) -> bool:
        end = self.at
        while self.text[end : end + 1] == sign:
            end += 1
        piece = mark(self.text, self.at, end)
        self.chain.add(piece)
        self.at = end
        if piece.opens or piece.closes:
            self.marks.append(piece)
        return True

    def _formula(self) -> bool:
        """Pandoc's rule: close to what is inside, and no price; none beside a letter, where shells have variables."""
        if "arithmatex-inline" not in self._patterns:
            return False
        before = self.text[self.at - 1 : self.at] if self.at else ""
        pattern = _DISPLAYED if self.text.startswith("$$", self.at) else _FORMULA
        match = None if before == "$" or wordy(before) else pattern.match(self.text, self.at)
        after = self.text[match.end() : match.end() + 1] if match else ""
        if match is None or wordy(after) or after in {"(", "{"}:
            run = self.at
            while self.text[run : run + 1] == "$":
                run += 1
            self._say(self.text[self.at : run])
            self.at = run
            return True
        return self._put(_tex(match[1].strip()), match.end())

    def _keys(self) -> bool:
        return any(name in self._patterns and self._asked(self._patterns[name]) for name in ("keys-custom", "keys"))

    def _bare(self) -> bool:
        """An address that stands in the text; where one is none, no other begins before the next blank."""
        text, at = self.text, self.at
        if "magic-link" not in self._patterns or at < self._no_address:
            return False
        blank = _BLANK.search(text, at)
        end = blank.start() if blank else len(text)
        before, www = text[at - 1 : at] if at else "", text[at] in "wW"
        near = before.isascii() and (before.isalnum() or before == "<" or (www and before not in " \t\n*_~([\"'"))
        stop = _ADDRESS_END.search(text, at, end) if self.brackets else _SENTENCE.search(text, at, end)
        if not near and self._asked(self._patterns["magic-link"], stop.start() if stop else end):
            return True
        self._no_address = end
        return False

    def _asked(self, pattern: Any, stop: int = 0) -> bool:
        """Whether one of the extensions' patterns matches here; it may look as far as ``stop``, and not back."""
        text = self.text[self.at : stop] if stop else self.text
        at = 0 if stop else self.at
        match = pattern.getCompiledRegExp().match(text, at)
        made, start, end = pattern.handleMatch(match, text) if match else (None, 0, 0)
        if made is None or start != at:
            return False
        end += self.at - at
        if isinstance(made, str):
            self.chain.add(Piece(made))
            self.at = end
            return True
        return self._put(made, end)

    def _emoji(self) -> bool:
        match = _NAME.match(self.text, self.at)
        found = emoji(match[0]) if match else ""
        if match is None or not found:
            return False
        self._say(found)
        self.at = match.end()
        return True

    # -- what stands in angle brackets

    def _point(self) -> bool:
        text, at = self.text, self.at
        if match := _POINTED.match(text, at):
            return self._put(_link(match[1], match[1]), match.end())
        if match := _MAIL.match(text, at):
            return self._put(_link(f"mailto:{match[1]}", match[1]), match.end())
        if match := _TAG.match(text, at):
            swallows = _SWALLOWS.match(match[0])
            open_end = swallows is not None and self._find(f"</{swallows[1]}", match.end()) < 0
            return not open_end and self._raw(match[0], match.end())
        for begins, ends in _CLOSED:
            if text.startswith(begins, at) and (begins != "<!" or text[at + 2 : at + 3].isalpha()):
                end = self._find(ends, at + len(begins)) if ends else at + len(begins)
                return end >= 0 and self._raw(text[at : end + len(ends)], end + len(ends))
        return False

    # -- links and pictures

    def _bang(self) -> bool:
        if not self.text.startswith("![", self.at):
            return False
        return self._wiki() or self._opened("![", True)

    def _open(self) -> bool:
        noted = self.text.startswith("[^", self.at) and "footnote" in self._patterns
        return (noted and self._asked(self._patterns["footnote"])) or self._wiki() or self._opened("[", False)

    def _opened(self, sign: str, image: bool) -> bool:
        piece = self.chain.add(Piece(sign))
        self.at += len(sign)
        if self.brackets:
            self.brackets[-1].used = True
        self.brackets.append(_Bracket(piece, image, self.at, len(self.marks)))
        return True

    def _wiki(self) -> bool:
        """A link by a name in two pairs of brackets, as notebooks write it; an index such as ``x[[1]]`` is none."""
        start = self.at + (self.text[self.at] == "!")
        if not self.text.startswith("[[", start):
            return False
        match = linkparts.NAMED.match(self.text, self.at)
        before = self.text[self.at - 1 : self.at] if self.at else ""
        if match is None or wordy(before) or linkparts.usual(match[1]) in self.md.references:
            return False
        return self._put(_named(*linkparts.by_name(match), match[1], match[2] or ""), match.end())

    def _close(self) -> bool:
        if not self.brackets:
            return False
        bracket = self.brackets.pop()
        if not bracket.active:
            return False
        found = self._target(bracket)
        if found is None:
            return False
        led, named, end = found
        pair(self.chain, self.marks[bracket.marks :], self.text)
        del self.marks[bracket.marks :]
        before = bracket.piece.before
        assert before is not None
        element = Element("img") if bracket.image else Element("a", {"href": safe(led)})
        made = self.chain.wrap(element, bracket.piece, None)
        made.before, before.after = before, made
        if bracket.image:
            _picture(element, led, self.md.htmlStash.rawHtmlBlocks)
        else:
            self._unlink(element)
        if named:
            element.set("title", safe(named))
        self.at = end
        return True

    def _unlink(self, element: Element) -> None:
        """No link stands in a link: bare addresses in it are text, and brackets before it begin none."""
        for inner in list(element.iter("a"))[1:]:
            inner.tag = LOOSE
        for other in reversed(self.brackets):
            if not other.image:
                if not other.active:
                    break
                other.active = False

    def _target(self, bracket: _Bracket) -> tuple[str, str, int] | None:
        """Where the link leads whose words end here: address, title, and where it ends itself."""
        text, at = self.text, self.at
        if text.startswith("(", at + 1) and (found := linkparts.target(text, at + 2)):
            return found
        known: linkparts.Definitions = self.md.references
        if not known:
            return None
        match = _REFERENCE.match(text, at + 1)
        if match and match[1].strip():
            named = known.get(linkparts.usual(match[1]))
            return (*named, match.end()) if named else None
        if bracket.used or at - bracket.end > 999:
            return None
        named = known.get(linkparts.usual(text[bracket.end : at]))
        return (*named, match.end() if match else at + 1) if named else None


def _link(address: str, words: str) -> Element:
    link = Element("a", {"href": safe(address)})
    link.text = AtomicString(safe(words))
    return link


def _named(tag: str, led: str, name: str, words: str) -> Element:
    """What a name in two pairs of brackets stands for; the caller of the engine finds where it leads."""
    if tag == "img":
        size = words if words.replace("x", "").isdigit() else ""
        alt = "" if size else words
        element = Element("img", {"src": led, "alt": alt or name.rpartition("/")[2].rpartition(".")[0]})
        if size:
            element.set("width", size.partition("x")[0])
        return element
    return _link(led, words.strip() or name.lstrip("#"))


def _tex(tex: str) -> Element:
    element = Element("span", {"class": "arithmatex"})
    element.text = AtomicString(safe(f"\\({tex}\\)"))
    return element


_HELD_HTML = re.compile(f"{STX}wzxhzdk:([0-9]+){ETX}")
_ANY_TAG = re.compile("<[^>]*>")


def _picture(element: Element, led: str, held: list[Any]) -> None:
    """A picture of an element with what it shows; its words are all that stood in the brackets."""
    alt = _HELD_HTML.sub(lambda match: safe(unescape(_ANY_TAG.sub("", str(held[int(match[1])])))), words(element))
    for child in list(element):
        element.remove(child)
    element.text = None
    element.set("alt", alt)
    element.set("src", safe(led))


def words(element: Element) -> str:
    """What an element says, pictures in it by their words."""
    said = [element.text or "", element.get("alt", "") if element.tag == "img" else ""]
    for child in element:
        said += [words(child), child.tail or ""]
    return "".join(said)


def emoji(name: str) -> str:
    """The sign with a short name such as ``:smile:``; nothing where none has it."""
    # four thousand names, which most texts never ask for
    from pymdownx.gemoji_db import aliases
    from pymdownx.gemoji_db import emoji as known

    found = known.get(aliases.get(name, name), {}).get("unicode", "")
    return "".join(chr(int(code, 16)) for code in found.split("-")) if found else ""
