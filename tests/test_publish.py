"""The main job on the sample house, from the command line."""

from __future__ import annotations

import email
import email.policy
import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from houses import Ran, run

from pipeline.config import read_settings
from pipeline.ledger import Ledger
from pipeline.outgoing import DeliveryState
from pipeline.records import Outcome

CHECKOUT = Path(__file__).resolve().parent.parent
NOW = datetime.fromisoformat("2026-11-21T09:30:00+08:00")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The sample house after its first publish."""
    root = tmp_path_factory.mktemp("sample") / "house"
    root.mkdir()
    for name in ("content", "site", "templates"):
        shutil.copytree(CHECKOUT / name, root / name)
    for name in ("subscribers.yml", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, root / name)
    return root, run(root, "publish", now=NOW)


@pytest.fixture
def copy(published: tuple[Path, Ran], tmp_path: Path) -> Path:
    """A published house that a test may change."""
    shutil.copytree(published[0], tmp_path / "house")
    return tmp_path / "house"


def deploying(root: Path, lines: str) -> None:
    """Gives a house a place to deploy to."""
    settings = root / "pyproject.toml"
    settings.write_text(f"{settings.read_text('utf-8')}\n[tool.kith.deploy]\n{lines}\n", "utf-8")


def letters(root: Path) -> dict[str, email.message.EmailMessage]:
    found = {}
    for path in (root / "build" / "outbox").glob("*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found[message["To"].addresses[0].addr_spec] = message
    return found


def built(root: Path) -> dict[Path, bytes]:
    """Every file of ``build/`` but the leak check's memory, which names files by their place on the disk."""
    paths = [path for path in (root / "build").rglob("*") if path.is_file() and path.name != "leaks"]
    return {path: path.read_bytes() for path in paths}


def test_the_first_publish_says_what_it_did_and_ends_well(published: tuple[Path, Ran]) -> None:
    _, ran = published
    assert ran.code == 0, ran
    for words in ("12 posts, 15 updates", "5 now", "text to paste", "Privacy", "5 submitted · 0 refused · 0 uncertain"):
        assert words in ran.out


def test_only_those_who_were_planned_have_a_letter(published: tuple[Path, Ran]) -> None:
    assert set(letters(published[0])) == {f"{who}@example.org" for who in ("wei", "xiaomin", "afeng", "lucia", "tom")}


def made(root: Path) -> dict[Path, bytes]:
    """Everything in `build/` but what only saves time: a copied house has other files on the disk."""
    files = (path for path in (root / "build").rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if not path.is_relative_to(root / "build" / "cache")}


def test_a_second_publish_changes_nothing_and_tells_nobody(copy: Path) -> None:
    before = made(copy)
    ran = run(copy, "publish", now=NOW + timedelta(minutes=5))
    assert ran.code == 0
    assert "nothing changed" in ran.out
    assert "Nobody is told anything now." in ran.out
    assert made(copy) == before


def test_a_new_post_changes_its_pages_and_reaches_the_inner_circle_once(copy: Path) -> None:
    shutil.rmtree(copy / "build" / "outbox")
    later = NOW + timedelta(hours=3)
    assert run(copy, "new", "update", "The river is high today.", now=later).code == 0
    ran = run(copy, "publish", now=later)
    assert "5 submitted" in ran.out
    assert all("The river is high today." in one.get_body(("plain",)).get_content() for one in letters(copy).values())
    assert "0 submitted" not in ran.out
    assert "submitted ·" not in run(copy, "publish", now=later + timedelta(hours=1)).out


def test_a_week_later_the_digest_goes_to_those_who_waited(copy: Path) -> None:
    ran = run(copy, "publish", now=NOW + timedelta(days=3))
    assert "17 submitted" in ran.out, "16 builders and one of the inner circle, on Monday"


def test_an_edited_renamed_or_back_dated_entry_is_not_told_again(copy: Path) -> None:
    post = next((copy / "content" / "posts").glob("magnifier.md"))
    text = post.read_text("utf-8").replace("date: 2026-11", "date: 2026-10") + "\nOne more line.\n"
    for path in (copy / "content" / "posts").glob("magnifier*.md"):
        path.rename(path.with_name(path.name.replace("magnifier", "lens")))
    (copy / "content" / "posts" / "lens.md").write_text(text, "utf-8")
    for path in (copy / "content").rglob("*.md"):
        path.write_text(
            path.read_text("utf-8").replace("magnifier.md", "lens.md").replace("magnifier.zh.md", "lens.zh.md"), "utf-8"
        )
    ran = run(copy, "publish", now=NOW + timedelta(hours=1))
    assert ran.code == 0, ran
    assert "Nobody is told anything now." in ran.out


def test_a_passage_reaches_the_circle_it_is_for_and_nobody_else(published: tuple[Path, Ran]) -> None:
    root, _ = published
    passage = "The eye test" if "The eye test" in (root / "content/posts/magnifier.md").read_text("utf-8") else None
    source = (root / "content" / "posts" / "magnifier.md").read_text("utf-8")
    secret = source.split("::: only inner")[1].split(":::")[0].strip().split("\n")[0][:40]
    assert passage is None or passage
    tom = letters(root)["tom@example.org"].get_body(("plain",)).get_content()
    assert secret in " ".join(tom.split())
    for path in (root / "build" / "site").rglob("*"):
        if path.suffix in (".html", ".xml", ".json"):
            assert secret not in path.read_text("utf-8"), path
    assert secret not in (root / "build" / "paste" / "group-2016.zh.txt").read_text("utf-8")


def test_nothing_that_is_not_public_is_on_the_site_or_given_to_mkdocs(published: tuple[Path, Ran]) -> None:
    root, _ = published
    assert not any((root / "build" / "docs").iterdir()), "MkDocs looks into a folder in which nothing ever lies"
    names = [path.relative_to(root).as_posix() for path in (root / "build" / "site").rglob("*")]
    assert names
    assert not [name for name in names if "retry-storm" in name or "counting-stairs" in name or "balcony" in name]
    assert not [name for name in names if "ten-lines" in name], "nor a draft"


def test_circle_names_stand_in_no_letter(published: tuple[Path, Ran]) -> None:
    for message in letters(published[0]).values():
        whole = "\n".join([*map(str, message.values()), message.get_body(("html",)).get_content()])
        assert "group-2016" not in whole
        assert "inner" not in whole


def test_plan_json_is_the_plan_and_changes_nothing(published: tuple[Path, Ran], tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    shutil.copytree(published[0], root, ignore=shutil.ignore_patterns("build", "private"))
    ran = run(root, "plan", "--json", now=NOW)
    data = json.loads(ran.out)
    assert [one["person"] for one in data["letters"]] == ["wei", "xiaomin", "afeng", "lucia", "tom"]
    assert len(data["held"]) == 61
    assert "@example.org" not in ran.out
    assert not (root / "private").exists()
    kept = [path for path in (root / "build").rglob("*") if path.is_file()]
    assert all(path.is_relative_to(root / "build" / "cache") for path in kept), "it only remembers what it read"


@pytest.mark.parametrize(
    ("mail", "extra", "env", "words"),
    [
        ('transport = "sendgrid"', "", {}, "SENDGRID_API_KEY"),
        ('transport = "smtp"', '[tool.kith.smtp]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"', {}, "127.0.0.1"),
        (
            'transport = "smtp"',
            '[tool.kith.smtp]\nhost = "nowhere.invalid"\nsecurity = "starttls"',
            {},
            "nowhere.invalid",
        ),
    ],
)
def test_a_missing_key_or_a_wrong_host_is_one_clear_line_and_loses_nothing(
    copy: Path, mail: str, extra: str, env: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.setbacks.PATIENCE", (0.0, 0.0, 0.0))  # the waits themselves are held in test_faults
    settings = copy / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace('transport = "outbox"', mail) + "\n" + extra, "utf-8")
    later = NOW + timedelta(hours=3)
    run(copy, "new", "update", "The river is high today.", now=later)
    ran = run(copy, "publish", "--yes", now=later, env=env)
    assert ran.code == 1
    assert words in ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err
    settings.write_text(settings.read_text("utf-8").replace(mail, 'transport = "outbox"'), "utf-8")
    assert "5 submitted" in run(copy, "publish", now=later).out


def test_nobody_there_to_answer_means_nothing_leaves(copy: Path) -> None:
    deploying(copy, 'to = "command"\ncommand = "touch deployed"')
    ran = run(copy, "publish", now=NOW)
    assert ran.code == 1
    assert "--yes" in ran.out
    assert not (copy / "deployed").exists()


def test_a_failing_deploy_keeps_every_letter_back(copy: Path) -> None:
    deploying(copy, 'to = "command"\ncommand = "exit 7"')
    later = NOW + timedelta(hours=3)
    run(copy, "new", "update", "The river is high today.", now=later)
    shutil.rmtree(copy / "build" / "outbox")
    ran = run(copy, "publish", "--yes", now=later)
    assert ran.code == 1
    assert "exit code 7" in ran.err
    assert not list((copy / "build" / "outbox").glob("*.eml"))
    settings = copy / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace("exit 7", "echo gone >> online"), "utf-8")
    assert "5 submitted" in run(copy, "publish", "--yes", now=later).out
    run(copy, "publish", "--yes", now=later + timedelta(hours=1))
    assert (copy / "online").read_text() == "gone\n", "the site goes online only when it changed"


def test_a_ledger_that_is_gone_is_not_taken_for_a_new_one(copy: Path) -> None:
    (copy / "private" / "ledger.db").unlink()
    ran = run(copy, "publish", now=NOW)
    assert ran.code == 1
    assert "ledger.db is gone" in ran.err
    assert run(copy, "baseline", "--yes", now=NOW).code == 0
    ran = run(copy, "publish", now=NOW + timedelta(minutes=1))
    assert ran.code == 0
    assert "Nobody is told anything now." in ran.out


def test_building_never_needs_the_ledger_and_shows_the_letters(published: tuple[Path, Ran], tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    shutil.copytree(published[0], root, ignore=shutil.ignore_patterns("build", "private"))
    ran = run(root, "build", now=NOW)
    assert ran.code == 0
    assert len(list((root / "build" / "letters").glob("*.eml"))) == 5
    assert not (root / "private").exists()


def test_settling_tells_again_what_was_not_taken(copy: Path) -> None:
    with Ledger.open(copy / "private", NOW) as ledger:
        (one, *_) = ledger.deliveries()
        ledger.step([Outcome(one.id, DeliveryState.UNCERTAIN, "the connection broke")], [], NOW)
    report = run(copy, "report", now=NOW)
    assert one.id in report.out
    assert "the connection broke" in report.out
    assert run(copy, "settle", one.id[:8], "not-taken", now=NOW).code == 0
    assert "1 submitted" in run(copy, "publish", now=NOW).out
    with Ledger.open(copy / "private", NOW) as ledger:
        states = [delivery.state for delivery in ledger.deliveries() if delivery.who == one.who]
    assert states == [DeliveryState.REFUSED, DeliveryState.SUBMITTED]


def test_what_a_reader_asks_for_holds_from_the_next_publish_on(copy: Path) -> None:
    assert run(copy, "choice", "tom", "--leave", now=NOW).code == 0
    later = NOW + timedelta(hours=3)
    run(copy, "new", "update", "The river is high today.", now=later)
    assert "4 submitted" in run(copy, "publish", now=later).out
    assert "unsubscribed (they asked for it)" in run(copy, "explain", "tom", now=later).out


def test_the_sample_settings_are_read_as_written() -> None:
    settings = read_settings(CHECKOUT)
    assert settings.mail.transport == "outbox", "a fresh clone cannot mail anyone"


def test_a_renamed_file_without_an_id_is_known_again(copy: Path) -> None:
    later = NOW + timedelta(hours=1)
    post = copy / "content" / "posts" / "river-walk.md"
    post.write_text(
        "---\ntitle: A walk\ndate: 2026-11-21\n---\n\nAlong the river as far as the old bridge, and back.\n"
    )
    assert "5 submitted" in run(copy, "publish", now=later).out
    post.rename(post.with_name("a-walk-by-the-river.md"))
    ran = run(copy, "publish", now=later + timedelta(hours=1))
    assert "Nobody is told anything now." in ran.out, ran
    assert (copy / "build" / "site" / "posts" / "a-walk-by-the-river" / "index.html").exists()


def test_a_leak_planted_in_the_site_is_never_deployed(copy: Path) -> None:
    source = (copy / "content" / "posts" / "magnifier.md").read_text("utf-8")
    secret = source.split("::: only inner")[1].split(":::")[0].strip()
    page = copy / "build" / "site" / "index.html"
    page.write_text(page.read_text("utf-8").replace("</body>", f"<p>{secret}</p></body>"), "utf-8")
    deploying(copy, 'to = "command"\ncommand = "touch deployed"')
    ran = run(copy, "deploy", "--yes", now=NOW)
    assert ran.code == 1
    assert "only for `inner`" in ran.err
    assert not (copy / "deployed").exists()


def test_an_unchanged_site_is_not_asked_about(copy: Path) -> None:
    deploying(copy, 'to = "folder"\nfolder = "../www"')
    assert run(copy, "publish", "--yes", now=NOW).code == 0
    again = run(copy, "publish", now=NOW + timedelta(minutes=1))
    assert again.code == 0, again
    shutil.rmtree(copy.parent / "www")
    assert run(copy, "publish", now=NOW + timedelta(minutes=2)).code == 1, (
        "a folder that vanished is to be filled again"
    )


def test_letters_do_not_lead_to_a_site_that_never_went_online(copy: Path) -> None:
    deploying(copy, 'to = "folder"\nfolder = "../www"')
    run(copy, "new", "update", "The river is high today.", now=NOW + timedelta(hours=1))
    ran = run(copy, "deliver", "--yes", now=NOW + timedelta(hours=2))
    assert ran.code == 1
    assert "never went online" in ran.err
