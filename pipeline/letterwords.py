"""Reads ``templates/words/``: what letters say in each language, one file for each, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.errors import Problem
from pipeline.textfile import read_text
from pipeline.validate import LANGUAGE, did_you_mean, visible
from pipeline.yamlfile import parse

Words = Mapping[str, str]
Places = dict[str, list[tuple[str, int]]]
"""Name of words → the templates and lines that ask for them."""

_PLURAL = re.compile(r"-(zero|one|two|few|many|other)$")
_HOLE = re.compile(r"\{(\w*)\}")
_FOLDER = "templates/words/"
_WRITE = "Write them into `words/en.yml`, and into the other languages."


def read_words(folders: Sequence[Path], named: Places, problems: list[Problem]) -> dict[str, dict[str, str]]:
    """Language → name → words; those of an earlier one of ``folders`` are laid over those of a later one.

    The English of the last folder says which words there are; ``named`` are those that templates ask for by name.
    What is wrong goes into ``problems``, each with its line.
    """
    words: dict[str, dict[str, str]] = {}
    lines: dict[str, dict[str, int]] = {}
    for folder in reversed(folders):
        for path in sorted((folder / "words").glob("*.yml")):
            said, where = _read(path, problems)
            words[path.stem] = words.get(path.stem, {}) | said
            lines[path.stem] = dict.fromkeys(lines.get(path.stem, {}), 0) | where
    base = folders[-1] / "words" / "en.yml"
    known = dict(_read(base, [])[0] if base.is_file() else {})
    known |= {key: text for key, text in words.get("en", {}).items() if key in named and key not in known}
    problems += _unsaid(named, known)
    for language in sorted(words):
        problems += _faults(f"{_FOLDER}{language}.yml", words[language], lines[language], known)
    return words


def _unsaid(named: Places, known: Words) -> list[Problem]:
    """The words that templates ask for and that there are none of."""
    return [
        Problem(f"templates/{name}", line, f"there are no words `{visible(word)}`", did_you_mean(word, known, _WRITE))
        for word, places in named.items()
        for name, line in places
        if word not in known
    ]


def _read(path: Path, problems: list[Problem]) -> tuple[dict[str, str], dict[str, int]]:
    """The words of one file, and the lines of its names."""
    name = f"{_FOLDER}{path.name}"
    text, unread = read_text(path, name, path.parent)
    document = parse(text)
    problems += unread + document.named(name)
    if not isinstance(document.value, dict):
        if not unread and not document.problems:
            problems.append(Problem(name, 1, "there are no words in it", 'Write `hello: "Hello {name},"`, and so on.'))
        return {}, {}
    found = {key: value for key, value in document.value.items() if isinstance(value, str)}
    for key in document.value.keys() - found.keys() - {path[0] for path in document.unread if path}:
        problems.append(Problem(name, document.line((key,)), f"`{key}` is not text", "Put it inside quotes."))
    return found, {key: document.line((key,)) for key in document.value}


def _faults(file: str, words: Words, lines: Mapping[str, int], known: Words) -> Iterator[Problem]:
    """What is wrong with the words of one language; ``known`` is the English of the house."""
    language = file.removeprefix(_FOLDER).removesuffix(".yml")
    if not LANGUAGE.fullmatch(language):
        yield Problem(file, 0, f"`{visible(language)}` is not a language tag", "Name the file such as `it.yml`.")
        return
    # Which forms of a plural a language has, nobody needs to know: `other` serves where one is missing.
    wanted = {key for key in known if not _PLURAL.search(key) or key.endswith("-other")}
    yield from (Problem(file, 0, f"no word for `{key}`") for key in sorted(wanted - set(lines)) if lines)
    bases = {_base(key) for key in known if _PLURAL.search(key)}
    for key, text in words.items():
        if key not in known and not (_PLURAL.search(key) and _base(key) in bases):
            hint = did_you_mean(key, known, "Take it out.")
            yield Problem(file, lines[key], f"no letter says `{visible(key)}`", hint)
            continue
        holes = {hole for other, said in known.items() if _base(other) == _base(key) for hole in _HOLE.findall(said)}
        for hole in sorted(set(_HOLE.findall(text)) - holes):
            fact = f"nothing is filled in for `{{{visible(hole)}}}` in `{visible(key)}`"
            yield Problem(file, lines[key], fact, did_you_mean(hole, holes, "Take the braces out."))


def _base(key: str) -> str:
    """The name of words without the form of the plural."""
    return _PLURAL.sub("", key)
