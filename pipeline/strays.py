"""Finds secrets where they must not be: in files that git tracks, and in the site."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import Problem
from pipeline.model import House
from pipeline.regular import read_regular
from pipeline.repository import Repository
from pipeline.secret import FILE, GENERATION

LEAST = 8
"""Characters of a secret that is looked for: shorter ones occur by chance."""

_SHAPES = {
    "a key of SendGrid": r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}",
    "a private key": r"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----",
}
"""What gives itself away by its form, in words that git's patterns and Python's share."""

_TAKE_OUT = "Take it out, commit, and make a new one: earlier commits still hold this one."
_SITE = "Look for it in `content/`, `site/` and `pyproject.toml`, and make a new one if the site was ever online."


@dataclass(frozen=True)
class Secrets:
    """Every secret this house has now: value → in words what it is."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, root: Path, house: House, environ: Mapping[str, str]) -> Secrets:
        """The provider's key, the mail server's password, and the house's own secret."""
        names = {house.settings.sendgrid.key_env, house.settings.smtp.password_env}
        found = {environ.get(name, "").strip(): f"the value of `{name}`" for name in sorted(names)}
        with contextlib.suppress(OSError, ValueError):  # there is none yet, or reading it says what is wrong
            found[read_regular(root / "private" / FILE, 1000).decode("ascii").strip()] = "the secret of the house"
        with contextlib.suppress(OSError, ValueError):
            found[read_regular(root / "private" / GENERATION, 1000).decode("ascii").strip()] = (
                "the generation of the sealed pages"
            )
        return cls({value: words for value, words in found.items() if len(value) >= LEAST and "\n" not in value})

    def tracked(self, repository: Repository) -> Iterator[Problem]:
        """A problem for each tracked file that holds one."""
        found = repository.holding(self.values, plain=True) | repository.holding(_SHAPES.values(), plain=False)
        for path in sorted(found):
            for words, line in self._within(repository.content(path).encode()):
                yield Problem(path, line, f"{words} stands in a file that git tracks", _TAKE_OUT)

    def published(self, site: Path) -> Iterator[Problem]:
        """A problem for each file of a built site that holds one."""
        for path in sorted(site.rglob("*")):
            if path.is_file() and (found := self._within(read_regular(path))):
                place = f"build/site/{path.relative_to(site).as_posix()}"
                yield from (Problem(place, line, f"{words} stands in the site", _SITE) for words, line in found)

    def _within(self, data: bytes) -> list[tuple[str, int]]:
        """What of it stands in ``data``, and in which line."""
        found = [(words, data.find(value.encode())) for value, words in self.values.items()]
        known = [at for _, at in found if at >= 0]
        for words, shape in _SHAPES.items():
            match = re.search(shape.encode(), data)
            if match and match.start() not in known:
                found.append((words, match.start()))
        return [(words, data.count(b"\n", 0, at) + 1) for words, at in found if at >= 0]
