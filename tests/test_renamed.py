"""Fingerprints of texts: remembered as long as a text stays as it is, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from small import entry

from pipeline import renamed
from pipeline.keys import content_key
from pipeline.likeness import digest
from pipeline.model import Version
from pipeline.renamed import fingerprints

LONG = "Along the river as far as the old bridge, and back.\n"
HOUSE = [one.master for one in (entry("a", body=LONG), entry("b", body=f"{LONG}Twice.\n"), entry("c", body="Short.\n"))]


def straight(texts: list[Version]) -> dict[bytes, str]:
    return {content_key(one): digest(one.body) for one in texts}


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """After this, working a fingerprint out is an error."""

    def refuse(one: object) -> str:
        raise AssertionError(f"worked out again: {one}")

    monkeypatch.setattr(renamed, "digest", refuse)


def test_what_did_not_change_is_not_worked_out_again(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    first = fingerprints(tmp_path, HOUSE)
    assert first == straight(HOUSE) and all(first.values()), "short texts have one too"
    request.getfixturevalue("asleep")
    assert fingerprints(tmp_path, HOUSE) == first
    assert fingerprints(tmp_path, HOUSE[1:]) == {key: one for key, one in first.items() if key != content_key(HOUSE[0])}


def test_a_changed_text_has_another_fingerprint_and_its_old_one_when_it_is_changed_back(tmp_path: Path) -> None:
    changed = [entry("a", body=f"{LONG}And on.\n").master, *HOUSE[1:]]
    for texts in (HOUSE, changed, HOUSE):
        assert fingerprints(tmp_path, texts) == straight(texts)


def test_two_entries_that_changed_places_have_each_others_fingerprints(tmp_path: Path) -> None:
    fingerprints(tmp_path, HOUSE)
    (found,) = fingerprints(tmp_path, [entry("a", body=HOUSE[1].body).master]).values()
    assert found == digest(HOUSE[1].body)


@pytest.mark.parametrize("damage", [b"", b"x" * 200])
def test_a_damaged_memory_is_none(tmp_path: Path, damage: bytes) -> None:
    fingerprints(tmp_path, HOUSE)
    (store,) = (tmp_path / "build" / "cache").iterdir()
    store.write_bytes(damage)
    assert fingerprints(tmp_path, HOUSE) == straight(HOUSE)
