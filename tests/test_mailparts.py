"""Messages taken apart: the swift reader finds what the patient one finds, or leaves the message to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.frozen import alone
from pipeline.mailparts import Unusual, parts, patiently, said, swiftly
from pipeline.mime import to_bytes
from tests import letters_house as h

MESSAGES = [to_bytes(alone(h.SAMPLES[name]())) for name in sorted(h.SAMPLES)]
MESSAGES.append(to_bytes(alone(h.letter(h.EVERY, circle=h.INNER))))

PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b":", b"=", b"=?utf-8?q?x?=", b"\xc3\xa9", b"\0"),
    *(b"--", b"--\r\n", b"multipart/mixed", b"message/rfc822", b"text/html", b"base64", b"7bit", b"the preamble"),
    *(b"Content-Type: multipart/mixed; boundary=x\r\n", b"X: hidden\r\n"),
]


def boundary(message: bytes) -> bytes:
    return message.partition(b'boundary="')[2].partition(b'"')[0]


@pytest.mark.parametrize("message", MESSAGES)
def test_our_own_letters_need_no_patience_and_lose_nothing_by_it(message: bytes) -> None:
    found = swiftly(message)
    assert found == patiently(message) == parts(message)
    assert [part.kind for part in found][:2] == ["multipart", "text"]


def changes(message: bytes) -> st.SearchStrategy[list[tuple[int, int, bytes]]]:
    """Where, over how many bytes and by what a message is changed; often near a place where something begins."""
    own = [b"--" + boundary(message), b"\r\n--" + boundary(message) + b"--\r\n"]
    begins = [0, *(at for sought in (b"\r\n\r\n", b"--=_", b"Content-") for at in _all(message, sought))]
    near = st.tuples(st.sampled_from(begins), st.integers(-3, 40)).map(lambda pair: max(0, sum(pair)))
    place = st.one_of(near, st.integers(0, len(message)))
    return st.lists(st.tuples(place, st.integers(0, 4), st.sampled_from([b"", *PIECES, *own])), min_size=1, max_size=3)


def _all(message: bytes, sought: bytes) -> Iterator[int]:
    at = message.find(sought)
    while at >= 0:
        yield at
        at = message.find(sought, at + 1)


@settings(max_examples=1500)
@given(st.data())
def test_whatever_a_message_is_like_both_readers_agree_or_the_swift_one_declines(data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(MESSAGES))
    for at, length, piece in data.draw(changes(message)):
        message = message[:at] + piece + message[at + length :]
    with suppress(Unusual):
        assert swiftly(message) == patiently(message)
    assert parts(message) == patiently(message)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\n\r\n--=_", b"\r\n\r\nhidden before the parts\r\n--=_"),
        (b"_alt--\r\n", b"_alt--\r\nhidden behind the parts\r\n"),
        (b"MIME-Version", b"Subject: hidden\r\nMIME-Version"),
        (b"\r\nContent-Type: text/html", b"\r\nX-Hidden: hidden\r\nContent-Type: text/html"),
        (b"MIME-Version", b"X-Note: =?utf-8?b?aGlkZGVu?=\r\nMIME-Version"),
    ],
)
def test_what_is_put_anywhere_else_into_a_message_is_found(old: bytes, new: bytes) -> None:
    message = MESSAGES[0].replace(old, new, 1)
    assert message != MESSAGES[0]
    texts = [text for part in parts(message) for text in (*(said(value) for _, value in part.headers), *part.around)]
    assert any("hidden" in text for text in texts)


def test_a_header_is_said_as_its_reader_sees_it() -> None:
    assert said("=?utf-8?b?6ZmI5Lyf?= <wei@example.org>") == "陈伟 <wei@example.org>"
    assert said("plain <wei@example.org>") == "plain <wei@example.org>"
    assert said("=?no-such-charset?q?x?=") == "=?no-such-charset?q?x?="
