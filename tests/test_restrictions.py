"""A line that was meant to keep a text back keeps it back, or is an error; an ordinary text passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from houses import NOW, house, run

from pipeline.frontmatter import take_apart
from pipeline.reading import read_house
from pipeline.restrictions import lookalike, restricts

ROOT = Path(__file__).resolve().parent.parent

MEANT = [
    "visibility: inner",
    "Visibility: inner",
    "VISIBILITY : inner",
    "visibility：inner",
    "visibility = inner",
    "visibility := inner",
    "visibility -> inner",
    "**Visibility:** inner",
    "**Visibility**: inner",
    "*visibility: inner*",
    "__Visibility:__ inner",
    "- visibility: inner",
    "> visibility: inner",
    "# visibility: inner",
    "1. visibility: inner",
    "<!-- visibility: inner -->",
    "% visibility: inner",
    "// visibility: inner",
    "[visibility]: inner",
    "visibility:: inner",
    "visibility: [inner, builders]",
    "visibility: inner, builders",
    "visibility: inner and builders",
    "visibility:",
    "\u200bvisibility: inner",
    "visibility: “inner”",
    "{visibility: inner}",
    "{% visibility: inner %}",
    '"visibility": "inner",',
    "ｖｉｓｉｂｉｌｉｔｙ: inner",
    "DRAFT: true",
    "Draft: yes",
    "draft = true",
    "tell: none",
    "notify: none",
    "only: inner",
    "Only: inner",
    "private: true",
    "Published: false",
    "unlisted: true",
    "audience: friends",
    "circles: [inner]",
    "access: members",
    "password: secret",
    "可见性：好友",
    "草稿: 是",
    "<!-- draft -->",
    "[draft]",
    "#draft",
    "#private",
    "(private)",
    "**DRAFT**",
    "%%draft%%",
    "[草稿]",
]

ORDINARY = [
    "Note: the bridge is closed.",
    "Visibility: 10 km, wind from the north, and no cloud to be seen.",
    "Visibility was poor all day.",
    "The draft: what I changed since Monday, and why it took so long.",
    "Draft horses and other animals I met.",
    "Only: a word I use far too often in this text.",
    "My private: public ratio is off.",
    "Private view at the gallery tonight.",
    "`visibility: inner` is how an entry is restricted.",
    "Tell: a hill made of old towns.",
    "Tell me: what have you read lately?",
    "Published: three papers, and none of them by me.",
    "Circles of friends, and how to keep them.",
    "#running",
    "[Draft horses](https://example.org/)",
    "https://example.org/?draft=true",
    "今天可见性不好。",
    "Draft",
    "Access: the road is open again since Tuesday.",
    "Time: 18:30",
    "12:30 Lunch",
    "Re: your question",
    "Hidden: the best café in town.",
]


@pytest.mark.parametrize("line", MEANT)
def test_a_line_that_was_meant_to_keep_a_text_back_is_noticed(line: str) -> None:
    assert restricts(line)


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_is_no_restriction(line: str) -> None:
    assert not restricts(line)


@pytest.mark.parametrize("line", [line for line in MEANT if line.strip()])
@pytest.mark.parametrize(
    "around",
    [
        "{}\n\nSecret.\n",
        "{}\nSecret.\n",
        "\n\n{}\n\nSecret.\n",
        "# Title\n\n{}\n\nSecret.\n",
        "---\ntitle: T\n---\n\n{}\n\nSecret.\n",
        "---\ntitle: T\n---\n# Title\n{}\nSecret.\n",
    ],
)
def test_it_is_noticed_wherever_it_is_at_the_top(line: str, around: str) -> None:
    source = take_apart(around.format(line), "content/posts/a.md")
    assert [problem for problem in source.problems if "restrict" in problem.fact or "front matter" in problem.fact]


@pytest.mark.parametrize(
    "text",
    [
        "```yaml\nvisibility: inner\n```\n",
        "Words.\n\nvisibility: inner\n",
        "A first line.\nMore of it.\n\ndraft: true\n",
        "---\ntitle: T\n---\n\nWords.\n\n| visibility: inner |\n",
    ],
)
def test_below_the_top_and_in_code_it_is_text(text: str) -> None:
    assert take_apart(text, "content/posts/a.md").problems == []


def test_no_text_of_the_sample_and_no_page_of_the_docs_is_taken_for_a_restriction() -> None:
    paths = sorted(path for folder in ("content", "docs") for path in (ROOT / folder).rglob("*.md"))
    found = []
    for path in paths:
        body = take_apart(path.read_text("utf-8"), path.name).body
        found += [(path.name, line) for _, line in lookalike(body.split("\n"))]
    assert (found, len(paths) > 60) == ([], True)


TOML = """+++
title = "Toml one"
date = 2026-11-12T10:00:00+01:00
tags = ["x", "y"]
visibility = "inner"
draft = false
[other]
deep = 1
+++

Words.
"""


def test_toml_front_matter_is_read_as_yaml_is(tmp_path: Path) -> None:
    root = house(tmp_path / "house", {"content/posts/toml.md": TOML.replace("[other]\ndeep = 1\n", "")})
    found = next(one for one in read_house(root, {}, {}, NOW).entries if one.slug == "toml")
    assert (found.master.title, found.tags, found.visibility) == ("Toml one", ("x", "y"), "inner")
    assert found.date.isoformat() == "2026-11-12T17:00:00+08:00"
    assert found.master.body.strip() == "Words."
    assert run(root, "publish", "--yes").code == 0
    assert "Toml one" not in (root / "build" / "site" / "index.html").read_text("utf-8"), "it is for a few"


@pytest.mark.parametrize(
    ("front", "line", "fact"),
    [
        ("title = Hello", 2, "this TOML cannot be read"),
        ('title = "a"\nvisiblity = "inner"', 3, "unknown key `visiblity`"),
        ('title = "a"\n[extra]\nvisibility = "inner"', 3, "`extra.visibility` looks like a restriction"),
        ('title = "a"\n"draft" = "yes"', 3, "`draft` is `yes`"),
        ('title = "a"\ntitle = "b"', 3, "this TOML cannot be read"),
        ("a = " + "[" * 5000, 2, "this TOML"),
    ],
)
def test_what_is_wrong_in_toml_is_said_with_its_line(front: str, line: int, fact: str) -> None:
    problems = take_apart(f"+++\n{front}\n+++\n\nWords.\n", "a.md").problems
    assert (line, True) in [(problem.line, fact in problem.fact) for problem in problems], problems


@pytest.mark.parametrize("key", ["title", "summary", "description", "series", "tags"])
@pytest.mark.parametrize(
    "words",
    ["Hello ::: only inner Secret. :::", '"a\\n::: only inner\\nSecret.\\n:::"', ":::only inner", "：：： only inner"],
)
def test_a_passage_in_the_front_matter_is_an_error(key: str, words: str) -> None:
    words = words if words.startswith('"') else f"'{words}'"
    text = f"---\n{key}: [{words}]\n---\n\nWords.\n" if key == "tags" else f"---\n{key}: {words}\n---\n\nWords.\n"
    problems = take_apart(text, "a.md").problems
    assert [problem for problem in problems if f"mark of a passage in `{key}`" in problem.fact], problems
