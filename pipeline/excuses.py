"""Why something sought may stand where it was found: those who read there can read it elsewhere, as the author's words.

What somebody may read is an entry's text as it is shown to them, and the words of the house itself: its name, its
templates, dates. Only what was found is looked up, so that this costs nothing where nothing is found. Pure.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pipeline.model import EVERYONE, PUBLIC, Audience, Entry, House, Page, PersonalLine, Version
from pipeline.named import Wholes
from pipeline.passages import body_for
from pipeline.privacy import may, note_of, own, plain, told_to
from pipeline.sieve import RUN, Hit, Sought, What, inside
from pipeline.undone import spoken


@dataclass(slots=True)
class Found:
    """One hit of the sieve in one output: for whom the output is, and whose own letter it is, if it is one."""

    one: Sought
    hit: Hit
    audience: Audience
    own: frozenset[str] = frozenset()


class Text:
    """A text that somebody may read, for looking up words in it; ``names`` are the people it names on purpose.

    A personal line names on purpose whom it names: its author wrote it for one person (``for_one``).
    """

    def __init__(self, path: str, text: str, names: frozenset[str] = frozenset(), *, for_one: bool = False) -> None:
        self.path, self.names, self.for_one = path, names, for_one
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
    lines: Mapping[str, PersonalLine] = field(default_factory=dict)
    called: Wholes = field(default_factory=dict)
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
        if one.what is not What.LEAVING and self._is_allowed(found):
            return True
        if one.what in (What.ADDRESS, What.LEAVING):
            return False
        if _is_label(one) and hit.run in self._fixed:
            return True
        left, right = (b"", b"") if one.what is What.TEXT else (hit.left, hit.right)
        key = (one.what, one.who, hit.run, left, right)
        if (found.audience, key) not in self._known:
            self._known[found.audience, key] = self._look_up(found)
        if self._known[found.audience, key] and found.audience == EVERYONE:
            self.used.add(key)
        return self._known[found.audience, key]

    def _is_allowed(self, found: Found) -> bool:
        """Whether it stands inside a name or an address that may stand everywhere."""
        if found.one.what is What.TEXT:
            return False
        return any(inside(tuple(found.hit.run.split()), whole, found.hit) for whole in self._allowed)

    @cached_property
    def _allowed(self) -> list[tuple[bytes, ...]]:
        allow = self.house.settings.privacy.allow
        return [*map(spoken, allow), *(whole for one in allow for whole in self._names_of(one))]

    def _names_of(self, who: str) -> list[tuple[bytes, ...]]:
        """What somebody is called, without their address."""
        return [whole for whole in self.called.get(who, ()) if whole not in self._addresses]

    @cached_property
    def _addresses(self) -> frozenset[tuple[bytes, ...]]:
        return frozenset(spoken(person.address) for person in self.house.people)

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
            texts = self._texts_with(hit.run, found.audience)
            return any(text.has(hit.run) for text in texts if not text.for_one or len(words) < RUN)
        texts = self._texts_with(hit.run, found.audience)
        if one.what is What.PERSON:
            texts = [text for text in texts if self._names(text, one.who, hit.run)]
        return any(text.has_beside(hit) for text in texts)

    def _names(self, text: Text, who: str, run: bytes) -> bool:
        """Whether a text names this person on purpose, or somebody whose name has the same words."""
        if text.for_one or who in text.names:
            return True
        words = tuple(run.split())
        return any(inside(words, whole) for name in text.names for whole in self._names_of(name))

    @cached_property
    def _around(self) -> Text:
        return Text("", self.around())

    @cached_property
    def _fixed(self) -> frozenset[bytes]:
        return self.fixed()

    def _texts_with(self, run: bytes, audience: Audience) -> list[Text]:
        """The texts that somebody may read, in which one word of the run may stand."""
        if audience not in self._texts:
            self._texts[audience] = [self._around, *_texts(self.house, audience), *self._of_emails(audience)]
        key = self.keys.get(run, run)
        self._asked += 1
        if self._asked <= _SELDOM:
            return [text for text in self._texts[audience] if key in text.low]
        if audience not in self._index:
            self._index[audience] = self._indexed(self._texts[audience])
        return self._index[audience].get(key, [])

    def _of_emails(self, audience: Audience) -> Iterator[Text]:
        """What is said in emails alone: openings, and the line for one person."""
        everybody = tuple(circle.name for circle in self.house.circles)
        for opening in self.house.openings:
            if audience.intersection(told_to(name) for name in opening.circles or everybody):
                version = opening.version
                yield Text(version.path, body_for(version.body, audience | {PUBLIC}), frozenset(version.names))
        for who, line in self.lines.items():
            if own(who) in audience:
                yield Text(note_of(who), line.text, for_one=True)

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
        texts = [text for text in texts if text.path and not text.for_one and found.one.who not in text.names]
        return next((text.path for text in texts if text.has_beside(found.hit)), "")


def _is_label(one: Sought) -> bool:
    """Whether it is a word that the author chose to tell circles or people apart, and nobody's name."""
    return one.what is What.WORD and (one.who.startswith("circle:") or one.shown == one.who)


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
