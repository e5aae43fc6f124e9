from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from houses import run

from pipeline.config import read_settings

NOW = datetime.fromisoformat("2026-11-21T09:30:00+08:00")


@pytest.mark.parametrize("title", ["Ana Ruiz", "陈伟的家", 'Q "the" [x], y: z', "{title} & <b>", ""])
def test_a_new_house_publishes_at_once_whatever_it_is_called(tmp_path: Path, title: str) -> None:
    ran = run(tmp_path, "init", str(tmp_path / "my-house"), "--title", title)
    assert ran.code == 0, ran
    settings = read_settings(tmp_path / "my-house")
    assert settings.title[""] == (title or "My House")
    assert run(tmp_path / "my-house", "check").out.endswith("No problems.\n")
    ran = run(tmp_path / "my-house", "publish")
    assert ran.code == 0, ran
    assert "1 submitted" in ran.out


def test_a_new_house_keeps_its_secrets_out_of_git(tmp_path: Path) -> None:
    run(tmp_path, "init", str(tmp_path / "house"))
    assert {"private/", "build/"} <= set((tmp_path / "house" / ".gitignore").read_text().split())


def test_a_folder_that_has_something_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "pyproject.toml").write_text("[project]\n")
    ran = run(tmp_path, "init", str(tmp_path / "house"))
    assert ran.code == 1
    assert "already" in ran.err
    assert [path.name for path in (tmp_path / "house").iterdir()] == ["pyproject.toml"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    run(tmp_path, "init", str(tmp_path / "house"), "--title", "Ana")
    return tmp_path / "house"


def test_a_new_post_is_a_draft_that_a_person_can_write_in(root: Path) -> None:
    ran = run(root, "new", "post", "What I learned: part 1", now=NOW)
    assert ran.out.strip() == "content/posts/what-i-learned-part-1.md"
    text = (root / ran.out.strip()).read_text("utf-8")
    assert "id: 2026-11-what-i-learned-part-1" in text
    assert 'title: "What I learned: part 1"' in text
    assert "draft: true" in text
    assert run(root, "check").code == 0, "an empty draft is no problem"


def test_a_new_post_never_writes_over_another(root: Path) -> None:
    first = run(root, "new", "post", "Same title", now=NOW)
    (root / first.out.strip()).write_text("my work", "utf-8")
    again = run(root, "new", "post", "Same title", now=NOW)
    assert again.code == 1
    assert "left as it is" in again.err
    assert (root / first.out.strip()).read_text("utf-8") == "my work"


def test_a_new_update_with_words_is_ready_and_without_them_a_draft(root: Path) -> None:
    ready = run(root, "new", "update", "下雨了。", "--lang", "zh", now=NOW)
    text = (root / ready.out.strip()).read_text("utf-8")
    assert text.endswith("下雨了。\n")
    assert "draft" not in text
    assert "lang: zh" in text
    empty = run(root, "new", "update", now=NOW)
    assert "draft: true" in (root / empty.out.strip()).read_text("utf-8")
    assert run(root, "check").code == 0


def test_a_post_without_a_title_and_an_unknown_language_are_refused(root: Path) -> None:
    assert "needs a title" in run(root, "new", "post").err
    assert "not a language tag" in run(root, "new", "post", "x", "--lang", "../etc").err


def test_a_title_of_path_characters_stays_inside_the_house(root: Path) -> None:
    ran = run(root, "new", "post", "../../etc/passwd", now=NOW)
    assert ran.out.strip() == "content/posts/etc-passwd.md"


def test_help_loads_nothing_slow() -> None:
    code = "import sys; from pipeline.cli import kith; kith.main(['--help'], standalone_mode=False); " + (
        "print([m for m in ('pydantic', 'mkdocs', 'jinja2', 'markdown', 'lxml', 'rich', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


def test_planning_renders_nothing() -> None:
    code = "import sys; import pipeline.publish, pipeline.plan, pipeline.report; " + (
        "print([m for m in ('mkdocs', 'jinja2', 'markdown', 'lxml', 'rich', 'babel', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip() == "[]"


@pytest.mark.parametrize("arguments", [["publsh"], ["plan", "--nonsense"], ["new", "poem"], ["settle"]])
def test_wrong_usage_ends_with_two(arguments: list[str], tmp_path: Path) -> None:
    ran = run(tmp_path, *arguments)
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_where_there_is_no_house_it_says_so(tmp_path: Path) -> None:
    for command in ("check", "plan", "build", "publish", "report"):
        ran = run(tmp_path, command)
        assert ran.code == 1
        assert "there is no house here" in ran.err
        assert "kith init" in ran.err
        assert not list(tmp_path.iterdir()), f"{command} left something behind"
