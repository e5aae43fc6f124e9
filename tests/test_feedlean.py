"""The short way to a body for feeds comes to just what the tree comes to, or leaves it to the tree."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import feedhtml
from pipeline.feedhtml import absolute, ascii_address, clean, tidy, whole
from pipeline.feedlean import lean
from pipeline.markup import serialise, tree
from tests.feeds_house import BASE

PAGE = f"{BASE}posts/p/"
TEXTS = ["a", "b \n", "\n", "&amp;", "&lt;x&gt;", "é\xa0中", '"q" href="x"', "&amp;nbsp;", "\u2028", "🎉", "\x0b", "\r"]
OWN = [' id="x"', ' class="a b"', ' title="q &amp; r"', " title=\"a 'b'\"", ' style="text-align: right;"', ' alt=""']
ODD = [
    ' onclick="x"',
    ' class="admonition"',
    ' style="color: red"',
    ' data-a="1"',
    ' srcset="a"',
    ' class="headerlink"',
]
LINKS = [
    *("https://example.org/a?b=1&amp;c=2", "#x", "../q/", "/blog/x/", "mailto:a@example.org", "javascript:x", "", "?q"),
    *("HTTPS://É.example/ü x", "//host.example/x", "/a/../b", "/.a", "https://example.org/a b[1]", "data:image/png,AA"),
    *("https://ip:port/", "https://example.org/%C3%A9#a%20b", "https://example.org", "ftp://example.org/", "/a;b?c#"),
]
CODE = [
    '<div class="language-python highlight"><pre><span></span><code><span class="k">def</span> f():\n\n'
    "</code></pre></div>",
    '<div class="highlight"><pre><span></span><code>x &lt; y\n</code></pre></div>',
]
INLINE = "b br code del em i img ins kbd mark small span strong sub sup abbr".split()
BLOCKS = "blockquote div h1 h2 h4 hr li ol p pre table tbody td th thead tr ul dl dt dd details center font u".split()


@st.composite
def markup(draw: Any, depth: int = 0) -> str:
    made = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 9))
        if kind < 4 or depth > 5:
            made.append(draw(st.sampled_from(TEXTS)))
        elif kind == 4:
            made.append(draw(st.sampled_from(CODE)))
        else:
            made.append(draw(element(depth)))
    return "".join(made)


@st.composite
def element(draw: Any, depth: int) -> str:
    tag = draw(st.sampled_from([*INLINE, "a", "a", "p", "p", "li", *BLOCKS]))
    found = draw(st.lists(st.sampled_from([*OWN, *OWN, *ODD]), max_size=1))
    if tag in ("a", "img") and draw(st.integers(0, 9)):
        found.append(f' {"href" if tag == "a" else "src"}="{draw(st.sampled_from(LINKS))}"')
    opened = f"<{tag}{''.join(found)}>"
    return opened if tag in ("br", "hr", "img") else f"{opened}{draw(markup(depth + 1))}</{tag}>"


LISTS = st.lists(markup(3), max_size=3).map(lambda inner: "".join(f"\n<li>{one}</li>" for one in inner))
BODIES = st.lists(st.one_of(markup(), LISTS.map(lambda inner: f"<ul>{inner}\n</ul>")), max_size=4).map("\n".join)


def by_tree(html: str) -> tuple[str, list[str]]:
    root = tree(clean(html))
    tidy(root, PAGE)
    urls = [url for element in root.iter() for url in (element.get("src"), element.get("href")) if url]
    return clean(serialise(root)).strip(), urls


@settings(max_examples=600, deadline=None)
@given(BODIES)
def test_whatever_goes_the_short_way_comes_out_as_the_tree_writes_it(body: str) -> None:
    written = serialise(tree(body)) if body.strip() else ""
    short = lean(written, PAGE)
    if short is not None:
        assert (short[0].strip(), short[1]) == by_tree(written)


PLAIN = f"""<p>See <a href="/blog/posts/q/" title="It">it</a> and <em>that</em> &amp; <code>a&lt;b</code>.</p>
<h2 id="one">One</h2>
{CODE[0]}
<ul>
<li>one<br>two</li>
</ul>
<table>
<thead>
<tr>
<th style="text-align: right;">n</th>
</tr>
</thead>
<tbody>
<tr>
<td><img alt="" src="../../media/sea.jpg"></td>
</tr>
</tbody>
</table>
<div class="footnote">
<hr>
<ol>
<li id="fn:1"><p>A note.<a class="footnote-backref" href="#fnref:1">↩</a></p></li>
</ol>
</div>"""


def test_an_ordinary_text_goes_the_short_way() -> None:
    short = lean(PLAIN, PAGE)
    assert short is not None and short == by_tree(PLAIN)
    assert short[1] == [f"{BASE}posts/q/", f"{BASE}media/sea.jpg", f"{PAGE}#fnref:1"]


@pytest.mark.parametrize(
    "odd",
    [
        "<p>a<script>x</script></p>", "<p><svg></svg></p>", "<!-- a --><p>b</p>", "<p>a</p><p onclick=\"x\">b</p>",
        '<div class="admonition"><p>a</p></div>', '<p><span class="arithmatex">x</span></p>', "<p>a &nbsp; b</p>",
        '<p><a name="x">a</a></p>', '<p><img alt="x"></p>', '<p><a href="javascript:x">a</a></p>', "words", "",
        '<p><a href="https://ip:port/">a</a></p>', '<p style="color: red">a</p>', "<p><div>a</div></p>", "<p>a\x0b</p>",
        "<ul><p>a</p></ul>", "<p>a", "a</p>", "<p></b></p>", "<blink>a</blink>", "<p data-a=\"1\">a</p>", "<p>a\r</p>",
        "<table><tr><td>a</td></tr></table>", f"<table><tbody><tr><td>{CODE[0]}</td></tr></tbody></table>",
        '<p><img alt="" src="data:image/png;base64,AA=="></p>', '<p><a href="/x"><a href="/y">a</a></a></p>',
        CODE[0].replace("<code>", '<code class="x">'), '<p><code class="highlight">a</code></p>',
    ],
)  # fmt: skip
def test_what_is_anything_but_ordinary_is_left_to_the_tree(odd: str) -> None:
    assert lean(odd, PAGE) is None


ADDRESSES = st.one_of(
    st.sampled_from(LINKS),
    st.text("abcXYZ019/.:#?%&=;@~-_ []é中\\", max_size=20).flatmap(
        lambda rest: st.sampled_from([rest, f"/{rest}", f"https://example.org/{rest}", f"http://a.b-c.example{rest}"])
    ),
)


@settings(max_examples=600, deadline=None)
@given(ADDRESSES)
def test_an_address_in_which_there_is_nothing_to_do_becomes_what_it_would_become_anyway(address: str) -> None:
    never = re.compile("(?!)")
    short = absolute("a", address, PAGE), ascii_address(address), whole(address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feedhtml, "_WHOLE", never)
        patch.setattr(feedhtml, "_ROOTED", never)
        ascii_address.cache_clear()
        assert (absolute("a", address, PAGE), ascii_address(address), whole(address)) == short
    ascii_address.cache_clear()
