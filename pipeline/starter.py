"""Makes a new project; never writes over anything."""

from __future__ import annotations

import json
import os
import re
import shlex
from datetime import datetime
from email.utils import formataddr
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import KithError
from pipeline.languages import closest
from pipeline.links import slugify
from pipeline.packaged import packaged
from pipeline.validate import LANGUAGE, visible
from pipeline.yamlfile import parse

_FILES = Path(__file__).resolve().parent / "newhouse"
_TEXTS = _FILES / "texts"
_PLACES = {
    "hello.md": Path("content/posts"),
    "first-line.md": Path("content/updates"),
    "about.md": Path("content/pages"),
}
_RENAMED = {"gitignore": ".gitignore", "pyproject.toml.txt": "pyproject.toml"}
_IGNORED = Path(".gitignore")


def make_house(folder: Path, title: str, language: str, now: datetime) -> list[str]:
    """A project that can be published at once; says what to do next. Refuses a folder that has one."""
    if (folder / "pyproject.toml").exists() or (folder / "content").exists():
        raise KithError(
            f"{folder}: there is a project already: it has `pyproject.toml` or `content/`. Choose an empty folder."
        )
    if not LANGUAGE.fullmatch(language):
        raise KithError(f"`{language}` is not a language tag. Write one such as `en`, `zh` or `pt-BR`.")
    zone = _local_zone()
    now = now.astimezone(ZoneInfo(zone))
    name = " ".join(title.split()) or _named(folder)
    spoken = closest(language, languages())
    fill = {
        "title": json.dumps(name, ensure_ascii=False),
        "sender": json.dumps(f"{_display(name)} <you@example.org>", ensure_ascii=False),
        "slug": _host(name),
        "language": language,
        "lang": language if spoken else "en",
        "timezone": zone,
        "now": f"{now:%Y-%m-%d %H:%M}",
        "day": f"{now:%Y-%m-%d}",
        "month": f"{now:%Y-%m}",
    }
    files = _new_house(fill, _TEXTS / (spoken or "en"))
    there = sorted(str(place) for place in files if (folder / place).exists() and place != _IGNORED)
    if there:
        raise KithError(f"{folder}: these files exist already: {', '.join(there)}. Choose an empty folder.")
    for place, text in files.items():
        if place == _IGNORED and (folder / place).exists():
            _add_lines(folder / place, text)
        else:
            write_new(folder / place, text)
    (folder / "content" / "media").mkdir(exist_ok=True)
    return _next_steps(folder, "" if spoken else language)


def languages() -> list[str]:
    """The languages in which Kith has first texts."""
    return sorted(path.name for path in _TEXTS.iterdir() if path.is_dir())


def _next_steps(folder: Path, unknown: str) -> list[str]:
    here = folder.resolve() == Path.cwd()
    return [
        "Created a project in this folder." if here else f"Created a project in {folder}.",
        *([f"The first texts are in English: Kith has none in `{unknown}` yet."] if unknown else []),
        "",
        *([] if here else [f"  cd {shlex.quote(str(folder))}"]),
        "  kith publish        make the first site, feeds and emails; nothing leaves this machine yet",
        "  kith serve          look at them in a browser",
        '  kith new post "What I learned"',
    ]


def _new_house(fill: dict[str, str], texts: Path) -> dict[Path, str]:
    """Every file of a new project, by its place in it; ``texts`` is the folder of first texts in its language."""
    titles = parse((texts / "circles.yml").read_text("utf-8")).value
    fill = fill | {name: json.dumps(title, ensure_ascii=False) for name, title in titles.items()}
    sources = {path.relative_to(_FILES): path for path in sorted(_FILES.iterdir()) if path.is_file()}
    sources |= {folder / name: texts / name for name, folder in _PLACES.items()}
    files = {place: _filled(source.read_text("utf-8"), fill) for place, source in sources.items()}
    files = {place.with_name(_RENAMED.get(place.name, place.name)): text for place, text in files.items()}
    files[Path("site/mkdocs.yml")] = (packaged("site") / "mkdocs.yml").read_text("utf-8")
    files[Path("templates/letter.css")] = (packaged("templates") / "letter.css").read_text("utf-8")
    return files


def _add_lines(path: Path, text: str) -> None:
    """Adds the lines of ``text`` that a person's own file does not have yet."""
    own = path.read_text("utf-8")
    missing = [line for line in text.splitlines() if line not in own.splitlines()]
    path.write_text(own.rstrip("\n") + "\n" * bool(own.strip()) + "\n".join(missing) + "\n", "utf-8")


def _named(folder: Path) -> str:
    return folder.resolve().name.replace("-", " ").replace("_", " ").title() or "My Project"


def _display(name: str) -> str:
    """A name as it may stand before an address; quoted where mail needs it."""
    if name.isascii():
        return formataddr((name, "")).removesuffix(" <>")
    return " ".join(re.sub(r'[,;:<>@()\[\]\\."]', " ", name).split())


def _host(name: str) -> str:
    return slugify(name).encode("ascii", "ignore").decode().strip("-") or "kith"


def _filled(text: str, fill: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: fill.get(match[1], match[0]), text)


def _local_zone() -> str:
    named = os.environ.get("TZ", "").lstrip(":")
    linked = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return next((zone for zone in (named, linked) if zone in available_timezones()), "UTC")


def write_new(path: Path, text: str) -> None:
    """Writes a file that must not exist yet. Raises `KithError` where it does."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise KithError(f"{visible(str(path), 300)}: its text is not UTF-8. Nothing was written.") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            _all_or_nothing(file, data, path)
    except FileExistsError:
        raise KithError(f"{path}: the file exists already and was left as it is.") from None


def _all_or_nothing(file: BinaryIO, data: bytes, path: Path) -> None:
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        path.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
