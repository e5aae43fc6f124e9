"""Rotating: links of letters that went before lead nowhere, their pages are gone, and nothing happens unasked."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from houses import NOW, Ran, house, run, text
from sealed_house import FILES, body, letters, links, open_page, pages

from pipeline.ledger import Ledger
from pipeline.outgoing import DeliveryState
from pipeline.secret import new_generation


def test_rotating_makes_old_links_useless_and_takes_the_old_pages_away(copy: Path) -> None:
    before, old = set(pages(copy)), links(body(letters(copy)["wei"], "html"))
    ran = run(copy, "rotate", "--yes")
    assert ran.code == 0
    assert "6 sealed pages get new addresses" in ran.out
    assert "stop working" in ran.out
    assert "not settled" not in ran.out
    assert "1 text in build/paste holds old links" in ran.out
    assert set(pages(copy)) == before, "nothing moves before the next publish"
    later = run(copy, "publish", "--yes")
    assert later.code == 0, later
    assert "Nobody is told anything now." in later.out
    assert re.search(r"Site +\d+ pages kept · 6 of 6 sealed anew", later.out)
    for folder in (copy / "build" / "site", copy.parent / "online"):
        made = {path.name for path in (folder / "s").iterdir()} - {"index.html"}
        assert len(made) == 10
        assert not made & before
        for address, _ in old:
            assert not (folder / "s" / address).exists()
    for address in pages(copy):
        for _, key in old:
            with pytest.raises(ValueError, match="does not fit"):
                open_page(copy / "build" / "site", address, key)


def test_letters_after_a_rotation_hold_new_links(copy: Path) -> None:
    run(copy, "rotate", "--yes")
    shutil.rmtree(copy / "build" / "outbox")
    post = FILES["content/posts/orchard.md"]
    assert isinstance(post, str)
    again = post.replace("id: orchard", "id: second").replace("2026-11-17", "2026-11-19").replace("../posts/", "")
    (copy / "content/posts/second.md").write_text(again, "utf-8")
    assert "1 submitted" in run(copy, "publish", "--yes").out
    found = links(body(letters(copy)["wei"], "html"))
    assert found
    for one in found:
        open_page(copy / "build" / "site", *one)


def test_no_letter_goes_before_the_pages_that_it_leads_to(copy: Path) -> None:
    run(copy, "rotate", "--yes")
    another = text("id: second\ndate: 2026-11-20\nvisibility: zirkel", "Twenty stairs.\n")
    (copy / "content/updates/2026-11-20-second.md").write_text(another, "utf-8")
    ran = run(copy, "deliver", "--yes")
    assert (ran.code, ran.err) == (
        1, "Letters would lead to sealed pages that are not on the site yet. Run `kith publish`.\n"
    )  # fmt: skip
    assert "1 submitted" in run(copy, "publish", "--yes").out


def test_rotating_asks_first(copy: Path) -> None:
    before = (copy / "private/sealed.key").read_bytes()
    ran = run(copy, "rotate")
    assert ran.code == 1
    assert "--yes" in ran.out
    assert "Nothing was changed." in ran.out
    assert (copy / "private/sealed.key").read_bytes() == before


def test_rotating_can_be_asked_for_by_a_program(copy: Path) -> None:
    before = (copy / "private/sealed.key").read_bytes()
    ran = run(copy, "rotate", "--json")
    assert (ran.code, json.loads(ran.out)) == (1, {"rotated": False, "pages": 6, "waiting": 0, "pastes": 1})
    assert (copy / "private/sealed.key").read_bytes() == before
    ran = run(copy, "rotate", "--json", "--yes")
    assert (ran.code, json.loads(ran.out)) == (0, {"rotated": True, "pages": 6, "waiting": 0, "pastes": 1})
    assert (copy / "private/sealed.key").read_bytes() != before


def test_rotating_says_which_letters_would_leave_with_old_links(tmp_path: Path) -> None:
    root = house(tmp_path / "house", FILES)
    with (root / "pyproject.toml").open("a") as settings:
        settings.write("per_day = 1\n")
    run(root, "publish", "--yes")
    with Ledger.open(root / "private", NOW) as ledger:
        assert [one.who for one in ledger.deliveries(DeliveryState.PENDING)] == ["anaana", "tomtom"]
    ran = run(root, "rotate", "--yes")
    assert "1 letter not settled yet holds old links" in ran.out, "the other has none"
    assert "`kith deliver` first" in ran.out


def test_the_generation_is_for_its_owner_alone(published: tuple[Path, Ran]) -> None:
    path = published[0] / "private" / "sealed.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(path.read_text("ascii"))) == 32


def test_a_generation_that_is_damaged_or_gone_is_told_and_rotating_cures_it(copy: Path) -> None:
    path = copy / "private" / "sealed.key"
    path.write_text("not a key")
    ran = run(copy, "publish", "--yes")
    assert ran.code == 1
    assert ran.err.startswith("private/sealed.key: it is damaged.")
    assert "kith rotate" in ran.err
    path.unlink()
    ran = run(copy, "publish", "--yes")
    assert ran.code == 1
    assert "private/sealed.key is gone" in ran.err
    assert not path.exists(), "nothing is begun silently"
    assert run(copy, "rotate", "--yes").code == 0
    assert run(copy, "publish", "--yes").code == 0


def test_a_ledger_without_such_letters_begins_its_generation_by_itself(tmp_path: Path) -> None:
    root = house(tmp_path / "house")
    assert run(root, "publish", "--yes").code == 0
    (root / "private" / "sealed.key").unlink()
    assert run(root, "publish", "--yes").code == 0
    assert (root / "private" / "sealed.key").exists()


def test_a_new_generation_replaces_the_old_one_at_once(tmp_path: Path) -> None:
    new_generation(tmp_path)
    first = (tmp_path / "private/sealed.key").read_bytes()
    new_generation(tmp_path)
    assert (tmp_path / "private/sealed.key").read_bytes() != first
    assert [path.name for path in (tmp_path / "private").iterdir()] == ["sealed.key"]
