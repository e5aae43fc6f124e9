"""What a body says is told from its HTML without a parser, and is what a parser finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.finish import finish
from pipeline.markup import render, tree
from pipeline.sections import read_aloud, sections

REPO = Path(__file__).resolve().parent.parent
SILENT = {"script", "style", "math", "svg", "template"}
BLOCKS = {"p", "li", "pre", "tr", "td", "th", "dt", "dd", "blockquote", "figcaption", "br", "div", "summary"}


def parsed(html: str) -> list[tuple[str, str, str]]:
    """The same by walking through the tree that a parser makes of it."""
    found: list[tuple[str, list[str], list[str]]] = [("", [], [])]

    def walk(element: Any) -> None:
        for child in element:
            around = " " if child.tag in BLOCKS else ""
            if child.tag in {"h1", "h2", "h3", "h4", "h5", "h6"} and child.get("id"):
                found.append((child.get("id"), ["".join(child.itertext())], []))
            elif child.tag not in SILENT:
                found[-1][2].append(around + (child.text or ""))
                walk(child)
            found[-1][2].append(around + (child.tail or ""))

    root = tree(html)
    found[0][2].append(root.text or "")
    walk(root)
    return [
        (anchor, " ".join("".join(title).split()), " ".join("".join(text).split())) for anchor, title, text in found
    ]


def made(body: str) -> str:
    return finish(render(body, lambda _, href: href).html, {})


PARTS = st.lists(
    st.sampled_from(
        ["## Two *words*", "### `a < b` & c", "text", "河 *流*", "a > b", "[link](x.md \"it's > that\")", "$x < y$",
         "![a \"b\" > c](p.png)", "- one\n- two", "| a | b |\n|---|---|\n| `c` | d |", "```python\nif a < b: pass\n```",
         "<svg><text>drawn</text></svg>", "<b>raw</b>text", "!!! note\n    said",
         "<details><summary>S</summary>T</details>",
         "## A { #own }", "#### Four", "line  \nbreak", "<h2>no id</h2>", "&lt;p&gt; &amp;amp;"]
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(PARTS)
def test_any_body_says_what_a_parser_finds_in_it(parts: list[str]) -> None:
    html = made("\n\n".join(parts))
    assert list(sections(html)) == parsed(html)


@pytest.mark.parametrize("path", sorted((REPO / "content").rglob("*.md")), ids=lambda path: path.name)
def test_the_sample_house_says_what_a_parser_finds_in_it(path: Path) -> None:
    html = made(path.read_text("utf-8").split("\n---\n", 1)[-1])
    assert list(sections(html)) == parsed(html)


def test_reading_aloud_leaves_out_what_nobody_reads() -> None:
    assert read_aloud(made("## A\n\none $x^2$ two <svg><text>no</text></svg>\n\nthree")) == "A one two three"
