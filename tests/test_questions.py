"""What leaves only after a question, and what the question counts; refusals that concern everybody."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_smtp import FakeSmtp
from houses import Ran, run
from torture.harness import add_update, counts, make_house

PEOPLE = 6


class World:
    """A project that mails over a server which can be made to refuse everybody."""

    def __init__(self, root: Path, fake: FakeSmtp) -> None:
        self.root, self.fake = root, fake
        make_house(root, PEOPLE, "https://api.sendgrid.com", transport="smtp")
        self.settings = root / "pyproject.toml"
        table = f'[tool.kith.smtp]\nhost = "127.0.0.1"\nport = {fake.port}\nsecurity = "none"\n'
        self.settings.write_text(self.settings.read_text("utf-8") + table, "utf-8")

    def run(self, *arguments: str) -> Ran:
        ran = run(self.root, *arguments)
        assert "Traceback" not in ran.err
        return ran

    def fail(self) -> Ran:
        """A publish whose sender the server does not take: everything stays pending."""
        self.fake.script("mail:550")
        ran = self.run("deliver", "--yes")
        assert (ran.code, counts(self.root)) == (1, {"pending": PEOPLE})
        return ran

    def deny(self, number: int = 100) -> None:
        """From now on the server relays nothing, and says so to each address."""
        self.fake.script(*["rcpt:554"] * number)

    def taken(self) -> int:
        return len(self.fake.books())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with FakeSmtp(tmp_path / "books.jsonl") as fake:
        yield World(tmp_path / "house", fake)


@pytest.mark.parametrize("command", ["publish", "deliver"])
def test_what_an_earlier_run_left_does_not_leave_without_a_yes(world: World, command: str) -> None:
    world.fail()
    ran = world.run(command)
    assert ran.code == 1
    assert f"Deliver {PEOPLE} letters left from before with smtp? There is no terminal" in ran.out
    assert "Cancelled: nothing was deployed or submitted." in ran.out
    assert (world.taken(), counts(world.root)) == (0, {"pending": PEOPLE})


def test_the_question_counts_the_new_and_those_left_from_before(world: World) -> None:
    world.fail()
    add_update(world.root, "sun", "2020-01-03", "The sun is back.")
    ran = world.run("deliver")
    assert ran.code == 1
    assert f"Deliver {2 * PEOPLE} letters ({PEOPLE} new, {PEOPLE} left from before) with smtp?" in ran.out
    assert world.taken() == 0
    assert world.run("deliver", "--yes").code == 0
    assert world.taken() == 2 * PEOPLE


def test_a_no_on_the_terminal_leaves_everything_as_it_is_and_a_yes_lets_it_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fail()
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked = []
    answers = iter([False, True])
    monkeypatch.setattr("click.confirm", lambda question, **_: asked.append(question) or next(answers))
    assert world.run("deliver").code == 1
    assert (world.taken(), counts(world.root)) == (0, {"pending": PEOPLE})
    assert world.run("deliver").code == 0
    assert (world.taken(), counts(world.root)) == (PEOPLE, {"submitted": PEOPLE})
    assert asked == [f"Deliver {PEOPLE} letters left from before with smtp?"] * 2


def test_a_server_that_relays_nothing_marks_nobody_as_refused(world: World) -> None:
    world.deny()
    ran = world.run("deliver", "--yes")
    assert ran.code == 1
    assert "letters in a row were refused in the same words" in ran.out
    assert "554" in ran.out
    assert counts(world.root) == {"pending": PEOPLE}
    world.fake.faults.clear()
    ran = world.run("deliver", "--yes")
    assert ran.code == 0, ran
    assert (world.taken(), counts(world.root)) == (PEOPLE, {"submitted": PEOPLE})


def test_those_who_were_refused_in_a_row_come_after_the_others(world: World) -> None:
    world.deny(5)
    assert world.run("deliver", "--yes").code == 1
    world.fake.faults.clear()
    assert world.run("deliver", "--yes").code == 0
    assert next(line["to"] for line in world.fake.books()) == [f"p{PEOPLE - 1}@example.org"]


def test_a_later_publish_says_who_was_refused_and_ends_with_1_until_it_is_settled(world: World) -> None:
    world.deny(2)
    ran = world.run("deliver", "--yes")
    assert (ran.code, counts(world.root)) == (1, {"refused": 2, "submitted": PEOPLE - 2})
    for command in ("publish", "deliver"):
        ran = world.run(command, "--yes")
        assert ran.code == 1
        assert "2 people whose letters were refused before get none until you decide" in ran.out
    ran = world.run("settle", "refused", "taken")
    assert (ran.code, counts(world.root)["refused"]) == (1, 2)
    ran = world.run("settle", "refused", "not-taken")
    assert ran.code == 0
    assert "2 letters: not taken, so told again with the next publish" in ran.out
    assert world.run("deliver", "--yes").code == 0
    assert world.taken() == PEOPLE
    assert {line["to"][0] for line in world.fake.books()} == {f"p{number}@example.org" for number in range(PEOPLE)}
    assert world.run("settle", "refused", "not-taken").err == "Nothing is refused.\n"


def test_who_is_bounced_in_the_file_needs_nobody_any_more(world: World) -> None:
    world.deny(1)
    assert world.run("deliver", "--yes").code == 1
    people = world.root / "subscribers.yml"
    people.write_text(people.read_text("utf-8").replace("subscribed}", "bounced}", 1), "utf-8")
    assert world.run("deliver", "--yes").code == 0


@pytest.mark.parametrize(
    ("answer", "about_it"),
    [
        ("550 5.1.1 <wei@example.org>: Recipient address rejected: User unknown in relay recipient table", True),
        ("550 5.2.1 The email account that you tried to reach is disabled", True),
        ("550 No such user here", True),
        ("554 5.7.1 <wei@example.org>: Relay access denied", False),
        ("550 5.1.8 sender unknown", False),
        ("554 Relay access denied", False),
        ("550 blocked by policy", False),
        ("553 sorry, that domain is not in my list of allowed rcpthosts", False),
    ],
)
def test_a_refusal_is_about_the_mailbox_only_where_it_says_so(answer: str, about_it: bool) -> None:
    from pipeline.transports.smtp import _names_the_mailbox

    assert _names_the_mailbox(answer) is about_it
