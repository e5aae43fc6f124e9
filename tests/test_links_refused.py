"""Where Kith deletes and replaces files, a link is refused: what lies behind it belongs to somebody else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from houses import SETTINGS, house, run

DEPLOY = SETTINGS + '\n[tool.kith.deploy]\nto = "folder"\nfolder = "../online"\n'


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Somebody else's folder, with names in it that Kith uses too."""
    folder = tmp_path / "foreign"
    for name in (
        "index.html",
        "letter.eml",
        "posts/hello/index.html",
        "posts/mine.html",
        "site/mine.html",
        "ledger.mark",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine", "utf-8")
    return folder


def _held(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


PLACES = [
    "build", "build/site", "build/outbox", "build/paste", "build/letters", "build/cache", "build/cache/media",
    "build/cache/reading", "build/cache/site", "build/deploy.git", "build/site/posts", "build/site/posts/hello",
]  # fmt: skip


@pytest.mark.parametrize("before", [True, False], ids=["published before", "new"])
@pytest.mark.parametrize("place", PLACES)
def test_a_link_in_place_of_an_output_folder_is_refused(
    tmp_path: Path, foreign: Path, place: str, before: bool
) -> None:
    root = house(tmp_path / "house")
    if before:
        assert run(root, "publish", "--yes").code == 0
        post = root / "content" / "posts" / "hello.md"
        post.rename(post.with_name("renamed.md"))
    path = root / place
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(foreign)
    held = _held(foreign)
    for command in (["publish", "--yes"], ["build"], ["deliver", "--yes"]):
        if command == ["deliver", "--yes"] and place.startswith("build/site/"):
            continue  # it touches no site
        ran = run(root, *command)
        assert ran.code == 1, (command, ran)
        assert f"{place}: this is a link to {foreign}." in ran.err, ran
        assert "Remove the link" in ran.err
    assert _held(foreign) == held, "nothing was deleted or written"


@pytest.mark.parametrize(
    "place", ["build/preview", "build/preview/site", "build/seen", "build/seen/person", "build/shown"]
)
def test_previews_go_through_no_link(tmp_path: Path, foreign: Path, place: str) -> None:
    root = house(tmp_path / "house")
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).symlink_to(foreign)
    held = _held(foreign)
    assert f"{place}: this is a link" in run(root, "build").err
    assert _held(foreign) == held


def test_deploying_deletes_no_folder_that_happens_to_have_a_name_like_the_sites(tmp_path: Path) -> None:
    root = house(tmp_path / "house", {"pyproject.toml": DEPLOY})
    for name in ("online.old", "online.new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_text("mine", "utf-8")
    for _ in range(2):
        assert run(root, "publish", "--yes").code == 0
    assert (tmp_path / "online" / "index.html").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"house", "online", "online.old", "online.new"}
    assert (tmp_path / "online.old" / "mine.txt").is_file()
    assert (tmp_path / "online.new" / "mine.txt").is_file()
