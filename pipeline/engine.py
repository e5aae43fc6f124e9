"""MkDocs with Material, kept behind one class so that another engine can take its place.

Their settings, templates and assets make each page; which pages there are, and what stands on them, is ours.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.cards import cards
from pipeline.desk import SitePage
from pipeline.errors import KithError
from pipeline.languages import closest

_SUGGESTION = "Put it right, or remove `site/` to use the one that comes with Kith."


@dataclass(frozen=True, slots=True)
class Job:
    """What the engine is handed: the folder ``source`` holds `mkdocs.yml`; ``options`` go over what it says.

    ``empty`` is a folder for MkDocs to look into, in which nothing lies; ``cache`` keeps compiled templates.
    """

    source: Path
    empty: Path
    cache: Path
    options: Mapping[str, Any]
    frames: Mapping[str, Mapping[str, Any]]
    home: str


class Engine:
    """Makes pages one by one; errors of the theme and its plugins become a `KithError`, warnings are remembered."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.warnings: list[str] = []
        with self._seam():
            self._start()
        self._at_first = tuple(self.warnings)

    def again(self) -> None:
        """Makes ready for another build: what was heard of the last one is forgotten."""
        self.warnings = list(self._at_first)

    def _start(self) -> None:
        from jinja2 import FileSystemBytecodeCache
        from mkdocs.config import load_config
        from mkdocs.structure.files import Files
        from mkdocs.structure.nav import Navigation

        from pipeline.once import Once, plainly

        job = self.job
        for folder in (job.empty, job.cache):
            folder.mkdir(parents=True, exist_ok=True)
        # MkDocs only looks at where the site would go: it writes nothing there
        config = load_config(
            str(job.source / "mkdocs.yml"), docs_dir=str(job.empty), site_dir=str(job.cache), **dict(job.options)
        )
        config.extra["kith"] = {
            "home": job.home,
            "base": urlsplit(str(config.site_url or "/")).path,
            "frames": {lang: {**frame, "material": _spoken(lang)} for lang, frame in job.frames.items()},
        }
        config.plugins.on_startup(command="build", dirty=False)
        self.config = config.plugins.on_config(config)
        self.files, self.nav = Files([]), Navigation([], [])
        env = self.config.theme.get_env()
        env.bytecode_cache = FileSystemBytecodeCache(str(job.cache))
        env.add_extension(Once)
        plainly(env)
        self.env = self.config.plugins.on_env(env, config=self.config, files=self.files)
        self.template = self.env.get_template("main.html")

    def page(self, page: SitePage, address: str) -> bytes:
        """The whole HTML of a page that stands at ``address``."""
        with self._seam():
            return self._page(page, address)

    def _page(self, page: SitePage, address: str) -> bytes:
        from mkdocs.commands.build import get_context
        from mkdocs.structure.files import File
        from mkdocs.structure.pages import Page

        file = File(f"{unquote(page.path)}index.md", str(self.job.empty), str(self.job.cache), use_directory_urls=True)
        made = Page(None, file, self.config)
        made.meta, made.content = front(page, address), f"<div>{page.body}</div>"
        root = address.removesuffix(urlsplit(address).path)
        made.meta["kith"] |= cards(page, address, root, self.job.frames[page.lang])
        context = get_context(self.nav, [], self.config, made)
        return _tidied(self.template.render(context)).encode("utf-8", "surrogatepass")

    def lost(self) -> bytes:
        """The page for readers who followed a dead address; it works from any depth."""
        with self._seam():
            from mkdocs.commands.build import get_context

            base = urlsplit(str(self.config.site_url or "/")).path
            context = get_context(self.nav, [], self.config, base_url=base)
            return _tidied(self.env.get_template("404.html").render(context)).encode()

    def assets(self) -> dict[str, Path]:
        """The theme's own files, by their place on the site."""
        with self._seam():
            from mkdocs.structure.files import Files

            files = Files([])
            files.add_files_from_theme(self.env, self.config)
            return {file.dest_uri: Path(str(file.abs_src_path)) for file in files if not file.is_documentation_page()}

    def search(self) -> dict[str, Any] | None:
        """What the search script must know to read the index; None where the settings have no search."""
        for name in ("material/search", "search"):
            if plugin := self.config.plugins.get(name):
                return {key: plugin.config.get(key) for key in ("lang", "separator", "pipeline", "fields")}
        return None

    @contextmanager
    def _seam(self) -> Iterator[None]:
        os.environ["NO_MKDOCS_2_WARNING"] = "1"
        with _quiet() as heard:
            try:
                yield
            # themes and plugins may raise anything; this is the seam
            except (Exception, SystemExit) as error:
                raise KithError(_message(self.job, error, heard)) from error
        self.warnings += [record.getMessage() for record in heard if record.levelno == logging.WARNING]


def _tidied(text: str) -> str:
    """The page without what HTML forbids and no block of Material's template lets us leave out."""
    return text.replace('type="checkbox" id="__drawer" autocomplete="off"', 'type="checkbox" id="__drawer"').replace(
        'type="checkbox" id="__search" autocomplete="off"', 'type="checkbox" id="__search"'
    )


def front(page: SitePage, address: str) -> dict[str, Any]:
    """What the theme may know of a page; title and tags outside ``kith`` are for scripts that take them for HTML."""
    tags = [escape(name) for name, _ in page.meta.get("tags", [])]
    return {
        "title": escape(page.title),
        "description": page.description,
        **({"tags": tags} if tags else {}),
        "kith": {
            "lang": page.lang,
            "kind": page.kind,
            "title": page.title,
            "address": address,
            "alternates": [list(one) for one in page.alternates],
            "headings": [[one.level, one.id, one.title] for one in page.headings],
            **page.meta,
        },
    }


def _spoken(lang: str) -> str:
    """The translation of Material's own words that serves ``lang``."""
    templates = Path(str(importlib.import_module("material").__file__)).parent / "templates"
    known = sorted(path.stem for path in (templates / "partials" / "languages").glob("*.html"))
    return closest(lang, known) or "en"


class _Memory(logging.Handler):
    """Remembers what is logged, and shows nothing."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)


@contextmanager
def _quiet() -> Iterator[list[logging.LogRecord]]:
    """Keeps the engine's log from the terminal and remembers it."""
    handler = _Memory(logging.WARNING)
    logger = logging.getLogger("mkdocs")
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield handler.heard
    finally:
        logger.removeHandler(handler)
        logger.propagate = before


def _message(job: Job, error: BaseException, heard: list[logging.LogRecord]) -> str:
    """Place, fact, suggestion."""
    place = _place(job, error)
    said = [record.getMessage() for record in heard if record.levelno >= logging.ERROR]
    fact = " ".join(" ".join([str(error), *said]).split()) or type(error).__name__
    return f"{place}: {fact.rstrip('.')}. {_SUGGESTION}"


def _place(job: Job, error: BaseException) -> str:
    """The template and line a template error names, else the settings."""
    name, line = getattr(error, "filename", None), getattr(error, "lineno", None)
    if not isinstance(name, str) or line is None:
        return "site/mkdocs.yml"
    path = Path(name)
    shown = path.relative_to(job.source).as_posix() if path.is_relative_to(job.source) else path.name
    return f"site/{shown}:{line}"
