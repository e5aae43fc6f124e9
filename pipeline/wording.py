"""What the house itself says around everything: its templates and words, dates, names of languages, fixed words."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from pipeline.edition import edition
from pipeline.languages import closest
from pipeline.packaged import own_or_packaged, packaged
from pipeline.settings import Settings
from pipeline.undone import spoken, words

_VENDORED = {"assets/mermaid.min.js"}
"""Programs of others that come with Kith: megabytes in which nothing of a house can stand."""

_READ = {".html", ".xml", ".yml", ".css", ".js", ".svg", ".j2", ".txt", ".json"}
_INDEX = "config docs fields lang location pipeline separator tags text title boost"
"""The keys of the search index."""

_SVG = "svg path d viewbox fill stroke rect circle line g"
"""The words of icons."""

_KEY, _SLOT = re.compile(r"^[\w-]+:\s*", re.MULTILINE), re.compile(r"\{[^}]*\}")
"""What stands before a phrase in a file of words, and what is filled in: beside it stands something else then."""

SPEAKING = (
    "feeds feeditems feedjson feedxml feedhtml newsstand pages listings listed archive tagged timeline welcome "
    "desk making engine searching finish markup letters letterhead letterhtml feedlook lettercode sections cards"
).split()
"""The modules that write words of their own onto pages, into feeds and letters."""


def said_around(root: Path, settings: Settings) -> str:
    """Every text that stands on pages and in letters without being anybody's entry, one below the other."""
    mail = settings.mail
    own = [settings.author, settings.url, mail.sender, mail.reply_to, mail.postal, mail.unsubscribe]
    own += [*settings.title.values(), *settings.description.values()]
    return "\n".join([*own, *_of_folders(root, settings), *_of_calendars(settings)])


def stamp_around(root: Path, settings: Settings) -> list[tuple[str, int, int]]:
    """Another one wherever `said_around` could be another: files by size and time, and which Kith reads them."""
    found = [(f"{edition()} {settings!r}", 0, 0)]
    for folder in (*own_or_packaged(root, "site"), *own_or_packaged(root, "templates")):
        for path in sorted(folder.rglob("*")):
            seen = path.stat()
            found.append((str(path), seen.st_size, seen.st_mtime_ns))
    return found


def _of_folders(root: Path, settings: Settings) -> Iterator[str]:
    folders = [*own_or_packaged(root, "site"), *own_or_packaged(root, "templates")]
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in _READ]
    paths = [path for path in paths if not path.as_posix().endswith(tuple(_VENDORED))]
    for package in ("material", "mkdocs"):
        if theme := _templates(package):
            paths += [path for path in sorted(theme.rglob("*.html")) if _spoken(path, settings)]
    for path in paths:
        text = path.read_text("utf-8", errors="replace")
        yield text
        if path.suffix == ".yml":
            yield _SLOT.sub("\n", _KEY.sub("", text))


def _spoken(path: Path, settings: Settings) -> bool:
    """Whether a template is no translation, or one into a language of the house."""
    return path.parent.name != "languages" or path.stem == "en" or closest(path.stem, settings.languages) is not None


@cache
def _templates(package: str) -> Path | None:
    found = importlib.util.find_spec(package)
    places = found.submodule_search_locations if found else None
    return Path(places[0]) / "templates" if places else None


def is_of_theme(name: str, data: bytes) -> bool:
    """Whether a file of the site is one of the theme's own, byte for byte, in which nothing of a house can stand."""
    theme = packaged("site") if name in _VENDORED else _templates("material")
    path = theme / name if theme and name.startswith("assets/") else None
    return path is not None and path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data


def _of_calendars(settings: Settings) -> Iterator[str]:
    """Months, days and names of languages: what dates and lists of languages are made of."""
    from babel import Locale, UnknownLocaleError

    for tag in {*settings.languages, "en"}:
        try:
            locale = Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        for calendar in (locale.months, locale.days):
            for form in calendar.values():
                for names in form.values():
                    yield from names.values()
        yield from (locale.get_display_name() or "", locale.get_display_name("en") or "")


def fixed_words(bodies: Iterable[bytes] = ()) -> frozenset[bytes]:
    """Single words that programs write: classes, keys of JSON, and those of ``bodies``, requests that say nothing."""
    return _of_programs() | frozenset(spoken(f"{_INDEX} {_SVG}")).union(*map(words, bodies))


def speaking() -> list[Path]:
    """The files of `SPEAKING`: one that is gone excuses nothing, and a test says so."""
    return [Path(__file__).parent / f"{name}.py" for name in SPEAKING]


@cache
def _of_programs() -> frozenset[bytes]:
    found: set[bytes] = set()
    for path in filter(Path.is_file, speaking()):
        tree = ast.parse(path.read_text("utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                found.update(spoken(node.value))
    return frozenset(found)
