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
    "bare edition errors feedhtml feedxml film inline lettercode model offered packaged pictext references "
    "remotes salvage saves sealing sieve sizes svg throttle tongue traces undone",
    "beside crew enclosed events frozen kept keys leak ledgerfile links named overload pace passages plate "
    "register renamed repository rules secret steplog terms validate wire wording yamlfile",
    "album confided deploy frontmatter keyring markup mime notebook plan privacy recall settled strays textfile "
    "web workshop written",
    # what reading a house needs, what a letter needs, what a transport needs
    "addresses bodies census config enrolled excuses explain filename finish follow letterhead letterhtml letterstyle "
    "letterwords manifest payload plaintext private records shell transports.base",
    "check desk drafts eyes feeds fragments leakcache leaving ledger letterparts openings report stationery "
    "subscribers texts transports.outbox transports.sendgrid transports.smtp tripwire",
    "cards consent content custody deliver eyeshtml leakfiles letters moved newsstand rollcall searching starter "
    "templates timeline transports.choose",
    "engine gallery issues leakcheck letterproof listed reading sealed terminal",
    "archive rotate tagged welcome",
    "listings",
    # pages and their lists
    "pages",
    "making",
    "rebuild",
    # the site as a whole
    "site",
    # the only one who knows the order
    "publish",
    "preview standing",
    "notes serve",
    "seen",
    # argv, printing, clock, exit code
    "cli",
    "__main__",
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}

PURE = (
    "model pace rules passages plan feeds feedxml feedhtml letters letterparts pages timeline listings report "
    "privacy events throttle explain traces svg film eyes eyeshtml sealing keyring shell undone sieve named "
    "excuses offered beside confided letterproof gallery lettercode desk listed archive tagged searching keys "
    "cards letterhead"
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
