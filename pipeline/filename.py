"""What the name of a file in ``content/`` says: slug, language, day."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.frontmatter import Source
from pipeline.links import slugify
from pipeline.settings import Settings
from pipeline.validate import LANGUAGE, visible

LETTERS = "letters"
"""The folder of what the author says first in letters, which `openings` reads."""

_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})(?:-(.+))?")
_SUFFIX = re.compile(r"(.+)([.-])([A-Za-z]{2,3}(?:-(?:[A-Za-z]{2}|[A-Za-z]{4}))?|hant|hans)")
_SPOKEN = frozenset("ar de en es fr hi ja ko pt ru it zh hant hans zh-hant zh-hans zh-tw zh-cn pt-br".split())
_WORDS = frozenset({"hi", "it"})
"""Language tags that are also the last words of English titles: after a hyphen they need the front matter's word."""

_TAGS = {"hant": "zh-Hant", "hans": "zh-Hans", "zh-hant": "zh-Hant", "zh-hans": "zh-Hans", "zh-tw": "zh-TW",
         "zh-cn": "zh-CN", "pt-br": "pt-BR"}  # fmt: skip
_LONGEST = 180
"""Bytes of a slug: it becomes the name of a folder."""


def odd_name(name: str) -> str:
    """What keeps a file's name from being used; ``""`` when nothing does."""
    if any(0xDC80 <= ord(character) <= 0xDCFF for character in name):
        return "the file's name is not UTF-8"
    return "there is a line break or another unseen sign in the file's name" if visible(name, len(name)) != name else ""


def read_name(path: Path, source: Source, settings: Settings) -> tuple[str, str, str]:
    """The slug, the language and the day that a file's name and front matter give together."""
    stem, suffix = _without_suffix(path.stem, source.text("lang").lower(), settings)
    day = ""
    if match := _DATED.fullmatch(stem):
        day, stem = match[1], match[2] or stem
    slug = slugify(stem) or "untitled"
    if len(slug.encode()) > _LONGEST:
        fact = f"the file's name is too long for an address ({len(slug.encode())} bytes)"
        source.say("", fact, f"Keep it to {_LONGEST}: most Chinese signs take 3.")
        slug = slug[:40]
    return slug, _language(source, suffix, settings), day


def _without_suffix(stem: str, said: str, settings: Settings) -> tuple[str, str]:
    """The name without its language, and that language; ``said`` is what the front matter says."""
    match = _SUFFIX.fullmatch(stem)
    if match is None:
        return stem, ""
    tag = _TAGS.get(match[3].lower(), match[3].lower())
    known = {language.lower() for language in settings.languages} | {said}
    spoken = _SPOKEN if match[2] == "." else _SPOKEN - _WORDS
    return (match[1], tag) if tag.lower() in known or match[3].lower() in known | spoken else (stem, "")


def _language(source: Source, suffix: str, settings: Settings) -> str:
    said = source.text("lang")
    if said and suffix and said.lower() != suffix.lower() and not said.lower().startswith(suffix.lower()):
        source.say("lang", f"`lang: {visible(said)}`, but the file's name ends in `{suffix}`", "Make them agree.")
    lang = said or suffix or settings.language
    if LANGUAGE.fullmatch(lang):
        return lang
    source.say("lang", f"`{visible(lang)}` is not a language tag", "Write one such as `en`, `zh` or `pt-BR`.")
    return settings.language
