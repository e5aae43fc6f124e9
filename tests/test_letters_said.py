"""What a letter says to whom."""

from dataclasses import replace
from datetime import datetime

import pytest
from lxml import html as parser

from pipeline.letters import Composer
from pipeline.outgoing import Letter
from pipeline.plaintext import columns
from tests import letters_house as h


def tree(letter: Letter):
    return parser.document_fromstring(letter.html)


# what is said to whom


def test_a_passage_reaches_its_circle_and_nobody_else() -> None:
    near, far = h.letter(h.EVERY, circle=h.INNER), h.letter(h.EVERY, circle=h.WHOLE)
    assert "orchid" in near.html
    assert "orchid" in near.text
    assert "orchid" not in far.html + far.text
    assert "balcony" not in far.html + far.text
    assert far.inline == ()


def test_two_readers_of_one_composer_never_share_a_passage() -> None:
    composer = Composer(h.HOUSE, h.stationery(), h.picture)

    def written(plan):
        return composer.letter(plan, issue_id="i", delivery_id="d", token="t", now=h.NOW)

    near, far, again = (written(h.planned(h.EVERY, circle=circle)) for circle in (h.INNER, h.WEAK, h.INNER))
    assert "orchid" in near.html
    assert "orchid" not in far.html + far.text
    assert far.inline == ()
    assert again == near


def test_a_picture_from_a_passage_travels_inside_and_a_public_one_stays_on_the_web() -> None:
    letter = h.letter(h.EVERY, circle=h.INNER)
    assert [picture.cid for picture in letter.inline] == ["balcony@lin.example.org"]
    sources = tree(letter).xpath("//img/@src")
    assert sources[:2] == ["https://lin.example.org/media/lens.jpg", "cid:balcony@lin.example.org"]


def test_a_picture_that_cannot_travel_is_its_words() -> None:
    composer = Composer(h.HOUSE, h.stationery(), lambda _: None)
    plan = h.planned(h.EVERY, circle=h.INNER)
    letter = composer.letter(plan, issue_id="i", delivery_id="d", token="t", now=h.NOW)
    assert "[The balcony]" in letter.html
    assert letter.inline == ()


def test_one_post_comes_in_full_and_a_digest_in_summaries() -> None:
    assert "Not long." in h.letter(h.SHORT).text
    digest = h.letter(h.SHORT, h.NOTE, digest=True)
    assert "Not long." not in digest.text
    assert "It fits in two lines." in digest.text


def test_several_posts_at_once_are_summaries_unless_the_circle_wants_them_whole() -> None:
    assert "Not long." not in h.letter(h.SHORT, h.NOTE).text
    assert "Not long." in h.letter(h.SHORT, h.NOTE, circle=h.WHOLE, digest=True).text


def test_what_stands_on_no_page_comes_in_full_and_without_a_link() -> None:
    letter = h.letter(h.PRIVATE, h.SHORT, circle=h.INNER, digest=True)
    assert "A secret plan." in letter.text
    assert "for a few only" in letter.html
    assert "/posts/private" not in letter.html + letter.text


def test_a_digest_gives_a_post_whole_to_those_who_read_more_of_it() -> None:
    assert "orchid" in h.letter(h.EVERY, h.SHORT, circle=h.INNER, digest=True).text
    assert "Paragraph" not in h.letter(h.EVERY, h.SHORT, digest=True).text


def test_another_language_and_a_machine_are_said() -> None:
    assert "英语版 · 由语言模型撰写 · 机器翻译" in h.letter(h.NOTE, language="zh").html
    assert "in Arabic" in h.letter(h.LAKE).html
    assert "in English" not in h.letter(h.SHORT).html


def test_what_is_in_another_language_is_marked_as_it() -> None:
    block = tree(h.letter(h.LAKE)).xpath("//div[@lang='ar']")[0]
    assert block.get("dir") == "rtl"
    assert "border-right" in block.xpath(".//blockquote/@style")[0]
    assert block.xpath(".//pre/@dir") == ["ltr"]


def test_entries_come_oldest_first_with_updates_before_posts() -> None:
    text = h.letter(h.EVERY, h.COLD, h.STAIRS, h.SHORT, digest=True).text
    places = [text.index(word) for word in ("Counting", "Fourteen", "A shorter one", "Everything in one")]
    assert places == sorted(places)


def test_the_order_does_not_hang_on_the_plan() -> None:
    plan = h.planned(h.EVERY, h.COLD, h.STAIRS, h.SHORT, digest=True)
    turned = replace(plan, entries=plan.entries[::-1])
    composer = Composer(h.HOUSE, h.stationery(), h.picture)
    one, other = (
        composer.letter(each, issue_id=name, delivery_id="d", token="t", now=h.NOW)
        for name, each in (("a", plan), ("b", turned))
    )
    assert (one.subject, one.text) == (other.subject, other.text)


def test_a_reader_is_greeted_by_name_in_their_language() -> None:
    assert "Hello Wei," in h.letter(h.SHORT).text
    assert "陈伟，你好：" in h.letter(h.SHORT, language="zh").text
    assert "Hello,\n" in h.letter(h.SHORT, person=replace(h.WEI, name={})).text


def test_a_name_is_text_and_never_markup() -> None:
    letter = h.letter(h.SHORT, person=replace(h.WEI, name={"": "<b>Wei</b> {{ 7 * 7 }}"}))
    assert "&lt;b&gt;Wei&lt;/b&gt; {{ 7 * 7 }}" in letter.html


def test_a_title_and_a_body_are_never_run_as_templates() -> None:
    post = h.entry("t", 9, h.version("en", "{{ 7 * 7 }} <i>x</i>", "{% x %}", "Body {{ 7 * 7 }} {% raw %}", "t"))
    letter = h.letter(post)
    assert tree(letter).xpath("string(//h2)") == "{{ 7 * 7 }} <i>x</i>"
    assert not tree(letter).xpath("//i")
    assert "Body {{ 7 * 7 }} {% raw %}" in letter.html
    assert "49" not in letter.text


def test_the_subject_counts_what_else_there_is() -> None:
    assert h.letter(h.EVERY, h.SHORT, h.COLD, digest=True).subject == "Everything in one post and 2 more"
    assert h.letter(h.EVERY, h.SHORT, language="zh", digest=True).subject == "一篇什么都有的文章，另有 1 篇"
    assert h.letter(h.LAKE, h.SHORT, h.NOTE, language="ar").subject.endswith("واثنان آخران")
    assert h.letter(h.COLD, language="es").subject.startswith("Catorce grados, viento")


@pytest.mark.parametrize("title", ["很长" * 40, "Many words " * 12, "Unbroken" * 20])
def test_a_long_title_is_cut_and_its_count_kept(title: str) -> None:
    post = h.entry("t", 19, h.version("en", title, "S", "B", "t"))
    subject = h.letter(post, h.SHORT, digest=True).subject
    assert columns(subject) <= 60
    assert subject.endswith("… and 1 more")


def test_a_day_is_the_day_in_the_time_zone_of_the_house() -> None:
    late = replace(h.SHORT, date=datetime.fromisoformat("2026-11-10T20:00:00+00:00"))
    assert "11 November 2026" in h.letter(late).text
    assert "November 2026" not in h.letter(replace(late, dated=False)).text.partition("A shorter one")[2]


def test_an_update_of_another_year_says_which() -> None:
    old = replace(h.STAIRS, date=datetime.fromisoformat("2025-03-01T12:00:00+08:00"))
    assert "1 March 2025" in h.letter(old).text
    assert "15 Nov\n" in h.letter(h.STAIRS).text


# headers and links to leave


def test_headers_let_a_reader_leave_and_name_the_house_only() -> None:
    headers = dict(h.letter(h.SHORT).headers)
    assert headers["Message-ID"] == "<a1b2c3@lin.example.org>"
    assert headers["List-Id"] == "Lin Zhao <letters.lin.example.org>"
    page, mail = headers["List-Unsubscribe"].split(", ")
    assert page == f"<https://lin.example.org/leave/{h.TOKEN}>"
    assert mail == f"<mailto:lin@example.org?subject=leave%20{h.TOKEN}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Content-Language"] == "en"


def test_without_a_page_to_leave_by_leaving_is_a_mail() -> None:
    letter = h.letter(h.SHORT, house=h.with_mail(unsubscribe=""))
    headers = dict(letter.headers)
    assert headers["List-Unsubscribe"] == f"<mailto:lin@example.org?subject=leave%20{h.TOKEN}>"
    assert "List-Unsubscribe-Post" not in headers
    assert f"mailto:lin@example.org?subject=leave%20{h.TOKEN}" in letter.html


def test_without_a_mailbox_for_replies_the_sender_is_written_to() -> None:
    letter = h.letter(h.SHORT, house=h.with_mail(reply_to=""))
    assert "mailto:letters@lin.example.org?subject=pace%20" in letter.text


def test_only_a_circle_that_asks_for_it_is_written_to_as_by_a_machine() -> None:
    assert {"Auto-Submitted", "Precedence"} <= set(dict(h.letter(h.SHORT).headers))
    assert not {"Auto-Submitted", "Precedence"} & set(dict(h.letter(h.SHORT, circle=h.INNER).headers))


def test_the_address_of_the_sender_is_printed_where_it_is_set() -> None:
    assert "PO Box 88" in h.letter(h.SHORT).html
    assert "PO Box" not in h.letter(h.SHORT, house=h.with_mail(postal="")).text


def test_a_token_is_quoted_wherever_it_stands() -> None:
    composer = Composer(h.HOUSE, h.stationery(), h.picture)
    letter = composer.letter(h.planned(h.SHORT), issue_id="i", delivery_id="d", token='a"b c', now=h.NOW)
    assert 'a"b c' not in letter.html
    assert "a%22b%20c" in letter.html
    assert "a%22b%20c" in dict(letter.headers)["List-Unsubscribe"]


def test_a_digest_names_what_else_is_on_the_site_in_both_forms_and_leads_to_the_rest() -> None:
    also = h.planned(h.MODELS, h.TRAIL).entries
    for told in ((h.SHORT, h.COLD), (h.COLD, h.STAIRS)):
        letter = h.letter(*told, digest=True, also=also, more=True)
        (line,) = tree(letter).xpath("//p[a[contains(., 'and more')]]")
        assert line.text_content() == "Also on the site: 山路 · A model on the train · and more"
        assert line.xpath("a/@lang") == ["zh", "en"]
        for address in line.xpath("a/@href"):
            assert address in letter.text.partition("Also on the site")[2]
    assert "and more" not in h.letter(h.SHORT, h.COLD, digest=True, also=also).text
