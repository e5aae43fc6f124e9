"""Small houses made by hand, for tests of what is pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.model import PUBLIC, Cadence, Circle, Entry, House, Kind, Person, State, Version
from pipeline.outgoing import Letter
from pipeline.settings import Settings

BODY = "the words of the letter itself"
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SETTINGS = Settings(title={"": "Lin"}, url="https://lin.example.org/", author="Lin Zhao", timezone="Asia/Shanghai")


def entry(name: str, *, days: int = 1, langs: tuple[str, ...] = ("en",), body: str = "Words.", **more: Any) -> Entry:
    """An entry that was dated ``days`` before `NOW`."""
    versions = tuple(Version(lang, f"{name} {lang}", "", body, f"content/posts/{name}.{lang}.md") for lang in langs)
    fields: dict[str, Any] = {"kind": Kind.POST, "slug": name, "date": NOW - timedelta(days=days), "versions": versions}
    return Entry(id=name, **(fields | more))


def circle(name: str, rank: int = 0, cadence: Cadence = Cadence.EACH, **more: Any) -> Circle:
    """A circle that reads its own name and what is public."""
    reads = frozenset(more.pop("reads", (name, PUBLIC)))
    return Circle(name=name, reads=reads, rank=rank, cadence=cadence, **more)


def person(name: str, *circles: str, **more: Any) -> Person:
    """A subscribed person with an address."""
    fields: dict[str, Any] = {"address": f"{name}@example.org", "state": State.SUBSCRIBED}
    return Person(id=name, circles=circles, **(fields | more))


def house(entries: list[Entry], circles: list[Circle], people: list[Person], **settings: Any) -> House:
    """A house with the newest entry first."""
    import dataclasses

    newest = tuple(sorted(entries, key=lambda one: one.order, reverse=True))
    return House(dataclasses.replace(SETTINGS, **settings), newest, (), (), tuple(circles), tuple(people))


def letter(number: int = 1, **changes: Any) -> Letter:
    """A letter in Chinese, as a transport takes it."""
    fields: dict[str, Any] = {
        "delivery_id": f"d{number}", "person": "wei", "sender": "Lin Zhao <letters@lin.example.org>",
        "to": f"wei{number}@example.org", "to_name": "陈伟", "reply_to": "lin@example.org", "subject": "慢慢达成共识",
        "text": f"{BODY}\n", "html": f"<p>{BODY}</p>", "date": datetime(2026, 11, 18, 8, tzinfo=UTC), "language": "zh",
    }  # fmt: skip
    return Letter(**(fields | changes))
