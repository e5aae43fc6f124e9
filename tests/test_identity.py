"""Whatever is renamed, edited or translated, in one publish or in several, stays the same entry, or is asked about."""

from __future__ import annotations

import email
import email.policy
import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import houses
import pytest
from houses import NOW, Ran

PEOPLE = """\
version: 1
defaults: {languages: [en], cadence: each}
circles:
  inner: {title: Close friends, cadence: each, reads: [inner, public]}
people:
  - {id: wei, name: Wei, circles: [inner], address: wei@example.org, state: subscribed}
"""
WALK = "Along the river as far as the old bridge, and back before the rain came in from the west.\n"
TREES = "Seven kinds of trees stand in our street, and nobody whom I asked could name more than two of them.\n"
ZH = "沿着河边一直走到老桥，然后在雨从西边过来之前回家，一路上没有遇到别人。\n"


class Project:
    """A project that is published once an hour; `got` counts how often a text was in an email to Wei."""

    def __init__(self, root: Path) -> None:
        self.root, self.now = houses.house(root, {"subscribers.yml": PEOPLE}), NOW
        self.publish()

    def write(self, name: str, body: str, front: str = "title: A walk") -> None:
        path = self.root / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(houses.text(front, body) if front else body, "utf-8")

    def move(self, old: str, new: str) -> None:
        (self.root / "content" / old).rename(self.root / "content" / new)

    def remove(self, name: str) -> None:
        (self.root / "content" / name).unlink()

    def publish(self) -> Ran:
        self.now += timedelta(hours=1)
        ran = self.run("publish", "--yes")
        assert "Traceback" not in ran.err and ran.code == ("Unclear" in ran.out), ran
        return ran

    def run(self, *arguments: str) -> Ran:
        return houses.run(self.root, *arguments, now=self.now)

    def got(self, words: str) -> int:
        """In how many emails these words stand."""
        found = 0
        for path in (self.root / "build" / "outbox").glob("*.eml"):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            assert body is not None
            found += " ".join(words.split()) in " ".join(body.get_content().split())
        return found

    def guid(self, words: str) -> str:
        """The name of the item in the feed in which these words stand; empty where none has them."""
        items = [one for one in self.items() if words.strip()[:12] in one["content_html"]]
        return str(items[0]["id"]) if items else ""

    def items(self) -> list[dict[str, str]]:
        """The items of the feed of everything."""
        found: list[dict[str, str]] = json.loads((self.root / "build/site/feed.json").read_text("utf-8"))["items"]
        return found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_an_entry_that_was_renamed_and_edited_later_is_the_same(project: Project) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    project.move("posts/walk.md", "posts/river.md")
    project.publish()
    assert project.guid(WALK) == guid
    project.write("posts/river.md", TREES)
    project.publish()
    assert project.got(WALK) == 1 and project.got(TREES) == 0
    assert project.guid(TREES) == guid


def test_an_id_that_was_written_in_later_changes_nothing_even_when_the_file_is_renamed_then(project: Project) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    project.write("posts/walk.md", WALK, "title: A walk\nid: 2026-walk")
    project.publish()
    assert project.guid(WALK) == guid
    project.remove("posts/walk.md")
    project.write("posts/river.md", TREES, "title: Another\nid: 2026-walk")
    project.publish()
    assert project.guid(TREES) == guid and project.got(WALK) == 1 and project.got(TREES) == 0


def test_an_id_written_in_and_a_new_name_and_another_text_in_one_step_is_asked_about(project: Project) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    project.remove("posts/walk.md")
    project.write("posts/river.md", WALK + TREES, "title: Another\nid: river")
    assert "may be `walk`" in project.publish().out
    assert project.got(WALK) == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_translation_that_is_added_after_a_rename_or_with_it_is_no_new_entry(
    project: Project, together: bool
) -> None:
    settings = project.root / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace('["en", "zh"]', '["zh", "en"]'), "utf-8")
    project.write("posts/walk.en.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    project.move("posts/walk.en.md", "posts/river.en.md")
    if not together:
        project.publish()
    project.write("posts/river.zh.md", ZH)
    project.publish()
    assert project.got(WALK) == 1 and project.got(ZH) == 0
    assert project.guid(ZH) == guid, "the first language of the project stands in its feed"


@pytest.mark.parametrize("text", ["First cold morning.\n", "Cold.\n", "初雪。\n"])
def test_a_short_update_that_is_renamed_is_not_sent_twice(project: Project, text: str) -> None:
    project.write("updates/2026-11-20-first-cold.md", text, "")
    project.publish()
    guid = project.guid(text)
    project.move("updates/2026-11-20-first-cold.md", "updates/2026-11-20-frost.md")
    project.publish()
    assert project.got(text) == 1 and project.guid(text) == guid != ""


def test_a_short_update_that_is_renamed_and_changed_is_asked_about(project: Project) -> None:
    project.write("updates/2026-11-20-first-cold.md", "First cold morning.\n", "")
    project.publish()
    project.remove("updates/2026-11-20-first-cold.md")
    project.write("updates/2026-11-20-frost.md", "Frost!\n", "")
    assert "may be `2026-11-20-first-cold`" in project.publish().out
    assert project.got("Frost!") == 0 and project.guid("Frost!") == ""


def test_the_same_few_words_on_another_day_are_asked_about_when_the_old_ones_are_gone(project: Project) -> None:
    project.write("updates/2026-11-19-a.md", "Good morning.\n", "")
    project.publish()
    project.write("updates/2026-11-20-b.md", "Good morning.\n", "")
    project.publish()
    assert project.got("Good morning.") == 2, "while the old one is there, the other is a new one"
    project.remove("updates/2026-11-19-a.md")
    project.publish()
    project.write("updates/2026-11-20-c.md", "Good morning.\n", "")
    assert "Unclear" in project.publish().out


def renamed_and_changed(project: Project) -> str:
    project.write("posts/walk.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    project.remove("posts/walk.md")
    project.write("posts/river.md", f"{WALK}And the heron was there again.\n")
    return guid


def test_what_was_renamed_and_changed_in_one_step_waits_for_everybody_until_a_person_says(project: Project) -> None:
    guid = renamed_and_changed(project)
    project.write("posts/trees.md", TREES, "title: Trees")
    for ran in (project.run("plan"), project.publish(), project.publish()):
        assert "content/posts/river.md may be `walk` under another name" in ran.out
        assert "kith identify content/posts/river.md --new" in ran.out
    assert project.got("heron") == 0 and project.got(TREES) == 1, "it keeps nothing else back"
    assert project.guid("Along the river") == ""
    assert "held: it may be `walk` under another name" in project.run("explain", "wei", "river").out
    assert "Unclear" in project.run("check").out
    report = project.run("report")
    assert report.code == 1 and "Unclear" in report.out
    ran = project.run("identify", "content/posts/river.md", "--same-as", "walk")
    assert ran.code == 0, ran
    assert "Unclear" not in project.publish().out
    assert project.got("heron") == 0 and project.guid(WALK) == guid
    project.write("posts/river.md", TREES)
    project.publish()
    assert project.guid(TREES[:20]) and project.got(TREES) == 1


def test_front_matter_can_say_which_entry_it_is(project: Project) -> None:
    guid = renamed_and_changed(project)
    project.publish()
    project.write("posts/river.md", f"{WALK}And the heron was there again.\n", "title: A walk\nid: walk")
    assert "Unclear" not in project.publish().out
    assert project.got("heron") == 0 and project.guid(WALK) == guid


def test_a_person_can_say_that_it_is_new(project: Project) -> None:
    guid = renamed_and_changed(project)
    project.publish()
    assert project.run("identify", "river", "--new").code == 0
    assert "Unclear" not in project.publish().out
    assert project.got("heron") == 1 and project.guid(WALK) not in ("", guid)
    project.publish()
    assert project.got("heron") == 1


def test_the_question_stays_while_nobody_answers_even_when_the_text_goes_on_changing(project: Project) -> None:
    renamed_and_changed(project)
    project.publish()
    project.write("posts/river.md", TREES, "title: Trees")
    assert "Unclear" in project.publish().out
    assert project.got(TREES) == 0
    project.move("posts/river.md", "posts/elsewhere.md")
    project.write("posts/elsewhere.md", f"{WALK}And the heron was there again.\n")
    assert "Unclear" in project.publish().out
    assert project.got("heron") == 0


def test_an_unrelated_new_post_is_no_question_when_an_old_one_is_deleted(project: Project) -> None:
    project.write("posts/walk.md", WALK, "title: A walk\ndate: 2026-11-02")
    project.publish()
    project.remove("posts/walk.md")
    project.write("posts/trees.md", TREES, "title: Trees\ndate: 2026-11-20")
    assert "Unclear" not in project.publish().out
    assert project.got(TREES) == 1


def test_answers_to_questions_that_nobody_asked_are_refused(project: Project) -> None:
    renamed_and_changed(project)
    project.publish()
    for arguments in (("hello", "--new"), ("river", "--same-as", "nothing")):
        ran = project.run("identify", *arguments)
        assert ran.code == 1 and "Traceback" not in ran.err
    assert project.run("identify", "river").code == 2
    assert project.run("identify", "river", "--new", "--same-as", "walk").code == 2


def test_two_files_that_changed_names_are_each_what_they_were(project: Project) -> None:
    project.write("posts/a.md", WALK, "title: A")
    project.write("posts/b.md", TREES, "title: B")
    project.publish()
    first, second = project.guid(WALK), project.guid(TREES)
    for old, new in (("a", "x"), ("b", "a"), ("x", "b")):
        project.move(f"posts/{old}.md", f"posts/{new}.md")
    project.publish()
    assert (project.guid(WALK), project.guid(TREES)) == (first, second)
    project.write("posts/a.md", f"{TREES}More of them.\n", "title: B")
    project.write("posts/b.md", f"{WALK}Further.\n", "title: A")
    project.publish()
    assert (project.guid(WALK), project.guid(TREES)) == (first, second)
    assert project.got("Along the river") == project.got("Seven kinds") == 1


def test_a_chain_of_names_leads_to_the_first_and_an_old_name_can_be_used_anew(project: Project) -> None:
    project.write("posts/a.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    for old, new in (("a", "b"), ("b", "c")):
        project.move(f"posts/{old}.md", f"posts/{new}.md")
        project.publish()
    project.write("posts/a.md", TREES, "title: Trees")
    project.publish()
    assert project.got(TREES) == 1, "a new text under the old name is new"
    assert project.guid(WALK) == guid != project.guid(TREES) != ""
    second = project.guid(TREES)
    project.write("posts/a.md", f"{TREES}More of them.\n", "title: Trees\nid: a")
    project.move("posts/c.md", "posts/d.md")
    project.publish()
    assert (project.guid(WALK), project.guid(TREES)) == (guid, second)
    assert project.got("Along the river") == project.got("Seven kinds") == 1


def test_a_new_text_under_the_name_that_another_just_left_is_new(project: Project) -> None:
    project.write("posts/now.md", WALK, "title: November")
    project.publish()
    guid = project.guid(WALK)
    project.move("posts/now.md", "posts/november.md")
    project.write("posts/now.md", TREES, "title: December")
    project.publish()
    assert project.guid(WALK) == guid and project.got("Along the river") == 1
    assert project.got(TREES) == 1


def test_a_file_that_was_deleted_and_comes_back_is_the_same(project: Project) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    project.remove("posts/walk.md")
    project.publish()
    project.write("posts/river.md", WALK)
    project.publish()
    assert project.guid(WALK) == guid and project.got(WALK) == 1


def test_another_text_under_a_name_that_was_gone_for_a_while_is_asked_about(project: Project) -> None:
    project.write("posts/news.md", WALK, "title: News")
    project.publish()
    project.remove("posts/news.md")
    project.publish()
    project.write("posts/news.md", TREES, "title: News")
    assert "posts/news.md may be `news`" in project.publish().out
    assert project.run("identify", "news", "--new").code == 0
    assert "Unclear" not in project.publish().out
    assert project.got(TREES) == 1
    project.write("posts/news.md", f"{TREES}More.\n", "title: News")
    project.publish()
    assert project.got("Seven kinds") == 1


def test_a_file_that_comes_back_a_little_changed_is_the_same(project: Project) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    project.remove("posts/walk.md")
    project.publish()
    project.write("posts/walk.md", f"{WALK}And the heron was there again.\n")
    assert "Unclear" not in project.publish().out
    assert project.got("Along the river") == 1


def test_a_copy_of_a_text_that_is_still_there_is_another_entry(project: Project) -> None:
    project.write("posts/walk.md", WALK, "title: Walk")
    project.publish()
    project.write("posts/copy.md", WALK, "title: Copy")
    project.publish()
    assert project.got(WALK) == 2
    for old, new in (("walk", "walk2"), ("copy", "copy2")):
        project.move(f"posts/{old}.md", f"posts/{new}.md")
    assert "Unclear" not in project.publish().out
    assert project.got(WALK) == 2


def test_a_translation_that_leaves_its_entry_is_asked_about(project: Project) -> None:
    project.write("posts/walk.en.md", WALK)
    project.write("posts/walk.zh.md", ZH)
    project.publish()
    project.move("posts/walk.zh.md", "posts/reise.zh.md")
    assert "posts/reise.zh.md may be `walk`" in project.publish().out
    ran = project.run("identify", "reise", "--same-as", "walk")
    assert ran.code == 1 and "content/posts/walk.en.md" in ran.err
    project.move("posts/reise.zh.md", "posts/walk.zh.md")
    assert "Unclear" not in project.publish().out
    assert project.got(WALK) == 1 and project.got(ZH) == 0


def test_an_old_text_kept_as_a_copy_beside_its_new_version_is_asked_about(project: Project) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    project.move("posts/walk.md", "posts/walk-2025.md")
    project.write("posts/walk.md", f"{WALK}And the heron was there again.\n")
    assert "posts/walk.md may be `walk`" in project.publish().out
    assert project.run("identify", "walk", "--same-as", "walk").code == 0
    assert "posts/walk-2025.md may be `walk`" in project.publish().out
    assert project.got("Along the river") == 1 and project.guid("Along the river") == guid


def test_a_text_that_moved_and_changed_while_another_took_its_name_is_asked_about(project: Project) -> None:
    project.write("posts/walk.md", WALK, "title: November")
    project.publish()
    project.write("posts/walk.md", TREES, "title: December")
    project.write("posts/river.md", f"{WALK}And the heron was there again.\n", "title: November")
    assert "posts/river.md may be `walk`" in project.publish().out
    project.move("posts/river.md", "posts/stream.md")
    for _ in range(2):
        assert "posts/stream.md may be `walk`" in project.publish().out
    assert project.run("identify", "stream", "--same-as", "walk").code == 0
    assert "Unclear" not in project.publish().out
    assert project.got("Along the river") == 1 and project.got("Seven kinds") == 1


def test_which_of_two_equal_texts_was_renamed_is_asked(project: Project) -> None:
    for name in ("a", "b"):
        project.write(f"posts/{name}.md", WALK)
    project.publish()
    project.remove("posts/a.md")
    project.move("posts/b.md", "posts/c.md")
    assert "posts/c.md may be `a` or `b`" in project.publish().out
    assert project.run("identify", "c", "--same-as", "b").code == 0
    assert "Unclear" not in project.publish().out


def test_an_undated_entry_keeps_the_day_it_was_first_seen(project: Project) -> None:
    def day() -> str:
        return next(one["date_published"] for one in project.items() if "Along" in one["content_html"])

    project.write("posts/walk.md", WALK)
    project.publish()
    first = day()
    project.move("posts/walk.md", "posts/river.md")
    for _ in range(2):
        project.now += timedelta(days=3)
        project.publish()
        assert day() == first
    project.write("posts/river.md", WALK, "title: A walk\nid: river")
    project.now += timedelta(days=3)
    project.publish()
    assert day() == first


def test_what_introduces_a_digest_is_said_once_though_its_file_is_renamed(project: Project) -> None:
    people = project.root / "subscribers.yml"
    people.write_text(PEOPLE.replace("cadence: each,", "cadence: daily,"), "utf-8")
    project.write("letters/2026-11.md", "Dear friends, the year is nearly over.\n", "")
    for number, name in enumerate(["2026-11.md", "2026-11-19.md", "2026-11-20.md"]):
        project.write(f"posts/p{number}.md", f"{TREES}Number {number}.\n", f"title: P{number}")
        if number:
            previous = ["2026-11.md", "2026-11-19.md"][number - 1]
            project.move(f"letters/{previous}", f"letters/{name}")
        project.publish()
        project.now += timedelta(days=2)
        project.publish()
    assert project.got("Number 2.") == 1
    assert project.got("the year is nearly over") == 1


def old_ledger(project: Project) -> None:
    """Makes the ledger what an earlier version of Kith left: no names, and fingerprints of long texts only."""
    path = project.root / "private" / "ledger.db"
    (path.parent / "ledger.seal").unlink()
    with sqlite3.connect(path) as database:
        database.execute(
            "UPDATE seen SET digest=coalesce((SELECT digest FROM looks WHERE looks.entry=seen.entry"
            " AND looks.lang='en' AND length(sample)>33), '')"
        )
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in set(tables) - FIRST:
            database.execute(f"DROP TABLE {table}")
        database.execute("PRAGMA user_version=1")
    database.close()


FIRST = set("meta sets sheets told joined seen choices issues held deliveries pastes journal events stops".split())


def rename(project: Project) -> None:
    project.move("posts/walk.md", "posts/river.md")


def write_id(project: Project) -> None:
    project.write("posts/walk.md", WALK, "title: A walk\nid: river")


def edit(project: Project) -> None:
    project.write("posts/walk.md", TREES)


@pytest.mark.parametrize("first", [rename, write_id, edit])
def test_a_ledger_of_the_first_version_knows_its_entries_again(
    project: Project, first: Callable[[Project], None]
) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    old_ledger(project)
    first(project)
    project.publish()
    text = TREES if first is edit else WALK
    assert project.guid(text) == guid
    path = next((project.root / "content" / "posts").glob("[wr]*.md"))
    path.rename(path.with_name("later.md"))
    project.publish()
    assert project.guid(text) == guid
    assert project.got(WALK) == 1 and project.got(TREES) == 0


def test_a_short_update_that_is_renamed_with_a_ledger_of_the_first_version_is_asked_about(project: Project) -> None:
    project.write("updates/2026-11-20-first-cold.md", "First cold morning.\n", "")
    project.publish()
    old_ledger(project)
    project.move("updates/2026-11-20-first-cold.md", "updates/2026-11-20-frost.md")
    assert "may be `2026-11-20-first-cold`" in project.publish().out
    assert project.got("First cold morning.") == 1


def test_a_published_entry_that_is_a_draft_for_a_while_is_no_new_one(project: Project) -> None:
    project.write("posts/walk.md", WALK)
    project.publish()
    guid = project.guid(WALK)
    project.remove("posts/walk.md")
    project.write("posts/river.md", WALK, "title: A walk\ndraft: true")
    project.publish()
    project.write("posts/river.md", TREES, "title: A walk")
    project.publish()
    assert project.guid(TREES) == guid and project.got(TREES) == 0


def test_a_baseline_knows_renamed_entries_and_does_not_answer_questions(project: Project) -> None:
    renamed_and_changed(project)
    assert "Unclear" in project.run("baseline", "--yes").out
    assert "Unclear" in project.publish().out
