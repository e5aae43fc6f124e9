"""How the site looks: which `site/` folder is used, its words, and the fingerprint of all that goes into a build."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import kept
from pipeline.errors import Problem, Problems
from pipeline.languages import closest
from pipeline.model import House
from pipeline.packaged import packaged
from pipeline.regular import odd_kind, read_regular
from pipeline.walked import Stamp, stamp_of

_WORDS = 2_000_000
"""Bytes; the largest file of words."""

_MOMENT = 2_000_000_000
"""Nanoseconds in which a file may change twice and have the same time."""

Words = Mapping[str, Mapping[str, str]]
"""The site's own words per language."""


def site_folder(root: Path) -> Path:
    """How the site looks: what comes with Kith, with every file that the house's own `site/` has put over it."""
    own, given = root / "site", packaged("site")
    if not own.is_dir() or not any(own.iterdir()):
        return given
    if own.resolve() == given.resolve():
        return own
    return _overlaid(root / "build" / "look", given, own)


def _overlaid(folder: Path, given: Path, own: Path) -> Path:
    """Both folders as one under `build/`; a file is written only when its bytes change."""
    wanted = {path.relative_to(source): path for source in (given, own) for path in _parts(source)}
    cache = folder.parent / "cache" / "reading" / "look"
    known, found, before = kept.load(cache, str(folder)) or {}, {}, time.time_ns() - _MOMENT
    for place, path in wanted.items():
        target = folder / place
        pair = _pair(path, target)
        if not pair or known.get(str(place)) != pair:
            _laid(target, read_regular(path))
            pair = _pair(path, target)
        if all(stamp[2] < before for stamp in pair):
            found[str(place)] = pair
    if found != known:
        kept.store(cache, str(folder), found)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder) not in wanted:
            path.unlink()
    return folder


def _parts(source: Path) -> list[Path]:
    """The files of a `site/` folder, hidden ones left out. Raises `Problems` for what is neither file nor folder."""
    found = []
    for path in sorted(source.rglob("*")):
        place = path.relative_to(source)
        if path.is_dir() or any(part.startswith(".") for part in place.parts):
            continue
        if path.is_file():
            found.append(path)
        elif path.exists():
            odd, hint = odd_kind(path.stat().st_mode), "Put a file in its place, or remove it."
            raise Problems([Problem(f"site/{place.as_posix()}", 0, odd, hint)])
    return found


def _pair(path: Path, target: Path) -> tuple[Stamp, ...]:
    """What the disk says of a file and of what was made of it; nothing while that is not there."""
    return (stamp_of(path.stat()), stamp_of(target.stat())) if target.is_file() else ()


def _laid(target: Path, data: bytes) -> None:
    if target.is_file() and read_regular(target) == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.write_bytes(data)
    partial.replace(target)


def words_for(source: Path, house: House, cache: Path | None = None) -> dict[str, dict[str, str]]:
    """The site's words in every language of the house; English where there are none.

    ``cache`` is a folder to keep them in, as they were read.
    """
    folders = list(dict.fromkeys((packaged("site") / "words", source / "words")))
    files = [path for folder in folders for path in sorted(folder.glob("*.yml"))]
    key = [(path.name, read_regular(path)) for path in files]
    known: dict[str, dict[str, str]] | None = kept.load(cache / "words", key) if cache else None
    if known is None:
        known = {}
        for folder in folders:
            for lang, words in _read(folder).items():
                known[lang] = known.get(lang, {}) | words
        if cache:
            kept.store(cache / "words", key, known)
    english = known["en"]
    spoken = {*house.settings.languages, *_languages(house)}
    found = {}
    for lang in sorted(spoken):
        match = closest(lang, known)
        own = known[match] if match else {"name": ""}
        found[lang] = english | (own if match == lang else own | {"name": ""})
    return found


def _languages(house: House) -> set[str]:
    entries = {lang for entry in house.public_entries for lang in entry.languages}
    return entries | {lang for page in house.pages for lang in page.languages}


def _read(folder: Path) -> dict[str, dict[str, str]]:
    found, problems = {}, []
    for path in sorted(folder.glob("*.yml")):
        words = _words(path)
        if words is None:
            problems.append(Problem(f"site/words/{path.name}", 0, "these are not words", "Write `name: text` lines."))
        else:
            found[path.stem] = words
    if problems:
        raise Problems(problems)
    return found


def _words(path: Path) -> dict[str, str] | None:
    import yaml

    try:
        loaded: Any = yaml.safe_load(read_regular(path, _WORDS).decode())
    except (yaml.YAMLError, UnicodeDecodeError):
        return None
    if not isinstance(loaded, dict):
        return None
    return {str(key): _folded(str(value)) for key, value in loaded.items()}


def _folded(text: str) -> str:
    """The text on one line; Chinese and Japanese get no space where their line was folded."""
    return re.sub(r"(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])", "", " ".join(text.split()))


def looks(source: Path, cache: Path | None = None) -> str:
    """The hash of all that decides how the site looks, but for the house itself and the tools.

    ``cache`` is a folder to keep in what each file was hashed to, as long as the disk says that it is the same.
    """
    known: dict[str, tuple[Stamp, bytes]] = (kept.load(cache / "looks", str(source)) or {}) if cache else {}
    before, found, digest = time.time_ns() - _MOMENT, {}, hashlib.sha256()
    for path in _files(source):
        name, stamp = path.relative_to(source).as_posix(), stamp_of(path.stat())
        was = known.get(name)
        hashed = was[1] if was and was[0] == stamp else hashlib.sha256(read_regular(path)).digest()
        digest.update(name.encode() + b"\0" + hashed)
        # what changed hardly before may change again without a new time
        if stamp[2] < before:
            found[name] = (stamp, hashed)
    if cache and found != known:
        kept.store(cache / "looks", str(source), found)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
