"""Progress: a bar on a terminal, elsewhere a line for every hundred letters, each said once."""

from __future__ import annotations

import io
import re
import sys

import pytest

from pipeline.terminal import _Progress


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, out: io.StringIO, steps: list[int], total: int) -> str:
    monkeypatch.setattr(sys, "stdout", out)
    progress = _Progress()
    for done in steps:
        progress(done, total)
    progress.over()
    progress.over()
    return out.getvalue()


def test_without_a_terminal_each_hundred_and_the_end_are_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown(monkeypatch, io.StringIO(), [*range(151), 150, *range(151, 251), 250], 250)
    assert [line.split(" letters")[0] for line in said.splitlines()] == ["100 of 250", "200 of 250", "250 of 250"]
    assert re.fullmatch(r"100 of 250 letters, [\d.]+ a second, \d+ s left", said.splitlines()[0])
    assert said.endswith("a second, done\n")


def test_lines_that_come_back_together_do_not_skip_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    said = shown(monkeypatch, io.StringIO(), [0, 98, 102, 199, 203, 300], 300)
    assert [line.split(" of")[0] for line in said.splitlines()] == ["102", "203", "300"]


def test_a_handful_of_letters_has_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO(), [1, 50, 100], 100) == ""


@pytest.mark.parametrize("steps", [[1, 2, 3, 4], [1, 2]])
def test_a_bar_is_one_line_also_when_the_run_was_stopped(monkeypatch: pytest.MonkeyPatch, steps: list[int]) -> None:
    said = shown(monkeypatch, Terminal(), steps, 4)
    assert said.count("\n") == 1 and said.endswith("\n")
    last = said.rpartition("\r\x1b[K")[2]
    assert re.match(rf"━{{{8 * steps[-1]}}} *{steps[-1]}/4  [\d.]+/s", last)
    assert ("s left" in last) is (steps[-1] < 4)
