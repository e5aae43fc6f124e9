"""How a page speaks its language: the site's own words, dates, names of languages, reading times.

English dates put the day first, as most of its readers do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from pipeline.cldr import fact, locale, written

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_LETTERS = "".join(chr(code) if chr(code).isalnum() or code == ord("_") else " " for code in range(128))
_JOINT = re.compile(r"'(?<=\w')(?=\w)")
"""Parts two words that count as one."""


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
        return written(self.lang, "d MMMM y" if self.lang == "en" else "long", day)

    def short(self, day: date) -> str:
        """Day and month."""
        return written(self.lang, "d MMM" if self.lang == "en" else "+MMMd", day)

    def month(self, day: date) -> str:
        """Month and year."""
        return written(self.lang, "+yMMMM", day)

    def month_name(self, day: date) -> str:
        """The month alone, in its everyday form: Babel 2.18 gives a wrong language for the stand-alone one."""
        return written(self.lang, "MMMM", day)

    def minutes(self, text: str) -> int:
        """How long ``text`` takes to read, in minutes: 230 words or 400 East Asian characters each."""
        if text.isascii():
            words, characters = len(text.translate(_LETTERS).split()) - len(_JOINT.findall(text)), 0
        else:
            characters = len(_asian().findall(text))
            words = len(_WORD.findall(_asian().sub(" ", text) if characters else text))
        return max(1, round(words / 230 + characters / 400))


@cache
def _asian() -> re.Pattern[str]:
    """Signs that are words, made ready when a text first needs it: that takes longer than reading one."""
    return re.compile(r"[぀-ヿ㐀-䶿一-鿿豈-﫿가-힯]")


def direction(lang: str) -> str:
    """``rtl`` for languages written from right to left, else ``ltr``."""
    return str(fact("direction", lang, lambda table: "rtl" if table.character_order == "right-to-left" else "ltr"))


def language_name(lang: str) -> str:
    """What a language calls itself; its tag where nobody knows."""
    return str(fact("own name", lang, lambda table: table.get_display_name() if _of(table, lang) else "")) or lang


def _of(table: Any, lang: str) -> bool:
    """Whether Babel has a table for the language."""
    return bool(table.language == lang.lower().split("-")[0])


def territorial(lang: str) -> str:
    """A language with its likeliest territory, as Open Graph wants it: ``zh`` is ``zh_CN``; "" where nobody knows."""
    return str(fact("territory", lang, lambda table: _territorial(table) if _of(table, lang) else ""))


def _territorial(table: Any) -> str:
    from babel.core import get_global

    likely = get_global("likely_subtags")
    script = f"{table.language}_{table.script}" if table.script else table.language
    land = table.territory or str(likely.get(script, "")).rpartition("_")[2]
    return f"{table.language}_{land}" if land else ""


def plural(lang: str, number: int) -> str:
    """The form that words take beside ``number``: one, two, few, many or other."""
    return str(locale(lang).plural_form(number))


def language_in(language: str, speaker: str) -> str:
    """The name of ``language`` in the language of ``speaker``; its tag where nobody knows."""
    names = locale(speaker).languages
    tags = (language.replace("-", "_"), language.partition("-")[0])
    return str(next((names[tag] for tag in tags if tag in names), language))
