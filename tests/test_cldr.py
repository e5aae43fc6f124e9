"""What Babel says of languages, remembered as plain values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cldr, tongue

FORMS = ("d MMMM y", "long", "d MMM", "+MMMd", "+yMMMM", "MMMM")


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cldr, "FACTS", {})


def babel(form: str, day: date, table: Locale) -> str:
    return format_skeleton(form[1:], day, locale=table) if form[0] == "+" else format_date(day, form, table)  # type: ignore[arg-type]  # patterns are texts


@pytest.mark.parametrize("form", FORMS)
def test_a_date_is_written_as_babel_writes_it_in_every_language(form: str) -> None:
    for name in locale_identifiers():
        table = Locale.parse(name)
        for day in (date(2026, 11, 21), datetime(999, 1, 9, 23, 59, tzinfo=UTC)):
            assert cldr.written(name.replace("_", "-"), form, day) == babel(form, day, table), name


@given(
    st.dates(),
    st.sampled_from(["en", "de", "zh", "zh-Hant", "ar", "hi", "ja", "fr", "es", "th"]),
    st.sampled_from(FORMS),
)
def test_every_date_is_written_as_babel_writes_it(day: date, lang: str, form: str) -> None:
    assert cldr.written(lang, form, day) == babel(form, day, cldr.locale(lang))


def test_a_date_that_depends_on_more_than_its_numbers_is_left_to_babel() -> None:
    assert cldr.written("en", "EEEE d MMM", date(2026, 11, 21)) == "Saturday 21 Nov"
    assert cldr.written("en", "EEEE d MMM", date(2026, 11, 22)) == "Sunday 22 Nov"


def test_what_is_kept_is_known_again_without_babel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> list[str]:
        own = [cldr.own_name(lang) for lang in ("zh", "xx", "zz-!!")]
        facts = [
            f(lang) for lang in ("zh", "ar", "xx") for f in (tongue.direction, tongue.language_name, tongue.territorial)
        ]
        return [*own, *facts, *(cldr.written("zh", form, date(2026, 11, 21)) for form in FORMS)]

    before = said()
    assert before[:3] == ["中文", "xx", "zz-!!"]
    cldr.keep(tmp_path)
    monkeypatch.setattr(cldr, "FACTS", {})
    monkeypatch.setattr(cldr, "locale", None)
    assert cldr.remember(tmp_path) > 10
    assert said() == before
