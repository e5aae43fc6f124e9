"""HTML is set right without a parser only where a parser would give the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dialect import engine
from pipeline.links import slugify
from pipeline.markup import parsed
from pipeline.retouch import _SAFE, retouched

REPO = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("KITH_CORPUS") or REPO.parent / "shared" / "corpus")
STEP = 1 if os.environ.get("KITH_ALL") else 6
ENGINE = engine(slugify)


def led(_: str, href: str) -> str | None:
    """Some addresses as they are, some with what has to be escaped, some nowhere."""
    ways = {0: None, 1: f"{href}?\"é <&'>", 2: f"/河/{href}"}
    return ways.get(len(href) % 5, href)


def alike(html: str) -> bool:
    """Whether no parser is needed; where none is, it gives the same."""
    found = [retouched(html, led, prefix) for prefix in ("", "x-")]
    for prefix, made in zip(("", "x-"), found, strict=True):
        assert made is None or made == parsed(html, led, prefix)
    return found[0] is not None


TAGS = "a p em code pre div h2 ul ol li table thead tbody tr td th blockquote dl dt dd span sup del b section".split()
PIECES = st.lists(
    st.sampled_from(
        [f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]
        + ["text", " ", "\n", "é河", "&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;", "&copy;", "&", "<", ">",
        '"']
        + ['<a href="p.md">', '<a href="#x" title="T">', '<a href="a&amp;b&quot;c">', '<a name="n">', "<a href='q'>"]
        + ['<img alt="A" src="pic">', '<img src="a.png" alt="">', '<img alt="&lt;&amp;" src="12345">', "<img>", "<br>"]
        + ['<h2 id="i">', '<p class="c" id="">', '<p class="a" class="b">', "<!-- c -->", "<hr>", "<RET>", "<br/>"]
        + ['<td style="text-align: left">', "<li></li>", "<td></td>", "\x0b", "\u00a0", "\u2028", "<p>a</p>\n"]
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(PIECES)
def test_any_html_is_left_to_a_parser_or_comes_out_the_same(pieces: list[str]) -> None:
    alike("".join(pieces))


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(TAGS), st.sampled_from(TAGS), PIECES)
def test_an_element_in_an_element_is_left_to_a_parser_or_comes_out_the_same(
    outer: str, inner: str, pieces: list[str]
) -> None:
    words = "".join(piece for piece in pieces if "<" not in piece)
    alike(f"<{outer}>one <{inner}>{words}</{inner}> two</{outer}>")


@pytest.mark.parametrize("path", sorted((REPO / "content").rglob("*.md")), ids=lambda path: path.name)
def test_the_sample_house_comes_out_the_same(path: Path) -> None:
    alike(ENGINE.reset().convert(path.read_text("utf-8").split("\n---\n", 1)[-1]))


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"there is no corpus at {CORPUS} (KITH_CORPUS names another place)")
def test_most_of_a_real_blog_needs_no_parser_and_all_of_it_comes_out_the_same() -> None:
    texts = [path.read_text("utf-8").split("\n---\n", 1)[-1] for path in sorted(CORPUS.rglob("*.md"))[::STEP]]
    done = [alike(ENGINE.reset().convert(text)) for text in texts]
    assert sum(done) > 0.7 * len(done)


def test_every_element_that_is_known_comes_out_the_same_when_empty() -> None:
    for tag in TAGS:
        alike(f"<div><{tag}></{tag}></div>")
    assert alike("<ul>\n<li>one</li>\n</ul>")
    assert not alike("<ul>\n<li></li>\n</ul>"), "its writer leaves out an end"


@pytest.mark.parametrize(
    "html",
    [
        '<p title="&quot;x&quot;">y</p>', '<p title="a&#39;b">y</p>', '<p class="a" class="b">x</p>', "<p>a > b</p>",
        "<p>a</p> > <p>b</p>", "<p>a<!-- b --></p>", "<p>&copy;</p>", "<p>&#169;</p>", "<p>&</p>", "<p>a</p", "<p>a",
        "a</p>", "<p><p>a</p></p>", "<a>b<a>c</a></a>", "<p><ul><li>a</li></ul></p>", "<ul>\n<li></li>\n</ul>",
        "<p><RET>a</RET></p>", "<P>a</P>", "<p>a<br/>b</p>", "<p>\x0b</p>", "<p a>b</p>", "<p class='a'>b</p>",
        " <p>a</p>",
    ],
)  # fmt: skip
def test_what_a_parser_would_change_is_left_to_it(html: str) -> None:
    assert not alike(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>a &amp; &lt;b&gt; &quot;c&quot; &#39;d&#39;</p>", '<p id="i">a <code>b</code> <em>c</em></p>',
        '<p><a href="abcd" title="é">x</a> <a href="abcdef"><img alt="A &amp; B" src="pict"></a></p>',
        '<p><img alt="A &lt; B" src="picts"> <img alt="" src="picts"></p>',
        '<h2 id="a-河">b</h2>\n<ul>\n<li>c</li>\n</ul>',
        '<div class="language-x highlight"><pre><span></span><code><span class="n">a</span>\n</code></pre></div>',
        '<table>\n<thead>\n<tr>\n<th style="text-align: right;">a</th>\n</tr>\n</thead>\n</table>',
        "<table>\n<tbody>\n<tr>\n<td></td>\n<td>b</td>\n</tr>\n</tbody>\n</table>",
    ],
)  # fmt: skip
def test_what_most_texts_have_needs_no_parser(html: str) -> None:
    assert alike(html)


def test_what_looks_like_an_element_in_an_attribute_is_left_to_the_parser() -> None:
    assert not alike('<p><a href="a<span>x</span>">x</a></p>')


def test_an_address_of_safe_characters_is_written_as_it_is() -> None:
    for sign in filter(_SAFE.fullmatch, map(chr, range(0x250))):
        html = '<p><a href="page">x</a> <img src="page"></p>'
        assert parsed(html, lambda _, href, sign=sign: f"{href}{sign}", "") == html.replace('page"', f'page{sign}"')


def test_a_prefix_that_has_to_be_escaped_is_left_to_the_parser() -> None:
    assert retouched('<p id="i">x</p>', led, '"') is None
