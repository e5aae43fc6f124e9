"""MkDocs with Material, kept behind one function so that another engine can take its place."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import KithError
from pipeline.model import closest

_SUGGESTION = "Put it right, or remove `site/` to use the one that comes with Kith."


@dataclass(frozen=True, slots=True)
class Job:
    """One run of the engine: the folder ``source`` holds `mkdocs.yml`; ``options`` go over what it says."""

    source: Path
    docs: Path
    out: Path
    options: Mapping[str, Any]
    frames: Mapping[str, Mapping[str, Any]]
    home: str


def run(job: Job) -> tuple[str, ...]:
    """Turns the staged files into a site and returns the engine's warnings; its errors become a `KithError`."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    with _quiet() as heard:
        try:
            _build(job)
        # themes and plugins may raise anything; this is the seam
        except (Exception, SystemExit) as error:
            raise KithError(_message(job, error, heard)) from error
    return tuple(record.getMessage() for record in heard if record.levelno == logging.WARNING)


def _build(job: Job) -> None:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    # the search index must be the same with and without jieba on the machine
    vars(importlib.import_module("material.plugins.search.plugin"))["jieba"] = None
    config = load_config(
        str(job.source / "mkdocs.yml"), docs_dir=str(job.docs), site_dir=str(job.out), **dict(job.options)
    )
    config.extra["kith"] = {
        "home": job.home,
        "base": urlsplit(str(config.site_url or "/")).path,
        "frames": {lang: {**frame, "material": _spoken(lang)} for lang, frame in job.frames.items()},
    }
    config.plugins.on_startup(command="build", dirty=False)
    try:
        build(config)
    finally:
        config.plugins.on_shutdown()


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
