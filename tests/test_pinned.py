"""What is pinned is named by name and version, and by nothing that says where it came from."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_constraints_are_names_and_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert lines and all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+", line) for line in lines)


def test_the_lock_of_the_tests_tools_holds_no_address() -> None:
    text = (ROOT / "tests" / "tools" / "package-lock.json").read_text("utf-8")
    assert json.loads(text)["packages"]["node_modules/axe-core"]["version"]
    assert "://" not in text
