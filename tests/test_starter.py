from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from houses import run

from pipeline.cli import project_root
from pipeline.config import read_settings
from pipeline.starter import languages

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


@pytest.mark.parametrize("language", languages())
def test_a_new_project_is_written_in_its_authors_language(tmp_path: Path, language: str) -> None:
    ran = run(tmp_path, "init", str(tmp_path / "mine"), "--language", language)
    assert ran.code == 0, ran
    assert "in English" not in ran.out
    texts = {path.stem: path.read_text("utf-8") for path in (tmp_path / "mine" / "content").rglob("*.md")}
    assert set(texts) == {"hello", "first-line", "about"}
    assert all(f"lang: {language}\n" in text for text in texts.values())
    assert ("Nothing asks anything" in texts["hello"]) == (language == "en")
    assert run(tmp_path / "mine", "check").out.endswith("No problems.\n")
    assert "1 submitted" in run(tmp_path / "mine", "publish", "--yes").out


@pytest.mark.parametrize(("language", "title"), [("es-MX", "Hola"), ("zh-TW", "你好"), ("zh-CN", "你好")])
def test_a_language_of_one_country_has_the_texts_of_its_language(tmp_path: Path, language: str, title: str) -> None:
    run(tmp_path, "init", str(tmp_path / "mine"), "--language", language)
    text = (tmp_path / "mine" / "content" / "posts" / "hello.md").read_text("utf-8")
    assert f"title: {title}\n" in text
    assert ("寫" in text) == (language == "zh-TW")
    assert f"lang: {language}\n" in text


def test_where_there_are_no_first_texts_in_a_language_they_are_english_and_say_so(tmp_path: Path) -> None:
    ran = run(tmp_path, "init", str(tmp_path / "mine"), "--language", "it")
    assert "The first texts are in English: Kith has none in `it` yet." in ran.out
    assert "lang: en\n" in (tmp_path / "mine" / "content" / "posts" / "hello.md").read_text("utf-8")
    assert read_settings(tmp_path / "mine").languages == ("it",)
    assert run(tmp_path / "mine", "check").code == 0


def kith(folder: Path, *arguments: str) -> str:
    """What the command prints when it is typed in ``folder``."""
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_a_project_is_made_in_this_folder_and_found_from_the_folders_below_it(tmp_path: Path) -> None:
    home = tmp_path / "My blog"
    home.mkdir()
    said = kith(home, "init", ".")
    assert "Created a project in this folder." in said
    assert "cd " not in said
    assert read_settings(home).title[""] == "My Blog"
    assert kith(home / "content" / "posts", "new", "post", "Two") == "two.md\n"
    assert kith(home / "content", "new", "post", "Three") == "posts/three.md\n"
    assert kith(home / "content" / "posts", "new", "--translate", "two.md", "--lang", "zh") == "two.zh.md\n"
    assert kith(home / "content" / "posts", "check").endswith("No problems.\n")


def test_the_next_steps_paste_as_printed_where_a_folder_has_spaces(tmp_path: Path) -> None:
    said = kith(tmp_path, "init", "my new blog")
    line = next(line for line in said.splitlines() if "cd " in line)
    subprocess.run(f"{line} && test -f subscribers.yml", shell=True, cwd=tmp_path, check=True)


def test_the_nearest_project_is_meant(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer", tmp_path / "outer" / "build" / "inner"
    for place in (outer, inner):
        place.mkdir(parents=True)
        (place / "pyproject.toml").write_text("[ tool . kith ]\n", "utf-8")
    (inner / "content").mkdir()
    other = inner / "library"
    other.mkdir()
    (other / "pyproject.toml").write_text('[project]\nname = "x"\n', "utf-8")
    assert project_root(inner / "content") == inner
    assert project_root(other) == inner
    assert project_root(outer / "build") == outer
    assert project_root(tmp_path) == tmp_path


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


def test_a_new_page_is_a_draft_for_everyone(root: Path) -> None:
    ran = run(root, "new", "page", "Reading list")
    assert ran.out == "content/pages/reading-list.md\n"
    assert (root / ran.out.strip()).read_text("utf-8").startswith('---\ntitle: "Reading list"\nlang: en\ndraft: true')
    assert run(root, "check").code == 0
    assert "a page is for everyone" in run(root, "new", "page", "Other", "--visibility", "inner").err
    assert "needs a title" in run(root, "new", "page").err


def test_a_translation_starts_as_a_draft_beside_its_original_and_is_the_same_entry(root: Path) -> None:
    ran = run(root, "new", "--translate", "content/posts/hello.md", "--lang", "es")
    assert ran.out == "content/posts/hello.es.md\n", ran
    fresh = root / "content" / "posts" / "hello.es.md"
    text, original = fresh.read_text("utf-8"), (root / "content" / "posts" / "hello.md").read_text("utf-8")
    assert text.count("lang: ") == 1
    assert "lang: es\ndraft: true" in text
    assert text.partition("\n---\n")[2] == original.partition("\n---\n")[2], "the text to translate"
    assert run(root, "check").code == 0
    fresh.write_text(re.sub("\ndraft:.*\n", "\n", text), "utf-8")
    assert "1 post, 1 update" in run(root, "check").out, "one post in two languages"
    again = run(root, "new", "--translate", "content/posts/hello.es.md", "--lang", "zh-Hant")
    assert again.out == "content/posts/hello.zh-Hant.md\n", "a translation can be translated"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--translate", "content/posts/gone.md", "--lang", "es"], "no such text"),
        (["--translate", "subscribers.yml", "--lang", "es"], "no such text"),
        (["--translate", "content/posts/hello.md", "--lang", "en"], "its language is `en` already"),
        (["--translate", "content/posts/hello.md", "--lang", "../x"], "not a language tag"),
        (["--translate", "content/posts/hello.md"], "takes --lang"),
        (["post", "--translate", "content/posts/hello.md", "--lang", "es"], "nothing else"),
        ([], "Say what to start"),
    ],
)  # fmt: skip
def test_a_translation_that_cannot_be_started_says_why(root: Path, arguments: list[str], said: str) -> None:
    ran = run(root, "new", *arguments)
    assert ran.code in (1, 2)
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_text_without_front_matter_gets_one_in_its_translation(root: Path) -> None:
    (root / "content" / "posts" / "bare.md").write_text("# Bare\n\nWords.\n", "utf-8")
    assert run(root, "new", "--translate", "content/posts/bare.md", "--lang", "zh").code == 0
    text = (root / "content" / "posts" / "bare.zh.md").read_text("utf-8")
    assert text.endswith("---\n\n# Bare\n\nWords.\n")
    assert run(root, "check").code == 0


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
