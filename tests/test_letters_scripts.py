"""Each script in its own letters: fonts, line height, stress and direction, of a letter and of a stranger in it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import html as parser

from pipeline.outgoing import Letter
from tests import letters_house as h

FONTS = {
    "en": "Segoe UI", "zh": "PingFang SC", "zh-Hans": "PingFang SC", "zh-Hant": "PingFang TC", "zh-TW": "PingFang TC",
    "zh-HK": "PingFang TC", "ja": "Hiragino Sans",
}  # fmt: skip
"""The font of a script that a Mac has, by the language of the letter."""

CHINESE = {"PingFang SC", "PingFang TC", "Hiragino Sans", "Microsoft YaHei", "Microsoft JhengHei", "Yu Gothic"}


def tree(letter: Letter) -> Any:
    return parser.document_fromstring(letter.html)


def style(element: Any, name: str) -> str:
    found = dict(part.split(":", 1) for part in element.get("style", "").split(";") if part)
    return found.get(name, "")


def fonts(element: Any) -> set[str]:
    """The East Asian fonts that an element asks for."""
    return CHINESE & set(re.findall(r"'([^']+)'", style(element, "font-family")))


def post(lang: str, body: str = "A *stressed* word.\n\n```python\nx = 1  # y\n```\n") -> Any:
    return h.entry(f"in-{lang}", 9, h.version(lang, "T", "", body, f"in-{lang}"))


def written(lang: str, *, to: str) -> Any:
    one = post(lang)
    return tree(h.letter(one, language=to, house=h.replace(h.HOUSE, entries=(one,))))


@pytest.mark.parametrize(("language", "font"), FONTS.items())
def test_a_letter_is_set_in_the_fonts_of_its_script(language: str, font: str) -> None:
    (sheet,) = written("en", to=language).xpath("//td[@class='sheet']")
    assert font in style(sheet, "font-family")
    other = {"PingFang SC": "PingFang TC", "PingFang TC": "PingFang SC", "Hiragino Sans": "PingFang SC"}.get(font, "x")
    assert other not in style(sheet, "font-family")


@pytest.mark.parametrize(
    ("language", "font"), [("zh", "PingFang SC"), ("zh-Hant", "PingFang TC"), ("ja", "Hiragino Sans")]
)
def test_a_stranger_in_a_letter_is_set_in_the_fonts_of_its_own_script(language: str, font: str) -> None:
    root = written(language, to="en")
    assert font in fonts(root.xpath(f"//div[@lang='{language}']")[0])
    assert font in fonts(root.xpath(f"//h2[@lang='{language}']")[0])
    at_home = written(language, to=language)
    assert fonts(at_home.xpath(f"//div[@lang='{language}']")[0]) == set(), "it has them from the sheet already"


@pytest.mark.parametrize(("lang", "to", "font"), [("zh", "zh-Hant", "PingFang SC"), ("zh-Hant", "zh", "PingFang TC")])
def test_the_two_kinds_of_chinese_are_strangers_to_each_other(lang: str, to: str, font: str) -> None:
    assert font in fonts(written(lang, to=to).xpath(f"//div[@lang='{lang}']")[0])


@pytest.mark.parametrize("language", ["zh", "zh-Hant", "ja", "ko", "ar", "hi"])
def test_scripts_without_a_slanted_form_stress_by_weight(language: str) -> None:
    (stressed,) = written(language, to="en").xpath("//em")
    assert (style(stressed, "font-style"), style(stressed, "font-weight")) == ("normal", "600")
    (stressed,) = written("en", to=language).xpath("//em")
    assert stressed.get("style") is None, "English is slanted in every letter"


@pytest.mark.parametrize("language", ["zh", "ja", "hi", "ar"])
def test_lines_of_dense_scripts_stand_further_apart(language: str) -> None:
    root = written(language, to="en")
    assert style(root.xpath("//td[@class='sheet']")[0], "line-height") == "1.6"
    assert float(style(root.xpath(f"//div[@lang='{language}']")[0], "line-height")) >= 1.75
    (sheet,) = written("en", to=language).xpath("//td[@class='sheet']")
    assert float(style(sheet, "line-height")) >= 1.75


@pytest.mark.parametrize("name", ["single-ar", "whole-ar", "digest-ar", "fallback-en"])
def test_code_runs_from_left_to_right_whatever_is_around_it(name: str) -> None:
    for code in tree(h.SAMPLES[name]()).xpath("//pre|//code"):
        assert code.get("dir") == "ltr"
    for block in tree(h.SAMPLES[name]()).xpath("//pre"):
        assert style(block, "text-align") == "left"


@pytest.mark.parametrize("to", ["en", "ar"])
def test_columns_of_a_table_stand_apart_however_they_are_aligned(to: str) -> None:
    one = post(to, "| a | b | c |\n|--:|:-:|---|\n| 1 | 2 | 3 |\n")
    rows = tree(h.letter(one, language=to, house=h.replace(h.HOUSE, entries=(one,)))).xpath(
        "//tr[td[contains(@class,'cell')]]"
    )
    start, end = ("padding-right", "padding-left") if to == "ar" else ("padding-left", "padding-right")
    first, middle, last = rows[0].xpath("td")
    assert {style(cell, "padding") for cell in (first, middle, last)} == {"7px 5px"}
    assert (style(first, start), style(last, end)) == ("0", "0")
    assert not any(style(cell, side) for cell, side in ((first, end), (middle, start), (middle, end), (last, start)))


def test_an_arrow_points_the_way_that_is_read() -> None:
    assert "→" in h.near("en").html
    assert "←" in h.near("ar").html
    assert "→" not in h.near("ar").html


@pytest.mark.parametrize(("lang", "to"), [("ar", "en"), ("en", "ar"), ("zh", "ar"), ("ar", "ar")])
def test_sides_are_those_of_the_entrys_own_language(lang: str, to: str) -> None:
    one = post(lang, "> Said.\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- one\n")
    root = tree(h.letter(one, language=to, house=h.replace(h.HOUSE, entries=(one,))))
    side, other = ("right", "left") if lang == "ar" else ("left", "right")
    (quote,) = root.xpath("//blockquote")
    assert style(quote, f"border-{side}")
    assert not style(quote, f"border-{other}")
    assert root.xpath("//td[contains(@class, 'cell')][@align]/@align") == [other]
    margins = style(root.xpath("//ul")[0], "padding").split()
    assert (margins[1] if side == "right" else margins[3]) == "26px"
