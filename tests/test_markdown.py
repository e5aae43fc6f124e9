"""Markdown becomes what GitHub shows, and better where GitHub's rule is what people complain about."""

from __future__ import annotations

import re
import time

import pytest

from pipeline import feedhtml, plaintext
from pipeline.letterhtml import mailable
from pipeline.markup import render, serialise, tree


def html(text: str) -> str:
    """The HTML of a text, its links as they are written."""
    return render(text, lambda _, href: href).html


def flat(text: str) -> str:
    """The HTML of a text without colours, line ends and blanks between elements."""
    plain = re.sub(r'</?span[^>]*>|</?div[^>]*>| class="[^"]*"', "", html(text))
    return re.sub(r">\s+<", "><", plain.replace("\n</code>", "</code>"))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("To buy:\n- tea\n- rice", "<p>To buy:</p><ul><li>tea</li><li>rice</li></ul>"),
        ("Steps:\n1. cut\n2. cook", "<p>Steps:</p><ol><li>cut</li><li>cook</li></ol>"),
        ("In the year\n1986. we moved", "<p>In the year\n1986. we moved</p>"),
        ("3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'),
        ("1) a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
        ("1. a\n1) b", "<ol><li>a</li></ol><ol><li>b</li></ol>"),
        ("- a\n* b", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
        ("- a\n  - b\n    - c", "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li></ul>"),
        ("1. a\n   - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"),
        ("- a\n\n  more", "<ul><li><p>a</p><p>more</p></li></ul>"),
        ("- a\n\n  ```sh\n  ls\n  ```\n- b", "<ul><li><p>a</p><pre><code>ls</code></pre></li><li><p>b</p></li></ul>"),
        ("1. a\n   ```\n   x\n     y\n   ```", "<ol><li>a\n<pre><code>x\n  y</code></pre></li></ol>"),
        ("- a\n  b", "<ul><li>a\nb</li></ul>"),
        ("- a\n\n      code", "<ul><li><p>a</p><pre><code>code</code></pre></li></ul>"),
        (
            "- a\n\n  | x | y |\n  |---|---|\n  | 1 | 2 |",
            "<ul><li><p>a</p><table><thead><tr><th>x</th><th>y</th></tr></thead>"
            "<tbody><tr><td>1</td><td>2</td></tr></tbody></table></li></ul>",
        ),
        ("- [ ] a\n  - [x] b", '<ul><li><input type="checkbox" disabled> a<ul><li>'
         '<input type="checkbox" disabled checked> b</li></ul></li></ul>'),
        ("a. one\nb. two", '<ol type="a"><li>one</li><li>two</li></ol>'),
        ("A) one\nB) two\nC) three", '<ol type="A"><li>one</li><li>two</li><li>three</li></ol>'),
        ("A. Turing wrote this.", "<p>A. Turing wrote this.</p>"),
        ("I. Newton and\nA. Turing", "<p>I. Newton and\nA. Turing</p>"),
    ],
)  # fmt: skip
def test_lists_are_read_as_github_reads_them(text: str, right: str) -> None:
    assert flat(text) == right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Prices:\n| a | b |\n|---|---|\n| 1 | 2 |", "<p>Prices:</p><table><thead><tr><th>a</th><th>b</th></tr></thead>"
         "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>"),
        ("a | b\n-|-\n1 \\| 2 | `x|y`", "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
         "<tbody><tr><td>1 | 2</td><td><code>x|y</code></td></tr></tbody></table>"),
        ("| a |\n| - |\n\nafter", "<table><thead><tr><th>a</th></tr></thead></table><p>after</p>"),
        ("a | b\n---", "<h2 id=\"a-b\">a | b</h2>"),
        ("Run:\n```\nx\n```\nThen *do* it.", "<p>Run:</p><pre><code>x</code></pre><p>Then <em>do</em> it.</p>"),
        ("> ```\n> a\n> ```\n> b", "<blockquote><pre><code>a</code></pre><p>b</p></blockquote>"),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("```python startline=3 $%@\nx\n```", "<pre><code>x</code></pre>"),
        ("````\n```\n````", "<pre><code>```</code></pre>"),
        ("Text\n# Heading", '<p>Text</p><h1 id="heading">Heading</h1>'),
        ("#no heading", "<p>#no heading</p>"),
        ("Text\n> quote\nlazily", "<p>Text</p><blockquote><p>quote\nlazily</p></blockquote>"),
        ("Text\n***", "<p>Text</p><hr>"),
        ("Text\n$$\nx\n$$\nmore", "<p>Text</p>\n\\[\nx\n\\]\n<p>more</p>"),
        ("Text\n!!! note\n    in\nout", "<p>Text</p><p>Note</p><p>in</p><p>out</p>"),
        ("Term\n: Meaning", "<dl><dt>Term</dt><dd>Meaning</dd></dl>"),
        ("Term\n\n:   Meaning\n\n    more", "<dl><dt>Term</dt><dd><p>Meaning</p><p>more</p></dd></dl>"),
        ("a  \nb\\\nc", "<p>a<br>\nb<br>\nc</p>"),
        ("[a]: <b c> 'T'\n[A]", '<p><a href="b%20c" title="T">A</a></p>'),
        ("[one [two](x) three](y)", '<p>[one <a href="x">two</a> three](y)</p>'),
        ("`` `a` `` and `b\nc`", "<p><code>`a`</code> and <code>b c</code></p>"),
        ("*a `*` b* and <http://x.org/*y*>",
         '<p><em>a <code>*</code> b</em> and <a href="http://x.org/*y*">http://x.org/*y*</a></p>'),
        ("https://x.org/a_b_(c). www.x.org, me@x.org", '<p><a href="https://x.org/a_b_(c)">https://x.org/a_b_(c)</a>. '
         '<a href="http://www.x.org">www.x.org</a>, <a href="mailto:me@x.org">me@x.org</a></p>'),
        ("[https://x.org/a][1] 见：https://x.org/b。（www.x.org）\n\n[1]: /r",
         '<p><a href="/r">https://x.org/a</a> 见：'
         '<a href="https://x.org/b">https://x.org/b</a>。（<a href="http://www.x.org">www.x.org</a>）</p>'),
        ("![a](my dot.png) and [b](an old post.md#x 'T') [c](my words)", '<p><img alt="a" src="my%20dot.png"> and '
         '<a href="an%20old%20post.md#x" title="T">b</a> [c](my words)</p>'),
        ("`a`{% endraw %} `b`{c} **d**{.e}", "<p><code>a</code>{% endraw %} <code>b</code>{c} <strong>d</strong></p>"),
        ("AT&T &copy; &amp;copy; \\&copy; &nosuch;", "<p>AT&amp;T © &amp;copy; &amp;copy; &amp;nosuch;</p>"),
        ("the <title> element", "<p>the &lt;title&gt; element</p>"),
        ("<details>\n<summary>S</summary>\n\n*in*\n\n</details>\nafter",
         "<details><summary>S</summary><p><em>in</em></p></details>\nafter"),
    ],
)  # fmt: skip
def test_blocks_and_what_stands_in_them_are_read_as_github_reads_them(text: str, right: str) -> None:
    assert flat(text) == right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("**注意：**别忘了", "<strong>注意：</strong>别忘了"),
        ("在**“重点”**在", "在<strong>“重点”</strong>在"),
        ("这是**《红楼梦》**的", "这是<strong>《红楼梦》</strong>的"),
        ("他*（斜体）*说", "他<em>（斜体）</em>说"),
        ("使用**`code`**命令", "使用<strong><code>code</code></strong>命令"),
        ("__注意：__别忘了", "<strong>注意：</strong>别忘了"),
        ("~~删除，~~后面", "<del>删除，</del>后面"),
        ("これは**「太字」**です", "これは<strong>「太字」</strong>です"),
        ("이것은**“굵게”**입니다", "이것은<strong>“굵게”</strong>입니다"),
        ("**Note:**next", "**Note:**next"),
        ("snake_case_name and a*b*c", "snake_case_name and a<em>b</em>c"),
        ("周一~周五，周六~周日", "周一~周五，周六~周日"),
        ("H~2~O, x^2^, ==m==, a==b and c==d", "H<sub>2</sub>O, x<sup>2</sup>, <mark>m</mark>, a==b and c==d"),
    ],
)
def test_words_are_stressed_beside_punctuation_of_any_script(text: str, right: str) -> None:
    assert html(text) == f"<p>{right}</p>"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("一行\n二行", "一行二行"), ("第一，\n**重**点", "第一，<strong>重</strong>点"),
        ("東京は\n大きい", "東京は大きい"),
        ("one\ntwo", "one\ntwo"), ("中文\nEnglish", "中文\nEnglish"), ("한국어\n문장", "한국어\n문장"),
    ],
)  # fmt: skip
def test_a_line_break_between_chinese_or_japanese_signs_is_no_blank(text: str, right: str) -> None:
    assert html(text) == f"<p>{right}</p>"


@pytest.mark.parametrize(
    "text",
    [
        "tickets are $5/$10 at the door", "from US$5–US$10, cheap", "$PATH/bin:$HOME/bin", "it was $5, now ($7)",
        "A$AP and Ke$ha", "between $20–$30", '($5)($6), "$5"-"$6"', "价格是$5，后来变成$8元", "costs 5$ or 10$",
        "$ 5 and 6 $", "a$b$c", "5$x$", "$(LIB)/a and $(LIB)/b", "${A}:${B}",
    ],
)  # fmt: skip
def test_prices_and_variables_are_no_formulas(text: str) -> None:
    assert "arithmatex" not in html(text)
    assert html(text).count("$") == text.count("$")


@pytest.mark.parametrize("text", ["$x+y$", "so $3^3$.", "其中$x$是", "($a_1$)", "\\(y\\)", "see $$z$$", "in **$b$**"])
def test_formulas_are_formulas(text: str) -> None:
    assert html(text).count('<span class="arithmatex">') == 1


def test_a_pasted_makefile_keeps_its_tabs() -> None:
    assert "all:\n\techo" in re.sub("<[^>]*>", "", html("```\nall:\n\techo\n```"))
    assert "all:\n\techo" in re.sub("<[^>]*>", "", html("    all:\n    \techo"))
    assert "all:\n\techo" in re.sub("<[^>]*>", "", html("- a\n\n  ```make\n  all:\n  \techo\n  ```"))


@pytest.mark.parametrize("kind", ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"])
def test_a_callout_is_a_box(kind: str) -> None:
    made = html(f"> [!{kind}]\n> Take **care**.\n>\n> - a\n\nafter")
    assert made.startswith(f'<div class="admonition {kind.lower()}">\n<p class="admonition-title">{kind.title()}</p>')
    assert flat(made).endswith("<p>Take <strong>care</strong>.</p><ul><li>a</li></ul><p>after</p>")
    assert "blockquote" in html(f"> {kind}\n> [!{kind}] later")


@pytest.mark.parametrize("text", ["<!DOCTYPE html>", "<!-- note -->", "[a]: b", "", "<?php x ?>"])
def test_a_text_that_shows_nothing_is_an_empty_body(text: str) -> None:
    assert html(text) == ""


def test_an_emoji_may_be_written_by_its_name() -> None:
    assert html(":smile: :+1: 10:30:45 :nosuch: `:smile:`") == "<p>😄 👍 10:30:45 :nosuch: <code>:smile:</code></p>"


def test_code_in_the_words_of_a_picture_ends_no_attribute() -> None:
    assert html('![a `" onerror="x` <b>c</b>](p.png)').count('"') == 4


@pytest.mark.parametrize(
    "part",
    ["<a ", "[", "![", "[[", "*a **a ", "*_", "`a``", "~a ", "$a ", "[a](", "[a](<b ", "[a](b '", "<!--", "> ", "- ",
     "1. ", "a. ", "```\na\n```\n\n", "|", "a|b\n-|-\n", ": a\n", "--\n", "www.a_", "http://a", "a@b", "\\", "&a",
     "<div markdown>\n", "<b>", "**“**注", "\t", "[a]: /b\n"],
)  # fmt: skip
def test_no_text_takes_long(part: str) -> None:
    began = time.process_time()
    html((part * 20_000)[:20_000])
    assert time.process_time() - began < 3


def test_what_is_written_is_shown_in_emails_too() -> None:
    made = mailable(html("b:\n\na. one\nb. two\n\n> [!WARNING]\n> Mind *this*.\n\n- x\n\n  ```\n  y\n  ```"))
    assert '<ol type="a">' in made
    assert "<strong>Warning</strong>" in made
    said = plaintext.text(made)
    assert "a. one\nb. two" in said
    assert "| Warning\n| Mind _this_." in said.replace("*Warning*", "Warning")
    assert "- x\n\n      y" in said


def test_what_is_written_is_shown_in_feeds_too() -> None:
    root = tree(html("a. one\nb. two\n\n> [!WARNING]\n> Mind *this*.\n\nMake:\n```\nall:\n\tx\n```"))
    feedhtml.tidy(root, "https://example.org/")
    made = serialise(root)
    assert '<ol type="a">' in made
    assert (
        '<blockquote class="admonition warning">\n<p><strong>Warning</strong></p>\n<p>Mind <em>this</em>.</p>' in made
    )
    assert ">all:\n\tx\n</code></pre>" in made
