"""What can happen in a history: each step changes the real project and tells the oracle of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from years.oracle import Axes, Circle, Entry, Opening, Person
from years.project import LANGUAGES, Source, word, words

if TYPE_CHECKING:
    from years.driver import Driver

TAGS = ("tea", "river", "trains")
PACES = ("each", "daily", "weekly", "monthly", "quarterly")
MOST = 14
"""Entries at once; the oldest give way."""


def begin(d: Driver) -> None:
    """A small project: four circles, six people, seven entries."""
    rng = d.rng
    d.oracle.circles = [
        Circle("kernel", frozenset({"kernel", "workshop"}), "each"),
        Circle("workshop", frozenset({"workshop"}), rng.choice(["weekly", "daily"]), ask_free=rng.random() < 0.4),
        Circle("meadow", cadence="monthly", cap=rng.choice([None, 1, 2]), full=rng.random() < 0.4),
        Circle("pebble", tags=frozenset({"tea"}), cadence=rng.choice(["weekly", "quarterly"])),
    ]
    if d.everything:
        d.oracle.circles.append(Circle("plaza", cadence="monthly", broadcast=True))
    for number in range(6):
        _add(d, f"p{number}q", ("kernel", "workshop", "meadow", "pebble", "kernel", "meadow")[number])
    for _ in range(7):
        write(d)


def _add(d: Driver, name: str, circle: str) -> None:
    rng = d.rng
    languages = rng.choice([("en",), ("zh", "en"), ("es",), ("en", "es")])
    d.oracle.people[name] = Person(name, (circle,), languages, cap=rng.choice([None, None, None, 3]))


def _someone(d: Driver) -> str:
    return d.rng.choice(sorted(d.oracle.people))


def _some(d: Driver, fit: Callable[[Entry, Source], bool] = lambda entry, source: True) -> str:
    """An entry that fits and is known for what it is; empty where there is none."""
    entries = d.oracle.entries
    found = [one for one in sorted(entries) if not entries[one].unclear and fit(entries[one], d.sources[one])]
    return d.rng.choice(found) if found else ""


def _people_name(d: Driver) -> str:
    return _someone(d)


# what the author writes


def write(d: Driver, *, ahead: bool = False) -> str:
    """A new post or update, of today, dated back, or without a date."""
    rng = d.rng
    while len(d.oracle.entries) >= MOST:
        _forget(d, min(d.oracle.entries, key=lambda one: d.oracle.seen.get(one, d.now)))
    marker = next(m for m in iter(lambda: word(rng)[:5].ljust(5, "x"), "") if m not in d.called)
    post, languages = rng.random() < 0.6, tuple(rng.sample(LANGUAGES, rng.choice([1, 1, 2])))
    back = rng.choice([None, 0, 0, 0, 3, 50, 400])
    day = None if back is None else (d.now - timedelta(days=back, minutes=rng.randint(2, 40))).replace(second=0)
    if ahead:
        day = (d.now + timedelta(days=rng.randint(1, 40))).replace(second=0)
    entry = Entry(marker, post, languages, _axes(d), frozenset(rng.sample(TAGS, rng.choice([0, 1, 1, 2]))), day)
    short = not post and rng.random() < 0.4 and not d.short_gone
    texts = {
        one: [words(rng, 1 if short else 14)] + ([words(rng, 20), words(rng, 9)] if post else []) for one in languages
    }
    source = Source(word(rng, 4), post, texts, f"id-{word(rng, 3)}" if rng.random() < 0.3 else "",
                    {one: words(rng, 2) for one in languages})  # fmt: skip
    if entry.axes.quiet:
        source.note = rng.choice(["type: note", "generated: true"])
    d.oracle.entries[marker], d.sources[marker] = entry, source
    d.called[marker] = {source.slug, source.id}
    d.write(marker)
    return f"write {marker} ({source.slug}) {entry.axes} {sorted(entry.tags)} {languages} {day}"


def write_ahead(d: Driver) -> str:
    return write(d, ahead=True)


def _axes(d: Driver) -> Axes:
    rng = d.rng
    seen = rng.choice(["public", "public", "public", "kernel", "workshop"])
    readers = [one.name for one in d.oracle.circles if seen == "public" or seen in one.reads]
    notify = rng.choice(["auto", "auto", "auto", "auto", "none", tuple(rng.sample(readers, 1))])
    return Axes(seen, notify, quiet=rng.random() < 0.12, ask=rng.random() < 0.12)


def _forget(d: Driver, marker: str) -> None:
    d.short_gone |= d.sources[marker].short
    d.files.remove(marker)
    d.oracle.entries.pop(marker)
    d.removed.pop(marker, None)
    d.sources.pop(marker)


def edit(d: Driver) -> str:
    marker = _some(d, lambda entry, source: source.id or entry.marker not in d.renamed)
    if not marker:
        return "nothing"
    source = d.sources[marker]
    d.edited.add(marker)
    for language in d.rng.sample(sorted(source.texts), d.rng.randint(1, len(source.texts))):
        texts = source.texts[language]
        texts[:] = [words(d.rng, len(one.split())) for one in texts]
        if d.rng.random() < 0.5 and source.post:
            source.titles[language] = words(d.rng, 2)
    d.write(marker)
    return f"edit {marker}"


def rename(d: Driver) -> str:
    marker = _some(d, lambda entry, source: source.id or entry.marker not in d.edited)
    if not marker:
        return "nothing"
    source = d.sources[marker]
    d.renamed.add(marker)
    source.slug = word(d.rng, 4)
    d.called[marker].add(source.slug)
    d.write(marker)
    return f"rename {marker} to {source.slug}"


def rename_and_edit(d: Driver) -> str:
    """In one step: with an `id` it is the same; without, Kith asks and holds it until there is an answer."""
    marker = _some(d, lambda entry, source: _plain(d, entry, replace(source, id="")))
    if not marker:
        return "nothing"
    source = d.sources[marker]
    source.slug = word(d.rng, 4)
    d.renamed.add(marker)
    for texts in source.texts.values():
        texts[1] = " ".join([*texts[1].split()[:-1], word(d.rng)])
    d.called[marker].add(source.slug)
    d.write(marker)
    if not source.id:
        d.oracle.change(marker, unclear=True)
    return f"rename_and_edit {marker} to {source.slug}, {'with' if source.id else 'without'} an id"


def answer(d: Driver) -> str:
    """A person says that an unclear entry is the one it was."""
    unclear = sorted(name for name, one in d.oracle.entries.items() if one.unclear)
    if not unclear:
        return "nothing"
    marker = d.rng.choice(unclear)
    asked = [one for one in json.loads(d.must("plan", "--json").out)["unclear"] if d.file_of(one["path"]) == marker]
    if not asked:
        raise AssertionError(f"nothing is asked about {marker}")
    path = asked[0]["path"]
    old = next((one for one in asked[0]["may_be"] if d.marker_of(one) == marker), "")
    d.must("identify", path, "--same-as", old)
    d.oracle.change(marker, unclear=False)
    return f"answer {marker} is {old}"


def add_id(d: Driver) -> str:
    marker = _some(d, lambda entry, source: not source.id and entry.marker in d.oracle.seen)
    if not marker:
        return "nothing"
    d.sources[marker].id = f"id-{word(d.rng, 3)}"
    d.called[marker].add(d.sources[marker].id)
    d.write(marker)
    return f"add_id {marker} {d.sources[marker].id}"


def translate(d: Driver) -> str:
    marker = _some(d, lambda entry, source: len(entry.languages) < 3)
    if not marker:
        return "nothing"
    entry, source = d.oracle.entries[marker], d.sources[marker]
    language = d.rng.choice([one for one in LANGUAGES if one not in entry.languages])
    source.texts[language] = [words(d.rng, len(one.split())) for one in next(iter(source.texts.values()))]
    source.titles[language] = words(d.rng, 2)
    d.oracle.change(marker, languages=(*entry.languages, language))
    d.write(marker)
    return f"translate {marker} into {language}"


def _plain(d: Driver, entry: Entry, source: Source) -> bool:
    """Whether an entry is known by its name and its text alone, and both are those of the last publish."""
    marker = entry.marker
    return source.post and not source.id and marker in d.oracle.seen and marker not in d.edited | d.renamed


def swap(d: Driver) -> str:
    """Two files change names; their texts say which is which."""
    one = _some(d, lambda entry, source: _plain(d, entry, source))
    other = _some(d, lambda entry, source: _plain(d, entry, source))
    if not one or one == other:
        return "nothing"
    first, second = d.sources[one], d.sources[other]
    if set(first.texts) != set(second.texts):
        return "nothing"
    for marker in (one, other):
        d.files.remove(marker)
    first.slug, second.slug = second.slug, first.slug
    d.renamed |= {one, other}
    for marker in (one, other):
        d.write(marker)
    return f"swap {one} and {other}"


def delete(d: Driver) -> str:
    marker = _some(d, lambda entry, source: entry.marker in d.oracle.seen and not source.short)
    if not marker or len(d.oracle.entries) < 4:
        return "nothing"
    d.files.remove(marker)
    d.removed[marker] = d.sources[marker]
    d.gone[marker] = d.oracle.entries.pop(marker)
    return f"delete {marker}"


def restore(d: Driver) -> str:
    if not d.gone:
        return "nothing"
    marker = d.rng.choice(sorted(d.gone))
    d.oracle.entries[marker], d.sources[marker] = d.gone.pop(marker), d.removed.pop(marker)
    d.write(marker)
    return f"restore {marker}"


def redirect(d: Driver) -> str:
    """An entry's own words on who gets it change."""
    marker = _some(d)
    axes, source = _axes(d), d.sources[marker]
    source.note = d.rng.choice(["type: note", "generated: true"]) if axes.quiet else ""
    d.oracle.change(marker, axes=axes)
    d.write(marker)
    return f"redirect {marker} {axes}"


def retag(d: Driver) -> str:
    marker = _some(d)
    d.oracle.change(marker, tags=frozenset(d.rng.sample(TAGS, d.rng.choice([0, 1, 2]))))
    d.write(marker)
    return f"retag {marker} {sorted(d.oracle.entries[marker].tags)}"


def redate(d: Driver) -> str:
    marker = _some(d, lambda entry, source: entry.date is not None)
    if not marker:
        return "nothing"
    back = (d.now - timedelta(days=d.rng.randint(0, 500), minutes=d.rng.randint(2, 90))).replace(second=0)
    d.oracle.change(marker, date=back)
    d.write(marker)
    return f"redate {marker} {back}"


# people and circles


def move(d: Driver) -> str:
    name, names = _someone(d), [one.name for one in d.oracle.circles if not one.broadcast]
    d.oracle.change_person(name, circles=tuple(d.rng.sample(names, d.rng.choice([1, 1, 2]))))
    d.write_people()
    return f"move {name} to {d.oracle.people[name].circles}"


def rename_circle(d: Driver) -> str:
    """A circle gets another name, in its line and with its people."""
    named = {name for one in [*d.oracle.entries.values(), *d.gone.values()] for name in one.axes.notify}
    named |= {name for one in d.oracle.openings.values() for name in one.tell}
    named |= {name for one in d.oracle.circles for name in one.reads}
    free = [one for one in d.oracle.circles if not one.broadcast and one.name not in named]
    if not free:
        return "nothing"
    old, new = d.rng.choice(free).name, word(d.rng, 4)
    d.oracle.circles = [replace(one, name=new) if one.name == old else one for one in d.oracle.circles]
    for name, person in d.oracle.people.items():
        d.oracle.change_person(name, circles=tuple(new if one == old else one for one in person.circles))
    d.write_people()
    return f"rename_circle {old} to {new}"


def widen(d: Driver) -> str:
    """A circle reads more, or follows other tags."""
    at = d.rng.randrange(len(d.oracle.circles))
    one = d.oracle.circles[at]
    if d.rng.random() < 0.5:
        one = replace(one, reads=one.reads | {d.rng.choice(["kernel", "workshop"])})
    else:
        one = replace(one, tags=frozenset(d.rng.sample(TAGS, d.rng.choice([0, 1, 2]))))
    d.oracle.circles[at] = one
    d.write_people()
    return f"widen {one.name} {sorted(one.reads)} {sorted(one.tags)}"


def interests(d: Driver) -> str:
    name = _someone(d)
    mute, more = (frozenset(d.rng.sample(TAGS, d.rng.choice([0, 0, 1]))) for _ in range(2))
    d.oracle.change_person(name, mute=mute, more=more)
    d.write_people()
    return f"interests {name} mute {sorted(mute)} more {sorted(more)}"


def pace(d: Driver) -> str:
    name, value = _someone(d), d.rng.choice((*PACES, "never") if d.everything else PACES)
    if d.rng.random() < 0.5:
        d.oracle.change_person(name, cadence=value)
        d.write_people()
        return f"pace {name} {value} in the file"
    d.must("choice", name, "--cadence", value)
    d.oracle.word(name).cadence = value
    return f"pace {name} {value}, as they asked"


def speak(d: Driver) -> str:
    name, value = _someone(d), tuple(d.rng.sample(LANGUAGES, d.rng.choice([1, 2])))
    if d.rng.random() < 0.5:
        d.oracle.change_person(name, languages=value)
        d.write_people()
        return f"speak {name} {value} in the file"
    d.must("choice", name, "--languages", ",".join(value))
    d.oracle.word(name).languages = value
    return f"speak {name} {value}, as they asked"


def state(d: Driver) -> str:
    """The author writes another state; bounces come and go."""
    name = _someone(d)
    value = d.rng.choice(["subscribed", "subscribed", "subscribed", "paused", "unsubscribed", "bounced"])
    d.oracle.change_person(name, state=value)
    d.write_people()
    return f"state {name} {value} in the file"


def wish(d: Driver) -> str:
    """A reader leaves, comes back, pauses or resumes; a word that changes nothing may be refused."""
    name, what = _someone(d), d.rng.choice(["leave", "return", "return", "pause", "resume", "resume"])
    ran = d.run("choice", name, f"--{what}")
    said = d.oracle.word(name)
    if ran.code == 0:
        if what == "leave":
            said.left = True
        elif what == "return":
            said.left, said.state = False, "subscribed"
        else:
            said.state = "paused" if what == "pause" else "subscribed"
    return f"wish {name} {what} -> {ran.code} {ran.err.strip()}"


def newcomer(d: Driver) -> str:
    if len(d.oracle.people) >= 8:
        return "nothing"
    name = f"p{len(d.oracle.people)}q"
    _add(d, name, d.rng.choice([one.name for one in d.oracle.circles if not one.broadcast]))
    d.write_people()
    return f"newcomer {name} {d.oracle.people[name]}"


# what is said first, and to one person


def opening(d: Driver) -> str:
    """A new opening; one at a time is fresh."""
    day = d.now.date()
    if any(abs((one.day - day).days) <= 46 for one in d.oracle.openings.values()):
        return rename_opening(d)
    marker = next(m for m in iter(lambda: word(d.rng)[:5], "") if m not in d.oracle.openings)
    names = [one.name for one in d.oracle.circles if not one.broadcast]
    tell = tuple(d.rng.sample(names, d.rng.choice([0, 1, 2])))
    one = Opening(marker, day, tell, tuple(d.rng.sample(LANGUAGES, d.rng.choice([1, 2, 3]))))
    d.oracle.openings[marker] = one
    d.names[marker] = words(d.rng, 12)
    d.files.opening(one, word(d.rng, 4), d.names[marker])
    return f"opening {one}"


def rename_opening(d: Driver) -> str:
    if not d.oracle.openings:
        return "nothing"
    marker = max(d.oracle.openings, key=lambda one: d.oracle.openings[one].day)
    d.files.opening(d.oracle.openings[marker], word(d.rng, 4), d.names[marker])
    return f"rename_opening {marker}"


def note(d: Driver) -> str:
    name, marker = _someone(d), word(d.rng)[:5].ljust(5, "x")
    ran = d.run("note", name, f"Y{marker}N {words(d.rng, 3)}")
    if ran.code == 0 and name in d.oracle.books:
        d.oracle.books[name].note = marker
    return f"note {name} {marker} -> {ran.code}"


def clock_ahead(d: Driver) -> str:
    """One publish under a clock that is far ahead; then it is right again."""
    right, days = d.now, d.rng.randint(40, 400)
    d.now += timedelta(days=days)
    d.log.append(f"    the clock is {days} days ahead")
    d.publish()
    d.now = right + timedelta(minutes=1)
    return f"clock_ahead {days} days, and back"


def baseline(d: Driver) -> str:
    if d.rng.random() < 0.6:
        return "nothing"
    d.must("baseline", "--yes")
    d.oracle.baseline(d.now)
    return "baseline"


STEPS: tuple[tuple[int, Callable[[Driver], str]], ...] = (
    (20, write), (3, write_ahead), (5, edit), (6, rename), (3, rename_and_edit), (4, answer), (4, add_id),
    (4, translate), (2, swap), (2, delete), (2, restore), (6, redirect), (3, retag), (2, redate), (5, move),
    (2, rename_circle), (3, widen), (4, interests), (5, pace), (3, speak), (6, state), (7, wish), (2, newcomer),
    (3, opening), (2, rename_opening), (3, note), (1, baseline), (1, clock_ahead),
)  # fmt: skip


OPEN = frozenset("redirect widen interests retag move rename_circle restore rename_and_edit answer clock_ahead".split())
"""Steps whose rules Kith does not follow in all histories yet: taken only where everything is."""


def take(d: Driver) -> str:
    """Takes one step by chance, and says which."""
    possible = [one for one in STEPS if one[1].__name__ not in d.without]
    weights, doing = zip(*possible, strict=True)
    (one,) = d.rng.choices(doing, weights)
    return one(d)
