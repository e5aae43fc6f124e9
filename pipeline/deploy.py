"""Puts ``build/site`` online: into a folder, onto a git branch of a remote, or by a command of the author's."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.errors import DeployFailed
from pipeline.repository import quiet, without_password
from pipeline.settings import Deploy

_MARK = ".kith-site"


def fingerprint(site: Path, settings: Deploy) -> str:
    """What is to go online, and where, as one short text: the same for the same bytes and target."""
    digest = hashlib.sha256(repr(settings).encode())
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        digest.update(path.relative_to(site).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_there(root: Path, settings: Deploy) -> bool:
    """Whether what was deployed can still be there, as far as this machine can see."""
    return settings.to != "folder" or (root / Path(settings.folder).expanduser() / _MARK).exists()


def target(settings: Deploy) -> str:
    """Where the site goes, in words; empty when it goes nowhere."""
    if settings.to == "folder":
        return f"the folder {settings.folder}"
    if settings.to == "branch":
        return f"the branch {settings.branch} of {without_password(settings.remote)}"
    return "your command" if settings.to == "command" else ""


def deploy(root: Path, settings: Deploy, environ: Mapping[str, str]) -> None:
    """Puts the built site online. Raises `DeployFailed` with what went wrong; the old site then stays."""
    site = root / "build" / "site"
    if not (site / "index.html").is_file():
        raise DeployFailed("build/site: there is no site yet. Run `kith build`.")
    ways: dict[str, Callable[[Path, Path, Deploy, Mapping[str, str]], None]] = {
        "folder": _folder,
        "branch": _branch,
        "command": _command,
    }
    if way := ways.get(settings.to):
        way(root, site, settings, environ)


def _folder(root: Path, site: Path, settings: Deploy, _environ: Mapping[str, str]) -> None:
    """Replaces the folder by a copy; refuses a folder that holds something other than an earlier site."""
    folder = (root / Path(settings.folder).expanduser()).resolve()
    house = root.resolve()
    if folder == house or house.is_relative_to(folder) or folder.is_relative_to(house / "build"):
        raise DeployFailed(f"[tool.kith.deploy] folder: {settings.folder} is the house or around it. Choose another.")
    if folder.is_relative_to(house) and folder.relative_to(house).parts[0] in _SOURCES:
        raise DeployFailed(f"[tool.kith.deploy] folder: {settings.folder} holds sources of the house. Choose another.")
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise DeployFailed(
            f"[tool.kith.deploy] folder: {settings.folder} is not empty and holds no site of Kith."
            f" Empty it, or put an empty file `{_MARK}` into it if all in it may be replaced."
        )
    # Names that nobody else gives a folder: what an earlier run left there is deleted.
    fresh, old = (folder.with_name(f".{folder.name}.kith-{which}") for which in ("new", "old"))
    try:
        for left in (fresh, old):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(site, fresh)
        (fresh / _MARK).touch()
        if folder.exists():
            folder.replace(old)
        fresh.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    except (OSError, shutil.Error) as error:
        if old.exists() and not folder.exists():
            old.replace(folder)
        shutil.rmtree(fresh, ignore_errors=True)
        raise DeployFailed(
            f"[tool.kith.deploy] folder: {settings.folder}: {_os_words(error)}. The old site stays."
        ) from None


_SOURCES = ("content", "site", "templates", "pipeline", "tests", "private", "docs", ".git")


def _os_words(error: OSError | shutil.Error) -> str:
    return getattr(error, "strerror", None) or "it could not be copied"


def _branch(root: Path, site: Path, settings: Deploy, environ: Mapping[str, str]) -> None:
    """Pushes one commit to a remote of the site's own, from a repository under ``build/`` that holds nothing else."""
    remote = address(root, settings, environ)
    work = root / "build" / "deploy.git"
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "HEAD").exists():
        _git(work, ["init", "--quiet", "--bare"], environ, "git could not make a repository")
    _sign(work, environ)
    _import(work, site, settings)
    refspec = f"+refs/heads/{settings.branch}:refs/heads/{settings.branch}"
    _git(work, ["push", "--quiet", remote, refspec], environ, "git could not push")


def address(root: Path, settings: Deploy, environ: Mapping[str, str]) -> str:
    """The address of the remote that the settings name; raises `DeployFailed` when there is none."""
    remote = settings.remote
    if remote.startswith("."):
        return str((root / remote).resolve())
    if _is_address(remote):
        return remote
    return _git(root, ["remote", "get-url", remote], environ, "there is no such remote; write its address")


def _sign(work: Path, environ: Mapping[str, str]) -> None:
    """Gives commits a name where git knows none: a remote may refuse an empty one."""
    for key, name in (("user.name", "Kith"), ("user.email", "kith@localhost")):
        try:
            _git(work, ["config", "--get", key], environ, "")
        except DeployFailed:
            _git(work, ["config", key, name], environ, "git could not be set up")


def _is_address(remote: str) -> bool:
    return "/" in remote or ":" in remote or "\\" in remote


def _import(work: Path, site: Path, settings: Deploy) -> None:
    import ghp_import

    before, steered = Path.cwd(), {key: value for key, value in os.environ.items() if key not in quiet(os.environ)}
    try:
        os.chdir(work)
        for key in steered:
            del os.environ[key]
        ghp_import.ghp_import(
            str(site), branch=settings.branch, mesg="Publish", nojekyll=True, cname=settings.cname or None, force=True
        )
    except (ghp_import.GhpError, subprocess.CalledProcessError, OSError) as error:
        raise DeployFailed(f"[tool.kith.deploy]: git could not take the site: {error}.") from None
    finally:
        os.chdir(before)
        os.environ.update(steered)


def _git(folder: Path, arguments: list[str], environ: Mapping[str, str], fact: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 — arguments are ours, no shell
            ["git", *arguments], cwd=folder, env=quiet(environ),
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DeployFailed(f"[tool.kith.deploy]: {fact}: {type(error).__name__}. Is git installed?") from None
    if done.returncode:
        said = " ".join(without_password(done.stderr).split())[-300:].rstrip(".")
        raise DeployFailed(f"[tool.kith.deploy]: {fact}: {said or 'no reason given'}.")
    return done.stdout.strip()


def _command(root: Path, site: Path, settings: Deploy, environ: Mapping[str, str]) -> None:
    """Runs the author's own command in the house, with the site's folder in ``KITH_SITE``."""
    known = dict(environ) | {"KITH_SITE": str(site.resolve())}
    done = subprocess.run(settings.command, shell=True, cwd=root, env=known, check=False)  # noqa: S602 — the author's own command line
    if done.returncode:
        raise DeployFailed(
            f"[tool.kith.deploy] command: it ended with exit code {done.returncode}. No letter was submitted."
        )
