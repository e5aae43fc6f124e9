"""A few of the projects of `tests/measure/harmless.py`: harmless ones pass, and every planted leak is found."""

from __future__ import annotations

import pytest
from measure.harmless import measured


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_harmless_project_is_built_and_every_leak_planted_into_it_is_found(lang: str) -> None:
    why, found = measured(lang, 0)
    assert why == ""
    assert len(found) > 50
    assert [one for one in found if not one[2]] == []
