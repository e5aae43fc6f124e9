"""The templates of letters: what is listed is what is passed, and what is wrong in one is said with its place."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from houses import house, run
from markupsafe import Markup

from pipeline.letterparts import Mention, Piece, Said
from pipeline.letters import Composer
from pipeline.offered import LETTER, PARTS, PASTE, TEMPLATES
from pipeline.packaged import packaged
from pipeline.stationery import Stationery
from tests import letters_house as h

KINDS: dict[str, Any] = {
    "text": str,
    "address": str,
    "markup": str,
    "yes or no": bool,
    "list of pieces": list,
    "list of mentions": list,
    "list of texts": tuple,
    "said or nothing": (Said, type(None)),
}


class Watched(Stationery):
    """Stationery that notes what its templates are given."""

    def render(self, name: str, values: Any) -> str:
        seen.append((name, dict(values)))
        return super().render(name, values)


seen: list[tuple[str, dict[str, Any]]] = []


@pytest.fixture(scope="module")
def passed() -> list[tuple[str, dict[str, Any]]]:
    """Everything that was given to templates while every sample letter was made."""
    plain = h.stationery()
    composer = Composer(h.HOUSE, Watched(plain.environment, plain.css, plain.words), h.picture)
    also = h.planned(h.MODELS).entries
    for plan in (
        h.planned(h.EVERY, circle=h.INNER),
        h.replace(h.planned(h.EVERY, h.SHORT, h.COLD, digest=True), opening=h.opening("en"), also=also),
        h.planned(h.COLD),
    ):
        composer.letter(plan, issue_id="i", delivery_id="d", token="t", now=h.NOW)
    composer.paste(h.paste(h.SHORT, h.COLD))
    return list(seen)


def fits(value: object, kind: str) -> bool:
    return callable(value) if kind == "function" else isinstance(value, KINDS[kind])


def test_what_is_listed_is_exactly_what_a_letter_is_passed(passed: list[tuple[str, dict[str, Any]]]) -> None:
    names = {name for name, _ in passed}
    assert names == {f"{kind}.{form}.j2" for kind in ("single", "digest", "update") for form in ("html", "txt")} | {
        "paste.txt.j2"
    }
    for name, values in passed:
        listed = {value.name: value for value in (PASTE if name.startswith("paste") else LETTER)}
        assert set(values) == set(listed)
        assert all(fits(value, listed[key].kind) for key, value in values.items()), name
        assert not any(isinstance(value, Markup) for value in values.values())


@pytest.mark.parametrize(("part", "kind"), [("piece", Piece), ("said", Said), ("mention", Mention)])
def test_what_is_listed_is_exactly_what_a_part_has(part: str, kind: Any, passed: list[Any]) -> None:
    assert [value.name for value in PARTS[part]] == [field.name for field in fields(kind)]
    found = [one for _, values in passed for key in ("posts", "updates", "also") for one in values.get(key, ())]
    found += [values["opening"] for _, values in passed if values.get("opening")]
    mine = [one for one in found if isinstance(one, kind)]
    assert mine
    assert all(fits(getattr(one, value.name), value.kind) for one in mine for value in PARTS[part])


def test_every_template_is_listed_and_every_listed_one_is_there() -> None:
    assert set(TEMPLATES) == {path.name for path in packaged("templates").glob("*.j2")}


def test_every_value_is_explained_in_one_sentence() -> None:
    values = [*LETTER, *PASTE, *(value for part in PARTS.values() for value in part)]
    assert all(value.meaning.endswith(".") and value.meaning.count(". ") == 0 for value in values)


# the command


def test_the_list_says_which_templates_are_the_houses_own(tmp_path: Path) -> None:
    root = house(tmp_path)
    assert "changed here" not in run(root, "templates").out
    assert run(root, "templates", "--copy", "letter.css").out == "templates/letter.css is yours to change now.\n"
    assert "letter.css         copied, unchanged" in run(root, "templates").out
    (root / "templates/letter.css").write_text("p { color: #222222 }\n")
    assert "letter.css         changed here" in run(root, "templates").out
    (root / "templates/words").mkdir()
    text = (packaged("templates") / "words/en.yml").read_text("utf-8")
    (root / "templates/words/it.yml").write_text(text, "utf-8")
    assert "words/it.yml       changed here" in run(root, "templates").out


def test_the_list_can_be_read_by_another_program(tmp_path: Path) -> None:
    data = json.loads(run(house(tmp_path), "templates", "--json").out)
    single = next(one for one in data["templates"] if one["name"] == "single.html.j2")
    assert single["state"] == "packaged"
    assert "posts" in single["values"]
    assert data["values"]["letter"][0] == {"name": "subject", "kind": "text", "meaning": LETTER[0].meaning}
    assert set(data["parts"]) == set(PARTS)


@pytest.mark.parametrize("name", ["single.html.j2", "templates/words/zh-Hant.yml"])
def test_a_copy_is_the_packaged_one_and_letters_are_the_same_with_it(tmp_path: Path, name: str) -> None:
    root = house(tmp_path)
    assert run(root, "templates", "--copy", name).code == 0
    plain = name.removeprefix("templates/")
    assert (root / "templates" / plain).read_bytes() == (packaged("templates") / plain).read_bytes()
    assert run(root, "build").code == 0


def test_a_copy_overwrites_nothing_and_leads_nowhere_else(tmp_path: Path) -> None:
    root = house(tmp_path, {"templates/letter.css": "mine"})
    refused = run(root, "templates", "--copy", "letter.css")
    assert (refused.code, (root / "templates/letter.css").read_text()) == (1, "mine")
    assert "it is there already, and is left as it is" in refused.err
    assert "Did you mean `single.html.j2`?" in run(root, "templates", "--copy", "single.html.j").err
    assert run(root, "templates", "--copy", "../pyproject.toml").code == 1


# what is wrong in a template


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("single.html.j2", "a\n{{ subjct }}", "single.html.j2:2: there is no value `subjct`. Did you mean `subject`?"),
        ("paste.txt.j2", "{{ hello }}", "paste.txt.j2:1: there is no value `hello`. `kith templates` lists"),
        ("update.txt.j2", "a\n\n{% if %}", "update.txt.j2:3: expected an expression"),
        (
            "digest.html.j2",
            "a\n{% extends 'layot.html.j2' %}",
            "digest.html.j2:2: there is no template `layot.html.j2`.",
        ),
        ("single.txt.j2", "{{ title | shout }}", "single.txt.j2:1: no filter named 'shout'"),
        ("single.txt.j2", "a\n{{ posts[0].titel }}", "single.txt.j2:2: there is no value `titel` there. Did you mean"),
        ("single.txt.j2", "a\n\n{{ 1 // 0 }}", "single.txt.j2:3: integer division or modulo by zero"),
        ("single.txt.j2", "a\n{{ posts[9].title }}", "single.txt.j2:2: "),
        (
            "parts.html.j2",
            "{% macro story(p, f) %}\n\n{{ p.nothing }}{% endmacro %}",
            "parts.html.j2:3: there is no value",
        ),
    ],
)
def test_what_is_wrong_in_a_template_is_said_with_its_place(tmp_path: Path, name: str, content: str, said: str) -> None:
    update = {"content/updates/2026-11-19-rain.md": None}
    done = run(house(tmp_path, {**update, f"templates/{name}": content}), "build")
    assert done.code == 1
    assert f"templates/{said}" in done.err
    assert "Traceback" not in done.err


def test_everything_wrong_in_all_templates_is_said_at_once(tmp_path: Path) -> None:
    broken = {f"templates/{kind}.txt.j2": "{{ nobody }}\n{{ nothing }}" for kind in ("single", "digest", "update")}
    assert len(run(house(tmp_path, broken), "templates").problems) == 6


def test_a_check_of_the_house_looks_at_its_templates(tmp_path: Path) -> None:
    root = house(tmp_path, {"templates/single.txt.j2": "{{ nobody }}"})
    assert run(root, "check").problems == [
        "templates/single.txt.j2:1: there is no value `nobody`. `kith templates` lists what there is."
    ]
