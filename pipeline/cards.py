"""What a page says of itself to machines: Open Graph for previews in chats, JSON-LD for search engines.

Both are made of nothing but the page and what stands around it. (ogp.me; schema.org; JSON-LD 1.1, section 7.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pipeline.desk import SitePage
from pipeline.markup import tree
from pipeline.tongue import territorial

Frame = Mapping[str, Any]
"""What stands around every page of a language, as `pages.frames` gives it."""

_SITE = ["WebSite", "Blog"]
_KINDS: dict[str, str | list[str]] = {
    "post": "BlogPosting", "home": _SITE, "page": "WebPage", "subscribe": "WebPage"
}  # fmt: skip
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_UNSAFE = re.compile(r"[<>&\u2028\u2029]")
_LARGE = 600
"""Pixels from which a picture fills the width of a preview."""


def cards(page: SitePage, address: str, root: str, frame: Frame) -> dict[str, Any]:
    """``og`` are rows of property and content, ``ld`` a JSON-LD document that is safe inside a script element.

    ``address`` is the page's full address, ``root`` that of the host, without a slash at its end.
    """
    picture = _picture(page, root)
    return {"og": _open_graph(page, address, frame, picture), "ld": _linked(page, address, root, frame, picture)}


def _picture(page: SitePage, root: str) -> tuple[str, str, str, str]:
    """The first picture of a text: full address, width, height, words; empty where there is none of ours."""
    if page.kind in {"post", "page"} and "<img" in page.body:
        for one in tree(page.body).iter("img"):
            src = one.get("src", "")
            if src.startswith("/") and one.get("width", "").isdigit():
                return root + src, one.get("width"), one.get("height") or "", one.get("alt") or ""
    return "", "", "", ""


def _open_graph(page: SitePage, address: str, frame: Frame, picture: tuple[str, str, str, str]) -> list[list[str]]:
    """The page as a card in a chat or on a social site."""
    image, width, height, words = picture
    post = page.kind == "post"
    rows = [
        ("og:type", "article" if post else "website"),
        ("og:site_name", frame["title"]),
        ("og:title", page.title or frame["title"]),
        ("og:description", page.description),
        ("og:url", address),
        ("og:locale", territorial(page.lang)),
        *(("og:locale:alternate", territorial(lang)) for lang, _ in page.alternates if lang != page.lang),
        ("og:image", image),
        ("og:image:width", width),
        ("og:image:height", height),
        ("og:image:alt", words),
        ("article:published_time", page.meta.get("date", "") if post else ""),
        *(("article:tag", name) for name, _ in (page.meta.get("tags", ()) if post else ())),
        ("twitter:card", "summary_large_image" if int(width or 0) >= _LARGE else "summary"),
    ]
    return [[name, text] for name, text in rows if text]


def _linked(page: SitePage, address: str, root: str, frame: Frame, picture: tuple[str, str, str, str]) -> str:
    """The page for search engines; characters that could end a script element are escaped."""
    home = root + frame["home"]
    author = {"@type": "Person", "name": frame["author"], "url": home}
    site = {"@type": _SITE, "@id": home, "name": frame["title"], "url": home}
    kind = _KINDS.get(page.kind, "CollectionPage")
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": kind,
        "@id": address,
        "url": address,
        "headline" if kind == "BlogPosting" else "name": page.title or frame["title"],
        "description": page.description,
        "inLanguage": page.lang,
        "author": author,
    }
    if kind == "BlogPosting":
        facts |= {
            "datePublished": page.meta.get("date"),
            "image": picture[0],
            "keywords": [name for name, _ in page.meta.get("tags", ())],
            "mainEntityOfPage": address,
        }
        if original := page.meta.get("original"):
            facts["translationOfWork"] = {"@type": "BlogPosting", "@id": root + original[1]}
    if kind != _SITE:
        facts["isPartOf"] = site
    found = {key: value for key, value in facts.items() if value}
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", _ENCODE(found))
