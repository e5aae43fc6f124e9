"""What letters are written on: the templates, the styles and the words per language, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import kept
from pipeline.errors import Misconfigured, Problem, Problems
from pipeline.keys import key_of
from pipeline.languages import closest
from pipeline.letterwords import Places, read_words
from pipeline.offered import PARTS, STYLES, TEMPLATES, offered
from pipeline.regular import read_regular
from pipeline.textfile import read_text
from pipeline.tongue import Tongue
from pipeline.validate import did_you_mean, visible

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment
    from jinja2.bccache import Bucket


@dataclass(frozen=True)
class Stationery:
    """Everything that composing needs beside the house; values in HTML templates are escaped by themselves.

    ``key`` is the same for the same templates, styles and words.
    """

    environment: Environment
    css: str
    words: Mapping[str, Mapping[str, str]]
    key: bytes = b""

    def tongue(self, *languages: str) -> Tongue:
        """The first of ``languages`` that there are words for, else English."""
        for language in languages:
            match = closest(language, self.words)
            if match is not None:
                return Tongue(language, self.words[match])
        return Tongue("en", self.words["en"])

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """A template filled in. Raises `Problems` with the template's own line for what goes wrong in it."""
        try:
            return self.environment.get_template(name).render(values)
        except Exception as error:  # noqa: BLE001 - a template is a program of the author's, and may raise anything
            raise Problems([_fault(error, name)]) from None


def load_stationery(folders: Sequence[Path], cache: Path | None = None) -> Stationery:
    """Reads templates, styles and words; the first of ``folders`` that has a file wins.

    What was sound is remembered in the folder ``cache`` and not looked through again while it stays as it is.
    Errors: Problems for words that are missing and templates that are broken, Misconfigured when one is nowhere.
    """
    sources = {name: _text(_find(folders, name)) for name in TEMPLATES}
    environment = _environment(sources, cache)
    key = key_of(tuple(sources.items()), _unread_words(folders)) if cache else b""
    words: dict[str, dict[str, str]] | None = kept.load(cache / "words", key) if cache else None
    if words is None:
        words = _looked_through(environment, sources, folders)
        if cache:
            kept.store(cache / "words", key, words)
    css = _text(_find(folders, STYLES))
    whole = key_of(sorted(sources.items()), css, [(lang, sorted(said.items())) for lang, said in sorted(words.items())])
    return Stationery(environment, css, words, whole)


def _unread_words(folders: Sequence[Path]) -> list[tuple[int, str, bytes]]:
    paths = [(place, path) for place, folder in enumerate(folders) for path in sorted((folder / "words").glob("*.yml"))]
    return [(place, path.name, _bytes(path)) for place, path in paths]


def _bytes(path: Path) -> bytes:
    """The file, or nothing where reading it is for those who say what is wrong with it."""
    try:
        return read_regular(path)
    except OSError:
        return b""


def _looked_through(
    environment: Environment, sources: Mapping[str, str], folders: Sequence[Path]
) -> dict[str, dict[str, str]]:
    """The words, once the templates are known to be sound and to ask for no others."""
    problems: list[Problem] = []
    said: Places = {}
    for name, source in sources.items():
        problems += _broken(environment, name, source, said)
    words = read_words(folders, said, problems)
    if problems or "en" not in words:
        raise Problems(problems or [Problem("templates/words/en.yml", 0, "missing", "Every language rests on it.")])
    return words


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


def _environment(sources: dict[str, str], cache: Path | None) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

    def load(name: str) -> tuple[str, str, None] | None:
        # With a file's name, what goes wrong in a template is traced to its own lines.
        return (sources[name], f"templates/{name}", None) if name in sources else None

    return Environment(
        loader=FunctionLoader(load),
        autoescape=select_autoescape(["html.j2"], default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_translations(cache) if cache else None,
    )


def _translations(cache: Path) -> BytecodeCache:
    """What Jinja makes of a template, as long as that stays as it is; a disk that is full stops no letter."""
    from jinja2 import BytecodeCache

    class Kept(BytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            if data := kept.load(cache / bucket.key, bucket.checksum):
                bucket.bytecode_from_string(data)

        def dump_bytecode(self, bucket: Bucket) -> None:
            kept.store(cache / bucket.key, bucket.checksum, bucket.bytecode_to_string())

    return Kept()


_LANGUAGE_OF_ITS_OWN = frozenset("self super caller varargs kwargs loop".split())
_LIST = "`kith templates` lists what there is."


def _broken(environment: Environment, name: str, source: str, said: dict[str, list[tuple[str, int]]]) -> list[Problem]:
    """What can be seen to be wrong in a template before it is used; ``said`` learns where it asks for which words."""
    from jinja2 import TemplateSyntaxError, meta, nodes

    try:
        environment.compile(source, name, f"templates/{name}")
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        return [_fault(error, name)]
    known = {value.name for value in offered(name)}
    for call in tree.find_all(nodes.Call):
        if getattr(call.node, "name", "") == "say" and call.args and isinstance(call.args[0], nodes.Const):
            said.setdefault(str(call.args[0].value), []).append((name, call.lineno))
    own = {node.target for node in tree.find_all(nodes.Import)}
    own |= {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    unknown = meta.find_undeclared_variables(tree) - known - own - set(environment.globals) - _LANGUAGE_OF_ITS_OWN
    places = sorted({(node.lineno, node.name) for node in tree.find_all(nodes.Name) if node.name in unknown})
    problems = [
        Problem(f"templates/{name}", line, f"there is no value `{visible(word)}`", did_you_mean(word, known, _LIST))
        for line, word in places
    ]
    for node in tree.find_all((nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)):
        other = getattr(getattr(node, "template", None), "value", None)
        if isinstance(other, str) and other not in TEMPLATES:
            fact = f"there is no template `{visible(other)}`"
            problems.append(Problem(f"templates/{name}", node.lineno, fact, did_you_mean(other, TEMPLATES)))
    return problems


def _fault(error: Exception, name: str) -> Problem:
    """What went wrong in a template, with its line there."""
    place, line = f"templates/{name}", int(getattr(error, "lineno", 0) or 0)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("templates/"):
            place, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    said = " ".join(str(getattr(error, "message", None) or error).split()) or type(error).__name__
    missing = re.search(r"has no attribute '(\w+)'", said)
    if missing:
        names = [value.name for part in PARTS.values() for value in part]
        return Problem(place, line, f"there is no value `{missing[1]}` there", did_you_mean(missing[1], names, _LIST))
    return Problem(place, line, visible(said[:1].lower() + said[1:], 200), _LIST if "undefined" in said else "")
