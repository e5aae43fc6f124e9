import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from lxml import html as parser

from pipeline import letterparts
from pipeline.errors import Misconfigured, Problems
from pipeline.letterhtml import ATTRIBUTES, TAGS
from pipeline.letters import LIMIT, TARGET, Composer, compose, compose_paste
from pipeline.letterstyle import PROPERTIES
from pipeline.model import Entry, House, Letter, Version
from pipeline.plaintext import columns
from pipeline.stationery import load_stationery
from tests import letters_house as h
from tests.golden_files import golden

FRAME = {"html", "head", "meta", "title", "style", "body"}
FRAME_ATTRIBUTES = {"cellpadding", "charset", "content", "name", "style"}


@pytest.fixture(params=sorted(h.SAMPLES))
def sample(request: pytest.FixtureRequest) -> Letter:
    return h.SAMPLES[request.param]()


def tree(letter: Letter):
    return parser.document_fromstring(letter.html)


def long_post(paragraphs: int, code: str = "", **more: str) -> Entry:
    body = "\n\n".join(f"Paragraph {number} " + "says so much. " * 20 for number in range(paragraphs)) + code
    return h.entry("long", 9, h.version("en", "A long one", "Long.", body, "long"), **more)


@pytest.mark.parametrize("name", ["single-en", "digest-zh", "update-es"])
def test_letters_are_what_was_approved(name: str) -> None:
    letter = h.SAMPLES[name]()
    golden(f"letter-{name}.html", letter.html)
    golden(f"letter-{name}.txt", f"Subject: {letter.subject}\n\n{letter.text}")


def test_a_paste_is_what_was_approved() -> None:
    golden("paste-zh.txt", compose_paste(h.HOUSE, h.paste(h.EVERY, h.SHORT, h.COLD, h.STAIRS), h.stationery()))


# what holds for every letter


def test_only_listed_tags_attributes_and_properties_leave(sample: Letter) -> None:
    for element in tree(sample).iter():
        if not isinstance(element.tag, str):
            assert element.text.startswith("[if mso")
            continue
        assert element.tag in TAGS | FRAME
        assert set(element.attrib) <= ATTRIBUTES | FRAME_ATTRIBUTES
        properties = {part.partition(":")[0].strip() for part in (element.get("style") or "").split(";") if part}
        assert properties <= PROPERTIES


def test_every_address_is_absolute_and_safe(sample: Letter) -> None:
    root = tree(sample)
    for address in [*root.xpath("//@href"), *root.xpath("//@src")]:
        assert urlsplit(address).scheme in {"https", "mailto", "cid"}


def test_the_text_has_the_same_links_as_the_html(sample: Letter) -> None:
    for address in tree(sample).xpath("//@href"):
        assert address in sample.text


def test_every_picture_has_words_and_fits(sample: Letter) -> None:
    for picture in tree(sample).xpath("//img"):
        assert picture.get("alt")
        assert 0 < int(picture.get("width")) <= 552


def test_what_has_a_background_or_colour_has_one_in_the_dark(sample: Letter) -> None:
    root = tree(sample)
    dark = set(re.findall(r"\.([a-z]+)", root.xpath("string(//style[contains(., 'prefers')])")))
    for element in root.xpath("//*[@style]"):
        style = ";" + element.get("style")
        if ";color:" in style or "background-color:" in style:
            assert dark & set((element.get("class") or "").split()), element.get("style")


def test_layout_tables_say_so_and_data_tables_name_their_columns(sample: Letter) -> None:
    for table in tree(sample).xpath("//table[not(@role='presentation')]"):
        assert table.xpath(".//th")
        assert all(cell.get("scope") for cell in table.xpath(".//th"))


def test_the_inbox_line_is_neither_too_short_nor_too_long(sample: Letter) -> None:
    assert 40 <= len(tree(sample).xpath("//body/div[1]")[0].text) <= 110


def test_a_subject_fits_into_sixty_columns(sample: Letter) -> None:
    assert 0 < columns(sample.subject) <= 60


def test_nothing_says_which_circle_somebody_is_in(sample: Letter) -> None:
    everything = repr(sample)
    for private in ("kreis-eins", "kreis-zwei", "Close friends", "Weak ties"):
        assert private not in everything


def test_nothing_watches_the_reader(sample: Letter) -> None:
    root = tree(sample)
    assert not root.xpath("//img[@width='1' or @height]|//script|//link|//*[@id]")
    assert all(h.TOKEN not in (one.get("src") or "") for one in root.iter("img"))


def test_language_and_direction_stand_on_the_document(sample: Letter) -> None:
    assert tree(sample).get("lang") == sample.language
    assert tree(sample).get("dir") == ("rtl" if sample.language == "ar" else "ltr")


def test_no_line_of_text_is_wider_than_72_columns_unless_it_cannot_be_broken(sample: Letter) -> None:
    for line in sample.text.splitlines():
        assert columns(line) <= 72 or re.search(r"https://|mailto:", line) or line.startswith("    ")


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
    assert "only in letters" in letter.html
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
    assert "{{ 7 * 7 }} &lt;i&gt;x&lt;/i&gt;" in letter.html
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


# cheap, repeatable, small


def test_three_hundred_letters_render_each_body_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Version] = []
    real = letterparts.html_for
    monkeypatch.setattr(letterparts, "html_for", lambda *a, **k: calls.append(a[1]) or real(*a, **k))
    composer = Composer(h.HOUSE, h.stationery(), h.picture)
    names = [f"N{number}" for number in range(300)]
    letters = [
        composer.letter(
            h.planned(h.EVERY, h.COLD, circle=h.INNER, person=replace(h.WEI, name={"": name})),
            issue_id="i",
            delivery_id=name,
            token=f"token{name}",
            now=h.NOW,
        )
        for name in names
    ]
    assert len(calls) == 2
    assert all(f"Hello {name}," in letter.html for name, letter in zip(names, letters, strict=True))
    assert all(f"leave/token{name}" in letter.text for name, letter in zip(names, letters, strict=True))
    assert not any("hole" in letter.html + letter.text for letter in letters)


def test_the_same_plan_gives_the_same_letter() -> None:
    plan = h.planned(h.EVERY, circle=h.INNER)
    first, again = (
        compose(h.HOUSE, plan, h.stationery(), issue_id="i", delivery_id="d", token="t", pictures=h.picture, now=h.NOW)
        for _ in range(2)
    )
    assert first == again


@pytest.mark.parametrize("lines", [330, 900])
def test_a_long_post_loses_its_colours_before_its_words(lines: int) -> None:
    code = "\n\n```python\n" + "\n".join(f"def f{n}(x): return [x, 'y', {n}]" for n in range(lines)) + "\n```\n"
    letter = h.letter(long_post(3, code))
    assert len(letter.html.encode()) <= TARGET
    assert 'color:#0f6b63">def' not in letter.html
    assert f"f{lines - 1}" in letter.html
    assert "Read the rest" not in letter.html


def test_a_very_long_post_is_cut_at_a_paragraph_with_the_rest_on_the_web() -> None:
    letter = h.letter(long_post(600))
    assert len(letter.html.encode()) <= LIMIT
    assert "Read the rest on the web" in letter.html
    assert "Read the rest on the web: https://lin.example.org/posts/long/" in letter.text
    assert "Paragraph 599" not in letter.html + letter.text
    assert letter.text.count("Paragraph") == letter.html.count("Paragraph")


def test_what_stands_on_no_page_is_never_cut() -> None:
    assert "Paragraph 599" in h.letter(long_post(600, visibility="inner"), circle=h.INNER).html


# pastes and stationery


def test_a_paste_has_addresses_in_the_open_and_nobodys_links() -> None:
    text = compose_paste(h.HOUSE, h.paste(h.SHORT, h.STAIRS, language="en"), h.stationery())
    assert "Counting stairs https://example.org/s again." in text
    assert "https://lin.example.org/posts/short/" in text
    assert "mailto:" not in text
    assert "kreis" not in text


def test_the_house_may_have_its_own_template_words_and_styles(tmp_path) -> None:
    (tmp_path / "words").mkdir()
    words = (h.TEMPLATES / "words" / "en.yml").read_text("utf-8").replace("Hello {name},", "Dear {name},")
    (tmp_path / "words" / "en.yml").write_text(words, "utf-8")
    composer = Composer(h.HOUSE, load_stationery([tmp_path, h.TEMPLATES]), h.picture)
    letter = composer.letter(h.planned(h.SHORT), issue_id="i", delivery_id="d", token="t", now=h.NOW)
    assert "Dear Wei," in letter.html


def test_missing_words_are_named_with_their_file(tmp_path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "it.yml").write_text('hello: "Ciao {name},"\nleave: 3\n', "utf-8")
    with pytest.raises(Problems) as caught:
        load_stationery([tmp_path, h.TEMPLATES])
    assert "templates/words/it.yml:2: `leave` is not text" in str(caught.value)
    assert "templates/words/it.yml: no word for `updates`" in str(caught.value)


def test_a_missing_template_is_named(tmp_path) -> None:
    with pytest.raises(Misconfigured, match=r"layout\.html\.j2"):
        load_stationery([tmp_path])


def test_every_language_says_everything_in_its_own_words() -> None:
    words = h.stationery().words
    assert set(words) == {"ar", "de", "en", "es", "fr", "hi", "ja", "zh", "zh-Hant"}
    for language, said in words.items():
        for key in ("hello", "why"):
            assert "{" in said[key], (language, key)
        assert "{title}" in said["more-other"]
        assert language == "en" or said["why"] != words["en"]["why"]


def test_a_language_without_words_is_written_to_in_the_first_of_the_house() -> None:
    assert "Hello Wei," in h.letter(h.SHORT, language="pt").text
    own = replace(h.HOUSE, settings=replace(h.HOUSE.settings, languages=("es", "en")))
    assert "Hola, " in h.letter(h.SHORT, language="pt", house=own).text


def test_a_public_picture_is_recognised_however_it_is_written() -> None:
    private = h.entry(
        "p", 9, h.version("en", "P", "", "![B](../media/a%20b.jpg) ![C](../media/c.jpg)", "p"), visibility="inner"
    )
    public = h.entry("q", 8, h.version("en", "Q", "", "![B](<../media/a b.jpg>)", "q"))
    house: House = replace(h.HOUSE, entries=(private, public))
    letter = h.letter(private, circle=h.INNER, house=house)
    assert tree(letter).xpath("//img/@src") == ["https://lin.example.org/media/a%20b.jpg"]
    assert "[C]" in letter.html
