"""What only the whole house can tell: links, pictures, circles; and what makes rendering endless."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from houses import PEOPLE, Files, house, run, text
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.firstwords import first_words
from pipeline.markup import references
from pipeline.overload import overloads

quick = settings(max_examples=200, deadline=None, derandomize=True)


def problems(folder: Path, body: str, more: Files | None = None) -> list[str]:
    files: Files = {"content/posts/hello.md": text("id: hello\ntitle: Hello\ndate: 2026-11-18", body), **(more or {})}
    return run(house(folder, files), "check").problems


@pytest.mark.parametrize(
    "body",
    [
        "[a](hello.md) [b](posts/hello.md) [c](/posts/hello/) [d](../pages/about.md#x) [e](#here)",
        "![a](../media/dot.png) ![c](/media/dot.png) ![d](<../media/dot.png> 'Dot')",
        "[a](https://example.org/(x)) [b](mailto:a@example.org) [c](//example.org/x) <https://example.org>",
        "`[a](gone.md)` ``![b](`gone.png)``\n\n```\n[c](gone.md)\n```\n\n    [d](gone.md)\n\n<!-- ![e](gone.png) -->",
        "- row\n\n    ```\n    [a](gone.md)\n    ```\n",
        "[a]: hello.md\n\n[^1]: A note.\n\n*[HTML]: a language\n",
        "[/](/) [archive](/archive/) [zh](/zh/) [rain](/updates/2026/11/)",
        "[year](/archive/2026/) [without a slash](/archive/2026)",
    ],
)
def test_a_link_that_leads_somewhere_is_no_problem(tmp_path: Path, body: str) -> None:
    assert problems(tmp_path, body) == []


def test_a_name_in_brackets_that_names_nothing_is_a_problem_with_its_line(tmp_path: Path) -> None:
    body = "[[Hello]] [[hello#x]] [[hello|words]] [[/posts/hello]] ![[dot.png]] x[[1]] `[[gone]]` \\[[gone]]"
    assert problems(tmp_path / "right", body) == []
    assert problems(tmp_path / "defined", "[[r]]\n\n[r]: hello.md") == []
    first, second, third = problems(tmp_path / "wrong", "Words.\n\n[[Helo]]\n![[gone.png]]\n[[Quite another]]")
    assert first.endswith("hello.md:9: the link `[[Helo]]` names no text. Did you mean `[[hello]]`?")
    assert "hello.md:10: there is no picture `[[gone.png]]`." in second
    assert third.endswith("Write a text's title or the name of its file, or take the brackets out.")


@pytest.mark.parametrize("code", ["```\n{}", "- a\n\n      {}", "> ~~~\n> {}", "!!! note\n    ```\n    {}\n    ```"])
def test_a_link_in_code_is_none_wherever_the_code_stands(tmp_path: Path, code: str) -> None:
    assert problems(tmp_path, code.format("[a](gone.md) [[Gone]] ![b](gone.png)")) == []


def test_a_link_behind_code_that_its_list_or_quote_ends_is_followed(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "- ```\n  code\n\n[a](gone.md)")) == 1
    assert len(problems(tmp_path, "> ```\n> code\n\n[a](gone.md)")) == 1


def test_a_year_that_has_no_page_in_the_archive_is_said(tmp_path: Path) -> None:
    said = problems(tmp_path, "[a](/archive/2024/) [b](/zh/archive/2026/)")
    assert [path in "".join(said) for path in ("`/archive/2024/` leads to no page", "`/zh/archive/2026/`")] == [
        True
    ] * 2
    secret: Files = {"content/posts/s.md": text("id: s\ntitle: S\nvisibility: inner\ndate: 2024-01-01")}
    assert len(problems(tmp_path, "[a](/archive/2024/)", secret)) == 1
    undated: Files = {"content/posts/plain.md": text("id: plain\ntitle: Plain")}
    assert problems(tmp_path, "[a](/archive/undated/)", undated) == []


def test_what_only_a_passage_shows_may_link_to_a_narrower_entry(tmp_path: Path) -> None:
    secret: Files = {"content/posts/secret.md": text("id: secret\ntitle: Secret\nvisibility: inner")}
    assert problems(tmp_path / "in", "::: only inner\n[a](secret.md)\n:::\n", secret) == []
    assert len(problems(tmp_path / "out", "::: only inner\n[a](secret.md)\n:::\n\n[a](secret.md)\n", secret)) == 2


def test_where_circles_cannot_be_read_only_what_depends_on_them_is_left_out(tmp_path: Path) -> None:
    said = problems(tmp_path, "::: only iner\n[a](gone.md)\n:::\n", {"subscribers.yml": "- x\n"})
    assert [line.split(":")[0] for line in said] == ["content/posts/hello.md", "subscribers.yml"]
    assert "gone.md" in said[0]


def test_a_circle_with_a_fault_of_its_own_is_still_known(tmp_path: Path) -> None:
    broken = PEOPLE.replace("reads: [inner, builders, public]", "reads: [inner, builders, public], cadense: each")
    torn = PEOPLE.replace("reads: [inner, builders, public]", "reads: [inner, builders, public")
    for number, people in enumerate((broken, torn)):
        said = problems(tmp_path / str(number), "::: only inner\nx\n:::\n", {"subscribers.yml": people})
        assert [line.split(":")[:2] for line in said] == [["subscribers.yml", "3"]]


@quick
@given(st.text("[](){}<>!`~ab \n\\\"'#:/-", max_size=120))
def test_no_text_makes_it_raise(body: str) -> None:
    first_words(body)
    assert list(overloads(body)) == []
    assert all(1 <= line <= body.count("\n") + 1 for line, _, _ in references(body))


HOSTILE = {
    **{
        sign: sign * (100_000 // len(sign))
        for sign in ("[", "![", "`", "<a ", "[\n", "[a](", "*[", "[](<", "<!--", "> ", "- ")
    },
    "ticks": " ".join("`" * number for number in range(1, 400)),
    "fences": "\n".join("`" * (400 - number) for number in range(390)),
    "balanced": "[" * 50_000 + "]" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_no_long_time(name: str) -> None:
    started = time.monotonic()
    references(HOSTILE[name])
    first_words(HOSTILE[name])
    list(overloads(HOSTILE[name]))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("name", ["[", "![", "<a ", "[\n", "[a](", "*[", "[](<", "- ", "> ", "balanced"])
def test_what_would_stop_the_renderer_is_refused(name: str) -> None:
    assert next(iter(overloads(f"Words.\n\n{HOSTILE[name]}\n")))[0] == 3


def test_a_large_but_sound_text_is_no_burden() -> None:
    links = "\n".join("| [a](x.md) | [b][c] | <br> | `[` |" for _ in range(3000))
    nested = "\n".join(" " * 4 * depth + "- row" for depth in range(12))
    assert list(overloads(f"{links}\n\n{nested}\n\n```\n{'[' * 5000}\n```\n")) == []


def test_every_page_that_the_site_has_may_be_linked_to_by_hand() -> None:
    from pipeline.follow import Follower, links
    from pipeline.model import Version
    from pipeline.pages import site_pages
    from tests.site_house import WORDS, post, sample

    class Nothing(dict[str, str]):
        def names(self) -> list[str]:
            return []

    days = [f"2024-03-{number:02d}" for number in range(1, 26)]
    many = (post(f"old-{day}", day, ("en", "Old", "x"), tags=("running",)) for day in days)
    kith = sample()
    kith = replace(kith, entries=(*kith.entries, *many))
    pages = [page.path for page in site_pages(kith, WORDS)]
    assert {"archive/2024/", "tags/running/2024/", "zh/archive/2026/"} <= set(pages)
    version = Version("en", "All", "", " ".join(f"[a](/{path})" for path in pages), "content/posts/all.md")
    assert list(Follower(kith, Nothing()).problems(version, links(version, None))) == []
