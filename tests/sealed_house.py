"""A house with something for a few in every place it can stand, and how a test opens what was sealed."""

from __future__ import annotations

import base64
import email
import email.message
import email.policy
import io
import json
import re
from pathlib import Path
from typing import Any

from houses import DOT, Files, text
from PIL import Image

from pipeline.sealing import checksum, decrypt

LINK = re.compile(r"https://house\.example\.org/(?:blog/)?s/([a-z2-7]{26})/#([a-z2-7]{52})(?:/([^\s\"')>]*))?")


def photo(colour: str, *, where: bool = False) -> bytes:
    """A photograph; ``where`` writes the place it was taken at into it."""
    data, exif = io.BytesIO(), Image.Exif()
    if where:
        exif[0x010E] = "on the balcony of flat 1203"
        exif.get_ifd(0x8825).update({1: "N", 2: (23.0, 7.0, 30.0), 3: "E", 4: (113.0, 15.0, 50.0)})
    Image.new("RGB", (48, 32), colour).save(data, "JPEG", exif=exif)
    return data.getvalue()


PEOPLE = """\
version: 1
circles:
  zirkel: {title: Close friends, cadence: each, reads: [zirkel, werkstatt, public]}
  werkstatt: {title: Engineers, cadence: each, reads: [werkstatt, public]}
  rand: {title: Weak ties, cadence: each, reads: [public]}
  kreis: {title: A group, kind: broadcast, reads: [werkstatt, public], channels: ["paste:wechat"]}
people:
  - {id: weiwei, name: Wei Chen, circles: [zirkel], address: wei@example.org, state: subscribed}
  - {id: anaana, name: Ana Ruiz, circles: [werkstatt], address: ana@example.org, state: subscribed}
  - {id: tomtom, name: Tom Hale, circles: [rand], address: tom@example.org, state: subscribed}
"""

LENS = """\
A lens for my father. See [what it says](#what-it-says).

![Through the lens](../media/lens.jpg)

- First row

    ::: only zirkel
    The eyesight test went badly on Thursday.

    ![The orchid in question](../media/orchidphoto.jpg)
    :::

- Last row

> ::: only werkstatt
> The battery drains through a wakelock nobody holds: see [the outage](outage.md).
> :::

## What it says

```python
speed = 3  # ordinary code
```

::: only zirkel
```python
diagnosis = "macular"
```

[The plan](orchard.md).
:::

More [about me](../pages/about.md).
"""

LENS_ZH = "给父亲的放大镜。\n\n::: only zirkel\n星期四的视力检查结果很不好。\n:::\n"

ORCHARD = """\
We bought the walled orchard behind the shipyard.

![The wall](../media/wallphoto.jpg){ style="float:left" onerror="alert(1)" }

| Trees | Age |
|---|---:|
| quince | 41 |

<script>document.title = "broken in"</script>
<iframe src="https://films.example.org/orchard" title="A film of it"></iframe>

Read [the lens](lens.md#what-it-says), [the outage](outage.md), or [the deed](../media/deedscan.pdf).
"""

FILES: Files = {
    "subscribers.yml": PEOPLE,
    "content/posts/lens.md": text("id: lens\ntitle: The lens\ndate: 2026-11-18\ntags: [eyes]", LENS),
    "content/posts/lens.zh.md": text("title: 放大镜\ndate: 2026-11-18", LENS_ZH),
    "content/posts/orchard.md": text(
        "id: orchard\ntitle: Quince and limewash\ndate: 2026-11-17\nvisibility: zirkel\ntags: [homestead]", ORCHARD
    ),
    "content/posts/outage.md": text(
        "id: outage\ntitle: Retrying ourselves to death\ndate: 2026-11-16\nvisibility: werkstatt",
        "The queue doubled every ninety seconds.\n",
    ),
    "content/updates/2026-11-19-stairs.md": text(
        "id: stairs\ndate: 2026-11-19 21:40\nvisibility: zirkel", "Nineteen stairs without the rail today.\n"
    ),
    "content/media/lens.jpg": photo("navy"),
    "content/media/orchidphoto.jpg": photo("purple", where=True),
    "content/media/wallphoto.jpg": photo("gray", where=True),
    "content/media/deedscan.pdf": b"%PDF-1.4 the deed of the orchard",
    "content/media/dot.png": DOT,
}

SECRETS = (
    "eyesight test", "on Thursday", "视力检查", "星期四", "wakelock", "battery drains", "macular", "diagnosis",
    "Quince and limewash", "limewash", "walled orchard", "quince", "homestead", "Nineteen stairs", "without the rail",
    "Retrying ourselves", "ninety seconds", "orchidphoto", "wallphoto", "deedscan", "orchard", "outage", "stairs",
    "The orchid in question", "zirkel", "werkstatt", "weiwei", "anaana", "tomtom", "Wei Chen", "Ana Ruiz", "Tom Hale",
    "example.org/films", "balcony of flat", "the deed of",
)  # fmt: skip
"""Words, titles, tags, alt texts, names of files, circles and people that stand in nothing that everyone can fetch."""


def open_page(site: Path, address: str, key: str) -> dict[str, Any]:
    """What a sealed page holds, opened with the key of a link. Raises `ValueError` where the key does not fit."""
    page = (site / "s" / address / "index.html").read_text("utf-8")
    found = re.search(r'<template data-check="([a-z2-7]+)">([a-z2-7]+)</template>', page)
    assert found, page[:2000]
    data = from_base32(found[2])
    assert checksum(data) == found[1]
    plain = decrypt(address, from_base32(key), data)
    if plain is None:
        raise ValueError("the key does not fit")
    opened: dict[str, Any] = json.loads(plain)
    return opened


def open_file(site: Path, address: str, key: str) -> bytes | None:
    """What a sealed file holds."""
    return decrypt(address, from_base32(key), (site / "s" / f"{address}.bin").read_bytes())


def from_base32(words: str) -> bytes:
    return base64.b32decode(words.upper() + "=" * (-len(words) % 8))


def letters(root: Path) -> dict[str, email.message.EmailMessage]:
    """The letters in the outbox by the first word of their address."""
    found = {}
    for path in sorted((root / "build" / "outbox").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found[message["To"].addresses[0].username] = message
    return found


def body(message: email.message.EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def links(words: str) -> list[tuple[str, str]]:
    """Address and key of each link to a sealed page, each once."""
    return list(dict.fromkeys((match[1], match[2]) for match in LINK.finditer(words)))


def pages(root: Path) -> list[str]:
    """The addresses of the sealed pages."""
    return sorted(path.parent.name for path in (root / "build/site/s").glob("*/index.html"))
