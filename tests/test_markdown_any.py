"""Whatever is written, Markdown reads it to the end, and nothing of its own machinery shows."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.linecut import Line
from pipeline.markup import converted, render
from pipeline.references import code_lines, references

SIGNS = st.lists(
    st.sampled_from([*"`*_~^=+[]()!<>&;#@$\\ \n|:\"'a1{}-", "  \n", "\n\n", "\n    ", "\n\t",
                     "http://x.org/", "www.x.org",
                     "a@x.org", "++ctrl+a++", "[^1]", "\n[^1]: n", "$x$",
                     "\\(y\\)", "&amp;", "<b>", "</b>", "`c`",
                     "[a](b)", "![a](b)", "\n[a]: /b\n", "\n*[a]: b\n", "河", "，", "“", "{.x}", "{#i}", "[TOC]",
                     "\n- ",
                     "\n1. ", "\n> ", "\n```\n", "\n~~~", "\n$$\n", "\n!!! a\n", "\n??? a\n", '\n=== "a"\n', "\n---\n",
                     "\n:   d", "**", "__", "\n<div>\n", "</div>", "\n<div markdown>\n", "<!-- c -->", "[ ] ", "\x02",
                     "\x03", "\r", "\t", "a. ", "b. ", "\u3000", "[[a]]", "![[a.png]]", "\n> [!NOTE]\n", ":+1:",
                     "\n\\begin{a}", "\\end{a}\n", "<script>", "<title>", "\x02wzxhzdk:0\x03", "&#2;", "&#0;"]),
    max_size=40,
)  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(SIGNS)
def test_nothing_that_stands_for_something_else_is_left(parts: list[str]) -> None:
    made, headings = converted("".join(parts))
    said = made + "".join(name for _, _, name in headings)
    assert not re.search("[\x02\x03]|klzzwxh|kith-loose", said)
    render("".join(parts), lambda _, href: href)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(SIGNS)
def test_every_word_of_a_paragraph_is_shown(parts: list[str]) -> None:
    words = [f"w{number}w" for number in range(len(parts))]
    text = " ".join(
        f"{part} {word}" for part, word in zip(parts, words, strict=True) if part in "`*_~^=+()!&;#@|:\"'a1-"
    )
    made = unescape(re.sub("<[^>]*>", "", converted(text)[0]))
    assert [word for word in words if word in text and word not in made] == []


@settings(max_examples=200, deadline=None, derandomize=True)
@given(SIGNS)
def test_links_are_found_where_code_is_not(parts: list[str]) -> None:
    text = "".join(parts)
    lines = text.split("\n")
    assert code_lines(lines) <= set(range(len(lines)))
    assert all(1 <= line <= len(lines) for line, _, _ in references(text))


def test_tabs_reach_to_the_next_multiple_of_four() -> None:
    line = Line(" \t\tx")
    assert line.indent() == 8
    line.skip(2)
    assert (line.rest(), line.indent()) == ("  \tx", 6)
    line.skip(4)
    assert line.rest() == "  x"
