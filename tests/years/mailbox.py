"""Reads what left the project, without Kith: emails as files, texts to paste, and the names in feeds."""

from __future__ import annotations

import email
import email.message
import email.policy
import json
import re
from dataclasses import dataclass
from pathlib import Path

MARK = re.compile(r"Q([a-z]{5})(en|zh|es)([TBE])\b")
OPENING = re.compile(r"Z([a-z]{5})(?:en|zh|es)O")
NOTE = re.compile(r"Y([a-z]{5})N")


@dataclass(frozen=True)
class Got:
    """What stands in one email or text to paste."""

    who: str
    entries: frozenset[tuple[str, str]]
    whole: frozenset[str]
    titles: frozenset[str]
    """Posts of which only the title stands there: what else is on the site."""
    openings: tuple[str, ...]
    notes: tuple[str, ...]
    posts: tuple[str, ...]
    """The posts in the order in which they stand there."""


def understood(who: str, text: str) -> Got:
    """What a plain text holds, by the markers in it."""
    found = [(name, language, part) for name, language, part in MARK.findall(text)]
    begun = {(name, language) for name, language, part in found if part == "B"}
    names = {name for name, _ in begun}
    return Got(
        who=who,
        entries=frozenset(begun),
        whole=frozenset(name for name, _, part in found if part == "E"),
        titles=frozenset(name for name, _, part in found if part == "T" and name not in names),
        openings=tuple(OPENING.findall(text)),
        notes=tuple(NOTE.findall(text)),
        posts=tuple(name for name, _, part in found if part == "T" and name in names),
    )


class Mailbox:
    """The folder that the transport `outbox` writes emails into."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known: set[str] = set()
        self.pasted: dict[str, str] = {}

    def new(self) -> list[Got]:
        """What came since the last look; a text to paste is new when other words stand in it."""
        found = []
        for path in sorted((self.root / "build" / "outbox").glob("*.eml")):
            if path.name not in self.known:
                self.known.add(path.name)
                found.append(_read(path))
        for path in sorted((self.root / "build" / "paste").glob("*.txt")):
            text = path.read_text("utf-8")
            if self.pasted.get(path.name) != text:
                self.pasted[path.name] = text
                found.append(understood(f"circle:{path.name.split('.')[0]}", text))
        return found

    def names_in_feeds(self) -> dict[str, str]:
        """For each marker the name under which feed readers know its entry."""
        path = self.root / "build" / "site" / "feed.json"
        if not path.exists():
            return {}
        names = {}
        for item in json.loads(path.read_text("utf-8"))["items"]:
            text = f"{item.get('title', '')} {item.get('content_html', '')} {item.get('summary', '')}"
            for marker, _, _ in MARK.findall(text)[:1]:
                names[marker] = str(item["id"])
        return names


def _read(path: Path) -> Got:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    return understood(message["To"].addresses[0].username, body.get_content())
