"""A line for one person goes once, wherever a run is killed on its way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from houses import run
from torture.harness import Runner, Trial, add_update, copy_house, make_house
from torture.provider import Provider

PEOPLE = 3
LINE = "Snow on your street, I hear."


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    folder = tmp_path_factory.mktemp("killed")
    with Provider(folder / "books.jsonl") as provider, Runner(folder, provider.environ()) as runner:
        yield Trial(folder / "house", runner, provider, PEOPLE)


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory, trial: Trial) -> Path:
    """A house in which a line waits for one person."""
    root = make_house(tmp_path_factory.mktemp("noted") / "house", PEOPLE, trial.provider.url)
    assert run(root, "note", "p0", LINE).code == 0
    return root


def heard(trial: Trial) -> dict[str, int]:
    """Who was told the line, and how often."""
    return {to: number for (to, words), number in trial.provider.told().items() if words == "Snow"}


@pytest.mark.parametrize("point", ["commit:1:before", "commit:2:after", "send:1:half", "recv:1:before", "step:1:after"])
def test_a_line_goes_once_wherever_the_run_is_killed(trial: Trial, noted: Path, point: str) -> None:
    copy_house(noted, trial.root)
    trial.provider.new_books()
    assert trial.deliver(point).killed, f"{point} was not passed"
    trial.finish()
    assert heard(trial) == {"p0@example.org": 1}
    add_update(trial.root, "sun", "2020-01-03", "The sun is back.")
    trial.finish(letters_each=2)
    assert heard(trial) == {"p0@example.org": 1}
    assert "No line waits" in run(trial.root, "note").out
