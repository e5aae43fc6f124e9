"""The house has floors: a module imports only from floors above its own, and never from its neighbours."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pipeline"

FLOORS = (
    # nouns, and what stands on nothing
    "errors model packaged references salvage throttle tongue feedhtml feedxml edition",
    # one small thing each: addresses of the site, calendars, rules, passages, secrets, sockets, files
    "links pace rules passages secret wire yamlfile validate overload frozen events mime ledgerfile report kept keys "
    "register sizes saves",
    # reading texts and making HTML of them; deciding; remembering
    "frontmatter markup textfile settled plan privacy recall written enclosed renamed notebook",
    # what reading a house needs, what a letter needs, what a transport needs
    "config addresses enrolled filename follow texts bodies letterhtml letterstyle plaintext stationery album finish "
    "workshop crew deploy ledger transports.base",
    # files become nouns; nouns become feeds, pages and pieces of letters; ways to submit
    "check drafts subscribers feeds letterparts desk manifest deliver "
    "transports.outbox transports.smtp transports.sendgrid",
    "content rollcall letters timeline cards fragments newsstand searching consent transports.choose",
    "reading issues listed engine terminal starter",
    "archive tagged welcome moved",
    "listings",
    "pages",
    "making",
    "rebuild",
    "site",
    # the only one who knows the order
    "publish",
    "preview standing",
    "serve",
    # argv, printing, clock, exit code
    "cli",
    "__main__",
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}

PURE = (
    "model pace rules passages plan feeds feedxml feedhtml letters letterparts pages desk cards timeline listed "
    "archive tagged listings report privacy events throttle"
).split()
"""Modules that touch no clock, file, network, chance or environment."""

TOUCHING = {"os", "pathlib", "socket", "random", "secrets", "time", "subprocess", "sqlite3", "urllib.request"}


def modules() -> dict[str, Path]:
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


def imported(path: Path) -> set[str]:
    """The modules of ours that a file imports anywhere, types and lazy imports included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "pipeline":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pipeline."):
            found.add(str(node.module).removeprefix("pipeline."))
    return found


def test_every_module_has_its_floor() -> None:
    assert set(modules()) == set(FLOOR)


@pytest.mark.parametrize("name", sorted(FLOOR))
def test_a_module_imports_only_from_floors_above_it(name: str) -> None:
    below = {other for other in imported(modules()[name]) if FLOOR[other] >= FLOOR[name]}
    assert not below, f"{name} is on floor {FLOOR[name]}"


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_touches_nothing(name: str) -> None:
    tree = ast.parse(modules()[name].read_text("utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not found & TOUCHING
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not calls & {"open", "datetime.now", "date.today", "print", "input"}


def test_there_is_no_code_in_an_init() -> None:
    assert [path for path in PACKAGE.rglob("__init__.py") if path.read_text("utf-8").strip()] == []


def test_the_command_starts_from_anywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("kith, version")
