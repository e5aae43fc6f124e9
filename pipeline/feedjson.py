"""Writes JSON Feed 1.1, the same bytes for the same values."""

from __future__ import annotations

import json
from typing import Any

from pipeline.feeditems import Channel, Item

_JSON = json.JSONEncoder(ensure_ascii=False).encode


def frame(channel: Channel, items: tuple[Item, ...]) -> tuple[str, str]:
    """What stands around the items of a JSON Feed 1.1 document; its ``next_url`` goes to the archive before it."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.home,
        "feed_url": channel.own["json"],
        "description": channel.description,
        "next_url": channel.previous.get("json", ""),
        "authors": [{"name": channel.author}],
        "language": channel.language,
        "hubs": [{"type": "WebSub", "url": channel.hub}] if channel.hub else [],
    }
    told = _written({name: value for name, value in document.items() if value}, "").removesuffix("\n}")
    return f'{told},\n "items": [', "\n ]\n}\n" if items else "]\n}\n"


def _written(value: Any, margin: str) -> str:
    """A text, a number, a list or an object, what is inside the latter on lines of its own, one step further in."""
    if isinstance(value, dict):
        lines = [f'{margin} "{name}": {_written(one, margin + " ")}' for name, one in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
    if isinstance(value, list):
        lines = [f"{margin} {_written(one, margin + ' ')}" for one in value]
        return "[\n" + ",\n".join(lines) + f"\n{margin}]"
    return _JSON(value)


def entry(item: Item) -> str:
    """An item, without the comma between two of them."""
    return f"\n  {_written(_json_item(item), '  ')}"


def _json_item(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": item.uri,
        "url": item.url,
        "title": item.title,
        "content_html": item.html,
        "summary": item.summary,
        "date_published": item.date.isoformat(timespec="seconds"),
        "language": item.language,
        "tags": list(item.tags),
    }
    if file := item.enclosure:
        if file.media_type.startswith("image/"):
            found["image"] = file.url
        else:
            size = {"url": file.url, "mime_type": file.media_type, "size_in_bytes": file.length}
            found["attachments"] = [size]
    return {name: value for name, value in found.items() if value or name == "content_html"}
