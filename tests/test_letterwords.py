"""What letters say in each language: complete, in files that a person can change, and every slip is named."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from houses import house, run

from pipeline.letterparts import counted
from pipeline.letters import Composer
from pipeline.tongue import Tongue, plural
from tests import letters_house as h

WORDS = h.TEMPLATES / "words"
LANGUAGES = sorted(path.stem for path in WORDS.glob("*.yml"))
ENGLISH = h.stationery().words["en"]
SOUND = (WORDS / "en.yml").read_text("utf-8")


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_there_are_the_languages_of_the_readers() -> None:
    assert LANGUAGES == ["ar", "de", "en", "es", "fr", "hi", "ja", "zh", "zh-Hant"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_word_with_everything_that_is_filled_in(language: str) -> None:
    words = h.stationery().words[language]
    plain = {key for key in ENGLISH if not re.search(r"-(one|other)$", key)}
    forms = {f"{base}-{plural(language, number)}" for base in ("more", "earlier") for number in range(1, 200)}
    assert set(words) >= plain | forms
    assert all(text.strip(" :") or key == "colon" for key, text in words.items())
    for key in plain:
        assert holes(words[key]) == holes(ENGLISH[key]), key
    assert all("{title}" in words[key] for key in forms if key.startswith("more"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_left_in_english(language: str) -> None:
    words = h.stationery().words[language]
    same = {key for key, text in words.items() if text == ENGLISH.get(key)}
    assert language == "en" or same <= {"colon"}


@pytest.mark.parametrize(
    ("reader", "hello"),
    [
        ("zh-Hans", "Wei，你好："), ("zh-CN", "Wei，你好："), ("zh-TW", "Wei，你好："), ("pt-BR", "Hello Wei,"),
        ("de-AT", "Hallo Wei,"), ("en-QQ", "Hello Wei,"), ("ja-x-kansai-ben", "Weiさん、こんにちは。"),
    ],
)  # fmt: skip
def test_a_reader_is_spoken_to_in_the_nearest_words_there_are(reader: str, hello: str) -> None:
    person = replace(h.WEI, name={"": "Wei"}, languages=(reader,))
    letter = h.letter(h.COLD, h.SHORT, h.LAKE, language=reader, digest=True, person=person)
    assert hello in letter.text
    assert (letter.language, "2" in letter.subject) == (reader, True)


def test_the_two_kinds_of_chinese_do_not_serve_each_other() -> None:
    subject = {tag: h.letter(h.COLD, h.STAIRS, language=tag).text for tag in ("zh-Hans", "zh-Hant", "zh-HK")}
    assert ["近況" in text for text in subject.values()] == [False, True, True]


FALLBACK = {
    "ar": "باللغة الإنجليزية", "de": "auf Englisch", "es": "en inglés", "fr": "en anglais", "hi": "अंग्रेज़ी में",
    "ja": "英語版", "zh": "英语版", "zh-Hant": "英文版",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_it_is_from_and_in_which_language_is_said_in_every_language(language: str) -> None:
    """An English text that a machine wrote and another translated, to a reader of each language, in both forms."""
    letter, words = h.letter(h.NOTE, language=language), h.stationery().words[language]
    said = [FALLBACK[language]] if language != "en" else []
    said += [words["generated"], words["translated"]]
    line = " · ".join(said)
    assert line in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", letter.html))
    assert line in letter.text


@pytest.mark.parametrize(
    ("number", "said"), [(1, "وواحد آخر"), (2, "واثنان آخران"), (3, "و3 أخرى"), (11, "و11 أخرى"), (100, "و100 أخرى")]
)
def test_arabic_counts_in_its_six_ways(number: int, said: str) -> None:
    assert counted(Tongue("ar", h.stationery().words["ar"]), "more", number, title="عنوان") == f"عنوان {said}"


# a person's own words


def said(tmp_path: Path, files: dict[str, str]) -> list[str]:
    """What `kith check` says of a house with these templates of its own."""
    return run(house(tmp_path, {f"templates/{name}": text for name, text in files.items()}), "check").problems


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("hello:", "helo:"), "templates/words/en.yml:1: no letter says `helo`. Did you mean `hello`?"),
        (
            ("{name},", "{nam},"),
            "templates/words/en.yml:1: nothing is filled in for `{nam}` in `hello`. Did you mean `name`?",
        ),
        (("In short", "In {short}"), "templates/words/en.yml:5: nothing is filled in for `{short}` in `updates`."),
        (('leave: "Stop these letters"', "leave: 7"), "templates/words/en.yml:20: `leave` is not text. Put it inside"),
        (('hello-nobody: "Hello,"', 'hello-nobody: "Hello,'), "templates/words/en.yml:"),
    ],
)
def test_a_slip_in_words_is_said_with_its_place(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert change[0] in SOUND
    found = said(tmp_path, {"words/en.yml": SOUND.replace(*change, 1)})
    assert len(found) == 1, found
    assert found[0].startswith(problem)


def test_an_empty_file_of_words_and_one_that_is_no_language_are_named(tmp_path: Path) -> None:
    found = said(tmp_path, {"words/it.yml": "", "words/italian.yml": SOUND})
    assert [one.partition(". ")[0] for one in found] == [
        "templates/words/it.yml:1: there are no words in it",
        "templates/words/italian.yml: `italian` is not a language tag",
    ]


def test_everything_wrong_in_all_words_is_said_at_once(tmp_path: Path) -> None:
    broken = {f"words/{tag}.yml": 'hello: "{x}"\nodd: "?"\nweb: 1\n' for tag in ("it", "pt")}
    for tag in ("it", "pt"):
        found = [one for one in said(tmp_path, broken) if f"words/{tag}.yml" in one]
        assert len(found) > 15


def test_words_that_a_template_asks_for_must_be_there(tmp_path: Path) -> None:
    own = (h.TEMPLATES / "layout.html.j2").read_text("utf-8").replace('say("pace")', 'say("pase")')
    (problem,) = said(tmp_path, {"layout.html.j2": own})
    line = 1 + own[: own.index("pase")].count("\n")
    assert problem == f"templates/layout.html.j2:{line}: there are no words `pase`. Did you mean `pace`?"


def test_a_template_may_have_words_of_its_own_which_every_language_then_needs(tmp_path: Path) -> None:
    own = (h.TEMPLATES / "layout.html.j2").read_text("utf-8").replace("{{ hello }}", '{{ hello }} {{ say("wave") }}')
    files = {"layout.html.j2": own, "words/en.yml": SOUND + 'wave: "A wave to you."\n'}
    found = said(tmp_path, files)
    assert len(found) == len(LANGUAGES) - 1
    assert "templates/words/ja.yml: no word for `wave`." in found
    more = {f"words/{tag}.yml": (WORDS / f"{tag}.yml").read_text("utf-8") + 'wave: "👋"\n' for tag in LANGUAGES}
    assert said(tmp_path, {**more, **files}) == []
    assert run(tmp_path, "build").code == 0


def test_a_language_may_have_more_or_fewer_plurals_than_english(tmp_path: Path) -> None:
    few = re.sub(r"more-one: .*\n", "", SOUND).replace("more-other:", 'more-few: "{title}, {n}"\nmore-other:')
    assert said(tmp_path, {"words/pl.yml": few}) == []


def test_a_house_changes_one_word_without_reading_python_and_keeps_the_others(tmp_path: Path) -> None:
    assert said(tmp_path, {"words/en.yml": 'hello: "Dear {name},"\n'}) == []
    assert run(tmp_path, "build").code == 0
    texts = [path.read_text("utf-8") for path in (tmp_path / "build/letters").glob("*.html")]
    assert any("Dear Wei," in text and "Stop these letters" in text for text in texts)


def test_a_composer_never_shows_the_name_of_a_word(tmp_path: Path) -> None:
    """In every language, in every kind of letter."""
    composer = Composer(h.HOUSE, h.stationery(), h.picture)
    for language in LANGUAGES:
        plan = replace(h.planned(h.EVERY, h.SHORT, h.NOTE, h.COLD, h.STAIRS, language=language, digest=True), more=True)
        letter = composer.letter(plan, issue_id=language, delivery_id="d", token="t", now=h.NOW)
        assert not re.search(r"\{\w+\}|\b(hello-nobody|more-(one|other)|unlisted|earlier-)", letter.text)
