"""A second process makes ready what a build needs; with it or without it, the site is the same."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import edits
import houses
import pytest

from pipeline import ahead
from pipeline.walked import walked

REPO = Path(__file__).resolve().parent.parent

BUILD = """
import sys
from pipeline import ahead, markup
from pipeline.__main__ import main
{before}
sys.argv = ["kith", "build"]
main()
"""
ALONE = """
converted = markup.converted
def refuse(text):
    # The first words of a text are looked at where it is read.
    if len(text) > 2500:
        raise SystemExit("the text was converted here")
    return converted(text)
begin = ahead.begin
def begun(*arguments):
    begin(*arguments)
    markup.converted = refuse
ahead.begin = begun
"""
KILLED = """
import os, signal
begin = ahead.begin
def begun(*arguments):
    begin(*arguments)
    os.kill(ahead._HANDS[0].process, signal.SIGKILL)
ahead.begin = begun
"""
NONE = "ahead.cores = lambda: 1"


def built(root: Path, before: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", BUILD.format(before=before)], cwd=root, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(REPO)},
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else done.stderr


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="help needs a second core")
def test_a_changed_text_is_converted_by_the_other_process(tmp_path: Path) -> None:
    root = houses.house(tmp_path)
    assert "changed" in built(root)
    long = houses.text(
        "title: The birch\ndate: 2026-05-05", "Words of the river.\n\n## Further\n\n" + "More.\n\n" * 600
    )
    edits.post(root, "birch").write_text(long, "utf-8")
    assert "changed" in built(root, ALONE)
    assert "<h2" in (root / "build" / "site" / "posts" / "birch" / "index.html").read_text("utf-8")


@pytest.mark.parametrize("how", ["", KILLED, NONE], ids=["with help", "the help is killed", "without"])
def test_the_site_is_the_same_with_help_and_without(tmp_path: Path, how: str) -> None:
    root = houses.house(tmp_path)
    built(root)
    edits.write(root, "ash", 0, "river", 4)
    edits.write(root, "birch", 1, "river", 5)
    edits.write(root, "cedar", 3, "river", 6)
    edits.translate(root, "cedar", 3)
    time.sleep(0.06)
    assert "changed" in built(root, how)
    made = edits.files(root / "build" / "site")
    assert made == edits.fresh(root)


def test_after_a_kill_no_text_is_taken_for_another(tmp_path: Path) -> None:
    """Nobody then asks for what was seen of the site, and it must not be taken for the first text."""
    root = houses.house(tmp_path)
    for number, name in enumerate(edits.NAMES):
        edits.write(root, name, 0, "river", number + 1)
    built(root)
    (root / "build" / "cache" / "site" / "moving").touch()
    for number, name in enumerate(edits.NAMES):
        edits.post(root, name).write_text(houses.text(f"title: {name}\ndate: 2026-02-0{number + 1}", f"Only {name}.\n"))
    assert "changed" in built(root)
    for name in edits.NAMES:
        assert f"Only {name}." in (root / "build" / "site" / "posts" / name / "index.html").read_text("utf-8")
    assert edits.files(root / "build" / "site") == edits.fresh(root)


def test_orders_may_come_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "manifest").write_text("1")
    hand = ahead._Hand(tmp_path, tmp_path / "manifest", str.upper)
    try:
        hand.order(["one", "two"])
        hand.order(["two", "three"])
        assert [hand.made(text) for text in ("three", "one", "two")] == ["THREE", "ONE", "TWO"]
        assert hand.seen() == walked(tmp_path)
    finally:
        hand.end()


@pytest.mark.parametrize("fault", ["os.fork", "os.pipe"])
def test_a_machine_without_room_for_help_does_without(tmp_path: Path, fault: str) -> None:
    root = houses.house(tmp_path)
    built(root)
    edits.write(root, "birch", 0, "river", 5)
    none = f"import os\ndef refuse(*_): raise BlockingIOError(11, 'no room')\n{fault} = refuse"
    assert "changed" in built(root, none)


def test_another_build_in_between_makes_what_was_seen_worthless(tmp_path: Path) -> None:
    site, witness = tmp_path / "site", tmp_path / "manifest"
    site.mkdir()
    (site / "page").write_text("x")
    witness.write_text("1")
    hand = ahead._Hand(site, witness, str.upper)
    other = ahead._Hand(site, witness, str.upper)
    try:
        assert hand.seen() == walked(site)
        witness.write_text("12")
        assert other.seen() is None
    finally:
        hand.end()
        other.end()


def test_what_was_not_ordered_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "manifest").write_text("1")
    hand = ahead._Hand(tmp_path, tmp_path / "manifest", str.upper)
    try:
        hand.seen()
        hand.order(["one", "two", "one"])
        assert [hand.made(text) for text in ("two", "none", "one")] == ["TWO", None, "ONE"]
        assert hand.made("x" * 40_000) is None
    finally:
        hand.end()


def test_a_text_that_no_pipe_holds_is_not_ordered(tmp_path: Path) -> None:
    (tmp_path / "manifest").write_text("1")
    hand = ahead._Hand(tmp_path, tmp_path / "manifest", str.upper)
    try:
        hand.seen()
        hand.order(["x" * 20_000, "y" * 20_000])
        assert hand.made("x" * 20_000) is None
    finally:
        hand.end()
