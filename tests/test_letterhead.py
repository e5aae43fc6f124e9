"""The head of every letter, as programs read it: RFC 5322, 2047, 2369, 2919, 8058, 3282."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest
from houses import SETTINGS, house, run
from hypothesis import example, given
from hypothesis import settings as often
from hypothesis import strategies as st

from pipeline.model import House
from tests import letters_house as h

WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=160)


def read(house: House = h.HOUSE, **more: Any) -> email.message.EmailMessage:
    """A letter's headers as a mail program reads them."""
    return email.message_from_bytes(h.mailed(h.letter(h.SHORT, house=house, **more)), policy=email.policy.default)


def of(**changes: Any) -> House:
    return replace(h.HOUSE, settings=replace(h.HOUSE.settings, **changes))


def raw(house: House) -> str:
    """The headers as they travel, unfolded."""
    head = h.mailed(h.letter(h.SHORT, house=house)).partition(b"\r\n\r\n")[0]
    return re.sub(r"\r\n[ \t]", " ", head.decode("ascii"))


@often(max_examples=60, deadline=None)
@given(WORDS)
@example("共识 Consensus 慢慢来 slowly 一点 一点 地 说 清楚 and again 再说一遍 end")
@example("Ünder " * 20)
def test_a_post_of_any_title_has_a_subject_that_reads_back_as_it_was_said(title: str) -> None:
    post = h.entry("t", 9, h.version("en", f"A {title}", "S", "B", "t"))
    small = replace(h.HOUSE, entries=(post,))
    letter = h.letter(post, house=small)
    (line,) = re.findall(r"\r\nSubject: (.*?)\r\n(?![ \t])", h.mailed(letter).decode("ascii"), re.DOTALL)
    assert str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", line)))) == letter.subject
    assert all(len(part) <= 78 for part in f"Subject: {line}".split("\r\n")) or letter.subject.isascii()


def test_the_sender_always_has_a_name() -> None:
    assert read(h.with_mail(sender="letters@lin.example.org"))["From"] == "Lin Zhao <letters@lin.example.org>"
    bare = replace(h.HOUSE.settings.mail, sender="letters@lin.example.org")
    for author in ("Zhao, Lin", 'Lin "Z" Zhao', "林昭"):
        (address,) = read(of(mail=bare, author=author))["From"].addresses
        assert (address.display_name, address.addr_spec) == (author, "letters@lin.example.org")
    assert read(h.with_mail(sender="林昭 <l@lin.example.org>"))["From"].addresses[0].display_name == "林昭"


def test_a_letter_is_to_one_reader_and_from_one_house() -> None:
    message = read()
    assert [len(message[name].addresses) for name in ("To", "From", "Reply-To")] == [1, 1, 1]
    assert not {"cc", "bcc", "sender"} & {name.lower() for name in message}


def test_its_id_is_its_deliverys_own_and_nothing_of_chance() -> None:
    assert read()["Message-ID"] == read()["Message-ID"] == "<a1b2c3@lin.example.org>"


def test_all_circles_have_one_list_and_a_language_is_named() -> None:
    names = {read(circle=circle)["List-Id"] for circle in (h.INNER, h.WEAK, h.WHOLE)}
    assert names == {"Lin Zhao <letters.lin.example.org>"}
    assert read(language="zh")["Content-Language"] == "zh"


IDN = {
    "url": "https://bücher.example/",
    "mail": replace(
        h.HOUSE.settings.mail,
        sender="Lin <lin@straße.example>",
        reply_to="lin@bücher.example",
        unsubscribe="https://bücher.example:8443/größe/{token}?über=ja",
    ),
}


def test_a_house_with_an_international_domain_has_plain_headers() -> None:
    text = raw(of(**IDN))
    host = "xn--bcher-kva.example"
    assert "From: Lin <lin@xn--strae-oqa.example>" in text
    assert f"Reply-To: lin@{host}" in text
    assert f"Message-ID: <a1b2c3@{host}>" in text
    assert f"<letters.{host}>" in text
    page = f"<https://{host}:8443/gr%C3%B6%C3%9Fe/{h.TOKEN}?%C3%BCber=ja>"
    assert f"List-Unsubscribe: {page}, <mailto:lin@{host}?subject=leave%20{h.TOKEN}>" in text
    assert "=?" not in text


def test_the_ways_out_in_the_letter_are_those_of_its_head() -> None:
    letter = h.letter(h.SHORT, house=of(**IDN))
    page, mail = (one.strip("<>") for one in dict(letter.headers)["List-Unsubscribe"].split(", "))
    assert page in letter.text
    assert page in letter.html
    assert mail.replace("leave", "pace") in letter.text


def test_one_click_is_offered_only_where_there_is_a_page_to_click() -> None:
    with_page, without = read(), read(h.with_mail(unsubscribe=""))
    assert with_page["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert with_page["List-Unsubscribe"].startswith("<https://")
    assert without["List-Unsubscribe-Post"] is None
    assert without["List-Unsubscribe"].startswith("<mailto:")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sender", "Ann <no-reply@house.example.org>"),
        ("reply_to", "NOREPLY@house.example.org"),
        ("reply_to", "do-not-reply@a.org"),
    ],
)
def test_a_mailbox_that_nobody_reads_is_a_problem(tmp_path, key: str, value: str) -> None:
    settings = SETTINGS.replace('sender = "Ann <ann@house.example.org>"', f'{key} = "{value}"')
    (problem,) = run(house(tmp_path, {"pyproject.toml": settings}), "check").problems
    fact = f"nobody reads `{parseaddr(value)[1]}`, and a letter is answered"
    assert problem == f"pyproject.toml:9: {fact}. Write a mailbox that you read."


def test_a_sender_that_nobody_reads_may_stand_where_answers_go_elsewhere(tmp_path) -> None:
    own = 'sender = "Ann <no-reply@house.example.org>"\nreply_to = "ann@house.example.org"'
    settings = SETTINGS.replace('sender = "Ann <ann@house.example.org>"', own)
    assert run(house(tmp_path, {"pyproject.toml": settings}), "check").code == 0
