"""Templates and words: looked through once, and again as soon as one of them is another."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from jinja2 import Environment

from pipeline import stationery
from pipeline.errors import Problems
from pipeline.letters import Composer
from pipeline.outgoing import Letter
from pipeline.stationery import load_stationery
from tests import letters_house as h


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of all templates."""
    return shutil.copytree(h.TEMPLATES, tmp_path / "templates")


def letter(folder: Path, cache: Path | None) -> Letter:
    composer = Composer(h.HOUSE, load_stationery([folder], cache), h.picture)
    return composer.letter(h.planned(h.SHORT, h.STAIRS), issue_id="i", delivery_id="d", token="t", now=h.NOW)


def test_sound_templates_are_neither_looked_through_nor_translated_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError(f"looked at again: {arguments}")

    first = letter(folder, tmp_path / "cache")
    assert first == letter(folder, None)
    monkeypatch.setattr(stationery, "_looked_through", refuse)
    monkeypatch.setattr(Environment, "compile", refuse)
    assert letter(folder, tmp_path / "cache") == first


def changed(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(("name", "old"), [("words/en.yml", "Hello {name},"), ("layout.txt.j2", "{{ hello }}")])
def test_a_letter_has_what_was_changed_meanwhile_and_again_when_it_is_changed_back(
    folder: Path, tmp_path: Path, name: str, old: str
) -> None:
    cache = tmp_path / "cache"
    first = letter(folder, cache)
    changed(folder, name, old, f"Oh! {old}")
    assert letter(folder, cache) == letter(folder, None) != first
    changed(folder, name, f"Oh! {old}", old)
    assert letter(folder, cache) == first


def test_the_houses_own_words_are_seen_as_soon_as_they_are_there(folder: Path, tmp_path: Path) -> None:
    own, cache = tmp_path / "own", tmp_path / "cache"
    load_stationery([own, folder], cache)
    shutil.copytree(folder / "words", own / "words")
    changed(own, "words/en.yml", "Hello {name},", "Dear {name},")
    assert load_stationery([own, folder], cache).words["en"]["hello"] == "Dear {name},"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("words/de.yml", "{name}", "{neighbour}"),
        ("digest.html.j2", "{%", "{% nonsense %}{%"),
        ("digest.html.j2", "{%", "{{ nothing_of_that_name }}{%"),
    ],
)
def test_what_is_wrong_is_said_every_time(folder: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    cache = tmp_path / "cache"
    letter(folder, cache)
    changed(folder, name, old, new)
    said = []
    for place in (None, cache, cache):
        with pytest.raises(Problems, match=f"templates/{name}") as caught:
            load_stationery([folder], place)
        said.append(str(caught.value))
    assert said[0] == said[1] == said[2]


def test_what_goes_wrong_in_a_translated_template_is_said_with_its_line(folder: Path, tmp_path: Path) -> None:
    changed(folder, "layout.txt.j2", "{{ hello }}", "{{ 1 / (hello | length - hello | length) }}")
    said = []
    for place in (None, tmp_path / "cache", tmp_path / "cache"):
        with pytest.raises(Problems, match=r"templates/layout\.txt\.j2:\d+: division by zero") as caught:
            letter(folder, place)
        said.append(str(caught.value))
    assert said[0] == said[1] == said[2]


def test_a_damaged_memory_is_none(folder: Path, tmp_path: Path) -> None:
    first = letter(folder, tmp_path / "cache")
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(path.read_bytes()[:70] + b"damage")
    assert letter(folder, tmp_path / "cache") == first


def test_where_nothing_can_be_remembered_letters_are_written_all_the_same(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert letter(folder, tmp_path / "cache") == letter(folder, None)
