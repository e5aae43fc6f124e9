"""What letters are written on: the templates, the styles and the words per language, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import Misconfigured, Problem, Problems
from pipeline.model import closest
from pipeline.textfile import read_text
from pipeline.tongue import Tongue
from pipeline.yamlfile import parse

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = ("layout.html.j2", "letter.html.j2", "letter.txt.j2", "paste.txt.j2")

_PLURAL = re.compile(r"-(zero|one|two|few|many)$")


@dataclass(frozen=True)
class Stationery:
    """Everything that composing needs beside the house; values in HTML templates are escaped by themselves."""

    environment: Environment
    css: str
    words: Mapping[str, Mapping[str, str]]

    def tongue(self, *languages: str) -> Tongue:
        """The first of ``languages`` that there are words for, else English."""
        for language in languages:
            match = closest(language, self.words)
            if match is not None:
                return Tongue(language, self.words[match])
        return Tongue("en", self.words["en"])


def load_stationery(folders: Sequence[Path]) -> Stationery:
    """Reads templates, styles and words; the first of ``folders`` that has a file wins.

    Errors: Problems for words that are missing or broken, Misconfigured when a template is nowhere.
    """
    sources = {name: _text(_find(folders, name)) for name in TEMPLATES}
    names = {path.stem: path for folder in reversed(folders) for path in sorted((folder / "words").glob("*.yml"))}
    problems: list[Problem] = []
    words = {language: _words(path, problems) for language, path in sorted(names.items())}
    english = words.get("en", {})
    for language, said in words.items():
        wanted = {key for key in english if not _PLURAL.search(key)} - set(said)
        problems += [Problem(f"templates/words/{language}.yml", 0, f"no word for `{key}`") for key in sorted(wanted)]
    if problems or not english:
        raise Problems(problems or [Problem("templates/words/en.yml", 0, "missing", "Every language rests on it.")])
    return Stationery(_environment(sources), _text(_find(folders, "letter.css")), words)


def _find(folders: Sequence[Path], name: str) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise Misconfigured(f"templates/{name}: there is no such file. Copy it from a new house (`kith init`).")


def _text(path: Path) -> str:
    text, problems = read_text(path, f"templates/{path.name}", path.parent)
    if problems:
        raise Problems(problems)
    return text


def _words(path: Path, problems: list[Problem]) -> dict[str, str]:
    name = f"templates/words/{path.name}"
    text, unread = read_text(path, name, path.parent)
    document = parse(text)
    problems += unread + document.named(name)
    found = document.value if isinstance(document.value, dict) else {}
    for key, value in found.items():
        if not isinstance(value, str):
            problems.append(Problem(name, document.line((key,)), f"`{key}` is not text", "Put it inside quotes."))
    return {key: value for key, value in found.items() if isinstance(value, str)}


def _environment(sources: dict[str, str]) -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape

    return Environment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(["html.j2"], default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
