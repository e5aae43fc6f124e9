"""Every address Kith mints: one place, so that none of them ever changes by accident."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import quote, unquote, urlsplit

from pipeline.languages import closest
from pipeline.linkparts import BY_NAME
from pipeline.model import Entry, House, Kind, Page
from pipeline.settings import Settings

SEALED = "s/"
"""The folder of what is sealed: a name that says nothing."""


SEALED_INDEX = SEALED + "index.html"
"""A page without words, where some hosts would list the folder."""

_SEALED_LINK = re.compile(SEALED + r"([a-z2-7]{26})/#[a-z2-7]{52}")
_PLAIN = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")


def leads_to_sealed(text: str) -> frozenset[str]:
    """The addresses of the sealed pages that a text holds links to."""
    return frozenset(_SEALED_LINK.findall(text))


@lru_cache(maxsize=16_384)
def slugify(text: str) -> str:
    """A readable path segment: lower case, letters and digits of any script, single hyphens."""
    if _PLAIN.fullmatch(text):
        return text
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-")


@cache
def _folder(language: str) -> str:
    return quote(f"{language.lower()}/")


@cache
def _authority(url: str) -> str:
    return (urlsplit(url).hostname or "localhost").encode("idna").decode("ascii")


@dataclass(frozen=True, slots=True)
class Links:
    """Mints paths (relative to the site's root, percent-encoded) and absolute addresses of one house."""

    url: str
    home: str
    languages: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings) -> Links:
        """The links of a house; its ``url`` always ends in a slash here."""
        return cls(settings.url.rstrip("/") + "/", settings.language, settings.languages)

    @property
    def base(self) -> str:
        """The path of the site's root on its host, such as ``/`` or ``/blog/``."""
        return urlsplit(self.url).path or "/"

    @property
    def authority(self) -> str:
        """The host, for ``tag:`` URIs and Message-IDs."""
        return _authority(self.url)

    def absolute(self, path: str) -> str:
        """The full address of a path that this class minted."""
        return self.url + path

    def rooted(self, path: str) -> str:
        """The same address without scheme and host, as pages of the site link to each other."""
        return self.base + path

    def prefix(self, language: str) -> str:
        """The folder of a language: nothing for the house's first language, ``zh/`` for others."""
        return "" if language == self.home else _folder(language)

    def front(self, language: str) -> str:
        return self.prefix(language)

    def entry(self, entry: Entry, language: str) -> str:
        """A post's page, or an update's anchor on its month page."""
        if entry.kind is Kind.POST:
            return f"{self.prefix(language)}posts/{quote(entry.slug)}/"
        return f"{self.month(entry.date.year, entry.date.month, language)}#{self.anchor(entry)}"

    def anchor(self, entry: Entry) -> str:
        """The stable anchor of an update on its month page."""
        return f"u-{slugify(entry.id)}"

    def month(self, year: int, month: int, language: str) -> str:
        return f"{self.prefix(language)}updates/{year:04d}/{month:02d}/"

    def updates(self, language: str) -> str:
        return f"{self.prefix(language)}updates/"

    def archive(self, language: str, part: str = "") -> str:
        """The archive, or the page of one year of it (or of what is ``undated``)."""
        return f"{self.prefix(language)}archive/{part}{'/' * bool(part)}"

    def tags(self, language: str) -> str:
        return f"{self.prefix(language)}tags/"

    def tag(self, tag: str, language: str, year: str = "") -> str:
        return f"{self.tags(language)}{quote(slugify(tag))}/{year}{'/' * bool(year)}"

    def subscribe(self, language: str) -> str:
        return f"{self.prefix(language)}subscribe/"

    def page(self, page: Page, language: str) -> str:
        return f"{self.prefix(language)}{quote(page.slug)}/"

    def media(self, path: str) -> str:
        """A published file, from its path inside ``content/``."""
        return "media/" + quote(path.removeprefix("media/"))

    def sealed(self, address: str, key: str = "") -> str:
        """A sealed page; ``key`` stands in the fragment, which no browser ever asks a server for."""
        return f"{SEALED}{address}/" + (f"#{key}" if key else "")

    def sealed_file(self, address: str) -> str:
        """A sealed picture or other file."""
        return f"{SEALED}{address}.bin"

    def feed(self, name: str, form: str) -> str:
        """A feed's document; ``name`` is ``""`` (everything), ``lang/zh``, ``tags/x`` or ``updates``."""
        document = {"rss": "feed.xml", "atom": "atom.xml", "json": "feed.json"}[form]
        return f"feeds/{quote(name)}/{document}" if name else document

    def opml(self) -> str:
        return "feeds/feeds.opml"

    def alias(self, text: str) -> str:
        """An address that something had before, from how `aliases` says it."""
        return quote(text)

    def uri(self, entry_id: str) -> str:
        """The entry's ``tag:`` URI (RFC 4151): never made from title, path or date."""
        return f"tag:{self.authority},2020:{quote(entry_id)}"


@dataclass(frozen=True, slots=True)
class Target:
    """What a link in a file of ``content/`` points to: ``path`` inside ``content/`` for a file of the house."""

    kind: str
    path: str = ""
    fragment: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Finds what the files of ``content/`` link to; paths are relative to ``content/``."""

    links: Links
    entries: dict[str, tuple[Entry, str]]
    pages: dict[str, tuple[Page, str]]
    names: dict[str, str]
    """Paths by what a text may be called: its title, its file's name, its slug, its id."""

    @classmethod
    def of(cls, house: House) -> Shelf:
        """The shelf of everything in a house."""
        entries = {inside(v.path): (entry, v.lang) for entry in house.entries for v in entry.versions}
        pages = {inside(v.path): (page, v.lang) for page in house.pages for v in page.versions}
        return cls(Links.of(house.settings), entries, pages, _names(entries, pages))

    def find(self, source: str, href: str) -> Target:
        """What ``href`` in the file ``source`` is: outside, here (a fragment), entry, page, site or file."""
        try:
            parts = urlsplit(href)
        except ValueError:
            return Target("outside")
        if href.startswith(BY_NAME):
            return self._by_name(source, unquote(href.removeprefix(BY_NAME)))
        if parts.scheme or parts.netloc:
            return Target("outside")
        if not parts.path:
            return Target("here", fragment=parts.fragment)
        path = unquote(parts.path)
        tries = [path.lstrip("/")] if path.startswith("/") else [join(source, path), path]
        for candidate in (posixpath.normpath(one) for one in tries):
            if candidate in self.entries:
                return Target("entry", candidate, parts.fragment)
            if candidate in self.pages:
                return Target("page", candidate, parts.fragment)
        if path.startswith("/") and (not posixpath.splitext(path)[1] or is_document(path.lstrip("/"))):
            return Target("site", path.lstrip("/"), parts.fragment)
        return Target("file", posixpath.normpath(tries[0]), parts.fragment)

    def _by_name(self, source: str, name: str) -> Target:
        """What a name in two pairs of brackets is: a text by any of its names, or a file by its path or in `media/`."""
        words, _, place = name.partition("#")
        fragment = slugify(place)
        if not words:
            return Target("here", fragment=fragment)
        path = self.names.get(_called(words).lstrip("/"))
        if path:
            return Target("entry" if path in self.entries else "page", path, fragment)
        if not posixpath.splitext(words)[1] or words.endswith(" "):
            return Target("name", words)
        return self.find(source, quote(words) if "/" in words else f"/media/{quote(words)}")

    def address(self, target: Target, language: str) -> str | None:
        """The path a target has on the site, for a reader of ``language``; None when it has no public page."""
        fragment = f"#{target.fragment}" if target.fragment else ""
        if target.kind == "entry":
            entry, linked = self.entries[target.path]
            if not entry.public:
                return None
            return self.links.entry(entry, entry.version(language, linked).lang) + (
                fragment if entry.kind is Kind.POST else ""
            )
        if target.kind == "page":
            page, linked = self.pages[target.path]
            return self.links.page(page, closest(language, page.languages) or linked) + fragment
        if target.kind == "site":
            return quote(target.path) + fragment
        return None


def _called(name: str) -> str:
    """A name as names are compared."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _names(entries: dict[str, tuple[Entry, str]], pages: dict[str, tuple[Page, str]]) -> dict[str, str]:
    names: dict[str, str] = {}
    known: list[tuple[str, Entry | Page]] = [(path, entry) for path, (entry, _) in entries.items()]
    known += [(path, page) for path, (page, _) in pages.items()]
    for path, text in known:
        titles = [version.title for version in text.versions if inside(version.path) == path]
        stem = posixpath.splitext(path)[0]
        for name in (*titles, text.slug, stem, posixpath.basename(stem), path):
            if name:
                names.setdefault(_called(name), path)
    return names


_TAKEN = frozenset("assets feeds media search s".split())
"""The site's own folders, in which there are no pages."""


def is_alias(text: str) -> bool:
    """Whether a page that leads on can stand at this path: below the root, with plain segments."""
    parts = text.strip("/").split("/")
    plain = all(part and not part.startswith(".") and not part.isspace() for part in parts)
    odd = any(character in text for character in '\\?#%:*<>|"') or "//" in text or len(text) > 300
    last = posixpath.splitext(parts[-1])[1].lower()
    sound = is_folder(text) or last in {".html", ".htm"}
    return plain and not odd and sound and parts[0].lower() not in _TAKEN and text.strip("/").lower() != "404.html"


def is_folder(text: str) -> bool:
    """Whether an address is a folder's rather than a document's."""
    return text.endswith("/") or "." not in text.rpartition("/")[2]


_DOCUMENTS = ("feed.xml", "atom.xml", "feed.json", "sitemap.xml", "robots.txt")


def is_document(path: str) -> bool:
    """Whether a path is a document that every build makes."""
    return path in _DOCUMENTS or (path.startswith("feeds/") and path.endswith((*_DOCUMENTS, "feeds.opml")))


def inside(path: str) -> str:
    """A path of the house as a path inside ``content/``."""
    return path.removeprefix("content/")


def join(source: str, path: str) -> str:
    """``path`` as the file ``source`` means it."""
    return posixpath.join(posixpath.dirname(source), path)
