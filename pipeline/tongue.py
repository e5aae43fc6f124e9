"""How a page speaks its language: the site's own words, dates, names of languages, reading times.

English dates put the day first, as most of its readers do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

_ASIAN = re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿가-힯]")
_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language of the site with the words of `site/words/`."""

    lang: str
    words: Mapping[str, str]

    def say(self, key: str, **values: object) -> str:
        """The words for ``key`` with ``{names}`` filled in; the key itself where there are none."""
        text = self.words.get(key, key)
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``."""
        return direction(self.lang)

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return self.words.get("name") or language_name(self.lang)

    def day(self, day: date) -> str:
        """A date in full."""
        return self._format(day, "d MMMM y" if self.lang == "en" else "long")

    def short(self, day: date) -> str:
        """Day and month."""
        return self._format(day, "d MMM") if self.lang == "en" else self._skeleton(day, "MMMd")

    def month(self, day: date) -> str:
        """Month and year."""
        return self._skeleton(day, "yMMMM")

    def month_name(self, day: date) -> str:
        """The month alone, in its everyday form: Babel 2.18 gives a wrong language for the stand-alone one."""
        return self._format(day, "MMMM")

    def minutes(self, text: str) -> int:
        """How long ``text`` takes to read, in minutes: 230 words or 400 East Asian characters each."""
        characters = 0 if text.isascii() else len(_ASIAN.findall(text))
        words = len(_WORD.findall(_ASIAN.sub(" ", text) if characters else text))
        return max(1, round(words / 230 + characters / 400))

    def _format(self, day: date, pattern: str) -> str:
        from babel.dates import format_date

        return format_date(day, pattern, _locale(self.lang))

    def _skeleton(self, day: date, skeleton: str) -> str:
        from babel.dates import format_skeleton

        return format_skeleton(skeleton, day, locale=_locale(self.lang))


def direction(lang: str) -> str:
    """``rtl`` for languages written from right to left, else ``ltr``."""
    return "rtl" if _locale(lang).character_order == "right-to-left" else "ltr"


def language_name(lang: str) -> str:
    """What a language calls itself; its tag where nobody knows."""
    locale = _locale(lang)
    same = locale.language == lang.lower().split("-")[0]
    return (locale.get_display_name() or lang) if same else lang


@lru_cache(maxsize=64)
def territorial(lang: str) -> str:
    """A language with its likeliest territory, as Open Graph wants it: ``zh`` is ``zh_CN``; "" where nobody knows."""
    from babel.core import get_global

    locale = _locale(lang)
    if locale.language != lang.lower().split("-")[0]:
        return ""
    likely = get_global("likely_subtags")
    script = f"{locale.language}_{locale.script}" if locale.script else locale.language
    land = locale.territory or str(likely.get(script, "")).rpartition("_")[2]
    return f"{locale.language}_{land}" if land else ""


def plural(lang: str, number: int) -> str:
    """The form that words take beside ``number``: one, two, few, many or other."""
    return str(_locale(lang).plural_form(number))


def language_in(language: str, speaker: str) -> str:
    """The name of ``language`` in the language of ``speaker``; its tag where nobody knows."""
    names = _locale(speaker).languages
    tags = (language.replace("-", "_"), language.partition("-")[0])
    return str(next((names[tag] for tag in tags if tag in names), language))


@lru_cache(maxsize=64)
def _locale(lang: str) -> Any:
    from babel import Locale, UnknownLocaleError

    for tag in (lang, lang.split("-", maxsplit=1)[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")
