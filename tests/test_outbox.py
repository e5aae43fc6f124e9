"""The outbox: one file per delivery, whole or not there, and a page to look through them."""

from __future__ import annotations

import email
import errno
import os
from datetime import UTC, datetime
from email import policy
from pathlib import Path
from typing import Any

import pytest
import small
from lxml import html as lxml_html

from pipeline import errors
from pipeline.frozen import alone
from pipeline.mime import to_bytes
from pipeline.outgoing import Letter, Picture
from pipeline.transports import outbox
from pipeline.transports.outbox import Outbox, file_name, preview


def letter(number: int = 1, **changes: object) -> Letter:
    """Each on a day of its own, with an address in it."""
    own = {
        "subject": f"慢慢达成共识 {number}",
        "text": "the words of the letter\n",
        "html": '<p>the words <a href="https://lin.example.org/?a=1&amp;b=2">of the letter</a></p>',
        "date": datetime(2026, 11, number, 8, tzinfo=UTC),
    }
    return small.letter(number, **(own | changes))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def page(path: Path) -> Any:
    return lxml_html.document_fromstring(path.read_bytes())


def test_a_letter_is_a_file_of_exactly_the_bytes_that_would_travel(tmp_path: Path) -> None:
    receipt = Outbox(tmp_path / "build" / "outbox").submit(alone(letter()))
    written = (tmp_path / "build" / "outbox" / "d1.eml").read_bytes()
    assert written == to_bytes(alone(letter()))
    assert email.message_from_bytes(written, policy=policy.default)["Subject"] == "慢慢达成共识 1"
    assert (receipt.message_id, receipt.evidence) == ("d1.eml", "written to d1.eml")
    assert names(tmp_path / "build" / "outbox") == ["d1.eml", "d1.html", "index.html"]


def test_the_same_delivery_twice_is_one_file_with_the_later_words(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    first, second = outbox.submit(alone(letter())), outbox.submit(alone(letter(text="other words\n")))
    assert first == second
    assert names(tmp_path) == ["d1.eml", "d1.html", "index.html"]
    assert b"other words" in (tmp_path / "d1.eml").read_bytes()
    assert len(page(tmp_path / "index.html").xpath("//li")) == 1


def test_the_index_shows_every_letter_newest_first_also_those_of_earlier_runs(tmp_path: Path) -> None:
    Outbox(tmp_path).submit(alone(letter(1)))
    Outbox(tmp_path).submit(alone(letter(3)))
    Outbox(tmp_path).submit(alone(letter(2)))
    found = page(tmp_path / "index.html")
    assert found.xpath("//li/a[1]/text()") == [f"慢慢达成共识 {number}" for number in (3, 2, 1)]
    assert found.xpath("//li/small[1]/text()")[1:] == ["陈伟 <wei2@example.org>", "陈伟 <wei1@example.org>"]
    assert found.xpath("//li/a[1]/@href") == ["d3.html", "d2.html", "d1.html"]
    assert found.xpath("//li/small/a/@href") == ["d3.eml", "d2.eml", "d1.eml"]
    assert "3 letters" in found.xpath("string(//header)") and "2026-11-03 08:00" in found.xpath("string(//li[1])")


def test_a_letter_is_shown_without_scripts_and_cannot_break_out_of_its_frame(tmp_path: Path) -> None:
    hostile = '<script>alert(1)</script></iframe>"><img src=x onerror=alert(1)>'
    Outbox(tmp_path).submit(alone(letter(html=hostile, text=hostile, to_name="<b>Wei</b>", subject="<i>oh</i>")))
    for name in ("d1.html", "index.html"):
        found = page(tmp_path / name)
        assert not found.xpath("//script | //img | //b | //i | //*[@onerror]")
        assert found.xpath("//iframe/@sandbox") == [""], "a frame that may do nothing"
    shown = page(tmp_path / "d1.html")
    assert shown.xpath("//iframe/@srcdoc") == [hostile] and hostile in shown.xpath("string(//pre)")
    assert "default-src 'none'" in shown.xpath("//meta/@content")[0]


def test_pictures_inside_a_letter_are_shown_in_its_preview() -> None:
    pictures = (Picture("p1", "a.png", "image/png", b"one"), Picture("p10", "b.png", "image/png", b"ten"))
    shown = preview(alone(letter(html='<img src="cid:p10"><img src="cid:p1"><img src="cid:p2">', inline=pictures)))
    assert "data:image/png;base64,dGVu" in shown and "data:image/png;base64,b25l" in shown and "cid:p2" in shown


@pytest.mark.parametrize(
    "delivery_id", ["../../etc/x", "a/b", "a:b", "D1", "d1.", ".hidden", "-rf", "index", "", "陈伟", "x" * 300, "a\nb"]
)
def test_a_delivery_id_of_any_shape_gets_a_plain_name_of_its_own(tmp_path: Path, delivery_id: str) -> None:
    name = file_name(delivery_id)
    assert name == file_name(delivery_id) != file_name(delivery_id + "x")
    assert name.replace("-", "").isalnum() and name.isascii() and name == name.lower() and len(name) < 90
    Outbox(tmp_path / "outbox").submit(alone(letter(delivery_id=delivery_id)))
    assert names(tmp_path) == ["outbox"] and f"{name}.eml" in names(tmp_path / "outbox")


def test_a_plain_delivery_id_is_the_name_itself() -> None:
    assert file_name("2026-11-18.wei_1") == "2026-11-18.wei_1"


def test_a_full_disk_is_unavailable_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    outbox = Outbox(tmp_path)
    outbox.submit(alone(letter(1)))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(errors.Unavailable, match="no space left on device") as caught:
            outbox.submit(alone(letter(2)))
    assert str(tmp_path) in str(caught.value)
    assert not [name for name in names(tmp_path) if name.endswith((".part", "d2.eml"))]
    assert len(page(tmp_path / "index.html").xpath("//li")) == 1
    outbox.submit(alone(letter(2)))
    assert len(page(tmp_path / "index.html").xpath("//li")) == 2


def test_a_folder_that_is_a_file_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(errors.Unavailable, match="file exists"):
        Outbox(tmp_path / "outbox").submit(alone(letter()))


def test_a_letter_that_was_taken_stays_taken_when_only_the_index_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    assert Outbox(tmp_path).submit(alone(letter())).message_id == "d1.eml"
    assert (tmp_path / "d1.eml").read_bytes() == to_bytes(alone(letter()))
    assert not [name for name in names(tmp_path) if name.endswith(".part")]


@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"Subject: =?utf-8?b?!!!?=\nDate: yesterday\nTo: <<>>,,\n\n"])
def test_a_file_that_is_no_letter_does_not_stop_the_outbox(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "foreign.eml").write_bytes(data)
    Outbox(tmp_path).submit(alone(letter()))
    assert len(page(tmp_path / "index.html").xpath("//li")) == 2


@pytest.mark.parametrize("changes", [{"to": "no address"}, {"subject": "one\nBcc: b@example.org"}, {"text": "\ud800"}])
def test_a_letter_that_cannot_be_written_down_is_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    with pytest.raises(errors.Refused):
        Outbox(tmp_path / "outbox").submit(alone(letter(**changes)))
    assert names(tmp_path) == []


def test_an_outbox_bounces_nobody(tmp_path: Path) -> None:
    assert Outbox(tmp_path).suppressed() == {}


def test_the_list_keeps_up_with_the_letters_and_is_not_written_for_each_of_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr(outbox, "index", lambda rows: written.append(len(rows)) or "")
    many = Outbox(tmp_path)
    for number in range(1, 201):
        many.submit(alone(letter(delivery_id=f"d{number}")))
        assert number - written[-1] <= min(50, written[-1] / 2)
    many.close()
    assert written[:3] == [1, 2, 3] and written[-1] == 200 and len(written) < 20


@pytest.mark.parametrize(
    "head",
    [
        b"To: Wei <wei@example.org>\r\nSubject: plain\r\nDate: Wed, 18 Nov 2026 08:00:00 +0000\r\n",
        b"To: =?utf-8?b?6ZmI5Lyf?= <wei@example.org>\r\nSubject: =?utf-8?q?K=C3=A4?=\r\n =?utf-8?q?se?=\r\n",
        b'To: "Doe, J." <j@example.org>\r\nSubject:\r\n folded\r\n\tand again\r\nDate: no day\r\n',
        b"to: a@example.org\r\nTo: b@example.org\r\nsubject: =?utf-8?b?!!?=\r\nDate: 18 Nov 2026 08:00\r\n",
        b"Subject: bare\nTo: a@example.org\n",
        b"Subject: K\xc3\xa4se\r\nTo: <<>>,,\r\n",
        b"no header\r\n",
    ],
)
def test_an_earlier_letter_is_listed_as_the_library_for_mail_reads_it(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "foreign.eml"
    path.write_bytes(head + b"\r\nThe body.\r\n")
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    row = outbox._Row.read(path)
    assert (row.to, row.subject) == (str(message.get("To", "")), str(message.get("Subject", "")))
    assert row.date == (message["Date"].datetime if message["Date"] else None)


def test_what_a_killed_run_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / f".d1.eml.{os.getpid()}.part").write_bytes(b"x" * 100_000)
    Outbox(tmp_path).submit(alone(letter()))
    assert (tmp_path / "d1.eml").read_bytes() == to_bytes(alone(letter()))
    assert not [name for name in names(tmp_path) if name.endswith(".part")]
