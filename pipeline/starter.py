"""Makes a new house, and new files to write in; never writes over anything."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from email.utils import formataddr
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from pipeline.errors import KithError
from pipeline.links import slugify
from pipeline.model import PUBLIC
from pipeline.packaged import packaged
from pipeline.settings import Settings
from pipeline.subscribers import read_subscribers
from pipeline.validate import LANGUAGE, did_you_mean

_TEXTS = Path(__file__).resolve().parent / "newhouse"
_RENAMED = {"gitignore": ".gitignore", "pyproject.toml.txt": "pyproject.toml"}
_IGNORED = Path(".gitignore")


def make_house(folder: Path, title: str, language: str, now: datetime) -> list[str]:
    """A house that can be published at once; says what to do next. Refuses a folder that has one."""
    if (folder / "pyproject.toml").exists() or (folder / "content").exists():
        raise KithError(f"{folder}: there is a house, or another project, already. Choose an empty folder.")
    if not LANGUAGE.fullmatch(language):
        raise KithError(f"`{language}` is not a language tag. Write one such as `en`, `zh` or `pt-BR`.")
    zone = _local_zone()
    now = now.astimezone(ZoneInfo(zone))
    name = " ".join(title.split()) or _named(folder)
    fill = {
        "title": json.dumps(name, ensure_ascii=False),
        "sender": json.dumps(f"{_display(name)} <you@example.org>", ensure_ascii=False),
        "slug": _host(name),
        "language": language,
        "timezone": zone,
        "now": f"{now:%Y-%m-%d %H:%M}",
        "day": f"{now:%Y-%m-%d}",
        "month": f"{now:%Y-%m}",
    }
    files = _new_house(fill)
    there = sorted(str(place) for place in files if (folder / place).exists() and place != _IGNORED)
    if there:
        raise KithError(f"{folder}: {', '.join(there)} stands there already. Choose an empty folder.")
    for place, text in files.items():
        if place == _IGNORED and (folder / place).exists():
            _add_lines(folder / place, text)
        else:
            _write(folder / place, text)
    (folder / "content" / "media").mkdir(exist_ok=True)
    return [f"{folder} is a house now.", "", f"  cd {folder}", "  kith publish        a first site, feeds and letters",
            "  kith serve          look at them", "  kith new post TITLE"]  # fmt: skip


def _new_house(fill: dict[str, str]) -> dict[Path, str]:
    """Every file of a new house, by its place in it."""
    files = {
        source.relative_to(_TEXTS): _filled(source.read_text("utf-8"), fill)
        for source in sorted(path for path in _TEXTS.rglob("*") if path.is_file())
    }
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
    return folder.resolve().name.replace("-", " ").replace("_", " ").title() or "My House"


def _display(name: str) -> str:
    """A name as it may stand before an address; quoted where mail needs it."""
    if name.isascii():
        return formataddr((name, "")).removesuffix(" <>")
    return " ".join(re.sub(r'[,;:<>@()\[\]\\."]', " ", name).split())


def _host(name: str) -> str:
    return slugify(name).encode("ascii", "ignore").decode().strip("-") or "house"


def _filled(text: str, fill: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: fill.get(match[1], match[0]), text)


def _local_zone() -> str:
    named = os.environ.get("TZ", "").lstrip(":")
    linked = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return next((zone for zone in (named, linked) if zone in available_timezones()), "UTC")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise KithError(f"{path}: it exists already and was left as it is. Choose another title.") from None


def _may_be_seen_by(root: Path, settings: Settings, visibility: str) -> None:
    """Raises for a visibility that no circle reads: such a file would only be refused later."""
    if visibility in ("", PUBLIC):
        return
    circles = read_subscribers(root, settings.languages, {}).circles
    known = sorted(frozenset[str]().union(*(circle.reads for circle in circles)))
    if visibility not in known:
        raise KithError(f"`{visibility}` is a name that no circle reads. {did_you_mean(visibility, known)}")


def new_file(root: Path, settings: Settings, kind: str, title: str, lang: str, visibility: str, now: datetime) -> Path:
    """A post to write in (a draft until its `draft` line goes), or an update; ``title`` is an update's text."""
    lang = lang or settings.language
    if not LANGUAGE.fullmatch(lang):
        raise KithError(f"`{lang}` is not a language tag. Write one such as `en`, `zh` or `pt-BR`.")
    words = " ".join(title.split())
    if kind == "post" and len(words) > 200:
        raise KithError(f"the title has {len(words)} characters. Keep it to 200.")
    _may_be_seen_by(root, settings, visibility)
    slug = "-".join(slugify(words).split("-")[:8])[:60].strip("-") or f"{now:%H%M%S-%f}".rstrip("0-")
    suffix = "" if lang == settings.language else f".{lang}"
    if kind == "post":
        if not words:
            raise KithError('a post needs a title: `kith new post "What I learned"`.')
        path = root / "content" / "posts" / f"{slug}{suffix}.md"
        head = [f"id: {now:%Y-%m}-{slug}", f"title: {json.dumps(words, ensure_ascii=False)}"]
    else:
        path = root / "content" / "updates" / f"{now:%Y-%m-%d}-{slug}{suffix}.md"
        head = [f"id: {now:%Y-%m-%d}-{slug}"]
    head += [f"date: {now:%Y-%m-%d %H:%M}", f"lang: {lang}", "tags: []"]
    head += [f"visibility: {visibility}"] if visibility and visibility != PUBLIC else []
    head += ['summary: ""'] if kind == "post" else []
    ready = kind == "update" and bool(words)
    head += [] if ready else ["draft: true        # take this line out when it may be read"]
    body = f"{words}\n" if ready else ""
    _write(path, "---\n" + "\n".join(head) + "\n---\n\n" + body)
    return path
