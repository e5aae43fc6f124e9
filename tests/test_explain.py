"""Which rule gives or keeps an entry and each of its passages."""

from __future__ import annotations

import json
from pathlib import Path

from houses import house as made
from houses import run, text
from hypothesis import given
from hypothesis import strategies as st
from small import circle, entry, house, person

from pipeline.explain import Rule, rules
from pipeline.model import EVERYONE, House
from pipeline.passages import body_for
from pipeline.planned import Choice, History

BODY = """Open.

::: only inner
Close one.

> ::: only builders
> Both.
> :::
:::

::: only builders, inner
Either.
:::
"""
INNER = circle("inner", reads=("inner", "builders", "public"))
BUILDERS = circle("builders", 1, reads=("builders", "public"))


def told(who: str, **more: object) -> tuple[Rule, ...]:
    one = entry("a", body=BODY, **more)  # type: ignore[arg-type]  # tests name the fields they mean
    people = [person("wei", "inner", "builders"), person("tom", "builders"), person("kai", "weak")]
    return rules(house([one], [INNER, BUILDERS, circle("weak", 2)], people), History(), who, one)


def test_each_passage_names_the_circle_that_reads_it_or_that_none_does() -> None:
    assert [(one.place, one.may, one.reason) for one in told("tom")] == [
        ("content/posts/a.en.md", True, "everyone may read it"),
        ("content/posts/a.en.md:3–9", False, "none of their circles reads `inner`"),
        ("content/posts/a.en.md:6–8", False, "none of their circles reads `inner`"),
        ("content/posts/a.en.md:11–13", True, "`builders` reads `builders`"),
    ]
    assert [one.reason for one in told("wei")][2] == "`inner` reads `inner` and `inner` reads `builders`"


def test_a_passage_of_an_entry_that_is_not_theirs_is_not_theirs_either() -> None:
    assert [one.reason for one in told("kai", visibility="builders")] == ["none of their circles reads `builders`"] * 4


def test_everybody_reads_what_is_public_and_no_passage() -> None:
    assert [one.may for one in told("public")] == [True, False, False, False]
    assert told("public")[1].reason == "only for `inner`"


def test_the_language_a_reader_asked_for_says_which_file_is_theirs() -> None:
    one = entry("a", langs=("en", "zh"), body=BODY)
    home = house([one], [INNER], [person("wei", "inner", languages=("en",))])
    for choice, own in ((Choice(), "en"), (Choice(languages=("zh",)), "zh")):
        found = rules(home, History(choices={"wei": choice}), "wei", one)
        assert {rule.path for rule in found if rule.theirs} == {f"content/posts/a.{own}.md"}
        assert len(found) == 7


NAMES = ("inner", "builders", "weak")
LINES = st.sampled_from(["Words.", "::: only inner", "::: only builders", "::: only weak, inner", ":::", "> Quoted."])


@given(st.lists(LINES, max_size=14), st.frozensets(st.sampled_from(NAMES)))
def test_a_rule_says_what_the_rendering_does(drawn: list[str], reads: frozenset[str]) -> None:
    """Each passage gets a line of its own words; they are rendered exactly where the rule says so."""
    depth, body = 0, []
    for number, line in enumerate(drawn):
        if line == ":::" and not depth:
            continue
        depth += line.startswith("::: only") - (line == ":::")
        body += [line, f"Mark{number}."] if line.startswith("::: only") else [line]
    text_ = "\n".join(body + [":::"] * depth)
    one = entry("a", body=text_)
    home: House = house([one], [circle("own", reads=(*reads, "public"))], [person("wei", "own")])
    shown = body_for(text_, EVERYONE | reads)
    rows = text_.split("\n")
    for rule in rules(home, History(), "wei", one)[1:]:
        assert (rows[rule.first] in shown.split("\n")) == rule.may, rule


def test_the_command_names_the_rule_of_each_passage(tmp_path: Path) -> None:
    body = text("id: hello\ntitle: Hello\ndate: 2026-11-18", "Hello.\n\n::: only inner\nOnly us.\n:::\n")
    root = made(tmp_path, {"content/posts/hello.md": body})
    wei, tom = run(root, "explain", "wei", "hello").out, run(root, "explain", "tom", "hello").out
    assert "content/posts/hello.md:9–11  reads it: `inner` reads `inner`" in wei
    assert "content/posts/hello.md:9–11  does not read it: none of their circles reads `inner`" in tom
    assert "content/posts/hello.md  reads it: everyone may read it" in tom
    assert "hello.md:9–11" in run(root, "explain", "wei").out


def test_the_command_gives_the_same_as_data(tmp_path: Path) -> None:
    body = text("id: hello\ntitle: Hello\nvisibility: builders", "Hello.\n\n::: only inner\nOnly us.\n:::\n")
    root = made(tmp_path, {"content/posts/hello.md": body})
    (row,) = json.loads(run(root, "explain", "tom", "hello", "--json").out)
    assert (row["reads"], row["rule"]) == (False, "none of their circles reads `builders`")
    assert row["passages"] == [
        {"path": "content/posts/hello.md", "lines": [9, 11], "reads": False, "rule": row["rule"]}
    ]
