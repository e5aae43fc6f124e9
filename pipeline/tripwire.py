"""Looks, before a deploy, whether the way the site goes would show more than the site.

What lies in ``private/`` belongs into no repository of the house; people's addresses and what only a few may read
belong into none that the site goes to, because hosts show that one to everybody; a secret belongs into no tracked
file. Whether a repository is private cannot be seen from here: only the author can say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import passages
from pipeline.config import FILE, toml_line
from pipeline.deploy import address
from pipeline.enrolled import FILE as PEOPLE
from pipeline.errors import DeployFailed, Problem, Tripped
from pipeline.model import PUBLIC, House
from pipeline.remotes import place
from pipeline.repository import Repository
from pipeline.strays import Secrets

_OWN = {
    *("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.steps", "secret.key", "sealed.key"),
    *("people.yml", "addresses.yml"),
}
"""Names of ``private/`` that are looked for everywhere: a copy is as private as what it was made of."""

_SOURCES = (PEOPLE, FILE, "content/posts", "content/updates", "content/pages")
"""What a house has and a site never has."""

_GO = re.compile(r"\bgit\b[^;&|]*\bpush\b|\bghp-import\b|\bgh-pages\b|\bgh-deploy\b")
"""Commands that put a folder onto a branch."""

_OR = "Give the site a repository of its own; or, if this one is and stays private, write `private_repository = true`."
_GONE = "Earlier commits still hold it: if others can read them, take it out of those too, and make a new `secret.key`."


def guard(root: Path, house: House, environ: Mapping[str, str]) -> None:
    """Raises `Tripped` with everything that must not be, right before the site goes out; it may ask the remote."""
    found = tripped(root, house, environ, reach=True)
    found += Secrets.of(root, house, environ).published(root / "build" / "site")
    if found:
        raise Tripped(found)


def tripped(root: Path, house: House, environ: Mapping[str, str], *, reach: bool = False) -> list[Problem]:
    """What git and the settings tell already now; ``reach`` also asks the remote that the site goes to.

    Raises `Problems` when git cannot be asked, `DeployFailed` when the remote cannot.
    """
    repository = Repository.around(root, environ)
    if repository is None:
        return []
    ground = _Ground(root, house, environ, repository)
    found = [*_private(ground), *Secrets.of(root, house, environ).tracked(repository)]
    deploy = house.settings.deploy
    shared = "" if deploy.to == "none" else _Way(ground, reach=reach).shared()
    if shared == _BRANCH:
        found.append(ground.setting("branch", f"the branch `{deploy.branch}` {shared}", _ANOTHER))
    if shared and not deploy.private_repository:
        key, fact = ("remote" if deploy.to == "branch" else deploy.to), _MAYBE if shared == _MAYBE else _SAME
        found += [ground.setting(key, fact, _OR), *_addresses(ground), *_narrow(ground)]
    return found


@dataclass(frozen=True)
class _Ground:
    """A house and the repository it lies in."""

    root: Path
    house: House
    environ: Mapping[str, str]
    repository: Repository

    def tracked(self, path: str) -> bool:
        """Whether git tracks this file of the house."""
        return self.full(path) in self.repository.tracked

    def full(self, path: str) -> str:
        """A path of the house as git writes it; where it leads elsewhere, its own name in the house."""
        inside = self.repository.inside(self.root)
        return path if inside == "." else f"{inside}/{path}"

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self.full(path) for path in _SOURCES)

    def setting(self, key: str, fact: str, suggestion: str) -> Problem:
        """A problem with where the site goes, in the line of a setting."""
        text = (self.root / FILE).read_text("utf-8", "replace")
        return Problem(FILE, toml_line(text, ("deploy", key)), fact, suggestion)


def _private(ground: _Ground) -> Iterator[Problem]:
    """``private/`` of the house, and copies of what is in it."""
    own = ground.full("private").casefold()
    tracked = sorted(ground.repository.tracked)
    inside = [path for path in tracked if path.casefold() == own or path.casefold().startswith(f"{own}/")]
    copies = [path for path in tracked if path not in inside and path.rpartition("/")[2].casefold() in _OWN]
    if inside:
        more = f" and {len(inside) - 1} more of `private/`" if inside[1:] else ""
        cure = "Run `git rm -r --cached private`, write `private/` into `.gitignore`, and commit."
        yield Problem(inside[0], 0, f"git tracks this{more}", f"{cure} {_GONE}")
    for path in copies:
        fact = f"git tracks this, which has the name of what belongs into `{ground.full('private')}/`"
        yield Problem(path, 0, fact, f"Run `git rm --cached {path}`, add it to `.gitignore`, and commit. {_GONE}")


def _addresses(ground: _Ground) -> Iterator[Problem]:
    """Addresses that are written out where git tracks them."""
    if not ground.tracked(PEOPLE):
        return
    text = ground.repository.content(ground.full(PEOPLE)).lower()
    written = set(re.findall(r"[^\s\"'<>,;:{}\[\]]+@[^\s\"'<>,;:{}\[\]]+", text))
    people = [person for person in ground.house.people if person.address.lower() in written]
    if people:
        count = "an address is" if len(people) == 1 else f"{len(people)} addresses are"
        fact = f"{count} written out here, and git tracks this file in the repository that the site goes to"
        cure = "Write `env:NAME`, or `@key` for a line of `private/addresses.yml`, and commit."
        yield Problem(PEOPLE, people[0].line, fact, cure)


def _narrow(ground: _Ground) -> Iterator[Problem]:
    """The sources of what not everybody may read."""
    paths = [
        (version.path, next((number + version.line - 1 for number, _ in passages.names(version.body)), 0))
        for entry in (*ground.house.entries, *ground.house.waiting)
        for version in entry.versions
        if entry.visibility != PUBLIC or passages.names(version.body)
    ]
    found = sorted((path, line) for path, line in paths if ground.tracked(path))
    if found:
        path, line = found[0]
        more = f" like {len(found) - 1} more" if found[1:] else ""
        fact = f"not everybody may read all of this, and git tracks it{more} in the repository that the site goes to"
        yield Problem(path, line, fact, "Give the site a repository of its own.")


_SAME = "the site goes to the repository that holds the house itself"
_MAYBE = "this command may go to the repository that holds the house itself"
_BRANCH = "holds the sources of the house, and the site would replace them"
_ANOTHER = "Choose a branch that holds nothing else, such as `gh-pages`."


class _Way:
    """Follows where the site goes, and says in words what it has to do with the house's own repository."""

    def __init__(self, ground: _Ground, *, reach: bool) -> None:
        self.ground, self.repository, self.reach = ground, ground.repository, reach
        self.settings = ground.house.settings.deploy

    def shared(self) -> str:
        """Why the two are, or may be, one; empty when they are not."""
        ways = {"branch": self._branch, "folder": self._folder, "command": self._command}
        return ways[self.settings.to]()

    def _branch(self) -> str:
        try:
            remote = address(self.ground.root, self.settings, self.ground.environ)
        except DeployFailed:
            if self.reach:
                raise
            return ""
        same = bool(self._places(remote) & self._own())
        if not same and self.reach and self.repository.newest:
            same = self.repository.shares(remote, self.ground.sources)
        if not same:
            return ""
        refs = [f"refs/heads/{self.settings.branch}"]
        refs += [f"refs/remotes/{name}/{self.settings.branch}" for name in self._remotes(remote)]
        return _BRANCH if any(self.repository.holds(ref, self.ground.sources) for ref in refs) else _SAME

    def _folder(self) -> str:
        folder = (self.ground.root / Path(self.settings.folder).expanduser()).resolve()
        if folder.is_relative_to(self.repository.common) or self.repository.top.is_relative_to(folder):
            return _SAME
        if folder.is_relative_to(self.repository.top) and self.repository.ignores(folder):
            return ""
        other = Repository.around(folder, self.ground.environ)
        if other is None:
            return ""
        reached = {one for found in other.remotes.values() for remote in found for one in self._places(remote)}
        return _SAME if other.common == self.repository.common or reached & self._own() else ""

    def _command(self) -> str:
        """A command is not understood, only looked at; one that names another repository is believed."""
        command = self.settings.command
        if not _GO.search(command):
            return ""
        words = [word.strip("\"'") for word in command.split()]
        named = [word for word in words if re.search(r"://|^[\w.-]+@[\w.-]+:|^[\w.-]+\.[\w.-]+:", word)]
        named += [word for word in words if word in self.repository.remotes]
        if any(self._places(word) & self._own() for word in named):
            return _SAME
        return "" if named else _MAYBE

    def _places(self, remote: str) -> set[tuple[str, str]]:
        """Where a remote leads as it is written, and after git's own abbreviations."""
        return {place(one, self.repository.top) for one in {remote, self.repository.full(remote)}}

    def _own(self) -> set[tuple[str, str]]:
        """Every place that holds the sources, or that they go to."""
        found = {place(str(self.repository.top), self.repository.top)}
        found.add(place(str(self.repository.common), self.repository.top))
        for name in self._source_remotes():
            for written in self.repository.remotes[name]:
                found |= self._places(written)
        return found

    def _source_remotes(self) -> set[str]:
        """`origin`, and each remote that a branch with sources comes from or goes to; not one of the site's own."""
        branches = [
            name for name in self.repository.branches() if self.repository.holds(f"refs/heads/{name}", self._sources)
        ]
        names = {"origin"} | self.repository.followed(branches)
        for name in self.repository.remotes:
            under = f"refs/remotes/{name}"
            if any(self.repository.holds(f"{under}/{one}", self._sources) for one in self.repository.branches(under)):
                names.add(name)
        return names & set(self.repository.remotes)

    @property
    def _sources(self) -> tuple[str, ...]:
        return self.ground.sources

    def _remotes(self, address: str) -> list[str]:
        """The names under which this repository knows an address."""
        wanted = self._places(address)
        return [
            name for name, all_ in self.repository.remotes.items() if any(self._places(one) & wanted for one in all_)
        ]
