"""A file is spared a closer look only where that would find nothing, whatever was looked at before."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline import linewise
from pipeline.linewise import Linewise
from pipeline.sieve import Sieve, Sought, What
from pipeline.undone import spoken, words

HIDDEN = base64.b64encode(b"A longer text that hides what is sought: sek, and more than that of it.")
NARROW = ("sek", "nek", "sek ok", "es ke se ks ee")
WIDE = ("sek", "né", "字", "が", "sek ok", "né 字", "s\ufffd")

PIECES = [
    *(b"s", b"e", b"k", b"S", b"o", b"n", b"sek", b" ", b" ", b"\n", b"\n", b"\r\n", b"-", b"+", b"="),
    *(b"&#115;", b"&#x65", b"&amp;#107;", b"&amp;amp;#107;", b"%73", b"%2565", b"%", b"&", b"&shy;", b"&#10;"),
    *(b"\\u0073", b"\\u006B", b"\\\\u0065", b"\\n", b'\\"', b"\\\\", b"\\", b"\\/", b"\\ud83d", b"\\ude00"),
    *(b"<b>", b"</b>", b"<b", b"<a\n", b"<a href='", b"'>", b">", b"<p>", b"&lt;b&gt;", b"\\u003c", b"<i class=sek>"),
    *(
        "\u00ad",
        "\u200b",
        "É",
        "é",
        "e\u0301",
        "\u0301",
        "\u212a",
        "字",
        "か\u3099",
        "が",
        "か",
        "\u3099",
        "–",
        "İ",
        "😀",
    ),
    *(b"\xff", b"\xc3", b"\xa9", b"\xed\xa0\xbd", b"\xed\xb8\x80", b"\xe2\x80", b"\x8b"),
    *(HIDDEN, HIDDEN[:64], HIDDEN[64:], HIDDEN[:76], b"base64,", base64.b64encode(b"sek"), b"c2Vr", b"x" * 64),
]
FILE = st.lists(st.sampled_from(PIECES), max_size=14).map(
    lambda pieces: b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
)


def sieve(*texts: str) -> Sieve:
    return Sieve(Sought(spoken(text), What.TEXT, "x.md", 1, "") for text in texts)


@pytest.mark.parametrize("texts", [NARROW, WIDE], ids=["ASCII", "and beyond"])
@settings(deadline=None, max_examples=1500)
@example(files=[b"s<b", b"s<b\n>ek"])
@example(files=[HIDDEN[:64], HIDDEN[64:], HIDDEN[:64] + b"\n" + HIDDEN[64:]])
@example(files=[b"&amp;#115;ek", b"&#115;ek"])
@example(files=[b"\\nek", 8 * b"\\" + b"nek"])
@example(files=["se\u212a".encode(), "se\u212a\nÉ".encode()])
@example(files=["か\u3099".encode(), "か\u3099\nÉ".encode()])
@example(files=[b"s\xff", b"s\xff\n\xed\x95\x9c"])
@given(files=st.lists(FILE, min_size=1, max_size=4))
def test_what_is_spared_a_closer_look_holds_nothing(texts: tuple[str, ...], files: list[bytes]) -> None:
    sought = sieve(*texts)
    lines = Linewise(sought.keys.values())
    for data in files:
        if lines.spares(data):
            assert not sought.find(words(data)), data


@pytest.mark.parametrize(
    "text",
    [
        "sek",
        "SEK",
        "s<b>e</b>k",
        "&#115;ek",
        "s\u00adek",
        "\\u0073ek",
        "%73ek",
        "\u212a se\u212a",
        "one\nsek",
        "sek ok",
    ],
)
def test_what_holds_something_is_never_spared(text: str) -> None:
    lines = Linewise(sieve(*NARROW).keys.values())
    assert lines.spares(b"Some ordinary words.\n")
    assert not lines.spares(b"Some ordinary words.\n" + text.encode())


def test_ordinary_files_are_spared_and_their_lines_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    real = linewise.shown_apart
    monkeypatch.setattr(linewise, "shown_apart", lambda lines: seen.append(b"\n".join(lines)) or real(lines))
    lines = Linewise(sieve(*NARROW).keys.values())
    page = '<h1 class="x">Two – three</h1>\n<p>A <a href="/y/">long</a> walk &amp; “more”.</p>\n'.encode()
    feed = page.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    assert all(map(lines.spares, (page, feed, page + feed)))
    assert [b"long</a> walk" in one for one in seen] == [True]


def test_words_that_stand_in_most_files_are_not_looked_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Linewise(sieve(*NARROW).keys.values())
    for number in range(linewise._TRIED):
        assert not lines.spares(b"%d sek" % number)
    monkeypatch.setattr(linewise, "apart", None)
    assert not lines.spares(b"nothing")


def test_no_more_lines_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linewise, "_MOST", 100)
    lines = Linewise(sieve(*NARROW).keys.values())
    for number in range(50):
        assert lines.spares(b"line %d\nand what stands everywhere" % number)
        assert sum(map(len, lines._known._lines)) <= linewise._MOST
    assert not lines.spares(b"and what stands everywhere\nsek")
