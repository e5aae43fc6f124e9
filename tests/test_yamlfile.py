"""YAML 1.2, with lines: read around what is broken, never raising, never large."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.yamlfile import parse

quick = settings(max_examples=150, deadline=None, derandomize=True)

WORDS = st.text("abcxyz é中:#-'\" ", min_size=1, max_size=8)
DATA = st.recursive(
    st.one_of(st.integers(-999, 999), st.booleans(), st.none(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)


@quick
@given(st.text(max_size=200))
def test_no_text_makes_it_raise(said: str) -> None:
    parse(said)


@quick
@given(st.text("ab:-[]{}\"'#&*!|> \n\t", max_size=80))
def test_no_yaml_signs_make_it_raise_and_what_is_broken_is_told(said: str) -> None:
    document = parse(said)
    assert document.problems or not document.broken
    assert all(1 <= line <= said.count("\n") + 1 for line, _, _ in document.problems)


@quick
@given(st.dictionaries(WORDS, DATA, max_size=5))
def test_simple_data_is_read_as_it_was_written(data: dict[str, object]) -> None:
    document = parse(yaml.safe_dump(data, allow_unicode=True, width=10_000))
    assert (document.value or {}) == data
    assert not document.problems


@pytest.mark.parametrize("word", ["no", "on", "off", "yes", "12:30", "0x1f", "1_000", "2026-11-18", ".inf", "y"])
def test_what_yaml_1_1_would_change_is_text(word: str) -> None:
    assert parse(f"a: {word}").value == {"a": word}


def test_numbers_and_truth_values_are_known_as_written() -> None:
    document = parse("a: 007\nb: 1.10\nc: TRUE\nd: ~\ne: '5'")
    assert document.value == {"a": 7, "b": 1.1, "c": True, "d": None, "e": "5"}
    assert document.texts == {("a",): "007", ("b",): "1.10", ("c",): "TRUE"}


def test_every_value_has_its_line() -> None:
    document = parse("a:\n  - b\n  - c: d\n", first_line=10)
    assert [document.line(path) for path in (("a",), ("a", 0), ("a", 1, "c"), ("a", 1, "x"), ("z",))] == [
        10,
        11,
        12,
        12,
        10,
    ]


def test_what_stands_around_a_fault_is_read() -> None:
    document = parse('a: 1\nb: "open\nc:\n  - d\n  - [e\n  - {f: g}\nh: 2\n')
    assert document.value == {"a": 1, "b": None, "c": ["d", None, {"f": "g"}], "h": 2}
    assert [line for line, _, _ in document.problems] == [2, 5]
    assert document.unread == {(), ("b",), ("c",), ("c", 1)}
    assert document.line(("c", 2, "f")) == 6


@pytest.mark.parametrize(
    ("said", "line", "fact"),
    [
        ("a: 1\nb:2\n", 2, "broken YAML: there is no `: ` on this line"),
        ("b:2\na: 1\n", 1, "broken YAML: there is no `: ` on this line"),
        ("a: x: y\n", 1, "broken YAML: a second `: ` on one line, or a line that is indented too far"),
        ("a: 1\n---\nb: 2\n", 2, "broken YAML: a second `---`"),
        ("a: \x07\n", 1, "broken YAML: there is a control character"),
        ("a: 1\nb: *c\n", 2, "broken YAML: `*` names something that is not there"),
        ("a: 1\na: 2\n", 2, "`a` stands here twice"),
        ("[a]: 1\n", 1, "a key that is not text"),
        ("a: !!python/object:os.system {}\n", 1, "a tag (`!!python/object:os.system`)"),
        ("a: !mine x\n", 1, "a tag (`!mine`)"),
    ],
)
def test_a_fault_is_told_where_it_begins(said: str, line: int, fact: str) -> None:
    assert [problem[:2] for problem in parse(said).problems] == [(line, fact)]


@pytest.mark.parametrize(
    "said",
    [
        "[" * 100000,
        "{" * 100000,
        "- " * 100000,
        "[a," * 50000,
        "{a: " * 30000,
        "? - " * 20000,
        "a: " * 9000,
        "'\n" * 30000,
        "a: [\n" * 5000,
        "".join(" " * depth + "a:\n" for depth in range(500)),
    ],
    ids=range(10),
)
def test_nesting_of_a_machine_is_refused_at_once(said: str) -> None:
    started = time.monotonic()
    assert parse(said).problems
    assert time.monotonic() - started < 10


def test_aliases_cannot_make_a_small_file_large() -> None:
    lines = ["a: &a [x, x]", *(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(20))]
    started = time.monotonic()
    assert len(parse("\n".join(lines)).problems) == 40
    assert time.monotonic() - started < 1
