"""Texts in several languages, and which of them serves a reader. Pure."""

from __future__ import annotations

from collections.abc import Iterable

Words = dict[str, str]
"""One text per language tag; the key ``""`` holds a text that is the same in every language."""


def worded(words: Words, *languages: str) -> str:
    """The text in the first language that has one, else the one for all, else any; ``""`` when empty."""
    for language in languages:
        match = closest(language, words)
        if match is not None:
            return words[match]
    return words.get("") or next(iter(words.values()), "")


def closest(language: str, available: Iterable[str]) -> str | None:
    """The tag among ``available`` that serves a reader of ``language``: the same, else the same base language.

    Traditional and simplified Chinese do not serve each other; plain ``zh`` counts as simplified.
    """
    tags = [tag for tag in available if tag]
    wanted = language.lower()
    for tag in tags:
        if tag.lower() == wanted:
            return tag
    return next((tag for tag in tags if _family(tag) == _family(language)), None)


def _family(tag: str) -> str:
    parts = tag.lower().split("-")
    if parts[0] == "zh" and {"hant", "tw", "hk", "mo"} & set(parts[1:]):
        return "zh-hant"
    return parts[0]
