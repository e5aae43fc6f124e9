"""``subscribers.yml``: short ways to write it, addresses kept elsewhere, and what each part means."""

from __future__ import annotations

from pathlib import Path

import pytest
from houses import NOW, PEOPLE, Files, house, run, text
from sealed_house import body, letters

from pipeline.errors import Problems
from pipeline.model import Cadence, House, Person, State
from pipeline.reading import read_house


def read(folder: Path, people: str, env: dict[str, str] | None = None, more: Files | None = None) -> House:
    return read_house(house(folder, {"subscribers.yml": people, **(more or {})}), {}, env or {}, NOW)


def person(folder: Path, line: str, env: dict[str, str] | None = None, more: Files | None = None) -> Person:
    return read(folder, f"{PEOPLE}  - {line}\n", env, more).people[-1]


def test_circles_stand_closest_first(tmp_path: Path) -> None:
    circles = read(tmp_path, PEOPLE).circles
    assert [(one.name, one.rank) for one in circles] == [("inner", 0), ("builders", 1), ("weak", 2), ("group", 3)]
    assert circles[0].reads == {"inner", "builders", "public"}
    assert circles[3].broadcast


def test_one_word_may_stand_for_a_row(tmp_path: Path) -> None:
    one = person(
        tmp_path, "{id: ann, name: Ann, circles: weak, languages: zh, interests: {more: vision, mute: [no, 2024]}}"
    )
    assert (one.name, one.circles, one.languages) == ({"": "Ann"}, ("weak",), ("zh",))
    assert (one.interests.more, one.interests.mute) == (("vision",), ("no", "2024"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("email: a@example.org", "address"),
        ("E-Mail: a@example.org", "address"),
        ("frequency: weekly", "cadence"),
        ("groups: [weak]", "circles"),
        ("status: subscribed", "state"),
        ("lang: zh", "languages"),
        ("adress: a@example.org", "address"),
    ],
)
def test_the_keys_of_other_tools_are_answered_with_ours(tmp_path: Path, written: str, meant: str) -> None:
    with pytest.raises(Problems) as caught:
        person(tmp_path, f"{{id: ann, {written}}}")
    (problem,) = caught.value.problems
    assert (problem.fact, problem.suggestion) == (
        f"unknown key `{written.partition(':')[0]}`",
        f"Did you mean `{meant}`?",
    )


def test_an_email_greets_people_as_they_are_called(tmp_path: Path) -> None:
    people = PEOPLE.replace("name: Wei,", "name: {zh: 陈伟, en: Chen Wei}, greeting: {zh: 阿伟, en: Awei},")
    root = house(tmp_path / "house", {"subscribers.yml": people})
    ran = run(root, "publish", "--yes")
    assert ran.code == 0, ran
    (mail,) = (one for one in letters(root).values() if "wei@example.org" in str(one["to"]))
    assert "Hello Awei," in body(mail, "plain")
    assert str(mail["to"]) == "Chen Wei <wei@example.org>"


def test_what_somebody_is_called_is_as_private_as_their_name(tmp_path: Path) -> None:
    people = PEOPLE.replace("name: Wei,", "name: Wei, greeting: Old Bean,")
    root = house(
        tmp_path / "house",
        {"subscribers.yml": people, "content/posts/hello.md": text("title: Hello", "Then Old Bean ran.\n")},
    )
    ran = run(root, "publish", "--yes")
    assert ran.code == 1
    assert "“Old Bean” is the name of `wei`" in ran.err


def test_a_greeting_is_one_line_of_text(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="control character in the greeting"):
        person(tmp_path, '{id: ann, greeting: "A\\nB"}')


def test_numbers_are_texts_as_written(tmp_path: Path) -> None:
    one = person(tmp_path, "{id: 007, name: 1.10, consent: {when: 2026, how: yes}}")
    assert (one.id, one.name, one.consent) == ("007", {"": "1.10"}, (("when", "2026"), ("how", "yes")))


def test_whoever_says_nothing_is_a_contact_with_the_houses_languages(tmp_path: Path) -> None:
    one = person(tmp_path, "{id: ann}")
    assert (one.state, one.languages, one.cadence, one.address) == (State.CONTACT, ("en", "zh"), None, "")


def test_defaults_are_for_everybody_who_says_nothing_else(tmp_path: Path) -> None:
    found = read(tmp_path, f"defaults: {{languages: es, cadence: weekly, max_per_month: 3}}\n{PEOPLE}")
    assert found.people[0].languages == ("es",)
    assert (found.circles[2].cadence, found.circles[2].max_per_month) == (Cadence.WEEKLY, 3)
    assert found.circles[0].cadence is Cadence.EACH


@pytest.mark.parametrize(
    "address", ["ann@example.org", "a.n+n@mail.example.co.uk", "chen@例子.example", "ANN@example.org"]
)
def test_an_address_that_can_be_one_is_one(tmp_path: Path, address: str) -> None:
    assert person(tmp_path, f"{{id: ann, address: {address}}}").address.lower() == address.lower()


def test_an_address_that_few_mail_servers_take_is_said_before_anything_leaves(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="before the @-sign are not supported"):
        person(tmp_path, "{id: ann, address: chén@example.org}")


def test_an_address_may_stand_in_the_environment_or_in_a_private_file(tmp_path: Path) -> None:
    assert (
        person(tmp_path / "a", "{id: ann, address: env:ANN}", {"ANN": " ann@example.org "}).address == "ann@example.org"
    )
    more: Files = {"private/addresses.yml": "ann: ann@example.org\n"}
    assert person(tmp_path / "b", "{id: ann, address: '@ann'}", more=more).address == "ann@example.org"


def test_an_address_from_elsewhere_is_not_shown(tmp_path: Path) -> None:
    root = house(tmp_path, {"subscribers.yml": f"{PEOPLE}  - {{id: ann, address: env:ANN, state: subscribed}}\n"})
    ran = run(root, "check", env={"ANN": "secret.example.org"})
    assert ran.problems == [
        "subscribers.yml:10: the address `env:ANN` is not one: an address must have an @-sign. "
        "Write it as `name@example.org`."
    ]


@pytest.mark.parametrize(
    "address",
    [
        "x" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@-b.org",
        "a@b",
        "a b@example.org",
        "a@example.org,b@c.org",
    ],
)
def test_an_address_no_mail_can_reach_is_none(tmp_path: Path, address: str) -> None:
    people = f"{PEOPLE}  - {{id: ann, address: '{address}'}}\n"
    ran = run(house(tmp_path, {"subscribers.yml": people}), "check")
    assert [line[:19] for line in ran.problems] == ["subscribers.yml:10:"]


def test_a_house_may_have_no_people_yet(tmp_path: Path) -> None:
    found = read(tmp_path, "version: 1\ncircles:\npeople:\n")
    assert (found.circles, found.people) == ((), ())


def test_the_same_faults_are_told_whatever_else_is_wrong_with_a_person(tmp_path: Path) -> None:
    line = "{id: a b, circles: [weeak], nmae: x, state: sub, address: nobody, languages: [english], cadence: [x]}"
    said = run(house(tmp_path, {"subscribers.yml": f"{PEOPLE}  - {line}\n"}), "check").problems
    for fact in ("`a b` is not an id", "unknown circle `weeak`", "unknown key `nmae`", "`sub` is not a state"):
        assert any(fact in problem for problem in said), fact
    for fact in ("the address `nobody`", "`english` is not a language tag", "not a cadence"):
        assert any(fact in problem for problem in said), fact
