"""Our Markdown is Python-Markdown's, done in less time: every text becomes the same HTML."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import blocks, inline
from pipeline.dialect import plain, quick
from pipeline.links import slugify

REPO = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("KITH_CORPUS") or REPO.parent / "shared" / "corpus")
STEP = 1 if os.environ.get("KITH_ALL") else 6


@cache
def engines() -> tuple[Any, Any]:
    return plain(slugify), quick(slugify)


def converted(engine: Any, text: str) -> tuple[str, Any]:
    """The HTML of a text, and its headings."""
    engine.toc_tokens = []
    return engine.reset().convert(text), told(engine.toc_tokens)


def told(tokens: list[dict[str, Any]]) -> list[Any]:
    """What is told of headings, as far as it is asked for."""
    return [(one["level"], one["id"], one["name"], told(one["children"])) for one in tokens]


def alike(text: str) -> None:
    theirs, ours = engines()
    assert converted(ours, text) == converted(theirs, text)


SIGNS = st.lists(
    st.sampled_from([*"`*_~^=+[]()!<>&;#@$\\ \n|:\"'a1{}", "  \n", "\n\n", "\n    ", "http://x.org/", "www.x.org",
                     "a@x.org", "++ctrl+a++", "[^1]", "[^1]: n", "$x$", "\\(y\\)", "&amp;", "<b>", "</b>", "`c`",
                     "[a](b)", "![a](b)", "[a]: /b", "*[a]: b", "河", "{.x}", "{#i}", "wWW.y.org", "[TOC]",
                     "- ", "1. ", "> ", "Www.y.org",
                     "```", "~~~", "$$", "!!! a", "??? a", '=== "a"', "---", ":   d", "|", "**", "__", "<div>",
                     "</div>", "<div markdown>", "<!-- c -->", "[ ] ", "\x02", "\r", "\t", "٣. ", "\u3000"]),
    max_size=40,
)  # fmt: skip

BLOCKS = st.lists(
    st.sampled_from(
        [
            "# One *two* `c`", "## Two\nbelow", "Set\n===", "Next\n---", "words, **bold** and [a link](x.md).",
            "two\nlines", "> said\n> so", "> - one\n>\n>     two", "- a\n- b", "- a\n\n    more\n\n- b",
            "1. a\n2. b", "3) a", "- [ ] do\n- [x] done", "* a\n    * b\n        * c", "    code\n    more",
            "```python\nif a < b:\n    pass\n```", "```\nplain & <x>\n```", '~~~ {.js #i title="t"}\nlet a;\n~~~',
            "- a\n\n    ```sh\n    ls | wc\n    ```", "> ```c\n> int a;\n> ```",
            '```python hl_lines="1" linenums="1"\na = 1\n```', "```mermaid\na --> b\n```", "```nosuch\nx\n```",
            "```python\nnever closed", "| a | b |\n|---|:-:|\n| `x` | 1 \\| 2 |", "a | b\n--|--\n1 | 2",
            '!!! note "T"\n    said\n\n    - a', "??? tip\n    hidden",
            '=== "One"\n\n    first\n\n=== "Two"\n\n    second', "Term\n:   Meaning\n\n    more", "***", "- - -",
            "See[^1] and[^1].\n\n[^1]: Note *one*.\n\n    More of it.", "[^2]: only\nlazy",
            "*[HTML]: Hyper\n\nHTML here", '[ref]: /url "T"\n\nA [ref] and ![ref].', "$$\nx^2\n$$",
            "\\begin{a}\nx\n\\end{a}", "Inline $x$ and \\(y\\).", "[TOC]", "a\n{: #own .cls}", "## H {#own}",
            "## H {data-toc-label='L'}", "<div markdown>\n\n*in* it\n\n</div>", "<p>raw *x*</p>",
            "a <b>c</b> <br> &copy; &amp; & <x@y.org>", "<!-- a comment -->", '<h2 id="x">raw</h2>',
            "http://x.org/a_b and www.x.org, a@x.org", "++ctrl+a++ ^up^ ~down~ ==m== ^^i^^ ~~d~~ *e* _e_ ***b***",
            "a  \nb\\\nc", "`` `a` `` `#!python x = 1` `:::js y`", "\\*no\\* \\[x\\] &lt;",
            "![p](a.png){ width=10 } [l](<a b> 't')", "\u3000\u3000河流，**重**要。", "#no heading", "1986. A year",
            "+ a\n+ b\ntext", "a\n# b\nc", "a\n> b", "a\n- b", "\tcode", "    - not a list", "- a\n  b\n\n  c",
            "Set\n---\nmore | a\n--|--\n1|2",
        ]
    ),
    max_size=10,
)  # fmt: skip


PROSE = st.lists(
    st.sampled_from(
        [
            "word", " ", "a", "B2", "河", "**bold**", "*some*", "**two words**", "*a b*", "`code`", "`a * b`", "``",
            "`<&>`", "[link](to/it.md#x)", "[two words](http://x.org/a_b?c=d&e)", "![p](p.png)", "(", ")", ".",
            ",", ": ", "!", "?", "-", "+", "=", "~", "_", "*", "`", "[", "]", "<b>", "&", "@x.org", "w.", "  \n", "\n",
            "'", '"', "://", "[^1]", "\\", "$", "{.x}", "**`c`**", "*", "**", "***x***", "`#!python x`", "` :::js y`",
            "` `", "…", "[](x)", "[a\nb](c)", "[a]", "(b)", " ", "1",
        ]
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(PROSE)
def test_any_prose_becomes_the_same_html(parts: list[str]) -> None:
    alike("".join(parts))


@settings(max_examples=250, deadline=None)
@given(SIGNS)
def test_any_signs_become_the_same_html(parts: list[str]) -> None:
    alike("".join(parts))


@settings(max_examples=150, deadline=None)
@given(BLOCKS, st.sampled_from(["\n\n", "\n", "\n\n\n", "\n\n    "]))
def test_any_blocks_become_the_same_html(parts: list[str], between: str) -> None:
    alike(between.join(parts))


@pytest.mark.parametrize("path", sorted((REPO / "content").rglob("*.md")), ids=lambda path: path.name)
def test_the_sample_house_becomes_the_same_html(path: Path) -> None:
    alike(path.read_text("utf-8").split("\n---\n", 1)[-1])


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no corpus at {CORPUS} (KITH_CORPUS names another place)")
def test_a_real_blog_becomes_the_same_html() -> None:
    for path in sorted(CORPUS.rglob("*.md"))[::STEP]:
        alike(path.read_text("utf-8").split("\n---\n", 1)[-1])


@pytest.mark.parametrize(
    "text",
    [
        "??? tip\n    hidden\n\n    more", "!!! note\n    said\n\n    more", '=== "A"\n    said\n\n    more',
        "a\n  > b", "a\n   ***", "a\n  : b", "a\n\n  : b", "a\n   [x]: /y\n[x]", "a[^n]\n  [^n]: b", "   # a",
        "  1. a",
        "\\\\`a`", "\\\\$x$", "\\`a`", "wwW.x.org", "WWw.x.org", "wWW.x.org", "htTps://x.org", "&amp; &#35; &x",
        "a  \nb",
        "``` {.python .extra}\na = 1\n```", '``` {.python data-a="b"}\na = 1\n```', '```python title="T"\na = 1\n```',
        "***a** b*", "a***b***c", "**a*b*c**", "*a **b***", "~~a~b~~", "==a=b==", "^a^^b^^", "_a_ __b__ ___c___",
        "x**y**z", ",**y**", "（**y**）", "**y**河", "**`a`**", "[**y**](z)", "![a](b)[c](d)", "[a](b)(c)",
        "[a](b)[c]",
        "[a](<b> 'c')", "`a`b`c`", "``a`b``", "`a``b`", "` `", "`#!python a`", "`:::python a`", "` #!python a`",
        "## *A* `b`\n\n## A b\n\n## A b", "## A[^1]\n\n[^1]: n", "# \n\nx", "## <b>A</b>", "## A &amp; B\n\n[TOC]",
        "<h2>A</h2>\n\n## A",
        '<div id="a" markdown>\n\n## A\n\n</div>', "## a {#A .b}\n\n[TOC]", "- a\n- \n- b", "x\ty\n \nz", "x\r\ny",
        "\x02amp\x03",
    ],
)  # fmt: skip
def test_a_text_beside_a_rule_becomes_the_same_html(text: str) -> None:
    alike(text)
    alike(f"{text}\n\nmore\n\n{text}")


def test_what_one_text_defines_is_not_known_in_the_next() -> None:
    alike("[a]: /b\n\n*[HTML]: H\n\n## Two\n\n```python\nx\n```")
    alike("[a] HTML\n\n## Two\n\n```python\nx\n```")


def test_a_quick_engine_has_what_a_plain_one_has() -> None:
    theirs, ours = plain(slugify), quick(slugify)
    for parts in ("preprocessors", "inlinePatterns", "treeprocessors", "postprocessors"):
        assert names(getattr(ours, parts)) == names(getattr(theirs, parts))
    assert names(ours.parser.blockprocessors) == names(theirs.parser.blockprocessors)
    assert set(ours.ESCAPED_CHARS) == set(theirs.ESCAPED_CHARS)
    mark = "delimiter"
    assert ours.inlinePatterns[mark].pattern == theirs.inlinePatterns[mark].pattern


def names(registry: Any) -> list[tuple[str, float]]:
    """What is registered, in its order."""
    list(registry)
    return [(one.name, one.priority) for one in registry._priority]


def test_every_part_that_is_named_is_there() -> None:
    engine = quick(slugify)
    assert all(name in engine.inlinePatterns for name in [*inline._SIGNS, *inline._STARTS])
    assert all(name in engine.parser.blockprocessors for name in blocks._SIGNS)
