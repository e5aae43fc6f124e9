"""Looks for narrower texts in wider outputs: what a passage says may occur nowhere that others can read.

A text is compared as runs of words (of characters, where a script has no spaces), so that neither markup nor
line breaks hide it. What everyone may read somewhere else is no secret. Pure.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline import passages
from pipeline.model import EVERYONE, Audience, House, Version

RUN = 5
"""Words in a row that make a text recognisable."""

_TOKEN = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿가-힯]|[^\W_]+", re.UNICODE)
_TAG = re.compile(r"<[^>]*>")
_BLOCK = re.compile(r"</?(?:p|li|h[1-6]|div|td|th|tr|br|pre|blockquote|article|section|title|meta|option)\b[^>]*>")
_VALUE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`~=^]+")


@dataclass(frozen=True, slots=True)
class Output:
    """Something that leaves, or is put where it can be read: its name, who may read it, and its text as written."""

    name: str
    audience: Audience
    text: str


@dataclass(frozen=True, slots=True)
class Narrow:
    """One run of words that not everyone may read: where it stands, and the names of which one must be read."""

    path: str
    line: int
    needs: tuple[tuple[str, ...], ...]
    run: tuple[str, ...]

    def may(self, audience: Audience) -> bool:
        """Whether somebody who reads ``audience`` may read it."""
        return all(audience.intersection(names) for names in self.needs)


@dataclass(frozen=True, slots=True)
class Leak:
    """A narrower text in a wider output."""

    narrow: Narrow
    output: str

    def __str__(self) -> str:
        names = " and ".join("`" + "` or `".join(group) + "`" for group in self.narrow.needs)
        shown = " ".join(self.narrow.run)[:60]
        return f"{self.narrow.path}:{self.narrow.line}: “{shown}” is only for {names}, but stands in {self.output}."


def tokens(text: str) -> list[str]:
    """The words of a text, in lower case; each character of a script without spaces is one."""
    return [token.lower() for token in _TOKEN.findall(text)]


def narrow_runs(house: House) -> tuple[Narrow, ...]:
    """Every recognisable run of words that not everyone may read, without those that everyone reads elsewhere."""
    open_runs: set[tuple[str, ...]] | None = None
    found: dict[tuple[object, ...], Narrow] = {}
    for entry in house.entries:
        around = () if entry.public else ((entry.visibility,),)
        for version in entry.versions:
            for number, needs, text in _closed_lines(version, around):
                open_runs = _open_runs(house) if open_runs is None else open_runs
                for run in _runs(tokens(_plain(text))):
                    if run not in open_runs:
                        found.setdefault((run, needs), Narrow(version.path, number, needs, run))
    return tuple(found.values())


def _closed_lines(
    version: Version, around: tuple[tuple[str, ...], ...]
) -> Iterator[tuple[int, tuple[tuple[str, ...], ...], str]]:
    if around:
        yield version.at("title"), around, version.title
        yield version.at("summary"), around, version.summary
    for line in passages.lines(version.body) if around or ":::" in version.body else ():
        needs = around + line.within
        if needs and not line.marker and any(names != ("public",) for names in needs):
            yield version.line + line.number - 1, needs, line.text


def _open_runs(house: House) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    versions = [version for entry in house.public_entries for version in entry.versions]
    versions += [version for page in house.pages for version in page.versions]
    for version in versions:
        for text in (version.title, version.summary, *passages.body_for(version.body, EVERYONE).split("\n")):
            found.update(_runs(tokens(_plain(text))))
    return found


def _plain(markdown: str) -> str:
    return _MARKUP.sub(lambda match: match[1] or "", markdown)


def _runs(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Runs of `RUN` words; a shorter line of at least three is one run of its own."""
    if 3 <= len(words) < RUN:
        yield tuple(words)
    for start in range(len(words) - RUN + 1):
        yield tuple(words[start : start + RUN])


def readable(text: str) -> str:
    """What can be read in an output, its attributes included: escapes undone, tags taken out."""
    plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).replace("\\n", " ").replace("\\t", " ")
    plain = html.unescape(html.unescape(plain))
    values = "\n".join(match[1] or match[2] or "" for match in _VALUE.finditer(plain))
    return _TAG.sub("", _BLOCK.sub("\n", plain)) + "\n" + values


def leaks(narrow: Iterable[Narrow], outputs: Iterable[Output]) -> list[Leak]:
    """Every output that holds a run its audience may not read, at most one for each passage line and output."""
    runs = list(narrow)
    found: dict[tuple[str, int, str], Leak] = {}
    if not runs:
        return []
    for output in outputs:
        words = tokens(readable(output.text)) + tokens(output.name)
        known = frozenset(words)
        joined = ""
        for one in runs:
            if not known.issuperset(one.run) or one.may(output.audience):
                continue
            joined = joined or f" {' '.join(words)} "
            if f" {' '.join(one.run)} " in joined:
                found.setdefault((one.path, one.line, output.name), Leak(one, output.name))
    return list(found.values())
