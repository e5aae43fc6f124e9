"""Why something sought may stand where it was found: those who read there can read it elsewhere, as the author's words.

What somebody may read is an entry's text as it is shown to them, and the words of the house itself: its name, its
templates, dates. Only what was found is looked up, so that this costs nothing where nothing is found. Pure.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.model import EVERYONE, PUBLIC, Audience, Entry, House, Page, Version
from pipeline.passages import body_for
from pipeline.privacy import may, plain
from pipeline.sieve import Hit, Sought, What
from pipeline.undone import spoken


@dataclass(slots=True)
class Found:
    """One hit of the sieve in one output: for whom the output is, and whose own letter it is, if it is one."""

    one: Sought
    hit: Hit
    audience: Audience
    own: frozenset[str] = frozenset()


class Text:
    """A text that somebody may read, for looking up words in it; ``names`` are the people it names on purpose."""

    def __init__(self, path: str, text: str, names: frozenset[str] = frozenset()) -> None:
        self.path, self.names = path, names
        self._text = text

    @cached_property
    def _words(self) -> bytes:
        """All its words in a row, as written and without markup."""
        return b"  ".join(b" " + b" ".join(spoken(one)) + b" " for one in (self._text, plain(self._text)))

    @cached_property
    def _lines(self) -> frozenset[bytes]:
        """The words of each line, and of each cell of a table."""
        lines = f"{self._text}\n{plain(self._text)}".replace("|", "\n").split("\n")
        return frozenset(b" ".join(spoken(line)) for line in lines)

    @cached_property
    def low(self) -> bytes:
        """The text in lower case, without what makes it bold."""
        return self._text.replace("*", "").lower().encode("utf-8", "replace")

    @property
    def vocabulary(self) -> list[bytes]:
        """Every word here, some more than once, without what makes them bold."""
        return list(spoken(self._text.replace("*", "")))

    def has(self, run: bytes) -> bool:
        """Whether the words stand here, side by side."""
        return b" %b " % run in self._words

    def alone(self, run: bytes) -> bool:
        """Whether the words are a line of their own, such as a title."""
        return run in self._lines

    def has_beside(self, hit: Hit) -> bool:
        """Whether the words stand here beside one of the words they were found beside, or alone."""
        if not self.has(hit.run):
            return False
        left, right = b" %b %b " % (hit.left, hit.run), b" %b %b " % (hit.run, hit.right)
        return (
            (bool(hit.left) and left in self._words)
            or (bool(hit.right) and right in self._words)
            or self.alone(hit.run)
        )


Key = tuple[What, str, bytes, bytes, bytes]
"""What kind of thing, whose, and which words were found between which: all that an excuse goes by."""

_SELDOM = 100
"""Questions up to which it is faster to go through all texts than to make a list of the words in each."""

_NOBODY = (("",),)


@dataclass
class Excuses:
    """The excuses of one house; ``around`` is what the house itself says, ``fixed`` gives single words of programs.

    ``keys`` has a word of every run that is sought, by which the texts that may hold it are found.
    """

    house: House
    keys: Mapping[bytes, bytes]
    around: Callable[[], str] = field(default=lambda: "")
    fixed: Callable[[], frozenset[bytes]] = field(default=frozenset)
    used: set[Key] = field(default_factory=set)
    _texts: dict[Audience, list[Text]] = field(default_factory=dict)
    _index: dict[Audience, dict[bytes, list[Text]]] = field(default_factory=dict)
    _asked: int = 0
    _known: dict[tuple[Audience, Key], bool] = field(default_factory=dict)

    def holds(self, found: Found) -> bool:
        """Whether there is one for what was found."""
        one, hit = found.one, found.hit
        if one.who in found.own:
            return True
        if one.what is What.TEXT and may(one.needs, found.audience):
            return True
        if one.what is What.KEY:
            return may(one.needs, found.audience)
        if one.what in (What.ADDRESS, What.LEAVING):
            return False
        left, right = (b"", b"") if one.what is What.TEXT else (hit.left, hit.right)
        key = (one.what, one.who, hit.run, left, right)
        if (found.audience, key) not in self._known:
            self._known[found.audience, key] = self._look_up(found)
        if self._known[found.audience, key] and found.audience == EVERYONE:
            self.used.add(key)
        return self._known[found.audience, key]

    def still_hold(self, used: Iterable[Key]) -> bool:
        """Whether what was once excused for everybody would be excused now."""
        return all(
            self.holds(Found(Sought((), what, "", 0, "", _NOBODY, who), Hit(run, left, right), EVERYONE))
            for what, who, run, left, right in used
        )

    def _look_up(self, found: Found) -> bool:
        one, hit = found.one, found.hit
        if one.what is What.TEXT:
            words = hit.run.split()
            if all(word in self._fixed for word in words) and len(words) < 3:
                return True
            return any(text.has(hit.run) for text in self._texts_with(hit.run, found.audience))
        texts = self._texts_with(hit.run, found.audience)
        if one.what is What.PERSON:
            texts = [text for text in texts if one.who in text.names]
        return any(text.has_beside(hit) for text in texts)

    @cached_property
    def _around(self) -> Text:
        return Text("", self.around())

    @cached_property
    def _fixed(self) -> frozenset[bytes]:
        return self.fixed()

    def _texts_with(self, run: bytes, audience: Audience) -> list[Text]:
        """The texts that somebody may read, in which one word of the run may stand."""
        if audience not in self._texts:
            self._texts[audience] = [self._around, *_texts(self.house, audience)]
        key = self.keys.get(run, run)
        self._asked += 1
        if self._asked <= _SELDOM:
            return [text for text in self._texts[audience] if key in text.low]
        if audience not in self._index:
            self._index[audience] = self._indexed(self._texts[audience])
        return self._index[audience].get(key, [])

    def _indexed(self, texts: Iterable[Text]) -> dict[bytes, list[Text]]:
        wanted = frozenset(self.keys.values())
        index: dict[bytes, list[Text]] = {}
        for text in texts:
            for word in wanted.intersection(text.vocabulary):
                index.setdefault(word, []).append(text)
        return index

    def written_in(self, found: Found) -> str:
        """The file whose text has what was found beside the same words, and does not allow it; ``""`` for none."""
        texts = self._texts_with(found.hit.run, found.audience)
        texts = [text for text in texts if text.path and found.one.who not in text.names]
        return next((text.path for text in texts if text.has_beside(found.hit)), "")


def _texts(house: House, audience: Audience) -> Iterator[Text]:
    for entry in house.entries:
        if entry.public or entry.visibility in audience:
            names = frozenset(name for version in entry.versions for name in version.names)
            for version in entry.versions:
                yield _text(version, entry, audience, names)
    for page in house.pages:
        names = frozenset(name for version in page.versions for name in version.names)
        for version in page.versions:
            yield _text(version, page, audience, names)


def _text(version: Version, of: Entry | Page, audience: Audience, names: frozenset[str]) -> Text:
    above = [version.title, version.summary, of.slug, posixpath.splitext(posixpath.basename(version.path))[0]]
    if isinstance(of, Entry):
        above += [*of.tags, of.series, of.series.replace("-", " "), of.id]
    return Text(version.path, "\n".join([*above, body_for(version.body, audience | {PUBLIC})]), names)
