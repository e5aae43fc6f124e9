"""What several files of tests are given: a browser, a published house, a provider that can be held up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from houses import Ran, house, run
from hypothesis import HealthCheck
from hypothesis import settings as examples
from sealed_house import FILES
from torture.harness import Runner
from torture.provider import Gate

from tests.browsing import chromium
from tests.fake_sendgrid import KEY

# The same examples every time; with `KITH_EXAMPLES`, which some tests also take for a number, other ones each time.
# How long an example takes says nothing of the code on a busy machine.
examples.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
if "KITH_EXAMPLES" not in os.environ:
    examples.load_profile("same")

DEPLOY = '\n[tool.kith.deploy]\nto = "folder"\nfolder = "../online"\n'


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A house with sealed pages, and what its first publish said; tests that change it take a `copy`."""
    root = house(tmp_path_factory.mktemp("sealed") / "house", FILES)
    with (root / "pyproject.toml").open("a") as settings:
        settings.write(DEPLOY)
    return root, run(root, "publish", "--yes")


@pytest.fixture
def copy(published: tuple[Path, Ran], tmp_path: Path) -> Path:
    """A published house that a test may change."""
    shutil.copytree(published[0].parent, tmp_path / "copy")
    return tmp_path / "copy" / "house"


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A provider that lets two letters through, and the others when it is told to."""
    with Gate(tmp_path / "books.jsonl", hold=2) as running:
        yield running


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Runs `kith` in processes of their own that can be killed at any point."""
    with Runner(tmp_path_factory.mktemp("runner"), {"SENDGRID_API_KEY": KEY}) as running:
        yield running
