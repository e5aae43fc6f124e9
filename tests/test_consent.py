from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import houses
import pytest
from small import circle, house, person

from pipeline.consent import LastQuestion
from pipeline.model import EVERYONE, Cadence, State
from pipeline.outgoing import Delivery, DeliveryState
from pipeline.planned import Choice, History

ADDRESS = "wei@example.org"
LETTER = Delivery("d1", "i1", "wei", DeliveryState.PENDING, audience=EVERYONE | {"inner"})
WEI = person("wei", "inner")
ROOMS = [circle("inner", max_per_month=2), circle("weak", 1)]


def ask(who: object = WEI, history: History = History(), had: int = 0, address: str = ADDRESS) -> str:  # noqa: B008 - frozen
    people = [who] if who else []
    question = LastQuestion(Path("/nowhere"), house([], ROOMS, people), history, Counter({"wei": had}), {})
    return question(LETTER, address)


def test_a_letter_whose_reader_stands_as_before_may_go() -> None:
    assert ask() == ""


@pytest.mark.parametrize(
    ("reason", "asked"),
    [
        ("no longer in subscribers.yml", {"who": None}),
        ("unsubscribed since", {"who": replace(WEI, state=State.UNSUBSCRIBED)}),
        ("paused since", {"history": History(choices={"wei": Choice(state=State.PAUSED)})}),
        ("address changed", {"who": replace(WEI, address="wei@example.com")}),
        ("in no circle any more", {"who": replace(WEI, circles=())}),
        ("may no longer read", {"who": replace(WEI, circles=("weak",))}),
        ("asked for no letters", {"history": History(choices={"wei": Choice(cadence=Cadence.NEVER)})}),
        ("reached 2 letters this month", {"had": 2}),
        ("bounced", {"history": History(blocked={"wei": "the address bounced"})}),
    ],
)
def test_a_letter_is_held_when_something_changed_since_it_was_composed(reason: str, asked: dict[str, object]) -> None:
    assert reason in ask(**asked)  # type: ignore[arg-type]  # each case names what it changes


def test_what_is_saved_during_the_run_counts_from_the_next_letter_on(tmp_path: Path) -> None:
    root = houses.house(tmp_path / "house")
    rooms = [circle("inner", reads=("inner", "builders", "public"))]
    people = [person("wei", "inner"), person("tom", "inner")]
    question = LastQuestion(root, house([], rooms, people), History(), Counter(), {})
    assert question(LETTER, ADDRESS) == ""
    text = (root / "subscribers.yml").read_text("utf-8")
    (root / "subscribers.yml").write_text(
        text.replace("circles: [inner], address", "circles: [weak], address"), "utf-8"
    )
    assert "may no longer read" in question(LETTER, ADDRESS)
    (root / "subscribers.yml").write_text("people: [", "utf-8")
    assert "may no longer read" in question(LETTER, ADDRESS), "a file that is broken just then changes nothing"
