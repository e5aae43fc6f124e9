"""Comments are the author's own: whatever they hold and wherever they stand, no output has them."""

from __future__ import annotations

import email
import time
from email import policy
from pathlib import Path

import pytest
from houses import house, run, text

from pipeline.comments import unclosed, without_comments
from pipeline.markup import render
from pipeline.passages import body_for
from pipeline.references import references

KEPT = "CANARY"
"""A word that stands in comments only."""

COMMENTS = {
    "one line": "Before <!-- CANARY --> after.",
    "a greater sign": "Before <!-- CANARY > CANARY --> after.",
    "two dashes": "Before <!-- CANARY -- CANARY --!> CANARY --> after.",
    "an empty line in a paragraph": "Before <!-- CANARY\n\nCANARY --> after.",
    "an empty line between paragraphs": "Before.\n\n<!--\nCANARY > x\n\nCANARY\n-->\n\nafter.",
    "the beginning": "<!-- CANARY\n\nCANARY > x -->\nBefore, after.",
    "an element": "Before.\n\n<div>\n<!-- CANARY\n\nCANARY -->\n</div>\n\nafter.",
    "a paragraph's element": "<p>Before <!-- CANARY\n\nCANARY --> after.</p>",
    "a list": "- Before\n  <!-- CANARY\n\n  CANARY -->\n- after.",
    "a list's words": "- Before <!-- CANARY\n\n  CANARY -->\n- after.",
    "a quote": "> Before\n> <!-- CANARY\n>\n> CANARY -->\n> after.",
    "a quote and beyond": "> Before\n> <!-- CANARY\n\nCANARY -->\n\nafter.",
    "a table": "| Before | b |\n|---|---|\n| x <!-- CANARY | CANARY --> | after. |",
    "a note": "Before[^1] after.\n\n[^1]: Note <!-- CANARY\n\n    CANARY -->\n",
    "a link's title": '[Before](https://example.org "x <!-- CANARY -->") after.',
    "a picture's words": "Before ![x <!-- CANARY\n\nCANARY -->](https://example.org/x.png) after.",
    "an attribute": '<span title="<!-- CANARY -->">Before</span> after.',
    "a formula": "Before $a <!-- CANARY --> b$ after.",
    "a box": "> [!NOTE]\n> Before <!-- CANARY\n>\n> CANARY --> after.",
    "a fence inside": "Before <!-- CANARY\n\n```\nCANARY\n``` --> after.",
    "a tick inside": "Before <!-- CANARY `x --> after `code`.",
    "the mark of a passage inside": "Before.\n\n<!--\n::: only inner\nCANARY\n:::\n-->\n\nafter.",
    "an example of a passage inside": "Before.\n\n<!--\n```markdown\n::: only inner\nCANARY\n:::\n```\n-->\n\nafter.",
    "code before and after": "`Before` <!-- CANARY --> `after`.",
    "many": "Before " + "<!-- CANARY\n\nCANARY --> " * 120 + "after.",
}  # fmt: skip


def _shown(body: str) -> str:
    return render(body_for(body, frozenset({"public"})), lambda _, address: address).html


@pytest.mark.parametrize("name", COMMENTS)
def test_no_comment_is_shown_and_the_words_around_it_are(name: str) -> None:
    shown = _shown(COMMENTS[name])
    assert KEPT not in shown and "--" not in shown and "Before" in shown and "after" in shown


@pytest.mark.parametrize("name", COMMENTS)
def test_every_line_keeps_its_number(name: str) -> None:
    body = COMMENTS[name] + "\n\n[Last](last.md)\n"
    assert without_comments(body).count("\n") == body.count("\n")
    assert references(without_comments(body))[-1][0] == body.count("\n")


TEXTS = {
    "a span": "Write `<!-- CANARY -->` here.",
    "a span of two lines": "Write ``<!-- `\nCANARY -->`` here.",
    "a fence": "```html\n<!-- CANARY\n\n-->\n```",
    "a fence in a list": "- x\n  ```html\n  <!-- CANARY -->\n  ```",
    "indented code": "x\n\n    <!-- CANARY -->",
    "behind a backslash": r"Write \<!-- CANARY --> here.",
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_code_is_shown(name: str) -> None:
    assert "&lt;!-- " in _shown(TEXTS[name]) and "CANARY" in _shown(TEXTS[name])
    assert without_comments(TEXTS[name]) == TEXTS[name] and not unclosed(TEXTS[name])


def test_lists_and_paragraphs_stay_as_they_are_without_the_comment() -> None:
    assert "<p>" not in _shown("- a\n  <!-- x\n  y -->\n- b")
    assert _shown("a <!-- x --> b\nc").count("<p>") == 1


OPEN = "# A title\n\nWords.\n\nMore <!-- CANARY\n\nCANARY.\n"


def test_a_comment_that_never_ends_is_a_problem_and_shows_nothing(tmp_path: Path) -> None:
    assert unclosed(OPEN) == 5 and KEPT not in _shown(OPEN)
    root = house(tmp_path, {"content/posts/open.md": text("date: 2026-11-18", OPEN)})
    assert run(root, "check").problems == [
        "content/posts/open.md:9: a comment begins here and never ends. "
        "Write `-->` where it ends, or put `<!--` into backticks if it is text."
    ]


def test_a_title_that_a_comment_of_several_lines_begins_in_is_a_problem(tmp_path: Path) -> None:
    torn = text("date: 2026-11-18", "# A title <!-- CANARY\n\nCANARY -->\n\nWords.\n")
    problems = run(house(tmp_path, {"content/posts/torn.md": torn}), "check").problems
    assert any(line.startswith("content/posts/torn.md:5: a comment begins in the title") for line in problems)


def test_a_mark_of_a_passage_inside_a_comment_opens_and_closes_nothing(tmp_path: Path) -> None:
    opened = "Hello.\n\n<!--\n::: only inner\n-->\nCANARY for all?\n:::\n"
    root = house(tmp_path, {"content/posts/marked.md": text("title: Marked\ndate: 2026-11-18", opened)})
    assert run(root, "check").code == 1, "the passage that was to be closed was never opened"


def test_many_comments_take_no_long_time() -> None:
    for body in ("a <!-- x\n\ny --> " * 4000, "<!-- x -->\n" * 8000, "`a` <!-- ` --> " * 8000, "<!--" * 20_000):
        started = time.monotonic()
        without_comments(body)
        assert time.monotonic() - started < 10


def _outputs(root: Path) -> dict[str, str]:
    """Every file that is published or sent, as text; of emails, their parts."""
    found: dict[str, str] = {}
    for folder in ("site", "outbox", "paste"):
        for path in (root / "build" / folder).rglob("*"):
            if path.is_file() and path.suffix == ".eml":
                message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
                parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
                found[path.name] = "\n".join([str(message["Subject"]), *(part.get_content() for part in parts)])
            elif path.is_file():
                found[str(path.relative_to(root))] = path.read_bytes().decode("utf-8", "replace")
    return found


def test_no_page_feed_email_or_search_index_has_a_comment(tmp_path: Path) -> None:
    files = {
        f"content/posts/c{number}.md": text(f"title: Number {number}\ndate: 2026-11-{number % 15 + 1:02}", body + "\n")
        for number, body in enumerate(COMMENTS.values())
    }
    first = COMMENTS["the beginning"]
    files["content/updates/2026-11-20-c.md"] = text("id: c", first)
    files["content/updates/2026-11-19-only.md"] = text("id: only\nvisibility: inner", f"{first}\n\n{first}")
    files["content/pages/about.md"] = text("title: About", first)
    files["content/letters/2026-11.md"] = f"Dear all.\n\n{first}\n"
    root = house(tmp_path, files)
    ran = run(root, "publish", "--yes")
    assert ran.code == 0, ran
    outputs = _outputs(root)
    assert any(name.endswith(".eml") for name in outputs) and any(
        name.endswith("search_index.json") for name in outputs
    )
    assert [name for name, shown in outputs.items() if KEPT in shown] == []
