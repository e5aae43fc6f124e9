from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipeline.deploy import deploy, fingerprint, target
from pipeline.errors import DeployFailed
from pipeline.settings import Deploy

ENV = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_AUTHOR_NAME": "Lin", "GIT_AUTHOR_EMAIL": "lin@example.org",
    "GIT_COMMITTER_NAME": "Lin", "GIT_COMMITTER_EMAIL": "lin@example.org", "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    site = tmp_path / "house" / "build" / "site"
    (site / "posts").mkdir(parents=True)
    (site / "index.html").write_text("home")
    (site / "posts" / "中.html").write_text("post")
    return tmp_path / "house"


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, env=ENV).stdout


def test_a_folder_gets_a_copy_and_loses_what_is_no_longer_there(root: Path, tmp_path: Path) -> None:
    settings = Deploy(to="folder", folder="../www")
    deploy(root, settings, ENV)
    (root / "build" / "site" / "posts" / "中.html").unlink()
    deploy(root, settings, ENV)
    names = sorted(path.name for path in (tmp_path / "www").rglob("*") if path.is_file())
    assert names == [".kith-site", "index.html"]


def test_a_folder_that_holds_something_else_is_left_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "thesis.txt").write_text("years of work")
    with pytest.raises(DeployFailed, match="not empty"):
        deploy(root, Deploy(to="folder", folder="../www"), ENV)
    assert (tmp_path / "www" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("folder", [".", "..", "content", "build/site", "site/assets", "private"])
def test_a_folder_of_the_house_itself_is_refused(root: Path, folder: str) -> None:
    (root / "content").mkdir(exist_ok=True)
    with pytest.raises(DeployFailed):
        deploy(root, Deploy(to="folder", folder=folder), ENV)
    assert (root / "build" / "site" / "index.html").exists()


def test_a_branch_of_another_remote_gets_exactly_the_site(root: Path, tmp_path: Path) -> None:
    remote = tmp_path / "pages.git"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    settings = Deploy(to="branch", remote=str(remote), branch="pages", cname="lin.example.org")
    deploy(root, settings, ENV)
    names = git(remote, "-c", "core.quotepath=off", "ls-tree", "-r", "--name-only", "pages").split()
    assert sorted(names) == [".nojekyll", "CNAME", "index.html", "posts/中.html"]
    (root / "build" / "site" / "index.html").write_text("home 2")
    deploy(root, settings, ENV)
    assert git(remote, "show", "pages:index.html") == "home 2"


def test_a_remote_that_is_not_there_is_one_clear_error(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match="could not push") as caught:
        deploy(root, Deploy(to="branch", remote=str(tmp_path / "nowhere.git")), ENV)
    assert "\n" not in str(caught.value)


def test_a_password_in_a_remote_is_never_shown(root: Path) -> None:
    settings = Deploy(to="branch", remote="https://lin:hunter2@127.0.0.1:9/pages.git")
    assert "hunter2" not in target(settings)
    with pytest.raises(DeployFailed) as caught:
        deploy(root, settings, ENV)
    assert "hunter2" not in str(caught.value)


def test_a_command_runs_in_the_house_and_knows_the_site(root: Path) -> None:
    deploy(root, Deploy(to="command", command='cp "$KITH_SITE/index.html" copied.html'), ENV)
    assert (root / "copied.html").read_text() == "home"


def test_a_command_that_fails_stops_the_run(root: Path) -> None:
    with pytest.raises(DeployFailed, match="exit code 3"):
        deploy(root, Deploy(to="command", command="exit 3"), ENV)


def test_a_fingerprint_changes_with_a_byte_a_name_and_the_target(root: Path) -> None:
    site, settings = root / "build" / "site", Deploy(to="folder", folder="../www")
    first = fingerprint(site, settings)
    assert fingerprint(site, settings) == first
    assert fingerprint(site, Deploy(to="folder", folder="../other")) != first
    (site / "index.html").write_text("Home")
    second = fingerprint(site, settings)
    (site / "index.html").rename(site / "other.html")
    assert len({first, second, fingerprint(site, settings)}) == 3


def test_nothing_is_deployed_before_there_is_a_site(tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match="kith build"):
        deploy(tmp_path, Deploy(to="command", command="touch ran"), ENV)
    assert not (tmp_path / "ran").exists()
