"""Asks git what it tracks and where it goes; nothing is written, and nothing of the house's configuration is run."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pipeline.errors import DeployFailed, Problem, Problems

SECONDS = 120
"""What git may take for one answer."""

_SUBMODULE = "160000"


@dataclass(frozen=True)
class Repository:
    """The git repository that a folder lies in: ``top`` is its work tree, ``common`` its store of commits."""

    top: Path
    common: Path
    environ: Mapping[str, str] = field(repr=False)

    @classmethod
    def around(cls, folder: Path, environ: Mapping[str, str]) -> Repository | None:
        """The repository around ``folder``; None where there is none.

        Raises `Problems` where there is one and git is missing or refuses to look into it.
        """
        start = _there(folder)
        if not any((above / ".git").exists() for above in (start, *start.parents)):
            return None
        done = _ask(start, ["rev-parse", "--show-toplevel", "--git-common-dir"], environ)
        if done.returncode:
            raise Problems([Problem(".git", 0, f"git cannot look into this repository: {_words(done)}", _LOOK)])
        top, common = os.fsdecode(done.stdout).rstrip("\n").split("\n")
        return cls(Path(top).resolve(), (start / common).resolve(), environ)

    def inside(self, path: Path) -> str:
        """A path as git writes it, relative to the work tree."""
        return path.resolve().relative_to(self.top).as_posix()

    @cached_property
    def tracked(self) -> frozenset[str]:
        """Every file that is tracked now or stands in the newest commit, without those of submodules."""
        rows = self._rows("ls-files", "--stage", "-z", "--full-name")
        if self.newest:
            rows += self._rows("ls-tree", "-r", "-z", "--full-tree", "HEAD")
        return frozenset(path for mode, _, path in (row.partition("\t") for row in rows) if not _is_submodule(mode))

    @cached_property
    def newest(self) -> bool:
        """Whether there is a commit."""
        return not self._run(["rev-parse", "--verify", "--quiet", "HEAD"]).returncode

    @cached_property
    def _config(self) -> list[tuple[str, str]]:
        rows = self._rows("config", "-z", "--list")
        return [(key, value) for key, _, value in (row.partition("\n") for row in rows)]

    @cached_property
    def remotes(self) -> dict[str, list[str]]:
        """Addresses by the name of a remote."""
        found: dict[str, list[str]] = {}
        for key, value in self._config:
            if key.startswith("remote.") and key.endswith((".url", ".pushurl")):
                found.setdefault(key.removeprefix("remote.").rpartition(".")[0], []).append(value)
        return found

    def followed(self, branches: Iterable[str]) -> set[str]:
        """The remotes that these branches come from or go to."""
        keys = {f"branch.{name}.{key}" for name in branches for key in ("remote", "pushremote")}
        return {value for key, value in self._config if key in keys or key == "remote.pushdefault"}

    def full(self, address: str) -> str:
        """An address, or a remote's name, after git's own abbreviations (``insteadOf``)."""
        return self._text("ls-remote", "--get-url", "--", address)

    def branches(self, under: str = "refs/heads") -> list[str]:
        """The branches that this repository has or knows of, without ``under``."""
        names = self._text("for-each-ref", "--format=%(refname)", under).split("\n")
        return [name.removeprefix(under).lstrip("/") for name in names if name]

    def holds(self, commit: str, paths: Iterable[str]) -> bool:
        """Whether a commit that is known here has one of these paths."""
        done = self._run(["ls-tree", "--full-tree", "--name-only", commit, "--", *paths])
        return not done.returncode and bool(done.stdout.strip())

    def content(self, path: str) -> str:
        """What a tracked file says on the disk, in the index and in the newest commit, one below the other."""
        texts = [(self.top / path).read_bytes()] if (self.top / path).is_file() else []
        said = [self._run(["show", f"{commit}:{path}"]) for commit in ("", "HEAD")]
        texts += [done.stdout for done in said if not done.returncode]
        return "\n".join(text.decode("utf-8", "replace") for text in texts)

    def ignores(self, folder: Path) -> bool:
        """Whether git leaves alone what would be put into this folder, which need not be there yet."""
        return not self._run(["check-ignore", "--quiet", "--", str(folder / "index.html")]).returncode

    def holding(self, patterns: Iterable[str], *, plain: bool) -> set[str]:
        """Tracked files that hold one of these texts (or patterns), on the disk, in the index or the newest commit.

        The patterns go in through standard input: a command's words can be seen by everybody on the machine.
        """
        asked = "\n".join(patterns).encode()
        if not asked:
            return set()
        found: set[str] = set()
        for where in ([], ["--cached"], ["HEAD"] if self.newest else None):
            if where is None:
                continue
            words = ["grep", "--no-color", "-z", "-l", "-a", "-F" if plain else "-E", "-f", "-", *where, "--", ":/"]
            done = self._run(words, asked)
            if done.returncode not in (0, 1):
                raise Problems([Problem(".git", 0, f"git could not look into its files: {_words(done)}", _LOOK)])
            names = os.fsdecode(done.stdout).split("\0")
            found |= {name.removeprefix("HEAD:") for name in names if name}
        return found

    def shares(self, address: str, paths: Iterable[str]) -> bool:
        """Whether a branch over there is a commit that is known here and has one of these paths; it asks the host.

        Raises `DeployFailed` when the host cannot be asked.
        """
        done = self._run(["ls-remote", "--heads", "--", address])
        if done.returncode:
            said = without_password(_words(done))
            raise DeployFailed(f"[tool.kith.deploy]: git could not reach the remote: {said}.")
        there = {line.partition(b"\t")[0] for line in done.stdout.splitlines()}
        known = self._run(["cat-file", "--batch-check"], b"\n".join(sorted(there)) + b"\n").stdout.splitlines()
        wanted = tuple(paths)
        return any(self.holds(line.split()[0].decode(), wanted) for line in known if line.split()[1:2] == [b"commit"])

    def _rows(self, *words: str) -> list[str]:
        return [row for row in self._text(*words).split("\0") if row]

    def _text(self, *words: str) -> str:
        done = self._run([*words])
        if done.returncode:
            raise Problems([Problem(".git", 0, f"git could not say what it tracks: {_words(done)}", _LOOK)])
        return os.fsdecode(done.stdout).rstrip("\n")

    def _run(self, words: list[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return _ask(self.top, words, self.environ, given)


_LOOK = "Look at it with `git status`; while that fails, nothing is deployed."


def quiet(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which git asks nothing, locks nothing and finds its repository by the folder alone.

    A git hook sets ``GIT_DIR`` and its like for whatever it starts: they would lead every call to the house's
    own repository.
    """
    steering = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE",
                "GIT_PREFIX", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")  # fmt: skip
    kept = {key: value for key, value in environ.items() if key not in steering}
    return kept | {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _ask(
    folder: Path, words: list[str], environ: Mapping[str, str], given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Runs git in ``folder``; a program that the repository's own configuration names is not started."""
    try:
        return subprocess.run(  # noqa: S603 - the words are ours, no shell
            ["git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "color.ui=false", *words],
            cwd=folder, env=quiet(environ), input=given, capture_output=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        fact = "there is a git repository here, and no `git` to look into it"
        raise Problems([Problem(".git", 0, fact, "Install git: before a deploy it is asked what it tracks.")]) from None
    except subprocess.TimeoutExpired:
        raise Problems([Problem(".git", 0, f"git took more than {SECONDS} seconds to answer", _LOOK)]) from None


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    said = " ".join(done.stderr.decode("utf-8", "replace").split())
    return said.removeprefix("fatal: ")[:200].rstrip(".") or "no reason given"


def without_password(text: str) -> str:
    """A text with addresses in it, as it may be shown."""
    return re.sub(r"(https?://)[^/@\s]+@", r"\1…@", text)


def _is_submodule(mode: str) -> bool:
    return mode.startswith(_SUBMODULE)


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.resolve()
    return next(above for above in (folder, *folder.parents) if above.is_dir())
