"""Makes new files to write in: posts, updates, pages and translations; never writes over anything."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path

from pipeline.errors import KithError
from pipeline.frontmatter import take_apart
from pipeline.links import slugify
from pipeline.model import PUBLIC
from pipeline.settings import Settings
from pipeline.starter import write_new
from pipeline.subscribers import read_subscribers
from pipeline.textfile import read_text
from pipeline.validate import LANGUAGE, did_you_mean

_DRAFT = "draft: true        # remove this line when it may be published"


def new_file(root: Path, settings: Settings, kind: str, title: str, lang: str, visibility: str, now: datetime) -> Path:
    """A post or a page to write in (a draft until its `draft` line goes), or an update; ``title`` is an update's text.

    Raises `KithError` for what could not be published, and where the file exists.
    """
    lang = _language(lang or settings.language)
    words = " ".join(title.split())
    if kind != "update":
        _check_title(kind, words)
    if kind == "page" and visibility not in ("", PUBLIC):
        raise KithError("a page is for everyone: it can have no --visibility. Make it a post.")
    _may_be_seen_by(root, settings, visibility)
    slug = "-".join(slugify(words).split("-")[:8])[:60].strip("-") or f"{now:%H%M%S-%f}".rstrip("0-")
    suffix = "" if lang == settings.language else f".{lang}"
    quoted = f"title: {json.dumps(words, ensure_ascii=False)}"
    if kind == "page":
        path, head = root / "content" / "pages" / f"{slug}{suffix}.md", [quoted, f"lang: {lang}"]
    elif kind == "post":
        path = root / "content" / "posts" / f"{slug}{suffix}.md"
        head = [f"id: {now:%Y-%m}-{slug}", quoted, *_dated(lang, visibility, now), 'summary: ""']
    else:
        path = root / "content" / "updates" / f"{now:%Y-%m-%d}-{slug}{suffix}.md"
        head = [f"id: {now:%Y-%m-%d}-{slug}", *_dated(lang, visibility, now)]
    ready = kind == "update" and bool(words)
    head += [] if ready else [_DRAFT]
    write_new(path, _text(head, f"{words}\n" if ready else ""))
    return path


def _check_title(kind: str, words: str) -> None:
    if not words:
        example = "What I learned" if kind == "post" else "Reading list"
        raise KithError(f'a {kind} needs a title: `kith new {kind} "{example}"`.')
    if len(words) > 200:
        raise KithError(f"the title has {len(words)} characters. Keep it to 200.")


def _dated(lang: str, visibility: str, now: datetime) -> list[str]:
    seen_by = [f"visibility: {visibility}"] if visibility and visibility != PUBLIC else []
    return [f"date: {now:%Y-%m-%d %H:%M}", f"lang: {lang}", "tags: []", *seen_by]


def new_translation(root: Path, settings: Settings, original: Path, lang: str) -> Path:
    """A draft beside ``original`` for its text in ``lang``: with the same front matter, and the text to translate.

    Raises `KithError` where there is no such file in `content/`, or a translation is there already.
    """
    lang, path = _language(lang), Path(os.path.normpath(original.absolute()))
    if not path.is_file() or path.suffix != ".md" or not path.is_relative_to(root / "content"):
        raise KithError(f"{original}: there is no such text in `content/`. Write its path: content/posts/hello.md.")
    name = str(path.relative_to(root))
    text, problems = read_text(path, name, root)
    if problems:
        raise KithError(str(problems[0]))
    own = take_apart(text, name, settings.foreign_keys).text("lang")
    stem, _, suffix = path.stem.rpartition(".")
    if not (stem and suffix.lower() in {own.lower(), *(one.lower() for one in settings.languages)}):
        stem, suffix = path.stem, own or settings.language
    if lang.lower() == (own or suffix).lower():
        raise KithError(f"{original}: its language is `{lang}` already. Choose another with --lang.")
    fresh = path.with_name(f"{stem}.{lang}.md")
    write_new(fresh, _translated(text, lang))
    return fresh


def _translated(text: str, lang: str) -> str:
    """The text with the front matter of a translation that nobody may read yet; every other line stays as it is."""
    lines = text.split("\n")
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() in ("---", "...")), 0)
    if lines[0].rstrip() != "---" or not end:
        return _text([f"lang: {lang}", _DRAFT], text)
    kept = [line for line in lines[1:end] if not re.match(r"(?:lang|translated|draft|generated)\s*:", line)]
    return _text([*kept, f"lang: {lang}", _DRAFT], "\n".join(lines[end + 1 :]).lstrip("\n"))


def _text(head: list[str], body: str) -> str:
    return "---\n" + "\n".join(head) + "\n---\n\n" + body


def _language(lang: str) -> str:
    if not LANGUAGE.fullmatch(lang):
        raise KithError(f"`{lang}` is not a language tag. Write one such as `en`, `zh` or `pt-BR`.")
    return lang


def _may_be_seen_by(root: Path, settings: Settings, visibility: str) -> None:
    """Raises for a visibility that no circle reads: such a file would only be refused later."""
    if visibility in ("", PUBLIC):
        return
    circles = read_subscribers(root, settings.languages, {}).circles
    known = sorted(frozenset[str]().union(*(circle.reads for circle in circles)))
    if visibility not in known:
        raise KithError(f"`{visibility}` is a name that no circle reads. {did_you_mean(visibility, known)}")
