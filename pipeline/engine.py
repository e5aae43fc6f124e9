"""MkDocs with Material, kept behind one class so that another engine can take its place.

Their settings, templates and assets make each page; which pages there are, and what stands on them, is ours.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from jinja2 import FileSystemBytecodeCache

from pipeline import kept
from pipeline.around import Around
from pipeline.cards import cards
from pipeline.desk import SitePage
from pipeline.errors import KithError
from pipeline.once import Once, plainly
from pipeline.packaged import packaged
from pipeline.stage import Job, Look, Ours, assets

if TYPE_CHECKING:
    from pipeline.theme import Theirs

__all__ = ["Engine", "Job"]

_SUGGESTION = "Put it right, or remove `site/` to use the one that comes with Kith."


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
        job = self.job
        for folder in (job.empty, job.cache):
            folder.mkdir(parents=True, exist_ok=True)
        self.stage = self._stage()
        env = self.stage.env
        env.bytecode_cache = FileSystemBytecodeCache(str(job.cache))
        env.add_extension(Once)
        plainly(env)
        self.env = self.stage.ready()
        self.template = self.env.get_template("main.html")
        if _ours(job.source / "overrides"):
            Around(self.env.get_template("base.html"))

    def _stage(self) -> Ours | Theirs:
        """What templates work with: MkDocs is asked only where it is not known what it would say."""
        job, known = self.job, self.job.cache / "look"
        tools = [str(found.origin) for name in ("mkdocs", "material") if (found := find_spec(name))]
        key = (job.key, str(job.source), tools)
        if job.key and (look := kept.load(known, key)):
            return Ours(Look(*look), job)
        from pipeline.theme import Theirs, lasting, look_of, started

        config = started(job)
        look = look_of(config)
        if look is None:
            return Theirs(config, job)
        # what MkDocs warns of is to be heard again
        if job.key and lasting(job) and not _listening():
            kept.store(known, key, look.values())
        return Ours(look, job)

    def page(self, page: SitePage, address: str) -> bytes:
        """The whole HTML of a page that stands at ``address``."""
        with self._seam():
            return self._page(page, address)

    def _page(self, page: SitePage, address: str) -> bytes:
        meta = front(page, address)
        meta["kith"] |= cards(page, address, _host(address), self.job.frames[page.lang])
        context = self.stage.page(unquote(page.path), meta, f"<div>{page.body}</div>")
        return _tidied(self.template.render(context)).encode("utf-8", "surrogatepass")

    def lost(self) -> bytes:
        """The page for readers who followed a dead address; it works from any depth."""
        with self._seam():
            return _tidied(self.env.get_template("404.html").render(self.stage.bare())).encode()

    def assets(self) -> dict[str, Path]:
        """The theme's own files, by their place on the site."""
        return assets(*self.stage.theme)

    def search(self) -> dict[str, Any] | None:
        """What the search script must know to read the index; None where the settings have no search."""
        return self.stage.search

    @contextmanager
    def _seam(self) -> Iterator[None]:
        heard = _listening()
        heard.clear()
        try:
            yield
        except (KithError, MemoryError):
            raise
        # themes and plugins may raise anything; this is the seam
        except (Exception, SystemExit) as error:
            if not _theirs(error):
                raise
            raise KithError(_message(self.job, error, heard)) from error
        if heard:
            self.warnings += [record.getMessage() for record in heard if record.levelno == logging.WARNING]


def _theirs(error: BaseException) -> bool:
    """Whether an error may come from the site's settings and templates: not a full disk, nor a fault of Kith itself.

    It is Kith's own where the innermost call is one of this package's, and no template or plugin was asked.
    """
    if isinstance(error, OSError):
        return isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError | PermissionError)
    if isinstance(error, SystemExit) or not error.__traceback__:
        return True
    innermost = traceback.extract_tb(error.__traceback__)[-1].filename
    return Path(innermost).parent != Path(__file__).parent


def _ours(overrides: Path) -> bool:
    """Whether a house has no templates but those that Kith has too: others may ask for the page anywhere."""
    given = packaged("site") / "overrides"
    if overrides == given:
        return True
    return {path.relative_to(overrides) for path in overrides.rglob("*")} <= {
        path.relative_to(given) for path in given.rglob("*")
    }


def _host(address: str) -> str:
    """The address without what stands behind the host."""
    scheme, there, rest = address.partition("://")
    return scheme + there + rest.partition("/")[0] if there else ""


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


class _Memory(logging.Handler):
    """Remembers what is logged, and shows nothing."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.heard: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record)


_EAR = _Memory(logging.WARNING)


def _listening() -> list[logging.LogRecord]:
    """Keeps MkDocs' log from the terminal; what it said since the list was emptied."""
    logger = logging.getLogger("mkdocs")
    if _EAR not in logger.handlers:
        logger.addHandler(_EAR)
    logger.propagate = False
    return _EAR.heard


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
