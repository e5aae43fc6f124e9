import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from lxml import html as parser

from pipeline import letterparts
from pipeline.errors import Misconfigured, Problems
from pipeline.letterhtml import ATTRIBUTES, TAGS
from pipeline.letters import LIMIT, TARGET, Composer
from pipeline.letterstyle import PROPERTIES
from pipeline.model import Entry, House, Version
from pipeline.outgoing import Letter
from pipeline.plaintext import columns
from pipeline.planned import PlannedPaste
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


def pasted(paste: PlannedPaste) -> str:
    return Composer(h.HOUSE, h.stationery(), lambda _: None).paste(paste)


@pytest.mark.parametrize("name", sorted(h.GOLDEN))
def test_letters_are_what_was_approved_in_html_text_and_headers(name: str) -> None:
    letter = h.GOLDEN[name]()
    golden(f"letter-{name}.html", letter.html)
    golden(f"letter-{name}.txt", letter.text)
    head, _, _ = h.mailed(letter).partition(b"\r\nMIME-Version:")
    golden(f"letter-{name}.headers", head.decode("ascii").replace("\r\n", "\n") + "\n")


def test_a_paste_is_what_was_approved() -> None:
    golden("paste-zh.txt", pasted(h.paste(h.EVERY, h.SHORT, h.COLD, h.STAIRS)))


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


def test_the_text_has_every_entry_and_every_line_of_code_as_it_is(sample: Letter) -> None:
    root = tree(sample)
    lines = {line.strip() for line in sample.text.splitlines()}
    for block in root.xpath("//pre"):
        assert {line.strip() for line in block.text_content().rstrip().split("\n")} <= lines
        assert "\n    ".join(["", *block.text_content().rstrip().split("\n")]).rstrip() in sample.text
    said = "".join(sample.text.split())
    for title in root.xpath("//h2[a[@class='title']]|//p[@class='hello']"):
        assert "".join(title.text_content().split()) in said


def test_hidden_text_is_the_inbox_line_alone(sample: Letter) -> None:
    (hidden,) = tree(sample).xpath("//*[contains(@style, 'display:none') or contains(@style, 'max-height:0')]")
    assert hidden.getparent().tag == "body"
    assert hidden.getprevious() is None


def test_every_picture_has_words_and_fits(sample: Letter) -> None:
    for picture in tree(sample).xpath("//img"):
        assert picture.get("alt")
        assert 0 < int(picture.get("width")) <= 552


def test_what_has_a_background_or_colour_has_one_in_the_dark(sample: Letter) -> None:
    root = tree(sample)
    sheet = root.xpath("string(//style[contains(., 'prefers')])")
    dark = set(re.findall(r"\.([a-z]+)", sheet[sheet.index("prefers-color-scheme") : sheet.index("@media (max")]))
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
        Composer(h.HOUSE, h.stationery(), h.picture).letter(plan, issue_id="i", delivery_id="d", token="t", now=h.NOW)
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
    text = pasted(h.paste(h.SHORT, h.STAIRS, language="en"))
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
