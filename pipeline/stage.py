"""What templates are handed: MkDocs' names for settings and page, made of plain values, so that no MkDocs is needed.

A template can ask for all that MkDocs documents for a page of its own; what it never has here is empty, as it is with
MkDocs when nothing stands in its navigation.
"""

from __future__ import annotations

import fnmatch
import importlib
import logging
import os
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from jinja2 import Environment, FileSystemLoader, pass_context
from markupsafe import Markup, escape

from pipeline.languages import closest


@dataclass(frozen=True, slots=True)
class Job:
    """What the engine is handed: the folder ``source`` holds `mkdocs.yml`; ``options`` go over what it says.

    ``empty`` is a folder for MkDocs to look into, in which nothing lies; ``cache`` keeps compiled templates, and under
    ``key``, which stands for all of this, what MkDocs made of the settings.
    """

    source: Path
    empty: Path
    cache: Path
    options: Mapping[str, Any]
    frames: Mapping[str, Mapping[str, Any]]
    home: str
    key: bytes = b""


@dataclass(frozen=True, slots=True)
class Look:
    """MkDocs' settings as templates see them, the folders of its theme, and what in them is no asset; plain values."""

    config: dict[str, Any]
    folders: list[str]
    static: list[str]
    version: str
    search: dict[str, Any] | None

    def values(self) -> tuple[Any, ...]:
        """All of it, to be kept."""
        return self.config, self.folders, self.static, self.version, self.search


def around(job: Job, site_url: Any) -> dict[str, Any]:
    """What templates find in `config.extra.kith`."""
    frames = {lang: {**frame, "material": _spoken(lang)} for lang, frame in job.frames.items()}
    return {"home": job.home, "base": urlsplit(str(site_url or "/")).path, "frames": frames}


def _spoken(lang: str) -> str:
    """The translation of Material's own words that serves ``lang``."""
    folder = Path(str(importlib.import_module("material").__file__)).parent / "templates" / "partials" / "languages"
    known = sorted(path.stem for path in folder.glob("*.html"))
    return closest(lang, known) or "en"


class Script(dict[str, Any]):
    """An entry of `extra_javascript` that says more than its path."""

    def __str__(self) -> str:
        return str(self["path"])

    @property
    def async_(self) -> bool:
        """Under this name MkDocs has it as an attribute."""
        return bool(self["async"])


class Nowhere(list[Any]):
    """The navigation: there is nothing in it."""

    homepage = None

    @property
    def items(self) -> list[Any]:
        return []

    @property
    def pages(self) -> list[Any]:
        return []


@dataclass(slots=True)
class Sheet:
    """A page as templates see it; ``site`` are the settings."""

    url: str
    meta: dict[str, Any]
    content: str
    site: Mapping[str, Any]
    markdown: None = None
    title: None = None
    parent: None = None
    children: None = None
    previous_page: None = None
    next_page: None = None
    edit_url: None = None
    present_anchor_ids: None = None
    links_to_anchors: None = None
    active: bool = False
    is_section: bool = False
    is_page: bool = True
    is_link: bool = False
    is_top_level: bool = True
    is_index: bool = True
    toc: list[Any] = field(default_factory=list)
    ancestors: list[Any] = field(default_factory=list)

    @property
    def is_homepage(self) -> bool:
        return not self.url

    @property
    def canonical_url(self) -> str | None:
        base = self.site.get("site_url")
        return urljoin(base if base.endswith("/") else f"{base}/", self.url) if base else None

    @property
    def abs_url(self) -> str | None:
        address = self.canonical_url
        return None if address is None else urlsplit(address).path

    @property
    def update_date(self) -> str:
        return now().strftime("%Y-%m-%d")

    @property
    def file(self) -> Any:
        """MkDocs' own object, for the template that wants one."""
        from mkdocs.structure.files import File

        path = f"{unquote(self.url)}index.md"
        return File(path, self.site["docs_dir"], self.site["site_dir"], use_directory_urls=True)


def url_of(place: str) -> str:
    """What MkDocs calls a page in the folder ``place``; an old address may be no folder."""
    return quote(place if not place or place.endswith("/") else f"{place}index/")


def now() -> datetime:
    """When this build is, or is said to be (reproducible-builds.org)."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.now(UTC) if told is None else datetime.fromtimestamp(int(told), UTC)


class Ours:
    """Makes templates' surroundings from a `Look`."""

    def __init__(self, look: Look, job: Job) -> None:
        self.look, self.nav, self.search = look, Nowhere(), look.search
        self.theme = look.folders, look.static
        self.kith = around(job, look.config["site_url"])
        scripts = [one if isinstance(one, str) else Script(one) for one in look.config["extra_javascript"]]
        self.config = {**look.config, "extra_javascript": scripts, "extra": {**look.config["extra"], "kith": self.kith}}
        loader = FileSystemLoader(look.folders)
        self.env = Environment(loader=loader, auto_reload=False)  # noqa: S701 - as MkDocs does: templates escape by themselves
        self.env.filters["url"] = _url
        self.env.filters["script_tag"] = _script_tag
        self.env.add_extension("jinja2.ext.i18n")
        self.env.install_null_translations()  # type: ignore[attr-defined]  # the extension brings it

    def ready(self) -> Environment:
        """The environment: there is nobody else who would change it."""
        return self.env

    def page(self, place: str, meta: dict[str, Any], content: str) -> dict[str, Any]:
        """What the template of a page is handed."""
        url = url_of(place)
        return self._context(Sheet(url, meta, content, self.config), relative(".", url))

    def bare(self) -> dict[str, Any]:
        """Likewise for a template without a page, which may be shown at any depth."""
        return self._context(None, self.kith["base"])

    def _context(self, page: Sheet | None, base: str) -> dict[str, Any]:
        return {
            "nav": self.nav,
            "pages": [],
            "base_url": base,
            "extra_css": [normal(str(one), page, base) for one in self.config["extra_css"]],
            "extra_javascript": [normal(str(one), page, base) for one in self.config["extra_javascript"]],
            "mkdocs_version": self.look.version,
            "build_date_utc": now(),
            "config": self.config,
            "page": page,
        }


@pass_context
def _url(context: Mapping[str, Any], value: Any) -> str:
    """MkDocs' filter: an address as the page at hand must write it."""
    return normal(str(value), context["page"], context["base_url"])


@pass_context
def _script_tag(context: Mapping[str, Any], script: Any) -> str:
    """MkDocs' filter: the element for an entry of `extra_javascript`."""
    more = ""
    if not isinstance(script, str):
        more += f' type="{escape(script["type"])}"' if script["type"] else ""
        more += " defer" if script["defer"] else ""
        more += " async" if script["async"] else ""
    return Markup(f'<script src="{escape(_url(context, script))}"{more}></script>')  # noqa: S704 - escaped above


def normal(path: str, page: Any, base: str) -> str:
    """``path`` from where ``page`` stands, or from ``base``; addresses with a host or from the root stay."""
    path, level = _level(path)
    if level < 0:
        return path
    if page is None:
        return posixpath.join(base, path)
    return "../" * level + relative(path, page.url)


@lru_cache(maxsize=1024)
def _level(path: str) -> tuple[str, int]:
    """The path as MkDocs reads it, and how far it climbs first; -1 where it is not relative."""
    if "\\" in path:
        logging.getLogger("mkdocs.utils").warning(
            "Path '%s' uses OS-specific separator '\\'. That will be unsupported in a future release. "
            "Please change it to '/'.",
            path,
        )
        path = path.replace("\\", "/")
    path = path or "."
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or path.startswith(("/", "#")):
        return path, -1
    level, rest = 0, posixpath.normpath(path) + "/"
    while rest.startswith("../", level * 3):
        level += 1
    return path, level


def relative(path: str, other: str) -> str:
    """``path`` as a page at ``other`` must write it; both are below the root."""
    folder, _, name = other.rpartition("/")
    there, here = _parts(path), _parts(folder if "." in name else other)
    common = 0
    for one, two in zip(here, there, strict=False):
        if one != two:
            break
        common += 1
    found = "/".join([*[".."] * (len(here) - common), *there[common:]]) or "."
    return f"{found}/" if path.endswith("/") else found


@lru_cache(maxsize=1024)
def _parts(path: str) -> list[str]:
    plain = posixpath.normpath(path if path.startswith("/") else f"/{path}")[1:]
    return plain.split("/") if plain else []


_NO_ASSETS = (".*", "*/.*", "*.py", "*.pyc", "*.html", "*readme*", "mkdocs_theme.yml", "locales/*",
              "*.markdown", "*.mdown", "*.mkdn", "*.mkd", "*.md")  # fmt: skip
"""What in a theme's folder MkDocs does not publish."""


def assets(folders: Iterable[str], static: Iterable[str]) -> dict[str, Path]:
    """The files of a theme by their place on the site; the first folder that has one wins."""
    patterns = (*_NO_ASSETS, *static)
    found: dict[str, Path] = {}
    for folder in folders:
        for above, inner, names in os.walk(folder, followlinks=False):
            # icons, thousands of them, lie in a folder with a dot
            inner[:] = [name for name in inner if not name.startswith(".")]
            for name in names:
                path = Path(above, name)
                place = path.relative_to(folder).as_posix()
                if not any(fnmatch.fnmatch(place.lower(), pattern) for pattern in patterns):
                    found.setdefault(place, path)
    return dict(sorted(found.items()))
