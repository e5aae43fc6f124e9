"""Every way to leak that we could think of, planted in the real renderer, is caught by the leak check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from leaky_house import SEEDS, Stages, opened

from pipeline import payload, plate
from pipeline.errors import Leaked

STAGES = ("site", "feeds", "letters", "requests")


@pytest.fixture
def stages(tmp_path: Path) -> Stages:
    return Stages(opened(tmp_path))


@pytest.mark.parametrize("stage", STAGES)
def test_without_a_leak_nothing_is_found(stages: Stages, stage: str) -> None:
    getattr(stages, stage)()


@pytest.fixture(autouse=True)
def _new_plates() -> Iterator[None]:
    """What letters share is kept from one to the next; here it is made in other ways each time."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    payload._form.cache_clear()
    plate.plate.cache_clear()


@pytest.mark.parametrize("name", SEEDS)
def test_a_planted_leak_stops_the_run_and_names_the_output(
    stages: Stages, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = SEEDS[name]
    seed.plant(monkeypatch, stages.house.house)
    with pytest.raises(Leaked) as told:
        getattr(stages, seed.stage)()
    assert seed.where in str(told.value)
    assert str(told.value).endswith("Nothing was published or submitted.")


def test_there_are_enough_ways() -> None:
    assert len(SEEDS) >= 50
