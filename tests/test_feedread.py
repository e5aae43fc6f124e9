"""Feeds are laid out as others would lay them out, and reading them in parts is reading them as a whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline import feedread
from pipeline.feeditems import Channel, Enclosure, Item
from pipeline.feedread import Known, read
from pipeline.feedxml import write
from pipeline.model import Entry
from tests.feeds_house import bilingual, build, feeds, house, post, update
from tests.test_feeds_back import entries

FORMS = {"rss": "feed.xml", "atom": "atom.xml", "json": "feed.json"}


def again(path: str, data: bytes) -> bytes:
    """The document as lxml and json write what they read of it; RSS has its plain texts in other references."""
    if path.endswith(".json"):
        return (json.dumps(json.loads(data), ensure_ascii=False, indent=1) + "\n").encode()
    root = etree.fromstring(data).getroottree()
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))


def plainly(path: str, data: bytes) -> bytes:
    return data.replace(b"&#x3C;", b"&lt;").replace(b"&#x26;", b"&amp;") if path.endswith("feed.xml") else data


@settings(max_examples=60, deadline=None)
@given(entries(), st.sampled_from(["", "https://hub.example.org/?a=1&b=2\"'<>"]))
def test_every_document_is_written_as_lxml_and_json_would_write_it(given: tuple[Entry, ...], hub: str) -> None:
    made = feeds(house(*given, hub=hub, feed_entries=2), lambda path: 4321)
    for path, data in made.items():
        if not path.endswith(".css"):
            assert again(path, data) == plainly(path, data), path


def test_a_feed_in_which_nothing_stands_is_written_so_too() -> None:
    for path, data in build().items():
        if not path.endswith(".css"):
            assert again(path, data) == plainly(path, data), path


@given(st.text(alphabet="a<>&\"'\t\n\r]é🎉 ", min_size=1))
def test_every_text_and_attribute_is_written_as_lxml_and_json_would_write_it(text: str) -> None:
    file = Enclosure(text, "audio/mpeg", 1)
    item = Item(text, text, text, f"{text}.", text, text, datetime(2024, 1, 2, tzinfo=UTC), text, (text,), file)
    channel = Channel(text, text, text, text, text, text, "", dict.fromkeys(FORMS, text), hub=text, image=text)
    for form, path in FORMS.items():
        data = write(form, channel, (item, replace(item, written={})))
        assert again(path, data) == plainly(path, data)


def test_plain_texts_of_rss_have_hexadecimal_references() -> None:
    data = build(post(1, "a<b & c", tags=("x<y",)))["feed.xml"]
    assert b"<category>x&#x3C;y</category>" in data and b"<title>a&#x3C;b &#x26; c</title>" in data


HOUSE = build(bilingual(1), update(2, "Rain & *more*."), post(3, body="See [it](https://example.org/) ![](sea.jpg)"))
MARKS = [b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<item>", b"</item>", b"<entry/>", b"    <item>\n", b"    </item>\n"]
MARKS += [
    b"<channel>",
    b"</channel>",
    b"  <entry ",
    b"  </entry>\n",
    b"<?x?>",
    b"&amp;",
    b"&",
    b"<title>x</title>",
    b"\x01",
]


def whole(form: str, data: bytes) -> Any:
    """What is read of a document that is not taken apart."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feedread, "_apart", lambda *_: None)
        return outcome(form, data, {})


def outcome(form: str, data: bytes, known: Known) -> Any:
    try:
        return read(form, data, known)
    except ValueError as error:
        return str(error)


@st.composite
def damage(draw: Any) -> Callable[[bytes], bytes]:
    """Something that happens to a document where elements begin and end."""
    kind, mark = draw(st.integers(0, 4)), draw(st.sampled_from(MARKS))
    first, second = draw(st.integers(0, 10_000)), draw(st.integers(0, 12))

    def change(data: bytes) -> bytes:
        edges = [found.start() for found in re.finditer(rb"[ ]*<|(?<=>)\n", data)] + [len(data)]
        start = edges[first % len(edges)]
        end = edges[min(first % len(edges) + second, len(edges) - 1)]
        if kind == 0:
            return data[:start] + data[end:]
        if kind == 1:
            return data[:start] + mark + data[start:]
        if kind == 2:
            return data[:start] + mark + data[start:end] + closing(mark) + data[end:]
        if kind == 3:
            return data[:end] + data[start:]
        return data.replace(mark, b"", 1)

    return change


def closing(mark: bytes) -> bytes:
    """What ends what a mark begins."""
    ends = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<item>": b"</item>", b"<channel>": b"</channel>"}
    return ends.get(mark, mark)


@settings(max_examples=800, deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.lists(damage(), min_size=1, max_size=3))
def test_a_document_in_which_entries_are_known_is_read_as_one_in_which_none_is(
    form: str, damages: list[Callable[[bytes], bytes]]
) -> None:
    known: Known = {}
    sound = read(form, HOUSE[FORMS[form]], known)
    assert sound == read(form, HOUSE[FORMS[form]], known) == whole(form, HOUSE[FORMS[form]]) and len(sound.told) == 3
    data = HOUSE[FORMS[form]]
    for change in damages:
        data = change(data)
    assert outcome(form, data, known) == outcome(form, data, {}) == whole(form, data)


def test_entries_that_were_read_before_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    known: Known = {}
    first = {form: read(form, HOUSE[path], known) for form, path in FORMS.items()}
    monkeypatch.setattr(feedread, "_TELL", {})
    monkeypatch.setattr(feedread, "_json_item", None)
    assert {form: read(form, HOUSE[path], known) for form, path in FORMS.items()} == first
