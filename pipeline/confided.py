"""Sees to it that a personal line stands in its own reader's letter and nowhere else. Pure."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.model import EVERYONE, House, PersonalLine
from pipeline.passages import body_for

_LEAST = 12
"""Characters, blanks aside: less than that stands everywhere by chance."""


@dataclass(frozen=True, slots=True)
class Confided:
    """The personal lines of one plan, person by person, as they are sought."""

    lines: Mapping[str, str]

    @classmethod
    def of(cls, house: House, lines: Mapping[str, PersonalLine]) -> Confided:
        """What the author said to everybody anyway is not sought."""
        found = {who: _bare(line.text) for who, line in lines.items()}
        open_bodies = [body_for(one.body, EVERYONE) for entry in house.public_entries for one in entry.versions]
        said = [_bare(body) for body in open_bodies] if found else []
        sought = {who: text for who, text in found.items() if len(text) >= _LEAST}
        return cls({who: text for who, text in sought.items() if not any(text in one for one in said)})

    def faults(self, outputs: Iterable[tuple[str, str, str]]) -> list[str]:
        """Where a line stands in another's output: each is its name, whom it is for, and its text as written."""
        found = []
        for name, who, text in outputs if self.lines else ():
            bare = _bare(html.unescape(text))
            found += [
                f"kith note {person}: the line for `{person}` stands in {name}."
                for person, line in self.lines.items()
                if person != who and line in bare
            ]
        return found


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()
