"""Summaries, descriptions, preheaders and titles from headings are the words that readers see, in every output."""

from __future__ import annotations

import email
import json
from email import policy
from pathlib import Path

import pytest
from houses import house, run

from pipeline.firstwords import first_words, heading_words

WORDS = {
    "comparison": ("When x < 5 and y > 3 it ends, see <https://example.org/loop>.",
                   "When x < 5 and y > 3 it ends, see https://example.org/loop."),
    "underscores": ("We renamed user_id to account_id; file__name and 3 * 4 stay.",
                    "We renamed user_id to account_id; file__name and 3 * 4 stay."),
    "code": ("Call `my_func(*args, **kw)` or set `MAX = 2 ** 10`.", "Call my_func(*args, **kw) or set MAX = 2 ** 10."),
    "reference links": ("I moved to [the place][new] and wrote on [Rust][].\n\n[new]: https://example.org/n\n"
                        "[Rust]: https://example.org/r\n", "I moved to the place and wrote on Rust."),
    "a far reference": ("See [the place][new].\n\n" + "More words.\n\n" * 400 + "[new]: https://example.org/n\n",
                        "See the place."),
    "brackets in addresses": ('Read [it](https://example.org/a_(b)) and [x](https://example.org/ "b (c)").',
                              "Read it and x."),
    "entities and escapes": (r"It costs 5\* and AT&amp;T said &copy; 2026 &mdash; \_fine\_.",
                             "It costs 5* and AT&T said © 2026 — _fine_."),
    "a table first": ("a | b\n--|--\n1 | 2\n\nWords after it.", "Words after it."),
    "a heading first": ("Big heading\n===========\n\nWords after it.", "Words after it."),
    "code first": ("    sudo rm\n\nWords after it.", "Words after it."),
    "a fence first": ("```sh\nsudo rm\n\nmore\n```\nWords after it.", "Words after it."),
    "a picture first": ("[![Alt](https://example.org/a.png){ width=200 }](https://example.org/b)\n\nThe real words.",
                        "The real words."),
    "a contents list first": ("[TOC]\n\n## One\n\nWords after it.", "Words after it."),
    "a box first": ("> [!NOTE]\n> Aside.\n\nThe real words.", "The real words."),
    "a quote first": ("> Quoted words.\n\nMore.", "Quoted words."),
    "HTML": ('<p align="center">Centred <b>words</b>.</p>\n\nMore.', "Centred words."),
    "attributes": ("A [button](https://example.org){ .md-button }, **big**{ .x }.", "A button, big."),
    "a footnote": ("First words[^one] go on.\n\n[^one]: The note.\n", "First words go on."),
    "formulas": ("Let $x_1 * y_2$ be.", "Let x_1 * y_2 be."),
    "an abbreviation": ("The HTML spec.\n\n*[HTML]: Hyper Text\n", "The HTML spec."),
    "line breaks": ("One\\\ntwo  \nthree<br>four", "One two three four"),
    "Chinese line breaks": ("他说，\n**注意：**别忘了。", "他说，注意：别忘了。"),
    "hidden words": ("<p hidden>Not these.</p>\n\nThese.", "These."),
    "a comment": ("<!-- a > b\n\nc -->\nThese <!-- d > e --> words.", "These words."),
    "only a list": ("- [ ] Tea\n- Coffee\n", "Tea Coffee"),
    "only a table": ("| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"),
    "only code": ("```\nx = 1\n```", "x = 1"),
    "only a picture": ("![Alt](a.png)", ""),
    "only what is folded": ("??? note \"More\"\n    Folded.\n", "More Folded."),
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_first_words_are_those_of_the_first_paragraph_as_it_is_shown(name: str) -> None:
    body, words = WORDS[name]
    assert first_words(body) == words


def test_long_words_are_cut_at_a_word() -> None:
    assert first_words("word " * 100, 20) == "word word word…"


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Plain words, with (brackets)", "Plain words, with (brackets)"),
        ("Hello *dear* `x_1` & [friends][f] [^1]", "Hello dear x_1 & friends"),
        ("Why <!-- or > not --> me?", "Why me?"),
        ("user_id and 3 * 4 &mdash; C#", "user_id and 3 * 4 — C#"),
        ("Named { #id .cls }", "Named"),
        ("__init__", "init"),
    ],
)
def test_a_title_from_a_heading_is_its_words(heading: str, words: str) -> None:
    assert heading_words(heading, "\n\n[f]: https://example.org/\n\n[^1]: Note.\n") == words


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a post whose title and summary come from its Markdown, published to an outbox."""
    body = "# About `user_id` and *more*\n\nSee [it][r], x < 5 and y > 3[^1], ***user_id***.\n\n"
    files = {"content/posts/words.md": f"---\ndate: 2026-11-20\n---\n\n{body}[r]: https://example.org\n\n[^1]: Note.\n"}
    root = house(tmp_path_factory.mktemp("words") / "house", files)
    assert run(root, "publish", "--yes").code == 0
    return root


SAID = "See it, x < 5 and y > 3, user_id."


def test_every_page_and_feed_says_the_same_first_words(published: Path) -> None:
    site = published / "build" / "site"
    escaped = SAID.replace("<", "&lt;").replace(">", "&gt;")
    page = (site / "posts" / "words" / "index.html").read_text("utf-8")
    assert f'<meta name="description" content="{escaped}">' in page
    assert "About user_id and more" in page and "*more*" not in page
    assert escaped in (site / "index.html").read_text("utf-8")
    items = json.loads((site / "feed.json").read_text("utf-8"))["items"]
    assert [(one["title"], one["summary"]) for one in items if "words" in one["url"]] == [
        ("About user_id and more", SAID)
    ]


def test_the_inbox_line_of_an_email_says_the_same_first_words(published: Path) -> None:
    sent = list((published / "build" / "outbox").glob("*.eml"))
    assert sent
    for path in sent:
        message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        html = message.get_body(("html",))
        assert html is not None and "See it, x &lt; 5 and y &gt; 3, user_id." in html.get_content()
