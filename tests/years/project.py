"""The files of a small project that a history changes, and the texts that stand in them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from years.oracle import Circle, Entry, Opening, Person

SYLLABLES = "ba de fi go hu ka le mi no pu ra se ti vo wu za che sho tri plo".split()
LANGUAGES = ("en", "zh", "es")


def word(rng: random.Random, syllables: int = 3) -> str:
    return "".join(rng.choice(SYLLABLES) for _ in range(syllables))


def words(rng: random.Random, count: int) -> str:
    return " ".join(word(rng) for _ in range(count))


@dataclass
class Source:
    """The files of one entry: what the author writes, beside what `Entry` says of it."""

    slug: str
    post: bool
    texts: dict[str, list[str]]
    """The paragraphs of each language, without markers."""
    id: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    note: str = ""
    """``type`` or ``generated``, whichever keeps it quiet."""

    @property
    def short(self) -> bool:
        return sum(len(one) for one in next(iter(self.texts.values()))) < 40


class Files:
    """Writes the project; every path is remembered, so that what was renamed does not stay behind."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.written: dict[str, list[Path]] = {}

    def settings(self, zone: str) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "pyproject.toml").write_text(
            f'[tool.kith]\ntitle = "Notes"\nurl = "https://notes.example.org/"\nauthor = "Lin"\n'
            f'languages = ["en", "zh", "es"]\ntimezone = "{zone}"\n\n'
            f'[tool.kith.mail]\nsender = "Lin <lin@notes.example.org>"\n',
            "utf-8",
        )

    def entry(self, entry: Entry, source: Source) -> None:
        """Writes the files of an entry anew."""
        self.remove(entry.marker)
        folder = self.root / "content" / ("posts" if source.post else "updates")
        folder.mkdir(parents=True, exist_ok=True)
        first, paths = next(iter(source.texts)), []
        for language in source.texts:
            suffix = "" if language == "en" else f".{language}"
            path = folder / f"{source.slug}{suffix}.md"
            path.write_text(_front(entry, source, language, first) + _body(entry.marker, source, language), "utf-8")
            paths.append(path)
        self.written[entry.marker] = paths

    def remove(self, marker: str) -> None:
        for path in self.written.pop(marker, []):
            path.unlink(missing_ok=True)

    def opening(self, opening: Opening, name: str, text: str) -> None:
        """Writes an opening under a name that says nothing of its day."""
        self.remove(f"opening {opening.marker}")
        folder = self.root / "content" / "letters"
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for language in opening.languages:
            path = folder / f"{name}{'' if language == 'en' else f'.{language}'}.md"
            lines = [f"date: {opening.day}"] + ([f"tell: [{', '.join(opening.tell)}]"] if opening.tell else [])
            front = "\n".join(lines)
            path.write_text(f"---\n{front}\n---\n\nZ{opening.marker}{language}O {text}\n", "utf-8")
            paths.append(path)
        self.written[f"opening {opening.marker}"] = paths

    def people(self, circles: list[Circle], people: list[Person], cap: int | None) -> None:
        """Writes `subscribers.yml`."""
        defaults = "cadence: monthly" + (f", max_per_month: {cap}" if cap else "")
        lines = ["version: 1", f"defaults: {{languages: [en], {defaults}}}", "circles:"]
        lines += [f"  {one.name}: {{{_circle(one)}}}" for one in circles]
        lines += ["people:", *(f"  - {{{_person(one)}}}" for one in people)]
        (self.root / "subscribers.yml").write_text("\n".join(lines) + "\n", "utf-8")


def _circle(one: Circle) -> str:
    found = [f"cadence: {one.cadence}", f"reads: {_row(one.reads)}"]
    found += [f"tags: {_row(one.tags)}"] if one.tags else []
    found += [f"max_per_month: {one.cap}"] if one.cap else []
    found += ["full: true"] if one.full else []
    found += ["ask_free: true"] if one.ask_free else []
    found += ['kind: broadcast, channels: ["paste:wechat"]'] if one.broadcast else []
    return ", ".join(found)


def _person(one: Person) -> str:
    found = [f"id: {one.id}, address: {one.id}@example.org, state: {one.state}"]
    found += [f"circles: [{', '.join(one.circles)}], languages: [{', '.join(one.languages)}]"]
    interests = [f"{key}: {_row(tags)}" for key, tags in (("more", one.more), ("mute", one.mute)) if tags]
    found += [f"interests: {{{', '.join(interests)}}}"] if interests else []
    found += [f"cadence: {one.cadence}"] if one.cadence else []
    found += [f"max_per_month: {one.cap}"] if one.cap else []
    return ", ".join(found)


def _row(names: frozenset[str]) -> str:
    return f"[{', '.join(sorted(names))}]"


def _front(entry: Entry, source: Source, language: str, first: str) -> str:
    axes = entry.axes
    notify = axes.notify if isinstance(axes.notify, str) else f"[{', '.join(axes.notify)}]"
    lines = [f"title: Q{entry.marker}{language}T {source.titles[language]}"] if source.post else []
    lines += [f"id: {source.id}"] if source.id else []
    lines += [f"visibility: {axes.visibility}"] if axes.visibility != "public" else []
    lines += [f"tell: {notify}"] if notify != "auto" else []
    lines += [source.note] if source.note else []
    lines += ["ask: true"] if axes.ask else []
    if language == first:
        lines += [f"tags: {_row(entry.tags)}"] if entry.tags else []
        lines += [f"date: {_local(entry.date)}"] if entry.date else []
    inside = "\n".join(lines)
    return f"---\n{inside}\n---\n\n" if lines else ""


def _local(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _body(marker: str, source: Source, language: str) -> str:
    paragraphs = source.texts[language]
    begun = f"Q{marker}{language}B {paragraphs[0]}"
    if not source.post:
        return f"{begun}\n"
    rest = "\n\n".join(paragraphs[1:])
    return f"{begun}\n\n{rest}\n\nQ{marker}{language}E\n"
