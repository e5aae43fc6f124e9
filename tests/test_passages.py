"""Passages: whoever may not read one never sees a line of it, and no other line is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import passages
from pipeline.model import EVERYONE

INNER = frozenset({"public", "inner"})
quick = settings(max_examples=200, deadline=None, derandomize=True)
LINES = st.lists(
    st.sampled_from(
        [
            "words",
            "",
            "::: only inner",
            "::: only builders",
            ":::",
            "```",
            "~~~ py",
            "> quoted",
            "- row",
            "  ::: only inner",
            "> ::: only inner",
            "> :::",
            "    ```",
            "::: onyl inner",
            "：：： only inner",
            "text ::: only inner",
            "````",
        ]
    ),
    max_size=14,
)


def named(lines: list[str]) -> str:
    """The lines as a body in which every ordinary line can be told from the others."""
    return "\n".join(line.replace("words", f"w{n}").replace("quoted", f"q{n}") for n, line in enumerate(lines))


@quick
@given(LINES)
def test_no_line_of_a_passage_is_shown_and_no_other_is_lost(lines: list[str]) -> None:
    body = named(lines)
    shown = passages.body_for(body, EVERYONE).split("\n")
    for line in passages.lines(body):
        if line.text.strip() and not line.marker and line.text[-1].isdigit():
            assert (line.text in shown) == (not line.within)


@quick
@given(LINES)
def test_an_unmarked_secret_is_shown_only_where_a_fault_is_told(lines: list[str]) -> None:
    """A line below an opening is hidden, or the run is refused."""
    body = "\n".join([*lines, "::: only inner", "the secret", ":::"])
    assert "the secret" not in passages.body_for(body, EVERYONE) or passages.faults(body)


@quick
@given(st.text(max_size=200))
def test_no_text_makes_it_raise(body: str) -> None:
    passages.faults(body)
    assert passages.body_for(body, EVERYONE) == body or ":::" in body


@quick
@given(LINES)
def test_whoever_reads_more_sees_all_that_others_see(lines: list[str]) -> None:
    body = named(lines)
    fewer, more = passages.body_for(body, EVERYONE).split("\n"), passages.body_for(body, INNER).split("\n")
    assert {line for line in fewer if line.strip()} <= set(more)


def test_a_passage_may_stand_in_lists_quotes_and_passages() -> None:
    body = (
        "a\n\n- b\n\n    ::: only inner\n    c\n    :::\n\n"
        "> ::: only inner\n> d\n> ::: only builders\n> e\n> :::\n> :::\n\nf"
    )
    assert not passages.faults(body)
    assert [word for word in "abcdef" if word in passages.body_for(body, EVERYONE)] == ["a", "b", "f"]
    assert [word for word in "abcdef" if word in passages.body_for(body, INNER)] == ["a", "b", "c", "d", "f"]
    assert passages.names(body) == [(5, "inner"), (9, "inner"), (11, "builders")]


@pytest.mark.parametrize(
    "body", ["```markdown\n::: only inner\nx\n:::\n```", "~~~\n:::\n~~~", "~~~md\n::: only a\n:::\n~~~\n\n```\nb\n```"]
)
def test_an_example_of_a_passage_in_fenced_code_is_ordinary_text(body: str) -> None:
    assert passages.body_for(body, EVERYONE) == body
    assert not passages.faults(body)


DOUBTFUL = {
    "code that does not say it is an example": "```\n::: only inner\nx\n:::\n```",
    "a fence that was never closed, and closed by the next": "```bash\nrm\n\n::: only inner\nx\n:::\n\n```\nb\n```",
    "the same, beginning with an example": "```markdown\nrm\n\n::: only inner\nx\n:::\n\n```\nb\n```",
    "a fence that is a list's": "- ```\n  kith build\n\nand look.\n\n::: only inner\nx\n:::\n\n```\nkith publish\n```",
    "words behind the fence that make it none": "```bash (as root)\n::: only inner\nx\n:::\n```",
    "an option without a value": "```python title=\n::: only inner\nx\n:::\n```",
    "a fence with a fence behind it": "~~~ ~~~\n::: only inner\nx\n:::\n~~~",
    "a fence in a quoted list": "> - ```markdown\n>   ::: only inner\n>   x\n>   :::\n>   ```",
    "a fence in HTML of one's own": "<div>\n```markdown\n::: only inner\nx\n:::\n```\n</div>",
    "a fence closed further in": "```markdown\n::: only inner\nx\n:::\n   ```",
}


@pytest.mark.parametrize("body", DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_passage_that_may_be_taken_for_code_is_a_fault(body: str) -> None:
    """Everybody would read it, in whatever way it is shown."""
    assert passages.faults(body)


def test_a_longer_fence_may_hold_a_shorter_one() -> None:
    assert not passages.faults("````markdown\n```py\n::: only inner\n```\n````")


@pytest.mark.parametrize(
    "body",
    ["std::only x", "`::: only inner`", "時間：：只有", "|:---|:--:|", "a :: b", "::\n\n```", "Term\n:   only this"],
)
def test_what_is_no_passage_is_left_alone(body: str) -> None:
    assert not passages.faults(body)


@pytest.mark.parametrize(
    "marker",
    [
        "::: onyl inner",
        ":: only inner",
        "：：： only inner",
        "::：only inner",
        "\ufeff::: only inner",
        "\u200b::: only inner",
        "\x02::: only inner",
        "words ::: only inner",
        ": : : only inner",
        ";;; only inner",
        "::: inner",
        "::: 只 inner",
        "::: only inner: the secret",
        "> ：：：only inner",
        "- :: only inner",
        "::: only a b: c",
        "\u2028::: only inner",
        ":\u200b:: only inner",
    ],
)
def test_a_marker_with_a_slip_is_a_fault_and_its_closing_is_none(marker: str) -> None:
    faults = passages.faults(f"Words.\n\n{marker}\nSecret.\n:::\n")
    assert [fault.number for fault in faults] == [3], faults


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("::: only inner\nx", [1]),
        ("::: only inner\nx\n:::\n:::", [4]),
        ("::: only\nx\n:::", [1]),
        ("```\n::: only inner\nx\n:::", [1]),
        ("```py\nx\n\n::: only inner\nx\n:::\n\n```py\ny\n```", [4]),
        ("    ```\n\n::: only inner\nx\n:::\n\n    ```", [3]),
        ("```\n::: only inner\nx\n:::\n> ```", [2]),
        ("::: only inner\n```\n:::\n```\n", [1]),
    ],
)
def test_what_could_hide_or_show_too_much_is_a_fault(body: str, numbers: list[int]) -> None:
    assert [fault.number for fault in passages.faults(body)] == numbers


@pytest.mark.parametrize(
    "said", [":::\n" * 20_000, "::: only " + " " * 200_000 + "!", ":" * 200_000, "`" * 200_000, "> " * 100_000]
)
def test_hostile_text_takes_no_long_time(said: str) -> None:
    started = time.monotonic()
    passages.faults(said)
    passages.body_for(said, EVERYONE)
    assert time.monotonic() - started < 10
