"""Before a deploy: what must not be in the repository that the site goes to, and what cures it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from houses import PEOPLE, SETTINGS, Files, Ran, house, run, text
from hypothesis import given
from hypothesis import strategies as st

from pipeline.remotes import place
from pipeline.repository import Repository

ENV = {
    "PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
    "SUB_WEI": "wei@example.org", "SUB_TOM": "tom@example.org",
}  # fmt: skip
KEY = ".".join(("SG", "a" * 22, "b" * 43))
"""Formed like a key, and put together here so that this file holds none."""

BY_NAME = PEOPLE.replace("wei@example.org", "env:SUB_WEI").replace("tom@example.org", "env:SUB_TOM")
CLEAN: Files = {
    ".gitignore": "build/\nprivate/\n",
    "subscribers.yml": BY_NAME,
    "content/posts/hello.md": text("id: hello\ntitle: Hello\ndate: 2026-11-18", "Hello, world.\n"),
}
NARROW = text("id: hello\ntitle: Hello\ndate: 2026-11-18", "Hello.\n\n::: only inner\nBlue heron morning count.\n:::\n")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True, env=ENV)
    return done.stdout


def committed(root: Path, *, force: bool = False) -> Path:
    git(root, "add", "--all", *(["--force"] if force else []), ".")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "x")
    return root


def deploying(root: Path, **settings: str | bool) -> Path:
    rows = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    (root / "pyproject.toml").write_text(f"{SETTINGS}\n[tool.kith.deploy]\n{rows}", "utf-8")
    return root


def tracked(tmp_path: Path, files: Files | None = None) -> Path:
    """A clean house in a repository of its own, pushed to the bare `origin.git` beside it."""
    root = house(tmp_path / "house", {**CLEAN, **(files or {})})
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "pages.git")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", str(tmp_path / "origin.git"))
    committed(root)
    git(root, "push", "--quiet", "--set-upstream", "origin", "main")
    return root


def publish(root: Path, **more: str) -> Ran:
    return run(root, "publish", "--yes", env=ENV | more)


def deploy(root: Path, **more: str) -> Ran:
    """Deploys a site of one page, made by hand because rendering one takes a second."""
    site = root / "build" / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "index.html").write_text("home")
    return run(root, "deploy", "--yes", "--again", env=ENV | more)


def check(root: Path, **more: str) -> Ran:
    return run(root, "check", env=ENV | more)


def arrived(tmp_path: Path, branch: str = "gh-pages") -> str:
    return git(tmp_path / "pages.git", "ls-tree", "--name-only", branch)


def test_a_clean_house_goes_to_a_repository_of_its_own(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path, {"content/posts/hello.md": NARROW}), to="branch", remote="../pages.git")
    assert check(root).code == 0
    ran = publish(root)
    assert ran.code == 0, ran.err
    assert "index.html" in arrived(tmp_path)


def test_a_house_without_git_is_deployed_as_ever(tmp_path: Path) -> None:
    root = deploying(house(tmp_path / "house"), to="folder", folder="../www")
    assert deploy(root).code == 0
    assert (tmp_path / "www" / "index.html").exists()


def test_a_repository_without_a_git_to_ask_is_said_and_stops_the_deploy(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path), to="folder", folder="../www")
    ran = deploy(root, PATH="/nonexistent")
    assert ran.code == 1
    assert ".git: there is a git repository here, and no `git` to look into it. Install git" in ran.err
    assert not (tmp_path / "www").exists()


def test_a_repository_that_git_cannot_read_stops_the_deploy(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path), to="folder", folder="../www")
    (root / ".git" / "HEAD").write_text("nothing")
    ran = deploy(root)
    assert (ran.code, (tmp_path / "www").exists()) == (1, False)
    assert "git cannot look into this repository" in ran.err


# private/


def test_a_tracked_private_folder_stops_everything_until_it_is_untracked(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path), to="branch", remote="../pages.git")
    assert run(root, "baseline", "--yes", env=ENV).code == 0
    committed(root, force=True)
    git(root, "rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "build")
    for ran in (check(root), publish(root), deploy(root)):
        assert ran.code == 1
        assert "private/ledger.db: git tracks this and" in ran.err
        assert "git rm -r --cached private" in ran.err
    assert not (tmp_path / "pages.git" / "refs" / "heads" / "gh-pages").exists()
    git(root, "rm", "-r", "--quiet", "--cached", "private")
    assert check(root).code == 1, "the newest commit still has it"
    committed(root)
    assert check(root).code == 0
    assert deploy(root).code == 0


def test_a_staged_private_folder_counts_as_tracked(tmp_path: Path) -> None:
    root = tracked(tmp_path)
    run(root, "baseline", "--yes", env=ENV)
    git(root, "add", "--force", "private/secret.key")
    assert "private/secret.key: git tracks this." in check(root).err


def test_a_copy_of_the_ledger_elsewhere_in_the_repository_is_found(tmp_path: Path) -> None:
    root = tracked(tmp_path, {"old/Ledger.db": b"SQLite format 3\0"})
    assert "old/Ledger.db: git tracks this" in check(root).err
    git(root, "rm", "--quiet", "old/Ledger.db")
    committed(root)
    assert check(root).code == 0


def test_a_private_folder_that_is_a_repository_of_its_own_is_no_hit(tmp_path: Path) -> None:
    root = tracked(tmp_path)
    run(root, "baseline", "--yes", env=ENV)
    git(root / "private", "init", "--quiet")
    committed(root / "private")
    committed(root, force=True)
    git(root, "rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "build")
    committed(root)
    assert "160000" in git(root, "ls-files", "--stage", "private")
    assert check(root).code == 0


def test_a_house_in_a_folder_of_a_larger_repository_is_looked_at_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    root = house(tmp_path / "houses" / "mine", CLEAN)
    assert run(root, "baseline", "--yes", env=ENV).code == 0
    git(tmp_path, "add", "--force", "houses/mine/private")
    assert "houses/mine/private/ledger.db: git tracks this" in check(root).err


# the repository that the site goes to


def spellings(tmp_path: Path) -> list[str]:
    bare = tmp_path / "origin.git"
    (tmp_path / "link").symlink_to(bare)
    return ["origin", str(bare), f"{bare}/", f"file://{bare}", f"file://{bare}/", "../origin.git", "../origin",
            "../house/../origin.git/", "../link", ".", "./.git", f"file://{tmp_path}/house/.git"]  # fmt: skip


def test_the_house_s_own_repository_is_known_in_every_spelling(tmp_path: Path) -> None:
    root = tracked(tmp_path, {"content/posts/hello.md": NARROW, "subscribers.yml": PEOPLE})
    for remote in spellings(tmp_path):
        ran = check(deploying(root, to="branch", remote=remote))
        assert ran.code == 1, remote
        assert "pyproject.toml:13: the site goes to the repository that holds the house itself." in ran.err, remote
        assert "subscribers.yml:8: 2 addresses are written out here" in ran.err
        assert "content/posts/hello.md:9: not everybody may read all of this" in ran.err
        assert "private_repository = true" in ran.err


def test_a_publish_into_the_house_s_own_repository_stops_and_a_word_of_the_author_lets_it_go(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path, {"content/posts/hello.md": NARROW}), to="branch", remote="origin")
    ran = publish(root)
    assert ran.code == 1
    assert "Nothing was deployed or submitted." in ran.err
    assert git(tmp_path / "origin.git", "branch", "--list").split() == ["*", "main"]
    assert not list((root / "build").glob("outbox/*.eml"))
    assert publish(deploying(root, to="branch", remote="origin", private_repository=True)).code == 0
    assert "gh-pages" in git(tmp_path / "origin.git", "branch", "--list")


def test_the_branch_with_the_sources_is_never_written_over(tmp_path: Path) -> None:
    root = tracked(tmp_path)
    ran = deploy(deploying(root, to="branch", remote="origin", branch="main", private_repository=True))
    assert ran.code == 1
    assert "pyproject.toml:14: the branch `main` holds the sources of the house" in ran.err
    assert "content/posts/hello.md" in git(tmp_path / "origin.git", "ls-tree", "-r", "--name-only", "main")


def test_addresses_by_name_and_an_open_house_leave_only_the_place_itself_to_say(tmp_path: Path) -> None:
    ran = check(deploying(tracked(tmp_path), to="branch", remote="origin"))
    assert len(ran.problems) == 1


def test_an_address_that_only_the_newest_commit_still_holds_counts(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path, {"subscribers.yml": PEOPLE}), to="branch", remote="origin")
    (root / "subscribers.yml").write_text(BY_NAME)
    assert "addresses are written out" in check(root).err
    committed(root)
    assert "addresses are written out" not in check(root).err


def test_untracked_sources_are_no_hit_of_their_own(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path), to="branch", remote="origin")
    (root / "content" / "posts" / "hello.md").write_text(NARROW)
    (root / "content" / "posts" / "new.md").write_text(NARROW.replace("id: hello", "id: new"))
    git(root, "rm", "--quiet", "--cached", "content/posts/hello.md")
    committed_without = [line for line in check(root).problems if "not everybody" in line]
    assert len(committed_without) == 1, "the newest commit still tracks the first, and never had the second"
    assert "hello.md" in committed_without[0]


def test_a_remote_for_the_site_alone_is_no_hit_even_when_the_house_knows_it(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path, {"content/posts/hello.md": NARROW}), to="branch", remote="pages")
    git(root, "remote", "add", "pages", str(tmp_path / "pages.git"))
    assert deploy(root).code == 0
    git(root, "fetch", "--quiet", "pages")
    (root / "content" / "posts" / "hello.md").write_text(NARROW.replace("Hello.", "Hello again."))
    assert check(root).code == 0
    assert deploy(root).code == 0


def test_sources_that_were_once_put_into_the_site_s_repository_are_found_there(tmp_path: Path) -> None:
    """However it is written: the commits over there are the house's own."""
    root = deploying(tracked(tmp_path, {"content/posts/hello.md": NARROW}), to="branch", remote="../alias.git")
    (tmp_path / "alias.git").symlink_to("pages.git")
    git(root, "push", "--quiet", str(tmp_path / "pages.git"), "main:backup")
    assert check(root).code == 0, "this cannot be known without asking over there"
    ran = deploy(root)
    assert ran.code == 1
    assert "holds the house itself" in ran.err
    git(tmp_path / "pages.git", "branch", "--delete", "--force", "backup")
    assert deploy(root).code == 0


def test_a_remote_under_git_s_own_abbreviation_is_seen_through(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path), to="branch", remote="mine:origin.git")
    git(root, "config", f"url.{tmp_path}/.insteadOf", "mine:")
    assert "holds the house itself" in check(root).err


def test_a_remote_that_sources_are_pushed_to_counts_under_any_name(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path), to="branch", remote="../pages.git")
    git(root, "remote", "add", "second", str(tmp_path / "pages.git"))
    assert check(root).code == 0
    git(root, "config", "branch.main.pushRemote", "second")
    assert "holds the house itself" in check(root).err


def test_another_work_tree_is_the_same_repository(tmp_path: Path) -> None:
    root = tracked(tmp_path)
    git(root, "remote", "remove", "origin")
    git(root, "worktree", "add", "--quiet", "--detach", "../www")
    assert "holds the house itself" in check(deploying(root, to="folder", folder="../www/site")).err


# folders and commands


def test_a_folder_that_git_tracks_in_the_house_is_a_hit_and_an_ignored_one_is_not(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path), to="folder", folder="pages")
    assert "pyproject.toml:13: the site goes to the repository" in check(root).err
    (root / ".gitignore").write_text("build/\nprivate/\npages/\n")
    assert check(root).code == 0
    assert deploy(root).code == 0


@pytest.mark.parametrize("folder", ["..", ".git/www", "../house"])
def test_a_folder_around_the_house_or_in_its_repository_is_a_hit(tmp_path: Path, folder: str) -> None:
    root = deploying(tracked(tmp_path), to="folder", folder=folder)
    assert "holds the house itself" in check(root).err


def test_a_folder_in_a_clone_of_the_house_s_repository_is_a_hit_and_in_another_one_is_not(tmp_path: Path) -> None:
    root = tracked(tmp_path)
    git(tmp_path, "clone", "--quiet", "origin.git", "clone")
    git(tmp_path, "clone", "--quiet", "pages.git", "site")
    assert "holds the house itself" in check(deploying(root, to="folder", folder="../clone/docs")).err
    assert check(deploying(root, to="folder", folder="../site/docs")).code == 0


@pytest.mark.parametrize(
    ("command", "fact"),
    [
        ("ghp-import --push build/site", "may go to the repository"),
        ("cd build/site && git push origin HEAD:gh-pages", "the site goes to the repository"),
        ("git push git@host.example.org:ann/pages.git main", ""),
        ('rsync -a --delete "$KITH_SITE"/ ann@host.example.org:www/', ""),
    ],
)
def test_a_command_that_pushes_is_asked_where_to(tmp_path: Path, command: str, fact: str) -> None:
    ran = check(deploying(tracked(tmp_path), to="command", command=command))
    assert (ran.code, fact in ran.err) == (int(bool(fact)), True)


# how an address may be written

HOST = st.sampled_from(["github.com", "codeberg.org", "git.example.org"])
NAME = st.from_regex(r"[a-z][a-z0-9_-]{0,8}(\.[a-z]{1,3})?", fullmatch=True).filter(lambda name: name[-4:] != ".git")
FORMS = (
    "https://{host}/{path}", "http://{host}:8080/{path}", "https://ann:token@{host}/{path}", "git@{host}:{path}",
    "{host}:{path}", "git@{host}:/{path}", "ssh://git@{host}/{path}", "ssh://git@{host}:22/{path}",
    "git://{host}/{path}", "git+ssh://git@{host}//{path}",
)  # fmt: skip


def spelled(form: str, host: str, path: str, end: str, *, loud: bool) -> str:
    return form.format(host=host.upper() if loud else host, path=path.title() if loud else path) + end


END = st.sampled_from(["", "/", ".git", ".git/"])


@given(HOST, NAME, NAME, st.sampled_from(FORMS), st.sampled_from(FORMS), END, END, st.booleans())
def test_one_repository_is_one_place_in_any_spelling(
    host: str, owner: str, name: str, one: str, two: str, end: str, other_end: str, loud: bool
) -> None:
    path = f"{owner}/{name}"
    first, second = spelled(one, host, path, end, loud=False), spelled(two, host, path, other_end, loud=loud)
    assert place(first, Path("/house")) == place(second, Path("/house"))


@given(HOST, NAME, NAME, NAME, st.sampled_from(FORMS), st.sampled_from(FORMS))
def test_two_repositories_are_two_places(host: str, owner: str, one: str, two: str, form: str, other: str) -> None:
    first = spelled(form, host, f"{owner}/{one}", "", loud=False)
    second = spelled(other, host, f"{owner}/{two}", "", loud=False)
    assert (place(first, Path("/house")) == place(second, Path("/house"))) == (one == two)


def test_the_other_door_of_a_host_leads_to_the_same_place() -> None:
    there = place("git@github.com:ann/house.git", Path("/house"))
    assert place("ssh://git@ssh.github.com:443/ann/house.git", Path("/house")) == there


# secrets


def test_a_key_in_a_tracked_file_stops_the_deploy_until_it_is_taken_out(tmp_path: Path) -> None:
    root = deploying(tracked(tmp_path, {"notes.txt": f"one\ntwo {KEY}\n"}), to="folder", folder="../www")
    ran = deploy(root)
    assert (ran.code, (tmp_path / "www").exists()) == (1, False)
    assert "notes.txt:2: a key of SendGrid stands in a file that git tracks. Take it out" in ran.err
    assert KEY not in ran.err
    (root / "notes.txt").write_text("one\n")
    git(root, "add", "notes.txt")
    assert "a key of SendGrid" in check(root).err, "the newest commit still holds it"
    committed(root)
    assert check(root).code == 0
    assert deploy(root).code == 0


@pytest.mark.parametrize("name", ["SENDGRID_API_KEY", "KITH_SMTP_PASSWORD"])
def test_the_very_secret_of_the_environment_is_looked_for(tmp_path: Path, name: str) -> None:
    secret = "correct[horse]*battery"
    root = tracked(tmp_path, {"content/posts/hello.md": text("id: hello\ntitle: Hello", f"Hm.\n\n`{secret}`\n")})
    ran = check(root, **{name: secret})
    assert f"content/posts/hello.md:8: the value of `{name}` stands in a file that git tracks." in ran.err
    assert secret not in ran.err + ran.out
    assert check(root).code == 0
    assert check(root, **{name: "Hm"}).code == 0, "what is so short occurs by chance"


def test_the_house_s_own_secret_is_looked_for(tmp_path: Path) -> None:
    root = tracked(tmp_path)
    run(root, "baseline", "--yes", env=ENV)
    (root / "backup.txt").write_text((root / "private" / "secret.key").read_text())
    assert check(root).code == 0, "git does not track it"
    git(root, "add", "backup.txt")
    assert "backup.txt:1: the secret of the house stands in a file" in check(root).err


def test_a_private_key_is_known_by_its_first_line(tmp_path: Path) -> None:
    first = "-----BEGIN OPENSSH " + "PRIVATE KEY-----"
    root = tracked(tmp_path, {"ledger-key": f"{first}\nAAAA\n"})
    assert "ledger-key:1: a private key stands in a file that git tracks." in check(root).err


def test_a_secret_in_the_site_stops_the_deploy_without_git_too(tmp_path: Path) -> None:
    body = text("id: hello\ntitle: Hello\ndate: 2026-11-18", "Key: open-sesame-1\n")
    root = deploying(house(tmp_path / "house", {"content/posts/hello.md": body}), to="folder", folder="../www")
    ran = publish(root, SENDGRID_API_KEY="open-sesame-1")
    assert (ran.code, (tmp_path / "www").exists()) == (1, False)
    assert "build/site/posts/hello/index.html:" in ran.err
    assert "the value of `SENDGRID_API_KEY` stands in the site" in ran.err
    assert "open-sesame-1" not in ran.err
    assert publish(root, SENDGRID_API_KEY="another-word-2").code == 0


def test_git_is_not_led_astray_by_a_hook_s_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publish from a git hook: what the hook's variables name is the house's own repository."""
    root = deploying(tracked(tmp_path), to="branch", remote="../pages.git")
    before = git(root, "rev-parse", "HEAD", "main")
    monkeypatch.setenv("GIT_DIR", str(root / ".git"))
    assert deploy(root, GIT_DIR=str(root / ".git"), GIT_INDEX_FILE=str(root / ".git" / "index")).code == 0
    assert os.environ["GIT_DIR"] == str(root / ".git")
    assert "index.html" in arrived(tmp_path)
    assert git(root, "rev-parse", "HEAD", "main") == before
    assert "gh-pages" not in git(root, "branch", "--list")


def test_no_program_of_the_repository_s_configuration_runs(tmp_path: Path) -> None:
    root = tracked(tmp_path)
    trap = root / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    trap.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(trap))
    found = Repository.around(root, ENV)
    assert found is not None
    assert "subscribers.yml" in found.tracked
    assert not (tmp_path / "ran").exists()
    shutil.rmtree(root / ".git")
    assert Repository.around(root, ENV) is None
