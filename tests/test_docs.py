"""The documentation does what it says: every command runs, every key is named, every link leads somewhere."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Context
from click.testing import CliRunner
from docs_house import PAGES, ROOT, Block, Street, blocks, environment_of, lately, plain, sample

from pipeline import written
from pipeline.cli import kith
from pipeline.config import read_settings
from pipeline.frontmatter import KEYS, take_apart
from pipeline.links import slugify
from pipeline.reading import read_house
from pipeline.settings import Settings
from pipeline.subscribers import read_subscribers

LISTED = kith.list_commands(Context(kith))
COMMANDS = kith.commands
TEXTS = {page.name: page.read_text("utf-8") for page in PAGES}
GUIDES = "\n".join(text for name, text in TEXTS.items() if name != "decisions.md")
WORKFLOW = yaml.load(blocks(ROOT / "docs/deploy.md", "yaml")[0].text, yaml.BaseLoader)
AVOIDED = ("article articles tier tiers member members campaign campaigns e-mail micropost").split()
"""Words for which the documentation has another one: one concept, one word."""


@pytest.fixture(scope="session")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    base = tmp_path_factory.mktemp("docs")
    street = Street(base / "street", lately(base / "sample"))
    assert street.run("kith build", street.built).returncode == 0
    yield street
    street.close()


def said(street: Street, block: Block, folder: Path) -> list[tuple[int, str]]:
    """Exit code and output of each command of a block, run in one shell."""
    script = "".join(f'{command}\necho "@@$?@@"\n' for command, _ in block.commands)
    done = street.run(script, folder, **environment_of(block.word))
    parts = re.split(r"@@(\d+)@@\n", done.stdout)
    return [(int(code), output) for output, code in zip(parts[::2], parts[1::2], strict=False)]


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "console", "sh")], ids=lambda page: page.name)
def test_every_command_on_the_page_does_what_is_shown(page: Path, street: Street) -> None:
    for block in blocks(page, "console", "sh"):
        outcome = said(street, block, street.house(block.page, block.word))
        assert len(outcome) == len(block.commands), block.text
        for (command, shown), (code, output) in zip(block.commands, outcome, strict=True):
            assert code == 0 or (code == 1 and shown), f"$ {command}\n{output}"
            for line in shown:
                assert plain(line) in plain(output), f"$ {command}\n{line}\nis not in\n{output}"


def test_the_readme_shows_the_help_of_the_command(street: Street) -> None:
    printed = street.run("kith --help", street.built).stdout
    assert printed.strip() in [block.text.strip() for block in blocks(ROOT / "README.md", "text")]


def test_the_readme_has_an_example_of_each_command() -> None:
    commands = [command for block in blocks(ROOT / "README.md", "console") for command, _ in block.commands]
    shown = {command.split()[1] for command in commands if command.startswith("kith ")}
    assert set(COMMANDS) <= shown


def test_each_command_of_a_room_is_listed() -> None:
    assert set(LISTED) == set(COMMANDS)


def test_each_command_has_help_of_its_own() -> None:
    for name in COMMANDS:
        assert CliRunner().invoke(kith, [name, "--help"], prog_name="kith").exit_code == 0


def test_each_option_of_a_command_exists_where_the_guides_name_one() -> None:
    options = {name for command in COMMANDS.values() for one in command.params for name in one.opts}
    options |= {name for one in kith.params for name in one.opts} | {"--help"}
    for span in re.findall(r"`(--[a-z][a-z-]*)", GUIDES):
        assert span in options, span


def keys(kind: type) -> Iterator[str]:
    """The keys of a settings dataclass and of those inside it."""
    for one in fields(kind):
        yield one.name
        if is_dataclass(one.default):
            yield from keys(type(one.default))


@pytest.mark.parametrize("key", sorted(set(keys(Settings))))
def test_each_setting_is_explained(key: str) -> None:
    assert f"`{key}`" in GUIDES


@pytest.mark.parametrize("key", KEYS)
def test_each_key_of_front_matter_is_explained(key: str) -> None:
    assert f"| `{key}` |" in TEXTS["write.md"]


def test_each_key_of_subscribers_is_explained() -> None:
    kinds = [getattr(written, f"Written{name}") for name in ("Defaults", "Circle", "Interests", "Consent", "Person")]
    for key in (*written.TOP, *(one.name for kind in kinds for one in fields(kind))):
        assert f"`{key}`" in TEXTS["circles.md"] or f"{key}: " in TEXTS["circles.md"], key


def toml(table: dict[str, Any], name: str) -> str:
    """A table as TOML, good enough for settings."""
    own = [(key, value) for key, value in table.items() if not isinstance(value, dict)]
    text = f"[{name}]\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in own)
    return text + "".join(toml(value, f"{name}.{key}") for key, value in table.items() if isinstance(value, dict))


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Settings with others over them."""
    both = {key for key in over if isinstance(over[key], dict) and isinstance(under.get(key), dict)}
    return under | {key: merged(under[key], value) if key in both else value for key, value in over.items()}


@pytest.mark.parametrize("block", [b for page in PAGES for b in blocks(page, "toml")], ids=lambda block: block.page)
def test_settings_that_are_shown_are_accepted(block: Block, tmp_path: Path) -> None:
    own = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["kith"]
    table = merged(own, tomllib.loads(block.text)["tool"]["kith"])
    (tmp_path / "pyproject.toml").write_text(toml(table, "tool.kith"), "utf-8")
    assert read_settings(tmp_path)


def test_front_matter_that_is_shown_is_accepted() -> None:
    (shown,) = blocks(ROOT / "docs/write.md", "yaml")
    assert take_apart(f"---\n{shown.text}\n---\nText.\n", "content/posts/x.md").problems == []


def test_subscribers_that_are_shown_are_accepted(tmp_path: Path) -> None:
    whole, people = (block.text for block in blocks(ROOT / "docs/circles.md", "yaml"))
    (tmp_path / "private").mkdir()
    (tmp_path / "private/addresses.yml").write_text("wei: wei@example.org\n")
    for text in (whole, whole.partition("people:")[0] + people):
        (tmp_path / "subscribers.yml").write_text(text, "utf-8")
        register = read_subscribers(tmp_path, ("en",), {"SUB_TOM": "tom@example.org"})
        assert (register.problems, len(register.circles)) == ([], 4)


def test_a_passage_that_is_shown_is_a_passage(tmp_path: Path) -> None:
    house = sample(tmp_path / "house")
    (shown,) = blocks(ROOT / "docs/write.md", "markdown")
    (house / "content/posts/shown.md").write_text(f"---\ntitle: Shown\n---\n{shown.text}\n", "utf-8")
    assert read_house(house, {}, {}, datetime(2026, 11, 21, tzinfo=UTC))


def test_words_that_are_shown_are_words_of_the_site_or_of_letters() -> None:
    files = [ROOT / name / "words" / "en.yml" for name in ("site", "templates")]
    known = {word for path in files for word in yaml.safe_load(path.read_text("utf-8"))}
    for block in blocks(ROOT / "docs/looks.md", "yaml"):
        assert set(yaml.safe_load(block.text)) <= known


def test_every_file_that_looks_names_exists() -> None:
    for path in re.findall(r"`((?:site|templates)/[\w./]+)`", TEXTS["looks.md"]):
        assert (ROOT / path).exists(), path


def steps() -> dict[str, dict[str, Any]]:
    """The workflow's steps by name."""
    return {step["name"]: step for step in WORKFLOW["jobs"]["publish"]["steps"]}


def step(street: Street, name: str, private: Path) -> int:
    """Runs a step as GitHub does and gives its exit code."""
    inside = private if steps()[name].get("working-directory") else private.parent
    script = "set -e\nsleep() { :; }\n" + steps()[name]["run"]
    return street.run(script, inside, GITHUB_RUN_ID="7", GITHUB_RUN_ATTEMPT="1", SITE_KEY="a key").returncode


@pytest.fixture
def leased(street: Street) -> Path:
    """A house whose `private/` is a clone of its own repository, as in the workflow."""
    house = street.house("workflow", "private")
    remote = street.bare("workflow.git")
    commands = (
        "rm -rf .git TAKEN; set -e; git init -qb main; echo ledger.lock > .gitignore; git add -A; git commit -qm x",
        f"git remote add origin {remote}; git push -qfu origin main",
    )
    assert street.run("; ".join(commands), house / "private").returncode == 0
    return house / "private"


def kept(street: Street, private: Path) -> str:
    """The files in the ledger's repository now."""
    return street.run(f"git -C {street.bare('workflow.git')} ls-tree --name-only main", private).stdout


def test_the_workflow_takes_the_ledger_publishes_and_gives_it_back(street: Street, leased: Path) -> None:
    assert step(street, "Take the ledger", leased) == 0
    assert "TAKEN" in kept(street, leased)
    assert [step(street, name, leased) for name in ("Publish", "Give the ledger back")] == [0, 0]
    assert "ledger.db" in kept(street, leased)
    assert "TAKEN" not in kept(street, leased)


def test_the_workflow_refuses_a_ledger_that_another_run_has(street: Street, leased: Path) -> None:
    assert [step(street, "Take the ledger", leased) for _ in range(2)] == [0, 1]


def test_the_workflow_never_overlaps_and_always_gives_back() -> None:
    assert WORKFLOW["concurrency"] == {"group": "publish", "cancel-in-progress": "false"}
    assert steps()["Give the ledger back"]["if"] == "always() && steps.take.outcome == 'success'"
    assert steps()["Take the ledger"]["id"] == "take"
    assert (ROOT / "constraints.txt").exists()


def anchors(text: str) -> set[str]:
    """The ids that headings get."""
    return {slugify(re.sub(r"[`*]", "", title)) for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", TEXTS[page.name], flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`\n]*`", "", text)
    for target in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text):
        path, _, anchor = "".join(target).partition("#")
        found = page.parent / path if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text("utf-8")), target


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_the_documentation_has_one_word_for_one_concept(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "", text).lower()
    assert [word for word in AVOIDED if re.search(rf"\b{word}\b", text)] == []


def test_pictures_are_small() -> None:
    for path in (ROOT / "docs/images").iterdir():
        assert path.stat().st_size < 250_000, path
