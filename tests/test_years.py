"""Whole years of a project, step by step, beside an oracle that knows only the rules of the documentation."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from years.driver import Driver

HERE = Path(__file__).resolve().parent / "years"
STEPS = 66
"""About fourteen months of publishes."""


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_everybody_gets_each_entry_once_or_is_held_with_a_reason_that_is_true(tmp_path: Path, seed: int) -> None:
    driver = Driver(tmp_path / "project", seed)
    try:
        driver.live(list(range(STEPS)))
    except AssertionError as wrong:
        raise AssertionError("\n".join([*driver.log, str(wrong)])) from None
    assert driver.tally.days > 400 and driver.tally.emails > 20


def test_an_entry_keeps_its_name_in_feeds_through_a_year(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "project", 5, site=True)
    driver.live([one for one in range(STEPS) if one % 5 == 0])
    assert len(driver.guids) > 4


@pytest.mark.parametrize("name", ["oracle.py", "mailbox.py", "project.py", "steps.py"])
def test_the_oracle_shares_nothing_with_kith(name: str) -> None:
    for node in ast.walk(ast.parse((HERE / name).read_text("utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
        assert not [one for one in names if one.split(".")[0] in ("pipeline", "houses", "small", "torture")]


def test_of_kith_the_driver_knows_the_command_and_the_outbox_alone() -> None:
    tree = ast.parse((HERE / "driver.py").read_text("utf-8"))
    found = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {one for one in found if one.startswith("pipeline")} == {"pipeline.transports.outbox"}
