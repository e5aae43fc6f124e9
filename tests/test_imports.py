"""The house has floors: a module imports only from floors above its own, and never from its neighbours."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pipeline"

FLOORS = (
    "bounded megapixels regular",
    "around bare coloured durable edges edition errors feedhtml feeditems feedlook film forked languages "
    "lettercode likeness mailparts meanings offered once packaged pictured pieces remotes restrictions "
    "retouch salvage saves sealing sections sieve sizes svg throttle traces treework undone walked "
    "linecut linkparts strokes",
    "crew feedjson feedlean feedread kept ledgerfile ledgermark linewise repository secret setbacks surnames "
    "fortext ownfault outputs pictext settings stage steplog templatefault validate wire yamlfile phrases structure",
    "blockmarks phrasetree tomlfront",
    "blocks references",
    "ahead cldr comments deploy dialect identity feedxml mailsession model overload settled textfile theme web wording",
    "passages",
    "addresses config frontmatter keys leak letterwords links named pace planned register rules strays tongue workshop "
    "written",
    "markup",
    "firstwords",
    "album beside census drafts enrolled filename keyring manifest notebook origin outgoing piles "
    "privacy private renamed schemas starter stationery",
    "bodies enclosed events excuses feeds finish follow frozen letterhtml letterstyle openings plaintext plan plate "
    "recall shell subscribers templates terms texts tripwire",
    "check consent content desk explain feedproof fragments leakcache letterparts mime new_files records rollcall",
    "cards eyes leakfiles letterhead moved newsstand payload reading report searching takeover timeline "
    "transports.base",
    "engine eyeshtml inflight leaving ledger letters listed sealed transports.outbox transports.sendgrid "
    "transports.smtp",
    "archive custody deliver gallery hub issues leakcheck leftover letterproof tagged transports.choose welcome",
    "listings mailready opened rotate terminal",
    "pages standing",
    "making notes reporting",
    "underway",
    "indexed printing",
    "rebuild",
    "site",
    "build",
    "commands.base preview publish still",
    "commands.afterwards commands.publishing commands.writing serve",
    "seen",
    "commands.looking",
    "cli",
    "__main__",
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}

PURE = (
    "model languages settings planned outgoing pace rules passages plan feeds feedxml feedhtml letters letterparts "
    "pages timeline listings report privacy events throttle explain traces svg film eyes eyeshtml sealing keyring "
    "shell undone surnames sieve named excuses offered beside letterproof gallery lettercode desk listed archive "
    "identity likeness retouch tagged searching keys cards setbacks sections feedlook feedread feedproof mailparts "
    "linewise pieces feeditems feedjson feedlean linecut linkparts strokes structure blockmarks comments"
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
