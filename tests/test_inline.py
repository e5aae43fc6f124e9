"""Looking for a pattern's signs first changes nothing but the time that Markdown takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown.treeprocessors import InlineProcessor

from pipeline.inline import _SIGNS, Inline
from pipeline.markup import _markdown

REPO = Path(__file__).resolve().parent.parent


def converted(kind: Any, text: str) -> str:
    """The text as Markdown with this inline processor makes it."""
    engine = _markdown()
    engine.treeprocessors.register(kind(engine), "inline", 20)
    try:
        return str(engine.reset().convert(text))
    finally:
        engine.treeprocessors.register(Inline(engine), "inline", 20)


PARTS = st.lists(
    st.sampled_from([*"`*_~^=+[]()!<>&;#@$\\ \n|:\"'a1", "  \n", "http://x.org/", "www.x.org", "a@x.org", "++ctrl+a++",
                     "[^1]", "$x$", "\\(y\\)", "&amp;", "<b>", "`c`", "[a](b)", "![a](b)", "河"]),
    max_size=40,
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(PARTS)
def test_any_text_becomes_the_same_html(parts: list[str]) -> None:
    text = "".join(parts)
    assert converted(Inline, text) == converted(InlineProcessor, text)


@pytest.mark.parametrize("path", sorted((REPO / "content").rglob("*.md")), ids=lambda path: path.name)
def test_the_sample_house_becomes_the_same_html(path: Path) -> None:
    text = path.read_text("utf-8")
    assert converted(Inline, text) == converted(InlineProcessor, text)


def test_every_pattern_that_is_named_is_there() -> None:
    assert all(name in _markdown().inlinePatterns for name in _SIGNS)
