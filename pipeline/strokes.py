"""Stressed, struck, raised, lowered, inserted and marked words: which signs belong together. Pure.

The rules are CommonMark's (https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis), but that punctuation
beside Chinese or Japanese signs does not keep words from being stressed: in these scripts no blank stands beside it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from xml.etree.ElementTree import Element

DEEPEST = 60
"""Elements inside each other; what would stand deeper stays text."""

_TAGS = {"*": ("em", "strong"), "_": ("em", "strong"), "~": ("sub", "del"), "^": ("sup", "ins"), "=": ("", "mark")}
_REACH = 100
"""Signs that a raised or lowered part may have."""

_PARTED = re.compile(r"[\s\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]")
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u2fff\u3000-\u303f\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31a0-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U0001f200-\U0001f2ff\U00020000-\U0003fffd]"
)


class Piece:
    """A run of text, an element, or a run of signs that may begin or end something, in a chain."""

    __slots__ = (
        "after",
        "before",
        "closes",
        "count",
        "depth",
        "element",
        "end",
        "length",
        "opens",
        "sign",
        "start",
        "text",
    )

    def __init__(self, text: str = "", element: Element | None = None) -> None:
        self.text, self.element = text, element
        self.before: Piece | None = None
        self.after: Piece | None = None
        self.sign, self.count, self.length, self.depth = "", 0, 0, 0
        self.opens = self.closes = False
        self.start = self.end = 0

    def words(self) -> str:
        """What it is as text."""
        return self.sign * self.count if self.sign else self.text


class Chain:
    """Pieces one after another; ``first`` is an empty one before all."""

    def __init__(self) -> None:
        self.first = self.last = Piece()

    def add(self, piece: Piece) -> Piece:
        """Puts a piece at the end."""
        piece.before, self.last.after = self.last, piece
        self.last = piece
        return piece

    def wrap(self, element: Element, before: Piece, after: Piece | None) -> Piece:
        """Puts all between two pieces into an element, which takes their place."""
        held = fill(element, before.after, after)
        made = Piece(element=element)
        made.depth = held + 1
        made.before, made.after = before, after
        before.after = made
        if after is None:
            self.last = made
        else:
            after.before = made
        return made


def fill(element: Element, piece: Piece | None, until: Piece | None = None) -> int:
    """Puts pieces into an element; how many elements stand inside each other in it."""
    words: list[str] = []
    last: Element | None = None
    deepest = 0
    while piece is not None and piece is not until:
        if piece.element is None:
            words.append(piece.words())
        else:
            _say(element, last, words)
            last, words = piece.element, []
            element.append(last)
            deepest = max(deepest, piece.depth)
        piece = piece.after
    _say(element, last, words)
    return deepest


def _say(element: Element, last: Element | None, words: list[str]) -> None:
    text = "".join(words)
    if last is None:
        element.text = text or None
    else:
        last.tail = text or None


def pair(chain: Chain, marks: list[Piece], text: str) -> None:
    """Makes elements of the signs that belong together; the others stay text."""
    openers: list[Piece] = []
    bottoms: dict[tuple[str, bool, int], int] = {}
    for mark in marks:
        while mark.closes and mark.count:
            key = (mark.sign, mark.opens, mark.length % 3 if mark.sign in "*_" else mark.length)
            place = _opener(openers, mark, bottoms.get(key, 0), text)
            if place < 0:
                bottoms[key] = len(openers)
                break
            _join(chain, openers[place], mark)
            del openers[place + (1 if openers[place].count else 0) :]
            bottoms = {one: min(bottom, len(openers)) for one, bottom in bottoms.items()}
        if mark.opens and mark.count:
            openers.append(mark)


def _opener(openers: list[Piece], mark: Piece, bottom: int, text: str) -> int:
    """The place of the sign that a sign closes; -1 where there is none."""
    for place in range(len(openers) - 1, bottom - 1, -1):
        if openers[place].sign == mark.sign and _belong(openers[place], mark):
            return place if _holds(openers[place], mark, text) else -1
    return -1


def _belong(opener: Piece, closer: Piece) -> bool:
    if opener.sign not in "*_":
        return opener.length == closer.length <= 2
    if not (opener.closes or closer.opens) or closer.length % 3 == 0:
        return True
    return (opener.length + closer.length) % 3 != 0


def _holds(opener: Piece, closer: Piece, text: str) -> bool:
    """Whether what stands between may be one: a raised or lowered part is short and has no blanks."""
    deepest, piece = 0, opener.after
    if opener.sign in "~^" and opener.length == 1:
        between = text[opener.end : closer.start]
        if len(between) > _REACH or _PARTED.search(between):
            return False
    while piece is not None and piece is not closer:
        deepest = max(deepest, piece.depth)
        piece = piece.after
    return deepest < DEEPEST


def _join(chain: Chain, opener: Piece, closer: Piece) -> None:
    double = opener.count > 1 and closer.count > 1
    element = Element(_TAGS[opener.sign][double])
    chain.wrap(element, opener, closer)
    taken = 2 if double else 1
    opener.count -= taken
    closer.count -= taken


def mark(text: str, start: int, end: int) -> Piece:
    """The piece for a run of signs, which knows by its neighbours what it can begin and end."""
    piece = Piece()
    piece.sign, piece.start, piece.end = text[start], start, end
    piece.count = piece.length = end - start
    before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
    left = _flanks(after, before)
    right = _flanks(before, after)
    piece.opens, piece.closes = left, right
    if piece.sign in "_=" and left and right:
        piece.opens = _punctuates(before) or (_punctuates(after) and bool(_CJK.match(before) or _CJK.match(after)))
        piece.closes = _punctuates(after) or (_punctuates(before) and bool(_CJK.match(before) or _CJK.match(after)))
        if piece.sign == "=" and (_CJK.match(before) or _CJK.match(after)):
            piece.opens = piece.closes = True
    if piece.sign == "=" and piece.length != 2:
        piece.opens = piece.closes = False
    return piece


def _flanks(inner: str, outer: str) -> bool:
    """Whether signs stand close to what is inside of them."""
    if inner.isspace():
        return False
    if not _punctuates(inner) or _CJK.match(inner):
        return True
    return outer.isspace() or _punctuates(outer) or bool(_CJK.match(outer))


@lru_cache(maxsize=4096)
def _punctuates(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PS"


def runs_on(before: str, after: str) -> bool:
    """Whether a line break between two signs is no blank: both are Chinese or Japanese."""
    return all(
        _CJK.match(sign) and not "\u1100" <= sign <= "\u11ff" and not "\uac00" <= sign <= "\ud7ff"
        for sign in (before, after)
    )


def wordy(sign: str) -> bool:
    """Whether a sign is a letter or digit of a script that has blanks between its words."""
    return sign.isalnum() and not runs_on(sign, sign)
