"""The real process, killed with SIGKILL at every durable write and in every phase of every request."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from torture.harness import KILLED, KILLER, Runner, Trial, add_update, anew, blind, copy_house, make_house
from torture.provider import Provider

PEOPLE = 3
PARTS = 8


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with Provider(tmp_path_factory.mktemp("provider") / "books.jsonl") as running:
        yield running


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Runner]:
    # So that even few people make several windows of the ledger.
    environ = provider.environ() | {"KILLER_WINDOW": "2"}
    with Runner(tmp_path_factory.mktemp("runner"), environ) as running:
        yield running


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Path:
    return make_house(tmp_path_factory.mktemp("template") / "house", PEOPLE, provider.url)


@pytest.fixture
def trial(tmp_path: Path, template: Path, runner: Runner, provider: Provider) -> Trial:
    return anew(Trial(tmp_path / "house", runner, provider, PEOPLE), template)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_point_nobody_has_a_letter_twice_and_nobody_is_lost(
    trial: Trial, template: Path, part: int
) -> None:
    points = trial.points()
    assert len(points) > 100
    for point in points[part::PARTS]:
        anew(trial, template)
        assert trial.deliver(point).killed, f"{point} was not passed"
        trial.check(1)
        trial.finish()


@pytest.mark.parametrize("part", range(3))
def test_killed_at_any_write_of_a_later_issue_it_holds_as_well(trial: Trial, part: int) -> None:
    """The ledger has been there for a while, and was sealed when it was closed."""
    assert trial.deliver().code == 0
    add_update(trial.root, "sun", "2020-01-03", "The sun is back.")
    later = copy_house(trial.root, trial.root.parent / "later")
    books = trial.provider.keep()
    points = [one for one in trial.points() if one.startswith(("commit", "mark", "file"))]
    assert len(points) > 40
    for point in points[part::3]:
        anew(trial, later)
        trial.provider.new_books(books)
        assert trial.deliver(point).killed, f"{point} was not passed"
        trial.check(1, letters_each=2)
        trial.finish(letters_each=2)


@pytest.mark.parametrize("part", range(2))
def test_killed_on_the_way_back_from_a_kill_nothing_changes(trial: Trial, template: Path, part: int) -> None:
    """The run that comes after a kill in mid-letter is killed as well, at every write of its own."""
    middle = "recv:7:before"
    for number in range(1 + part, 9, 2):
        for when in ("before", "after"):
            anew(trial, template)
            assert trial.deliver(middle).killed
            trial.deliver(f"commit:{number}:{when}")
            trial.check(2)
            trial.finish()


@pytest.mark.parametrize("part", range(2))
def test_with_two_connections_a_kill_leaves_two_uncertain_at_most(trial: Trial, template: Path, part: int) -> None:
    def two() -> None:
        settings = trial.root / "pyproject.toml"
        text = settings.read_text("utf-8").replace("timeout = 20.0", "timeout = 20.0\nconnections = 2")
        settings.write_text(text, "utf-8")

    two()
    points = [one for one in trial.points() if one.startswith(("send", "recv", "mark", "step"))]
    assert len(points) > 60
    for point in points[part::8]:
        anew(trial, template)
        two()
        if trial.deliver(point).killed:  # whichever line is answered first, some points are passed only at times
            trial.check(2)
        trial.finish()


def test_killed_at_blind_moments_it_holds_as_well(trial: Trial) -> None:
    dice = random.Random(20261121)
    crashes = sum(blind(trial, dice.random() * 0.9) for _ in range(5))
    trial.check(crashes)
    trial.finish()


def test_a_process_that_is_started_anew_each_time_is_killed_in_the_same_way(trial: Trial) -> None:
    for point in ("commit:2:after", "send:7:half", "recv:6:half"):
        command = [sys.executable, str(KILLER), point, "--house", str(trial.root), "deliver", "--yes"]
        ended = subprocess.run(command, env=trial.provider.environ(), capture_output=True, check=False)
        assert ended.returncode == KILLED
    trial.check(2)
    trial.finish()


def test_what_was_frozen_goes_on_as_it_was_and_is_not_planned_again(trial: Trial) -> None:
    assert trial.deliver("commit:4:after").killed
    frozen = [(one.id, one.issue) for one in trial.deliveries()]
    for path in trial.root.glob("content/updates/*.md"):
        path.write_text(path.read_text("utf-8").replace("Rain at last.", "It was edited meanwhile."), "utf-8")
    trial.runner.run(trial.root, "none", "deliver", "--yes", "--changed", "keep")
    people = trial.root / "subscribers.yml"
    people.write_text(people.read_text("utf-8").replace("P 4", "Another name"), "utf-8")
    trial.finish()
    assert [(one.id, one.issue) for one in trial.deliveries()][: len(frozen)] == frozen
    assert len({line["delivery"] for line in trial.provider.books()} - {one for one, _ in frozen}) <= 1, (
        "only a letter that was settled as not taken is composed anew"
    )


def test_a_second_issue_after_a_kill_reaches_everybody_beside_the_first(trial: Trial) -> None:
    assert trial.deliver("send:8:after").killed
    add_update(trial.root, "sun", "2020-01-03", "The sun is back.")
    trial.deliver()
    trial.settle()
    trial.finish(letters_each=2)


@pytest.mark.parametrize("part", range(2))
def test_killed_while_what_changed_is_composed_again_nobody_has_it_twice(trial: Trial, part: int) -> None:
    """The emails of the first run are withdrawn and composed again: killed at each write of that, too."""
    assert trial.deliver("commit:2:after").killed
    for path in trial.root.glob("content/updates/*.md"):
        path.write_text(path.read_text("utf-8").replace("Rain at last.", "Rain at last!"), "utf-8")
    later = copy_house(trial.root, trial.root.parent / "later")
    points = [one for one in trial.points() if one.startswith(("commit", "mark"))]
    for point in points[part::2]:
        anew(trial, later)
        assert trial.deliver(point).killed, f"{point} was not passed"
        trial.check(1)
        trial.finish()
        assert {line["told"][0] for line in trial.provider.books()} == {"Rain at last"}
