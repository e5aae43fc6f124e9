"""What letters share is encoded once: each is, byte for byte, the letter that would be made by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.errors import Refused
from pipeline.frozen import alone, whole
from pipeline.mime import to_bytes
from pipeline.outgoing import Frozen, Letter, Picture, Sheet
from pipeline.payload import payload

HOLE = "h0le7"
STUB = Letter(
    delivery_id="d1", person="wei", sender="Lin Zhao <lin@lin.example.org>", to="wei@example.org", to_name="陈伟",
    reply_to="lin@lin.example.org", subject="慢慢达成共识", text="", html="", language="zh",
    date=datetime(2026, 11, 18, 8, tzinfo=UTC),
    headers=(("Message-ID", "<d1@lin.example.org>"), ("List-Id", "Briefe für dich <letters.lin.example.org>")),
)  # fmt: skip

bits = st.sampled_from(
    [
        f"{HOLE}hello", f"{HOLE}token", "\n", "\r", "\r\n", " ", "\t", ".", "..", "From ", "=", "é", "你好，世界",
        "a" * 80, "a quiet line about the river", "<p>", "&amp;", '"', "\\", "\u2028", "M1", "SG.a.b",
    ]
)  # fmt: skip
texts = st.lists(bits, max_size=12).map("".join)
words = st.sampled_from(["Wei", "陈伟", "<b>Wei</b> & co", 'O\'Neil "x"', "", ".", "你好" * 60, "SG.abc.def", "a\\nb"])
tokens = st.sampled_from(["t0k3n", "a" * 90, "+/="])


def letters(text: str, html: str, hello: str, token: str) -> Frozen:
    return Frozen(STUB, Sheet(text, html, HOLE), hello, token, "i1", "mark")


@given(texts, texts, words, tokens)
@example(f"{HOLE}hello\n", f"{HOLE}hello", "你" * 20, "t")
@example(f"a \n{HOLE}hello \n.", "", "x", "t")
@example("", f"你好，世界a quiet line about the river \n{HOLE}hello" + "a" * 80, "Wei", "t")
@settings(max_examples=300, deadline=None)
def test_a_message_is_the_same_bytes_as_if_its_letter_stood_alone(text: str, html: str, hello: str, token: str) -> None:
    one = letters(text, html, hello, token)
    for stuffed in (False, True):
        assert to_bytes(one, stuffed=stuffed) == to_bytes(alone(whole(one)), stuffed=stuffed)


@given(texts, texts)
@settings(max_examples=100, deadline=None)
def test_a_stuffed_message_is_the_plain_one_with_its_dots_doubled(text: str, html: str) -> None:
    one = letters(text, html, "Wei", "t")
    assert to_bytes(one, stuffed=True).replace(b"\r\n..", b"\r\n.") == to_bytes(one)
    assert b"\r\n.\r\n" not in to_bytes(one, stuffed=True)


@given(texts, texts, words, tokens)
@example("x", f"{HOLE}hello", "", "t")
@settings(max_examples=200, deadline=None)
def test_a_request_is_the_same_bytes_as_if_its_letter_stood_alone(text: str, html: str, hello: str, token: str) -> None:
    one = letters(text, html, hello, token)
    made = []
    for form in (one, alone(whole(one))):
        try:
            made.append(payload(form))
        except Refused as error:
            made.append(str(error).encode())
    assert made[0] == made[1]


def test_readers_of_one_sheet_get_their_own_parts_and_nobody_elses() -> None:
    sheet = Sheet(f"{HOLE}hello\n\nWords.\n{HOLE}token", f"<p>{HOLE}hello</p>{HOLE}token", HOLE)
    first = Frozen(STUB, sheet, "Hello Wei,", "token-wei", "i1", "m1")
    other = replace(
        STUB, delivery_id="d2", to="genevieve@example.org", to_name="Genevieve", headers=(("Message-ID", "<d2@x.org>"),)
    )
    second = Frozen(other, sheet, "Hello Genevieve,", "token-genevieve", "i1", "m2")
    for made in (payload, to_bytes):
        one, two = made(first), made(second)
        assert b"token-wei" in one and b"genevieve" not in one.lower()
        assert b"token-genevieve" in two and b"wei" not in two.lower()


def test_pictures_travel_with_every_letter_of_their_sheet() -> None:
    picture = Picture("p1", "eye.png", "image/png", bytes(range(256)) * 3)
    sheet = Sheet(f"{HOLE}hello", f"{HOLE}hello<img src='cid:p1'>", HOLE, (picture,))
    one = Frozen(STUB, sheet, "Wei", "t", "i1", "m1")
    assert to_bytes(one) == to_bytes(alone(whole(one)))
    assert payload(one) == payload(alone(whole(one)))


@pytest.mark.parametrize("where", ["text", "html", "hello"])
def test_what_is_no_utf8_is_refused_wherever_it_stands(where: str) -> None:
    parts = {"text": "x", "html": "x", "hello": "x"} | {where: "\ud800"}
    one = letters(f"{HOLE}hello {parts['text']}", parts["html"], parts["hello"], "t")
    with pytest.raises(Refused):
        payload(one)
    with pytest.raises(ValueError, match="surrogates"):
        to_bytes(one)
