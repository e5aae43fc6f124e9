"""JSON Schemas: they accept what reading accepts, and mark what reading refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from houses import PEOPLE, house, run
from jsonschema import Draft202012Validator

from pipeline import meanings
from pipeline.config import settings_of
from pipeline.errors import Problems
from pipeline.frontmatter import KEYS, take_apart
from pipeline.schemas import FILES, schemas
from pipeline.subscribers import read_subscribers
from pipeline.written import keys

ROOT = Path(__file__).resolve().parent.parent
SUBSCRIBERS, PYPROJECT, FRONT_MATTER = FILES


class Text(yaml.SafeLoader):
    """YAML as Kith reads it: a date is a text."""


Text.yaml_implicit_resolvers = {
    sign: [one for one in ones if "timestamp" not in one[0]]
    for sign, ones in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def faults(name: str, data: Any) -> list[str]:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]


def test_the_command_writes_all_three_and_says_where(tmp_path: Path) -> None:
    root = house(tmp_path / "house")
    ran = run(root, "schema")
    assert ran.out.splitlines() == [f"build/schemas/{name}" for name in FILES]
    assert {name: json.loads((root / "build" / "schemas" / name).read_text("utf-8")) for name in FILES} == schemas()
    assert run(root, "schema", str(tmp_path / "elsewhere")).code == 0
    assert (tmp_path / "elsewhere" / SUBSCRIBERS).is_file()


def test_the_sample_is_right_by_the_schemas() -> None:
    assert faults(SUBSCRIBERS, yaml.load((ROOT / "subscribers.yml").read_text("utf-8"), Text)) == []
    assert faults(PYPROJECT, tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))) == []
    for path in (ROOT / "content").rglob("*.md"):
        assert faults(FRONT_MATTER, take_apart(path.read_text("utf-8"), path.name).meta) == [], path


PEOPLE_PIECES = [
    ("people", "{id: ann}", True),
    ("people", "{id: 007, name: 1.10, circles: weak, languages: zh}", True),
    ("people", "{id: ann, name: {zh: 安, en: Ann}, greeting: Annie, consent: {when: 2026, how: asked}}", True),
    ("people", "{id: ann, interests: {more: vision, mute: [no, 2024]}, cadence: fortnightly, max_per_month: 2}", True),
    ("people", "{id: ann, email: a@example.org}", False),
    ("people", "{name: Ann}", False),
    ("people", "{id: ann, state: sub}", False),
    ("people", "{id: ann, cadence: hourly}", False),
    ("people", "{id: ann, interests: {less: [a]}}", False),
    ("people", "{id: ann, max_per_month: many}", False),
    ("circles", "{title: Others, reads: public, full: true, max: 3}", True),
    ("circles", "", False),
    ("circles", "{kind: crowd}", False),
    ("circles", "{titel: Others}", False),
    ("circles", "{full: 3}", False),
]


@pytest.mark.parametrize(("table", "written", "right"), PEOPLE_PIECES)
def test_people_and_circles_are_right_or_wrong_as_reading_says(
    tmp_path: Path, table: str, written: str, right: bool
) -> None:
    text = (
        PEOPLE + f"  - {written}\n"
        if table == "people"
        else PEOPLE.replace("people:", f"  other: {written}\npeople:", 1)
    )
    root = house(tmp_path / "house", {"subscribers.yml": text})
    try:
        problems = read_subscribers(root, ("en",), {}).problems
    except Problems as error:
        problems = error.problems
    assert (not problems) == right, problems
    assert (not faults(SUBSCRIBERS, yaml.load(text, Text))) == right


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ('description = "A line"', True),
        ('languages = "en"', True),
        ("feed_entries = 40", True),
        ('[tool.kith.mail]\ntransport = "smtp"', True),
        ('[tool.kith.mail]\ntransport = "pigeon"', False),
        ('[tool.kith.mail]\nsendr = "x"', False),
        ('[tool.kith.deploy]\nto = "moon"', False),
        ('feed_entries = "many"', False),
        ('base_url = "x"', False),
    ],
)
def test_settings_are_right_or_wrong_as_reading_says(tmp_path: Path, line: str, right: bool) -> None:
    text = f'[tool.kith]\ntitle = "T"\nurl = "https://t.example.org/"\nauthor = "A"\n{line}\n'
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    _, problems = settings_of(tmp_path)
    assert (not problems) == right, problems
    assert (not faults(PYPROJECT, tomllib.loads(text))) == right


def test_every_key_has_its_meaning_and_no_meaning_is_of_a_key_that_is_gone() -> None:
    assert set(meanings.FRONT_MATTER) == set(KEYS)
    ours = {*meanings.DEFAULTS, *meanings.CIRCLE, *(key.rpartition(".")[2] for key in meanings.PERSON)}
    assert ours | {"version", "defaults", "people"} == keys()
    assert set(_described(schemas()[PYPROJECT]["properties"]["tool"]["properties"]["kith"], "")) == set(
        meanings.SETTINGS
    )


def _described(schema: dict[str, Any], before: str) -> list[str]:
    found = []
    for key, one in schema.get("properties", {}).items():
        assert one["description"] == meanings.SETTINGS[f"{before}{key}"]
        found += [f"{before}{key}", *_described(one, f"{before}{key}.")]
    return found


def test_keys_of_other_tools_may_stand_in_front_matter() -> None:
    assert faults(FRONT_MATTER, {"title": "T", "layout": "post"}) == []
    assert faults(FRONT_MATTER, {"draft": "maybe"})
    assert faults(FRONT_MATTER, {"title": ["T"]})


@pytest.mark.parametrize(("typed", "offered"), [("ne", "new"), ("new p", "post page"), ("choice --ca", "--cadence")])
def test_commands_complete_in_a_shell(typed: str, offered: str) -> None:
    words = ["kith", *typed.split(" ")]
    environ = {"_KITH_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    command = [sys.executable, "-c", "from pipeline.__main__ import main; import sys; sys.argv[0] = 'kith'; main()"]
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=True)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} >= set(offered.split()), done
