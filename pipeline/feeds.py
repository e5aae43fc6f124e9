"""The feeds a house gives to everybody: RSS, Atom and JSON Feed for everything, each language, each tag, updates.

Cheap first: `parts` says which documents there are and what stands in each without rendering anything;
a `Press` renders and writes one part. Nothing here knows the time, so the same house gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from urllib.parse import unquote

from pipeline.cldr import own_name
from pipeline.feedhtml import ascii_address, clean, media_type, one_line, tidy
from pipeline.feeditems import Channel, Enclosure, Item
from pipeline.feedlean import lean
from pipeline.feedxml import opml, write
from pipeline.firstwords import first_words
from pipeline.languages import Words, closest, worded
from pipeline.links import Links, slugify
from pipeline.markup import serialise, shorten, tree
from pipeline.model import EVERYONE, Entry, House, Kind, Version
from pipeline.passages import body_for
from pipeline.planned import Chosen

FORMS = ("rss", "atom", "json")
LIMIT = 512 * 1024
"""The most bytes of a feed's current document; what does not fit stands in its archives."""

STYLE_PATH = "feeds/feed.css"
IMAGE_PATH = "assets/feed.png"
_FRAME = 16 * 1024
_UPDATES: Words = {
    "": "Updates", "en": "Updates", "zh": "近况", "zh-Hant": "近況", "es": "Novedades", "fr": "Brèves", "de": "Notizen",
    "ja": "近況", "ko": "근황", "pt": "Novidades", "ar": "مستجدات", "ru": "Заметки", "it": "Aggiornamenti",
}  # fmt: skip

Sizes = Callable[[str], int | None]
"""Given a file's path inside ``content/``: its size in bytes, or None when that is not known."""

Render = Callable[[Version], str]
"""Given a version: its HTML as everybody may read it, from wherever that is kept; its addresses may be rooted."""


@dataclass(frozen=True, slots=True)
class FeedInfo:
    """One feed to subscribe to; ``title`` is without the house's own, ``addresses`` are absolute, per form."""

    name: str
    title: Words
    language: str
    addresses: dict[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """The current documents of one feed, or one of its archives: what stands there, newest first, unrendered.

    ``owed`` of the newest stand in no archive yet, so the current documents must name them;
    ``archive`` and ``previous`` are the names of this archive and of the one before it.
    """

    info: FeedInfo
    chosen: tuple[Chosen, ...]
    owed: int = 0
    archive: str = ""
    previous: str = ""


def listing(house: House) -> tuple[FeedInfo, ...]:
    """Every feed there is: everything, then the languages in the house's order, updates, tags by name."""
    return tuple(info for info, _ in _shelves(house))


def parts(house: House) -> tuple[Part, ...]:
    """Every feed's current documents, and the archives of those for everything and for a language (RFC 5005, 4)."""
    found: list[Part] = []
    for info, chosen in _shelves(house):
        archived = info.name == "" or info.name.startswith("lang/")
        found += _with_archives(info, chosen, max(house.settings.feed_entries, 1), archived)
    return tuple(found)


def _shelves(house: House) -> Iterator[tuple[FeedInfo, tuple[Chosen, ...]]]:
    """Each feed with all that could ever stand in it, newest first."""
    home = house.settings.language
    entries = sorted(house.settled.public_entries, key=lambda entry: entry.order, reverse=True)
    every = tuple([Chosen(entry, entry.version(home)) for entry in entries])
    yield _info(house, "", house.settings.title, home), every
    written = [entry.languages for entry in entries]
    for tag in _languages(house, written):
        spoken = {languages for languages in set(written) if closest(tag, languages)}
        info = _info(house, f"lang/{tag.lower()}", {"": own_name(tag)}, tag)
        told = [entry for entry, languages in zip(entries, written, strict=True) if languages in spoken]
        yield info, tuple([Chosen(entry, entry.version(tag)) for entry in told])
    updates = tuple(chosen for chosen in every if chosen.entry.kind is Kind.UPDATE)
    yield _info(house, "updates", _UPDATES, home), updates
    for slug, (tag, chosen) in sorted(_tagged(every).items()):
        yield _info(house, f"tags/{slug}", {"": one_line(tag)}, home), tuple(chosen)


def _info(house: House, name: str, title: Words, language: str) -> FeedInfo:
    return FeedInfo(name, title, language, _addresses(Links.of(house.settings), name))


def _addresses(links: Links, name: str) -> dict[str, str]:
    return {form: ascii_address(links.absolute(links.feed(name, form))) for form in FORMS}


def _languages(house: House, written: Iterable[tuple[str, ...]]) -> list[str]:
    """The house's languages, then the others that the site speaks, even where nothing stands in them yet."""
    spoken = {tag for languages in {*written, *(page.languages for page in house.pages)} for tag in languages}
    return [*house.settings.languages, *sorted(spoken - set(house.settings.languages))]


def _tagged(every: Iterable[Chosen]) -> dict[str, tuple[str, list[Chosen]]]:
    """Every tag's slug, with the tag as the newest entry writes it and what carries it."""
    found: dict[str, tuple[str, list[Chosen]]] = {}
    slugs: dict[str, str] = {}
    for chosen in every:
        known: set[str] = {""}
        for tag in chosen.entry.tags:
            slug = slugs[tag] if tag in slugs else slugs.setdefault(tag, slugify(tag))
            if slug not in known:
                known.add(slug)
                found.setdefault(slug, (tag, []))[1].append(chosen)
    return found


def _with_archives(info: FeedInfo, chosen: tuple[Chosen, ...], newest: int, archived: bool) -> Iterator[Part]:
    """The current part, then the archives, oldest first; a feed that fits into one document has none.

    An archive is ``newest`` entries of one year, counted from the year's first: once full, or once another
    year has begun, it stays as it is.
    """
    chunks = list(_closed(chosen, newest)) if archived and len(chosen) > newest else []
    owed = len(chosen) - sum(len(chunk) for _, chunk in chunks) if archived else 1
    names = ["", *(f"{info.name}/archive/{label}".lstrip("/") for label, _ in chunks)]
    yield Part(info, chosen[:newest], min(max(owed, 1), newest), previous=names[-1])
    for (_, chunk), name, previous in zip(chunks, names[1:], names[:-1], strict=True):
        yield Part(info, chunk, len(chunk), archive=name, previous=previous)


def _closed(chosen: tuple[Chosen, ...], size: int) -> Iterator[tuple[str, tuple[Chosen, ...]]]:
    """The archives that are complete, oldest first, each with its label and its entries newest first."""
    for year, group in groupby(reversed(chosen), key=lambda one: one.entry.date.year):
        written = list(group)
        for number, start in enumerate(range(0, len(written), size), start=1):
            chunk = written[start : start + size]
            if len(chunk) == size or year != chosen[0].entry.date.year:
                yield f"{year:04d}-{number}", tuple(reversed(chunk))


def listing_document(house: House, infos: Iterable[FeedInfo]) -> bytes:
    """The list of all feeds (OPML), for programs that take many at once."""
    title = _title(house, house.settings.title, house.settings.language)
    return opml(title, one_line(house.settings.author), (_outline(house, info) for info in infos))


def _outline(house: House, info: FeedInfo) -> dict[str, str]:
    channel = channel_of(house, Part(info, ()))
    return {
        "type": "rss",
        "text": channel.title,
        "title": channel.title,
        "xmlUrl": info.addresses["rss"],
        "htmlUrl": channel.home,
        "language": info.language,
    }


def _title(house: House, words: Words, language: str) -> str:
    return one_line(worded(words, language, house.settings.language))


def channel_of(house: House, part: Part) -> Channel:
    """What the documents of ``part`` say of themselves."""
    settings, info, links = house.settings, part.info, Links.of(house.settings)
    title = _title(house, settings.title, info.language)
    if info.name:
        title += f" · {'#' if info.name.startswith('tags/') else ''}{_title(house, info.title, info.language)}"
    return Channel(
        uri=links.uri(f"feeds/{info.name}"),
        title=title,
        description=_title(house, settings.description, info.language),
        language=info.language,
        author=one_line(settings.author),
        home=ascii_address(links.absolute(_page(links, info))),
        style=links.rooted(STYLE_PATH),
        image=ascii_address(links.absolute(IMAGE_PATH)),
        hub="" if part.archive else settings.hub,
        own=_addresses(links, part.archive or info.name),
        current=info.addresses if part.archive else {},
        previous=_addresses(links, part.previous) if part.previous else {},
    )


def _page(links: Links, info: FeedInfo) -> str:
    """The page that shows to people what the feed tells to readers' programs."""
    family, _, rest = info.name.partition("/")
    if family == "tags":
        return links.tag(rest, info.language)
    return links.updates(info.language) if family == "updates" else links.front(info.language)


@dataclass(slots=True)
class Press:
    """Renders and writes parts of one house's feeds; ``items`` are entry and language → what is rendered already."""

    house: House
    sizes: Sizes
    render: Render
    links: Links = field(init=False)
    items: dict[tuple[str, str], Item] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.links = Links.of(self.house.settings)

    def documents(self, part: Part) -> dict[str, bytes]:
        """The part in every form: path on the site → bytes."""
        channel = channel_of(self.house, part)
        items = [self.item(chosen) for chosen in part.chosen] if part.archive else self._fitting(part)
        name = part.archive or part.info.name
        return {unquote(self.links.feed(name, form)): write(form, channel, items) for form in FORMS}

    def forget(self) -> None:
        """Lets go of what was written of items, as long as they are known."""
        for item in self.items.values():
            item.written.clear()

    def _fitting(self, part: Part) -> list[Item]:
        """The newest that fit into `LIMIT`; those that no archive holds are at least summed up."""
        items = [self.item(chosen) for chosen in part.chosen]
        briefs = [item.brief for item in items[: part.owed]]
        reserves = [brief.cost for brief in briefs] + [0] * (len(items) - part.owed)
        room = LIMIT - _FRAME - sum(reserves)
        kept: list[Item] = []
        for number, (item, reserved) in enumerate(zip(items, reserves, strict=False)):
            if (cost := item.cost) <= room + reserved:
                kept.append(item)
                room += reserved - cost
            elif reserved:
                kept.append(briefs[number])
            else:
                break
        return kept

    def item(self, chosen: Chosen) -> Item:
        """The entry as everybody may read it, in the chosen language."""
        key = (chosen.entry.id, chosen.version.lang)
        if key not in self.items:
            self.items[key] = self._item(chosen.entry, chosen.version)
        return self.items[key]

    def _item(self, entry: Entry, version: Version) -> Item:
        url = ascii_address(self.links.absolute(self.links.entry(entry, version.lang)))
        html, urls = self._body(version, url)
        title = one_line(version.title)
        summary = one_line(version.summary or first_words(body_for(version.body, EVERYONE)))
        label = title or shorten(summary, 60) or entry.date.date().isoformat()
        return Item(
            uri=self.links.uri(entry.id),
            url=url,
            title="" if entry.kind is Kind.UPDATE else title,
            label=label,
            summary=summary or label,
            html=html,
            date=entry.date,
            language=version.lang,
            tags=tuple(dict.fromkeys(filter(None, map(one_line, entry.tags)))),
            enclosure=self._enclosure(urls),
        )

    def _body(self, version: Version, url: str) -> tuple[str, list[str]]:
        """The body for feeds, and where it leads in its order."""
        raw = self.render(version)
        if found := lean(raw, url):
            html, urls = found
            return html.strip(), urls
        root = tree(clean(raw))
        tidy(root, url)
        urls = [url for element in root.iter() for url in (element.get("src"), element.get("href")) if url]
        return clean(serialise(root)).strip(), urls

    def _enclosure(self, urls: list[str]) -> Enclosure | None:
        """The first recording of the house among a body's addresses, else its first picture, if its size is known."""
        base = ascii_address(self.links.absolute("media/"))
        known = [(media_type(url), url) for url in urls if url.startswith(base) and media_type(url)]
        for kind, url in sorted(known, key=lambda one: one[0].startswith("image/")):
            path = unquote(url.removeprefix(base))
            size = next((size for one in (path, f"media/{path}") if (size := self.sizes(one)) is not None), None)
            if size is not None:
                return Enclosure(url, kind, size)
        return None
