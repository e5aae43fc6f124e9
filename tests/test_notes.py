"""`kith note`: one sentence for one person, on top of their next letter, once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from html import escape
from pathlib import Path

import pytest
from houses import NOW, PEOPLE, house, run, text
from hypothesis import given, settings
from hypothesis import strategies as st
from leaky_house import put_down
from lxml import html as parser

from pipeline.leak import Output
from pipeline.leakcheck import LeakCheck
from pipeline.ledger import Ledger
from pipeline.letterparts import folded
from pipeline.letters import Composer
from pipeline.model import EVERYONE, PersonalLine
from pipeline.outgoing import DeliveryState
from pipeline.planned import Plan
from pipeline.privacy import own
from pipeline.records import Outcome
from pipeline.report import note_lines
from tests import letters_house as h

LINE = 'How did the <b>half marathon</b> & the knee go? "Tell me."'
TWO = PEOPLE.replace("circles: [weak]", "circles: [inner]")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A house in which Wei and Tom both get each entry at once."""
    return house(tmp_path, {"subscribers.yml": TWO})


def letters(root: Path) -> Mapping[str, str]:
    """What each address got, text and HTML of every letter of theirs."""
    found: dict[str, str] = {}
    for path in sorted((root / "build" / "outbox").glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        found[mail["To"].addresses[0].addr_spec] = found.get(mail["To"].addresses[0].addr_spec, "") + "\n".join(parts)
    return found


def again(root: Path, days: int = 1) -> None:
    """Writes another post and publishes it."""
    when = NOW + timedelta(days=days)
    (root / f"content/posts/next{days}.md").write_text(text(f"title: Next {days}\ndate: {when:%Y-%m-%d}"), "utf-8")
    assert run(root, "publish", "--yes", now=when).code == 0


def test_a_line_stands_in_its_readers_next_letter_and_in_no_other(root: Path) -> None:
    assert run(root, "note", "wei", LINE).code == 0
    done = run(root, "publish", "--yes")
    assert done.code == 0
    assert f"Notes     wei  {LINE}" in done.out
    assert "Privacy   1 narrower text checked" in done.out
    wei, tom = letters(root)["wei@example.org"], letters(root)["tom@example.org"]
    assert wei.index("Hello Wei") < wei.index("How did the") < wei.index("Hello, world")
    assert "&lt;b&gt;half marathon&lt;/b&gt; &amp;" in wei
    assert "<b>half" not in wei.partition("<html")[2]
    assert "marathon" not in tom
    pages = [path.read_bytes() for path in (root / "build" / "site").rglob("*") if path.is_file()]
    assert not any(b"half marathon" in data for data in pages)


def test_a_line_is_said_once(root: Path) -> None:
    run(root, "note", "wei", LINE)
    run(root, "publish", "--yes")
    again(root)
    assert letters(root)["wei@example.org"].count("How did the") == 2  # the text and the HTML of one letter
    assert "No line waits" in run(root, "note").out


def test_a_line_waits_as_long_as_there_is_nothing_to_tell(root: Path) -> None:
    run(root, "publish", "--yes")
    run(root, "note", "wei", LINE)
    assert run(root, "publish", "--yes").code == 0
    assert "marathon" not in letters(root)["wei@example.org"]
    again(root)
    assert "marathon" in letters(root)["wei@example.org"]


def test_waiting_lines_are_listed_replaced_and_taken_back(root: Path) -> None:
    run(root, "note", "wei", "First.")
    assert "in place of “First.”" in run(root, "note", "Wei@example.org", "Second.").out
    run(root, "note", "tom", "Third.")
    assert run(root, "note").out == "tom  Third.\nwei  Second.\n"
    assert run(root, "note", "wei").out == "wei  Second.\n"
    assert '"text": "Second."' in run(root, "note", "--json").out
    assert "“Second.” stands on top of their next letter" in run(root, "explain", "wei").out
    assert run(root, "note", "wei", "--remove").out == "wei: the line is taken back: “Second.”\n"
    assert run(root, "note", "wei", "--remove").code == 1
    assert run(root, "note").out == "tom  Third.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nobody", "Hello."), 1, "there is nobody called `nobody`"),
        (("group", "Hello."), 1, "`group` is a broadcast circle, and a line is for one person."),
        (("wei", "One.\nTwo."), 1, "Write one sentence."),
        (("wei", "x" * 301), 1, "the line has 301 characters; it may have 300."),
        (("wei", "Hello.", "--remove"), 2, "--remove takes PERSON, and no text."),
        (("--remove",), 2, "--remove takes PERSON, and no text."),
    ],
)
def test_what_is_no_line_is_refused(root: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run(root, "note", *arguments)
    assert (done.code, said in done.err) == (code, True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("state: contact", "a contact, who never asked for letters"),
        ("state: unsubscribed", "unsubscribed"),
        ("state: bounced", "the address bounced"),
        ("state: subscribed, cadence: never", "asked for no letters (`never`)"),
    ],
)
def test_a_line_for_somebody_who_never_gets_a_letter_is_refused(tmp_path: Path, row: str, said: str) -> None:
    root = house(
        tmp_path, {"subscribers.yml": TWO.replace("tom@example.org, state: subscribed", f"tom@example.org, {row}")}
    )
    done = run(root, "note", "tom", "Hello.")
    said = f"subscribers.yml:9: no letter goes to `tom`: {said}, so there is no letter to put it on."
    assert (done.code, done.err) == (1, f"{said} Write to them yourself.\n")
    assert "No line waits" in run(root, "note").out


def test_a_line_waits_for_the_end_of_a_pause(tmp_path: Path) -> None:
    paused = TWO.replace("tom@example.org, state: subscribed", "tom@example.org, state: paused")
    assert run(house(tmp_path, {"subscribers.yml": paused}), "note", "tom", "Hello.").code == 0


def test_a_line_can_be_taken_back_from_somebody_who_left(root: Path) -> None:
    run(root, "note", "tom", "Hello.")
    assert run(root, "choice", "tom", "--leave").code == 0
    assert run(root, "note", "tom", "Hello again.").code == 1
    assert run(root, "note", "tom", "--remove").out == "tom: the line is taken back: “Hello.”\n"


def test_the_plan_shows_the_lines_that_would_go_in_words_and_in_json(root: Path) -> None:
    run(root, "note", "wei", LINE)
    assert f"Notes     wei  {LINE}" in run(root, "plan").out
    wei, tom = sorted(json.loads(run(root, "plan", "--json").out)["letters"], key=lambda one: one["person"] == "tom")
    assert (wei["note"], tom["note"]) == (LINE, None)


@pytest.mark.parametrize("state", [DeliveryState.REFUSED, DeliveryState.HELD])
def test_a_letter_that_does_not_go_gives_its_line_back(root: Path, state: DeliveryState) -> None:
    run(root, "note", "wei", LINE)
    run(root, "publish", "--yes")
    with Ledger.open(root / "private", NOW) as ledger:
        (delivery,) = [one.id for one in ledger.deliveries() if one.who == "wei"]
        ledger.step([Outcome(delivery, state, "for a test")], [], NOW)
    assert "half marathon" in run(root, "note").out
    assert f"Notes     wei  {LINE}" in run(root, "publish", "--yes", now=NOW + timedelta(hours=1)).out


def test_a_letter_that_is_held_for_good_gives_its_line_back_and_nothing_else(root: Path) -> None:
    run(root, "note", "wei", LINE)
    run(root, "publish", "--yes")
    with Ledger.open(root / "private", NOW) as ledger:
        (delivery,) = [one.id for one in ledger.deliveries() if one.who == "wei"]
        ledger.hold_for_good([delivery], "too late", NOW)
    assert "half marathon" in run(root, "note").out
    assert "Nobody is told anything now." in run(root, "publish", "--yes").out


def test_the_line_is_kept_where_only_its_author_may_read(root: Path) -> None:
    run(root, "note", "wei", LINE)
    assert (root / "private").stat().st_mode & 0o777 == 0o700
    elsewhere = [path for path in root.rglob("*") if path.is_file() and "private" not in path.parts]
    assert not any(b"half marathon" in path.read_bytes() for path in elsewhere)


def test_a_readers_line_stands_on_a_sheet_of_its_own() -> None:
    composer = Composer(h.HOUSE, h.stationery(), h.picture)

    def frozen(line: PersonalLine | None):
        plan = replace(h.planned(h.SHORT), line=line)
        return composer.frozen(plan, issue_id="i", delivery_id="d", token="t", mark="", now=h.NOW)

    one, other, plain = frozen(PersonalLine("Only you.", "a")), frozen(None), frozen(None)
    assert "Only you." in one.sheet.html
    assert "Only you." in one.sheet.text
    assert other.sheet is plain.sheet
    assert "Only you." not in other.sheet.html + other.sheet.text
    assert "a" in one.stub.entries
    assert note_lines(Plan(h.NOW, (replace(h.planned(h.SHORT), line=PersonalLine("Only you.", "a")),)))


SAYING = Composer(h.HOUSE, h.stationery(), h.picture)


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=300))
def test_whatever_is_written_is_said_as_it_is_written(words: str) -> None:
    line = " ".join(words.split())
    plan = replace(h.planned(h.SHORT), line=PersonalLine(line, "a"))
    letter = SAYING.letter(plan, issue_id="i", delivery_id="d", token="t", now=h.NOW)
    shown = parser.document_fromstring(letter.html).xpath("string(//p[@dir='auto'])")
    assert "".join(shown.split()) == "".join(line.split())
    assert folded(line) in letter.text or not line


PLACES = {
    "a page": ("build/site/index.html", lambda line: f"<p>Before.</p>\n<p>{escape(line)}</p>"),
    "JSON": ("build/site/feed.json", lambda line: json.dumps({"items": [{"summary": line}]})),
    "the search index": ("build/site/search/search_index.json", lambda line: json.dumps({"text": line.upper()})),
    "plain text": ("build/site/humans.txt", lambda line: line),
    "another's email as text": ("the letter to `tom`, as text", lambda line: line.replace(" ", "\n")),
    "a part of it": ("build/site/feed.xml", lambda line: " ".join(line.split()[2:])),
}


@pytest.mark.parametrize(("name", "write"), PLACES.values(), ids=PLACES)
def test_a_line_is_found_in_every_kind_of_output_and_the_message_names_it(
    name: str, write: Callable[[str], str]
) -> None:
    line = "The orchid & the eye test went well."
    check = LeakCheck(h.HOUSE, Path("nowhere"), lines={"wei": PersonalLine(line, "a")})
    output = Output(name, EVERYONE, write(line).encode(), frozenset({"tom"}))
    (leak,) = check.look(output)
    assert leak.said().startswith(f"kith note wei: the line for `wei` stands in {name}:")
    assert "orchid" not in leak.said()
    assert not check.look(replace(output, audience=EVERYONE | {own("wei")}, own=frozenset({"wei"})))


def test_a_line_in_any_file_of_the_site_stops_the_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_down("search/search_index.json", json.dumps({"text": LINE}))(monkeypatch, h.HOUSE)
    assert run(root, "note", "wei", LINE).code == 0
    done = run(root, "publish", "--yes")
    assert done.code == 1
    assert "kith note wei: the line for `wei` stands in build/site/search/search_index.json:" in done.err


def test_a_line_may_say_what_stands_in_it(tmp_path: Path) -> None:
    people = TWO.replace("name: Tom", "name: Tom Hargreaves").replace("Close friends", "Friends")
    root = house(tmp_path, {"subscribers.yml": people})
    assert run(root, "note", "wei", "Say hello to Tom Hargreaves and to our friends.").code == 0
    done = run(root, "publish", "--yes")
    assert (done.code, done.err) == (0, "")


def test_what_everyone_may_read_anyway_is_no_secret() -> None:
    said = re.sub(r"\s+", " ", "Counting [stairs](https://example.org/s) again.")
    check = LeakCheck(h.HOUSE, Path("nowhere"), lines={"wei": PersonalLine(said, "a")})
    assert not check.look(Output("build/site/index.html", EVERYONE, said.encode()))
