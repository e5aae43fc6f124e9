from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from small import NOW, circle, entry, house, person

from pipeline.explain import explain
from pipeline.model import Cadence, Circle, House, Interests, Person, State
from pipeline.plan import plan
from pipeline.planned import Choice, History, Plan

INNER = circle("inner")
WEAK = circle("weak", 1, Cadence.MONTHLY)


def known(*people: str, circles: tuple[str, ...] = ("inner",), **more: object) -> History:
    return History(joined={who: frozenset(circles) for who in people}, **more)  # type: ignore[arg-type]  # tests name the fields they mean


def told(decided: Plan) -> dict[str, list[str]]:
    return {letter.person.id: list(letter.entry_ids) for letter in decided.letters}


def reasons(decided: Plan) -> dict[str, str]:
    return {held.who: held.reason for held in decided.held}


def test_a_person_in_several_circles_gets_one_letter_at_the_pace_of_the_closest() -> None:
    rooms = [INNER, WEAK]
    decided = plan(
        house([entry("a")], rooms, [person("wei", "weak", "inner")]), known("wei", circles=("inner", "weak")), NOW
    )
    assert [(letter.person.id, letter.circle) for letter in decided.letters] == [("wei", "inner")]
    assert told(decided) == {"wei": ["a"]}


def test_letters_stand_closest_circle_first_whatever_the_order_of_people() -> None:
    near, far = circle("near"), circle("far", 1)
    people = [person("b", "far"), person("a", "near")]
    decided = plan(house([entry("x")], [near, far], people), History(), NOW)
    assert [letter.circle for letter in decided.letters] == ["near", "far"]


def test_a_person_new_to_the_ledger_gets_the_newest_three_and_the_rest_is_recorded_as_told() -> None:
    entries = [entry(f"e{day}", days=day) for day in range(1, 8)]
    decided = plan(house(entries, [INNER], [person("wei", "inner")]), History(), NOW)
    assert told(decided) == {"wei": ["e3", "e2", "e1"]}
    assert decided.baseline == (("wei", ("e7", "e6", "e5", "e4")),)


def test_somebody_known_gets_everything_that_was_not_told_oldest_first() -> None:
    entries = [entry(f"e{day}", days=day) for day in range(1, 8)]
    history = known("wei", told={"wei": frozenset({"e7"})})
    decided = plan(house(entries, [INNER], [person("wei", "inner")]), history, NOW)
    assert told(decided) == {"wei": ["e6", "e5", "e4", "e3", "e2", "e1"]}
    assert not decided.baseline


def test_joining_a_further_circle_does_not_bring_its_past() -> None:
    old, new = entry("old", visibility="inner", days=30), entry("new", visibility="inner")
    history = known("wei", circles=("weak",), seen={"old": NOW - timedelta(days=30)})
    decided = plan(house([old, new], [INNER, WEAK], [person("wei", "weak", "inner")]), history, NOW)
    assert told(decided) == {"wei": ["new"]}
    assert decided.baseline == (("wei", ("old",)),)
    assert decided.joined == (("wei", frozenset({"inner", "weak"})),)


def test_an_entry_made_public_later_is_told_to_those_who_could_not_read_it_before() -> None:
    opened = entry("opened", days=30)
    history = known("wei", circles=("weak",), seen={"opened": NOW - timedelta(days=30)})
    decided = plan(house([opened], [replace(WEAK, cadence=Cadence.EACH)], [person("wei", "weak")]), history, NOW)
    assert told(decided) == {"wei": ["opened"]}


@pytest.mark.parametrize("state", [State.CONTACT, State.INVITED, State.UNSUBSCRIBED, State.BOUNCED, State.PAUSED])
def test_nobody_but_the_subscribed_gets_a_letter(state: State) -> None:
    decided = plan(house([entry("a")], [INNER], [person("wei", "inner", state=state)]), known("wei"), NOW)
    assert not decided.letters
    assert set(reasons(decided)) == {"wei"}


def test_what_a_reader_asked_for_beats_the_file() -> None:
    one = house([entry("a")], [INNER], [person("wei", "inner"), person("tom", "inner"), person("lu", "inner")])
    history = known("wei", "tom", "lu", choices={
        "wei": Choice(state=State.UNSUBSCRIBED), "tom": Choice(cadence=Cadence.WEEKLY), "lu": Choice(languages=("zh",)),
    }, seen={"a": NOW - timedelta(hours=1)})  # fmt: skip
    decided = plan(one, history, NOW)
    assert reasons(decided) == {"wei": "unsubscribed", "tom": "weekly digest"}
    assert [letter.language for letter in decided.letters] == ["zh"]


def test_somebody_who_left_is_not_revived_by_a_choice_or_a_circle() -> None:
    gone = person("wei", "inner", state=State.UNSUBSCRIBED)
    history = known("wei", choices={"wei": Choice(state=State.SUBSCRIBED)})
    assert reasons(plan(house([entry("a")], [INNER], [gone]), history, NOW)) == {"wei": "unsubscribed"}


def test_a_pause_keeps_what_was_missed_for_the_return() -> None:
    away = person("wei", "inner", state=State.PAUSED)
    entries = [entry("a", days=5), entry("b")]
    held = plan(house(entries, [INNER], [away]), known("wei"), NOW)
    assert held.held[0].entries == ("a", "b")
    back = plan(house(entries, [INNER], [replace(away, state=State.SUBSCRIBED)]), known("wei"), NOW)
    assert told(back) == {"wei": ["a", "b"]}


def test_somebody_who_comes_back_after_leaving_is_a_newcomer() -> None:
    left = plan(house([entry("a")], [INNER], [person("wei", "inner", state=State.UNSUBSCRIBED)]), known("wei"), NOW)
    assert left.gone == ("wei",)
    entries = [entry(f"e{day}", days=day) for day in range(1, 6)]
    back = plan(house(entries, [INNER], [person("wei", "inner")]), History(), NOW)
    assert len(told(back)["wei"]) == 3


def monthly(when: datetime, seen: datetime, *letters: datetime) -> Plan:
    history = known("wei", circles=("weak",), seen={"a": seen}, letters={"wei": letters})
    return plan(house([entry("a", days=40)], [WEAK], [person("wei", "weak")]), history, when)


def test_a_digest_waits_for_the_boundary_after_its_oldest_entry_was_first_published() -> None:
    seen = datetime(2026, 11, 12, tzinfo=UTC)
    assert monthly(NOW, seen).held[0].until == date(2026, 12, 1)
    assert monthly(datetime(2026, 11, 30, 15, 59, tzinfo=UTC), seen).held
    assert told(monthly(datetime(2026, 11, 30, 16, 0, tzinfo=UTC), seen)) == {"wei": ["a"]}, "midnight in Guangzhou"


def test_a_digest_that_is_days_late_goes_once() -> None:
    seen = datetime(2026, 11, 12, tzinfo=UTC)
    late = datetime(2026, 12, 4, tzinfo=UTC)
    assert told(monthly(late, seen)) == {"wei": ["a"]}
    assert monthly(late + timedelta(days=1), seen, late).held, "a second one waits for the next month"


def test_a_clock_set_back_makes_nothing_due() -> None:
    ahead = datetime(2027, 1, 2, tzinfo=UTC)
    assert not monthly(datetime(2026, 12, 2, tzinfo=UTC), ahead).letters
    assert not monthly(datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), ahead).letters


def test_a_month_holds_no_more_letters_than_was_said() -> None:
    ring = replace(INNER, max_per_month=2)
    sent = (NOW - timedelta(days=3), NOW - timedelta(days=2))
    history = known("wei", letters={"wei": sent})
    decided = plan(house([entry("a")], [ring], [person("wei", "inner")]), history, NOW)
    assert decided.held[0].reason == "reached 2 letters this month"
    assert decided.held[0].until == date(2026, 12, 1)
    own = plan(house([entry("a")], [ring], [person("wei", "inner", max_per_month=5)]), history, NOW)
    assert told(own) == {"wei": ["a"]}, "the person's own word beats the circle's"


def test_a_person_without_a_languages_version_gets_the_original_and_is_told_so() -> None:
    both, only = entry("both", langs=("en", "zh"), days=2), entry("only")
    decided = plan(house([both, only], [INNER], [person("wei", "inner", languages=("zh",))]), known("wei"), NOW)
    (letter,) = decided.letters
    assert [(one.version.lang, one.fallback) for one in letter.entries] == [("zh", False), ("en", True)]


def test_tell_none_is_told_to_nobody_and_tell_names_only_those_named() -> None:
    near, far = circle("near"), circle("far", 1)
    entries = [entry("none", tell=()), entry("far", tell=("far",))]
    decided = plan(house(entries, [near, far], [person("a", "near"), person("b", "far")]), History(), NOW)
    assert told(decided) == {"b": ["far"]}


def test_notes_and_generated_entries_are_told_only_to_circles_that_tell_names() -> None:
    entries = [entry("note", note=True), entry("named", note=True, tell=("inner",))]
    decided = plan(house(entries, [INNER], [person("a", "inner")]), History(), NOW)
    assert told(decided) == {"a": ["named"]}


def test_a_circle_free_of_asks_is_told_one_only_when_tell_names_it() -> None:
    near, far = circle("near", ask_free=True), circle("far", 1)
    entries = [entry("ask", ask=True, days=2), entry("named", ask=True, tell=("near",))]
    decided = plan(house(entries, [near, far], [person("a", "near"), person("b", "far")]), History(), NOW)
    assert told(decided) == {"a": ["named"], "b": ["ask"]}


def test_interests_add_and_mute() -> None:
    ring = circle("ring", tags=("llm",))
    entries = [
        entry("llm", tags=("llm",), days=3),
        entry("run", tags=("running",), days=2),
        entry("own", visibility="ring"),
    ]
    people = [
        person("plain", "ring"),
        person("more", "ring", interests=Interests(more=("running",))),
        person("mute", "ring", interests=Interests(mute=("llm",))),
    ]
    decided = plan(house(entries, [ring], people), History(), NOW)
    assert told(decided) == {"plain": ["llm", "own"], "more": ["llm", "run", "own"], "mute": ["own"]}


def test_a_broadcast_circle_gets_a_text_to_paste_at_once_and_then_at_its_pace() -> None:
    more = {"kind": "broadcast", "channels": ("paste:wechat",), "languages": ("zh",)}
    group: Circle = circle("group", 0, Cadence.QUARTERLY, reads=("public",), **more)
    entries = [entry("a", langs=("en", "zh")), entry("b", visibility="inner")]
    first = plan(house(entries, [group], []), History(), NOW)
    assert [(paste.file_name, [one.entry.id for one in paste.entries]) for paste in first.pastes] == [
        ("group.zh.txt", ["a"])
    ]
    history = known("circle:group", circles=("group",), seen={"a": NOW, "c": NOW})
    later = plan(house([entry("c")], [group], []), history, NOW + timedelta(days=1))
    assert not later.pastes
    assert later.held[0].until == date(2027, 1, 1)


def test_a_refused_address_holds_the_person_with_the_providers_words() -> None:
    history = known("wei", blocked={"wei": "the provider refused this address: no such mailbox"})
    assert (
        "no such mailbox" in reasons(plan(house([entry("a")], [INNER], [person("wei", "inner")]), history, NOW))["wei"]
    )


def test_the_same_arguments_give_the_same_plan() -> None:
    one = house([entry("a"), entry("b")], [INNER, WEAK], [person("wei", "inner"), person("tom", "weak")])
    assert plan(one, History(), NOW) == plan(one, History(), NOW)


def everyone() -> tuple[House, History, Person]:
    entries = [
        entry("told", days=9), entry("mine", days=1), entry("builders", visibility="builders"), entry("quiet", tell=()),
    ]  # fmt: skip
    wei = person("wei", "inner")
    return house(entries, [INNER, circle("builders", 1)], [wei]), known("wei", told={"wei": frozenset({"told"})}), wei


def test_explain_gives_a_reason_for_every_entry() -> None:
    one, history, wei = everyone()
    verdicts = {verdict.entry: verdict for verdict in explain(one, history, NOW, wei.id)}
    assert set(verdicts) == {"told", "mine", "builders", "quiet"}
    assert verdicts["mine"].told
    assert "they do not read" in verdicts["builders"].reason
    assert "already told" in verdicts["told"].reason
    assert "`tell: none`" in verdicts["quiet"].reason
