"""What was never submitted can be taken back, and is composed again when something of it changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_sendgrid import KEY, FakeSendgrid
from houses import NOW, Ran, run
from torture.harness import add_update, counts, make_house

from pipeline.errors import LedgerUnusable
from pipeline.ledger import Ledger
from pipeline.outgoing import Delivery, DeliveryState
from pipeline.records import Outcome

PEOPLE = 6
"""Two of them in the first circle."""


class World:
    """A project whose emails are all pending, as SendGrid refused its key."""

    def __init__(self, root: Path, fake: FakeSendgrid) -> None:
        self.root, self.fake = make_house(root, PEOPLE, fake.url), fake
        self.fake.script("status:401")
        assert self.run("deliver", "--yes").code == 1
        assert counts(root) == {"pending": PEOPLE}

    def run(self, *arguments: str, days: int = 0) -> Ran:
        ran = run(self.root, *arguments, now=NOW + timedelta(days=days), env={"SENDGRID_API_KEY": KEY})
        assert "Traceback" not in ran.err
        return ran

    def edit(self, path: str, before: str, after: str) -> None:
        text = (self.root / path).read_text("utf-8")
        assert before in text
        (self.root / path).write_text(text.replace(before, after), "utf-8")

    def mails(self) -> list[dict[str, Any]]:
        return [line["mail"] for line in self.fake.books()]

    def to(self) -> list[str]:
        return sorted(line["to"] for line in self.fake.books())

    def deliveries(self) -> list[Delivery]:
        ledger = Ledger.peek(self.root / "private")
        assert ledger
        try:
            ledger.audit()
            return ledger.deliveries()
        finally:
            ledger.close()


EVERYBODY = [f"p{number}@example.org" for number in range(PEOPLE)]
UPDATE = "content/updates/2020-01-02-rain.md"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with FakeSendgrid(tmp_path / "books.jsonl") as fake:
        yield World(tmp_path / "house", fake)


def test_withdrawn_emails_do_not_leave_and_their_entries_wait_again(world: World) -> None:
    ran = world.run("withdraw", "--yes")
    assert ran.code == 0
    assert f"{PEOPLE} emails to {PEOPLE} people withdrawn. Their entries wait again for these people." in ran.out
    assert counts(world.root) == {"held": PEOPLE}
    assert all(one.reason.startswith("withdrawn on 2026-11-20") for one in world.deliveries())
    assert "rain" in world.run("plan", "--json").out
    world.edit(UPDATE, "Rain at last.", "Rain at least.")
    assert world.run("deliver", "--yes").code == 0
    assert world.to() == EVERYBODY
    assert all("Rain at least." in json.dumps(mail) for mail in world.mails())
    assert world.run("deliver", "--yes").code == 0
    assert world.to() == EVERYBODY, "and once only"


def test_an_entry_that_nobody_is_to_get_any_more_stays_away_after_a_withdrawal(world: World) -> None:
    assert world.run("withdraw", "all", "--yes").code == 0
    world.edit(UPDATE, "id: rain\n", "id: rain\ntell: none\n")
    assert world.run("deliver", "--yes").code == 0
    assert world.to() == []


@pytest.mark.parametrize("what", ["p1", "p1@example.org", "P1@Example.org", "token", "delivery"])
def test_one_person_is_named_by_id_address_token_or_delivery(world: World, what: str) -> None:
    one = next(one for one in world.deliveries() if one.who == "p1")
    ledger = Ledger.peek(world.root / "private")
    assert ledger
    what = {"token": ledger.letter(one.id).token, "delivery": one.id[:8]}.get(what, what)
    ledger.close()
    assert world.run("withdraw", what, "--yes").code == 0
    assert {one.who for one in world.deliveries() if one.state is DeliveryState.HELD} == {"p1"}


def test_one_issue_is_withdrawn_and_the_other_is_left(world: World) -> None:
    issues = {one.issue for one in world.deliveries()}
    assert issues == {"2026-11-20-inner-en", "2026-11-20-weak-en"}
    ran = world.run("withdraw", "2026-11-20-inner-en", "--yes")
    assert "2 emails to 2 people withdrawn" in ran.out
    assert counts(world.root) == {"held": 2, "pending": PEOPLE - 2}


def test_without_a_terminal_and_without_yes_nothing_is_withdrawn(world: World) -> None:
    ran = world.run("withdraw", "p1")
    assert ran.code == 1
    assert "Withdraw 1 email?" in ran.out
    assert "Cancelled: nothing was withdrawn." in ran.out
    assert counts(world.root) == {"pending": PEOPLE}


def test_what_may_have_been_submitted_is_never_touched(world: World) -> None:
    one, other, third, *_ = world.deliveries()
    with Ledger.open(world.root / "private", NOW) as ledger:
        ledger.step([], [one.id, other.id], NOW)
        ledger.step([Outcome(one.id, DeliveryState.SUBMITTED)], [], NOW)
        ledger.step([Outcome(other.id, DeliveryState.UNCERTAIN, "the line broke")], [], NOW)
    ran = world.run("withdraw", one.who, "--yes")
    assert ran.code == 1
    assert f"`{one.who}`: none of its emails is pending (1 submitted), so there is nothing to withdraw." in ran.err
    assert world.run("withdraw", other.issue, "--yes").code in (0, 1)
    assert world.run("withdraw", "--yes").code == 0
    assert counts(world.root) == {"submitted": 1, "uncertain": 1, "held": PEOPLE - 2}
    with Ledger.open(world.root / "private", NOW) as ledger, pytest.raises(LedgerUnusable, match="not pending"):
        ledger.withdraw([third.id, one.id], "x", NOW)
    assert counts(world.root)["submitted"] == 1


def test_a_name_that_nothing_pending_has_is_said_with_a_suggestion(world: World) -> None:
    ran = world.run("withdraw", "p11", "--yes")
    assert (ran.code, "Did you mean `p1`?" in ran.err) == (1, True)
    assert world.run("withdraw", "--yes").code == 0
    ran = world.run("withdraw", "--yes")
    assert (ran.code, ran.out) == (0, "No email is pending: there is nothing to withdraw.\n")


def test_nothing_is_made_where_nothing_was_ever_composed(tmp_path: Path) -> None:
    ran = run(tmp_path, "withdraw", "--yes")
    assert ran.code == 0
    assert not list(tmp_path.iterdir())


def test_withdrawing_needs_no_content_that_can_be_read(world: World) -> None:
    (world.root / "content" / "posts").mkdir()
    (world.root / "content" / "posts" / "broken.md").write_text("---\ntitle: [\n---\n", "utf-8")
    assert world.run("withdraw", "p1", "--json", "--yes").code == 0
    assert counts(world.root) == {"held": 1, "pending": PEOPLE - 1}


CHANGES = [
    (UPDATE, "Rain at last.", "Rain at least.", "`rain` was edited", "Rain at least."),
    (
        "pyproject.toml",
        "Ann <ann@house.example.org>",
        "Ann <letters@ann.example.org>",
        "the sender changed",
        "letters@ann",
    ),
    ("pyproject.toml", 'author = "Ann"', 'author = "Anna"', "[tool.kith] changed", "Anna"),
]


@pytest.mark.parametrize(("path", "before", "after", "why", "shows"), CHANGES)
def test_what_changed_since_is_composed_again_after_the_question(
    world: World, path: str, before: str, after: str, why: str, shows: str
) -> None:
    world.edit(path, before, after)
    ran = world.run("deliver")
    assert ran.code == 1
    assert f"{PEOPLE} letters left from before: something changed since" in ran.out
    assert why in ran.out
    assert f"Deliver {PEOPLE} letters with sendgrid?" in ran.out
    assert (counts(world.root), world.to()) == ({"pending": PEOPLE}, []), "no answer changes nothing"
    ran = world.run("deliver", "--yes")
    assert ran.code == 0, ran
    assert counts(world.root) == {"held": PEOPLE, "submitted": PEOPLE}
    assert world.to() == EVERYBODY
    assert all(shows in json.dumps(mail) for mail in world.mails())
    assert world.run("deliver", "--yes").code == 0
    assert world.to() == EVERYBODY


def test_a_changed_template_counts_as_well(world: World) -> None:
    assert world.run("templates", "--copy", "update.txt.j2").code == 0
    template = world.root / "templates" / "update.txt.j2"
    template.write_text(template.read_text("utf-8") + "\nA line of mine.\n", "utf-8")
    ran = world.run("deliver", "--yes")
    assert "the templates changed" in ran.out
    assert counts(world.root) == {"held": PEOPLE, "submitted": PEOPLE}


def test_kept_as_they_are_if_that_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.edit(UPDATE, "Rain at last.", "Rain at least.")
    ran = world.run("deliver", "--yes", "--changed", "keep")
    assert "They go as they are." in ran.out
    assert all("Rain at last." in json.dumps(mail) for mail in world.mails())
    assert counts(world.root) == {"submitted": PEOPLE}


def test_on_a_terminal_both_questions_are_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.edit(UPDATE, "Rain at last.", "Rain at least.")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    asked: list[str] = []
    answers = iter([False, True])
    monkeypatch.setattr("click.confirm", lambda question, **_: asked.append(question) or next(answers))
    assert world.run("deliver").code == 0
    assert asked[0].startswith("Compose them again?")
    assert asked[1] == f"Deliver {PEOPLE} letters left from before with sendgrid?"
    assert all("Rain at last." in json.dumps(mail) for mail in world.mails())


def test_an_entry_that_is_gone_does_not_leave(world: World) -> None:
    add_update(world.root, "old", "2019-01-03", "Old.")
    world.edit("content/updates/2019-01-03-old.md", "id: old\n", "id: old\ntell: none\n")
    (world.root / UPDATE).unlink()
    ran = world.run("deliver", "--yes")
    assert "`rain` is no longer there" in ran.out
    assert world.to() == []
    assert counts(world.root) == {"held": PEOPLE}


def test_where_nothing_changed_they_go_as_they_were_frozen(world: World) -> None:
    before = [one.id for one in world.deliveries()]
    add_update(world.root, "sun", "2020-01-03", "The sun is back.")
    ran = world.run("deliver", "--yes")
    assert ran.code == 0
    assert "Changed" not in ran.out
    assert [one.id for one in world.deliveries()][:PEOPLE] == before
    assert counts(world.root) == {"submitted": 2 * PEOPLE}


def test_a_ledger_of_before_lets_its_emails_go_as_they_are(world: World) -> None:
    """It does not say what they were composed from."""
    with Ledger.open(world.root / "private", NOW) as ledger:
        ledger._db.execute("DELETE FROM origins")
    world.edit(UPDATE, "Rain at last.", "Rain at least.")
    assert world.run("deliver", "--yes").code == 0
    assert world.to() == EVERYBODY
