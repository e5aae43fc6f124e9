import email
import email.policy
import quopri
import re
from dataclasses import replace
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import Misconfigured, Refused
from pipeline.frozen import alone
from pipeline.mime import ascii_address, fields, mailbox, to_bytes, words
from pipeline.outgoing import Letter
from tests import letters_house as h


def read(letter: Letter) -> email.message.EmailMessage:
    return email.message_from_bytes(to_bytes(alone(letter)), policy=email.policy.default)


def body(message: email.message.EmailMessage, kind: str) -> str:
    """The part's text as its reader's machine shows it."""
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


@pytest.fixture(params=sorted(h.SAMPLES))
def sample(request: pytest.FixtureRequest) -> Letter:
    return h.SAMPLES[request.param]()


def test_text_comes_before_html_and_both_come_back_whole(sample: Letter) -> None:
    message = read(sample)
    assert message.get_content_type() == "multipart/alternative"
    assert next(part.get_content_type() for part in message.iter_parts()) == "text/plain"
    assert body(message, "plain") == sample.text
    assert body(message, "html") == sample.html


def test_lines_end_in_crlf_and_are_short_enough(sample: Letter) -> None:
    data = to_bytes(alone(sample))
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert all(len(line) <= 76 for line in data.partition(b"\r\n\r\n")[2].split(b"\r\n") if b"boundary" not in line)
    assert data.isascii()


def test_the_same_letter_is_the_same_bytes(sample: Letter) -> None:
    assert to_bytes(alone(sample)) == to_bytes(alone(sample))
    assert to_bytes(alone(sample)) != to_bytes(alone(replace(sample, delivery_id="other")))


def test_headers_come_back_as_they_were_said(sample: Letter) -> None:
    message = read(sample)
    assert message["Subject"] == sample.subject
    assert message["From"].addresses[0].display_name == "Lin Zhao"
    assert message["To"].addresses[0].display_name == sample.to_name
    assert message["To"].addresses[0].addr_spec == sample.to
    assert message["Reply-To"].addresses[0].addr_spec == "lin@example.org"
    assert message["Date"].datetime == sample.date
    for name, value in sample.headers:
        assert str(message[name]) == value


def test_no_header_comes_twice(sample: Letter) -> None:
    names = [name.lower() for name in read(sample)]
    assert len(names) == len(set(names))
    assert {"message-id", "date", "from", "to", "subject", "mime-version", "list-id"} <= set(names)


def test_pictures_stand_beside_the_html_that_shows_them() -> None:
    message = read(h.letter(h.EVERY, circle=h.INNER))
    _, related = message.iter_parts()
    assert related.get_content_type() == "multipart/related"
    html, picture = related.iter_parts()
    assert picture["Content-ID"] == "<balcony@lin.example.org>"
    assert picture.get_content() == b"\xff\xd8 not a real picture"
    assert picture.get_content_disposition() == "inline"
    assert "cid:balcony@lin.example.org" in html.get_content()
    assert not list(message.iter_attachments())


def test_chinese_goes_as_base64_and_english_stays_readable() -> None:
    chinese = replace(h.letter(h.SHORT), text="你好，世界。\n" * 40)
    english = replace(h.letter(h.SHORT), text="Hello world, with one é.\n" * 40)
    assert read(chinese).get_body(("plain",))["Content-Transfer-Encoding"] == "base64"
    assert read(english).get_body(("plain",))["Content-Transfer-Encoding"] == "quoted-printable"


@pytest.mark.parametrize(("others", "way"), [(960, "base64"), (1_040, "quoted-printable")])
def test_from_a_sixth_of_bytes_beyond_ascii_on_a_part_goes_as_base64(others: int, way: str) -> None:
    letter = replace(h.letter(h.SHORT), text="é" * 100 + "a b\n" * (others // 4))
    assert read(letter).get_body(("plain",))["Content-Transfer-Encoding"] == way


def test_chinese_is_shorter_as_base64() -> None:
    """What a letter of Chinese weighs on its way, beside the same in quoted-printable."""
    text = "你好，世界。\n" * 400
    assert len(to_bytes(alone(replace(h.letter(h.SHORT), text=text)))) < len(quopri.encodestring(text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 75 + " \nb",
        "a" * 74 + "\t\nb",
        "From here on\nFrom there\n",
        "a \t\n.\n..\n",
        "x" * 5000 + "\n",
        "a\rb\r\nc\n",
        "é=\n",
    ],
)
def test_text_that_mail_tends_to_spoil_arrives_whole(text: str) -> None:
    letter = replace(h.letter(h.SHORT), text=text)
    data = to_bytes(alone(letter))
    assert b"\nFrom " not in data
    assert all(len(line) <= 76 for line in data.partition(b"\r\n\r\n")[2].split(b"\r\n") if b"boundary" not in line)
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert body(read(letter), "plain") == expected


def test_a_long_chinese_subject_keeps_its_spaces_when_it_folds() -> None:
    subject = "共识 Consensus 慢慢来 slowly 一点 一点 地 说 清楚 and again 再说一遍 end"
    letter = replace(h.letter(h.SHORT), subject=subject)
    assert read(letter)["Subject"] == subject
    for line in to_bytes(alone(letter)).split(b"\r\n\r\n")[0].split(b"\r\n"):
        assert len(line) <= 78


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=120))
@example("=?utf-8?q?x?=")
@example("a  b")
@example("中 <x@y>")
def test_any_subject_comes_back_as_it_was(subject: str) -> None:
    written = words("Subject", subject)
    assert written.isascii()
    if subject.isascii() and "=?" not in subject:
        assert written.replace("\n", "") == subject
    else:
        assert str(make_header(decode_header(written))) == subject


@pytest.mark.parametrize("sign", ["\0", "\n", "\r", "\r\nBcc: x@example.com", "\x7f", "\u2028", "\x1b"])
def test_control_characters_are_refused_in_every_header(sign: str) -> None:
    letter = h.letter(h.SHORT)
    for broken in (
        replace(letter, subject=f"a{sign}b"),
        replace(letter, to_name=f"a{sign}b"),
        replace(letter, to=f"a{sign}@example.com"),
        replace(letter, headers=(("X-A", f"a{sign}b"),)),
        replace(letter, headers=((f"X{sign}", "b"),)),
    ):
        with pytest.raises(Refused):
            to_bytes(alone(broken))


def test_international_domains_travel_in_their_ascii_form() -> None:
    assert ascii_address("wei@bücher.example") == "wei@xn--bcher-kva.example"
    assert b"To: Wei <wei@xn--bcher-kva.example>" in to_bytes(
        alone(replace(h.letter(h.SHORT), to="wei@bücher.example"))
    )


NO_ADDRESSES = [
    *("", "wei", "wei@", "@example.com", "a b@example.com", "w\u00e9i@example.com", "a@b@c.d", "a..b@c.d", "a@b..c"),
    *("a@b c.d", "<a@b.c>", "a@b.c, d@e.f", "x" * 65 + "@b.c", "a@" + "x" * 64 + ".c"),
]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        to_bytes(alone(replace(h.letter(h.SHORT), to=address)))


def test_a_wrong_address_of_the_house_stops_everything() -> None:
    with pytest.raises(Misconfigured, match=r"tool\.kith\.mail"):
        to_bytes(alone(replace(h.letter(h.SHORT), sender="Lin Zhao")))
    with pytest.raises(Misconfigured):
        to_bytes(alone(replace(h.letter(h.SHORT), reply_to="nobody")))


@pytest.mark.parametrize("name", ["Lin, Zhao", 'Lin "Z" Zhao', "陈伟", "陈 " * 30 + "伟", "O'Neil (home)", "=?x?="])
def test_a_name_is_quoted_as_it_needs(name: str) -> None:
    letter = replace(h.letter(h.SHORT), to_name=name.strip())
    address = read(letter)["To"].addresses
    assert len(address) == 1
    assert address[0].addr_spec == "wei@example.com"
    if name.isascii():
        assert address[0].display_name == name
    else:  # Python reads a name of several encoded words with a space too many.
        written = mailbox(name.strip(), "a@example.com")
        assert str(make_header(decode_header(written))) == f"{name.strip()} <a@example.com>"


def test_without_a_name_the_address_stands_alone() -> None:
    assert mailbox("", "a@example.com") == "a@example.com"


def test_a_house_named_in_chinese_has_a_list_id_that_reads_back() -> None:
    house = replace(h.HOUSE, settings=replace(h.HOUSE.settings, title={"": "林昭的房子 letters"}))
    letter = h.letter(h.SHORT, house=house)
    assert str(read(letter)["List-Id"]) == "林昭的房子 letters <letters.lin.example.org>"
    assert all(value.isascii() for _, value in fields(letter))


def test_long_headers_are_folded_where_they_have_spaces() -> None:
    data = to_bytes(alone(h.letter(h.SHORT)))
    assert re.search(rb"List-Unsubscribe: <https://[^>]+>,\r\n <mailto:", data)


def test_a_picture_with_an_odd_id_is_refused() -> None:
    letter = h.letter(h.EVERY, circle=h.INNER)
    odd = replace(letter, inline=(replace(letter.inline[0], cid="a>\r\nX: y"),))
    with pytest.raises(Refused):
        to_bytes(alone(odd))
