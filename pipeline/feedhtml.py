"""A body's HTML as feed readers need it: every address absolute, no scripts, nothing that only our site styles."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_URL_SAFE = "%/:?#[]@!$&'()*+,;=~"
_SCHEMES = {"http", "https", "mailto", "tel", "sms", "xmpp", "geo", "magnet"}
_GONE = (
    *("script", "style", "link", "meta", "base", "template", "object", "embed", "applet", "frame", "frameset"),
    *("svg", "math", "canvas", "param", "button", "select", "textarea", "keygen"),
)
KNOWN = frozenset(
    "a abbr address article aside audio b bdi bdo blockquote br caption cite code col colgroup data dd del details dfn "
    "div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark meter nav ol p "
    "picture pre progress q rp rt ruby s samp section small source span strong sub summary sup table tbody td tfoot th "
    "thead time tr track tt u ul var video wbr".split()
)
"""The elements that a text in a feed may have; of others only what is in them is shown."""

_SEEN = KNOWN | {"iframe"}
_SAFE = "[A-Za-z0-9/._~%+@:,=-]"
_WHOLE = re.compile(rf"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*/{_SAFE}*(?:#{_SAFE}+)?")
"""Addresses as nearly all are: there is nothing to encode in them, and nothing wrong with them."""

_ROOTED = re.compile(rf"(?:/[A-Za-z0-9_~%+@:,=-][A-Za-z0-9._~%+@:,=-]*)+/?(?:#{_SAFE}+)?")
_HOST = re.compile(r"[a-z0-9._~-]+|[0-9a-f:.]+")
_UNSAFE = re.compile(r"[^!-~]|[<>\"{}|\\^`]")
_ADDRESSES = ("href", "src", "cite", "poster")
_FILES = {
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav",
    "flac": "audio/flac", "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "mov": "video/quicktime",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml",
}  # fmt: skip
_ALIGNED = re.compile(r"text-align: (left|right|center);?")
_DROPPED = {"style", "srcset", "sizes", "loading", "tabindex", "contenteditable"}


def clean(text: str) -> str:
    """``text`` without the characters that XML forbids or discourages (XML 1.0, 2.2): controls and surrogates.

    The line break of old mainframes becomes one of ours: readers' programs take it for something of Windows.
    """
    return _FORBIDDEN.sub("", text.replace("\x85", "\n"))


def is_clean(text: str) -> bool:
    """Whether `clean` would leave ``text`` as it is."""
    return _FORBIDDEN.search(text) is None


def one_line(text: str) -> str:
    """Clean text with every run of white space as one space."""
    return " ".join(clean(text).split())


@lru_cache(maxsize=1024)
def ascii_address(url: str) -> str:
    """The address with an IDNA host and everything else percent-encoded; unchanged when it is not one."""
    if _WHOLE.fullmatch(url):
        return url
    try:
        parts = urlsplit(url)
        # libxml2 percent-encodes a foreign host when it writes HTML.
        host = unquote(parts.netloc, errors="strict") if "%" in parts.netloc else parts.netloc
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return quote(url, safe=_URL_SAFE)
    rest = (quote(part, safe=_URL_SAFE, errors="replace") for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, host, *rest))


def whole(address: str) -> bool:
    """Whether a program can follow the address as it stands: a scheme, for the web a host, and nothing but ASCII."""
    if _WHOLE.fullmatch(address):
        return True
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    web = parts.scheme in {"http", "https"}
    sound = not web or (_HOST.fullmatch(host) is not None and port != 0)
    return bool(parts.scheme) and sound and (parts.scheme == "data" or not _UNSAFE.search(address))


def media_type(path: str) -> str:
    """The media type of a recording or a picture, by its name; empty for other files.

    Not from `mimetypes`, which reads this or that machine's own tables.
    """
    return _FILES.get(posixpath.splitext(path)[1].lower().lstrip("."), "")


def tidy(root: Any, address: str) -> None:
    """Makes the fragment in the lxml element ``root`` fit for feeds; ``address`` is its entry's page.

    Dangerous and form elements go; code loses its colours and keeps its newlines; maths becomes TeX in
    ``<code>``; frames become links; tabs and admonitions become what every reader can show.
    """
    elements = list(root.iter())
    tags, classes = {one.tag for one in elements}, " ".join([one.get("class") or "" for one in elements if one.attrib])
    if not tags <= _SEEN or "headerlink" in classes:
        _prune(root)
    for mark, rule in _RULES.items():
        if mark in classes or mark in tags:
            rule(root)
    for element in root.iter():
        if element.attrib:
            _attributes(element, address)
    for anchor in root.xpath(".//a[not(@href)]"):
        anchor.drop_tag()
    for picture in root.xpath(".//img[not(@src)]"):
        _become(picture, "span", text=picture.get("alt") or "")


def _prune(root: Any) -> None:
    for note in root.xpath(".//comment()|.//processing-instruction()"):
        _remove(note)
    for box in root.xpath(".//input[@type='checkbox'][not(ancestor::*[contains(@class,'tabbed-set')])]"):
        box.tail = ("☑" if box.get("checked") is not None else "☐") + (box.tail or "")
    doomed = "|".join(f".//{tag}" for tag in [*_GONE, "input", "a[contains(@class,'headerlink')]"])
    for element in root.xpath(doomed):
        _remove(element)
    for element in list(root.iterdescendants()):
        label = element.getparent().get("class") == "tabbed-labels"
        if not label and element.tag not in _SEEN:
            element.drop_tag()


def _remove(node: Any) -> None:
    """Takes a node out of the tree and leaves the text behind it where it was."""
    parent, before = node.getparent(), node.getprevious()
    if parent is None:
        return
    if before is None:
        parent.text = (parent.text or "") + (node.tail or "")
    else:
        before.tail = (before.tail or "") + (node.tail or "")
    parent.remove(node)


def _become(element: Any, tag: str, *children: Any, text: str = "", **attributes: str) -> Any:
    """Turns an element, in its place, into another one."""
    tail = element.tail
    element.clear()
    element.tag, element.tail, element.text = tag, tail, text or None
    element.attrib.update(attributes)
    element.extend(children)
    return element


def _make(near: Any, tag: str, *children: Any, text: str = "", **attributes: str) -> Any:
    return _become(near.makeelement(tag), tag, *children, text=text, **attributes)


def _code(root: Any) -> None:
    for block in root.xpath(".//div[contains(concat(' ',@class,' '),' highlight ')]"):
        sources = block.xpath(".//td[contains(@class,'code')]//pre|.//pre[not(ancestor::table)]")
        if sources:
            _plain_block(block, sources[0])
    for code in root.xpath(".//code[contains(concat(' ',@class,' '),' highlight ')]"):
        _become(code, "code", text="".join(code.itertext()))


def _plain_block(block: Any, source: Any) -> None:
    language = re.search(r"(?:^|\s)(language-[\w+#.-]+)", block.get("class", ""))
    named = block.xpath(".//*[contains(concat(' ',@class,' '),' filename ')]")
    heading = [_make(block, "p", _make(block, "code", text=named[0].text_content()))] if named else []
    code = _make(block, "code", text="".join(source.itertext()), **({"class": language[1]} if language else {}))
    if heading:
        _become(block, "div", *heading, _make(block, "pre", code))
    else:
        _become(block, "pre", code)


def _maths(root: Any) -> None:
    for element in root.xpath(".//*[contains(concat(' ',@class,' '),' arithmatex ')]"):
        tex = "".join(element.itertext()).strip()
        tex = re.sub(r"\A\\[(\[]|\\[)\]]\Z", "", tex).strip()
        if element.tag == "div":
            _become(element, "p", _make(element, "code", text=tex))
        else:
            _become(element, "code", text=tex)


def _frames(root: Any) -> None:
    for frame in root.xpath(".//iframe"):
        source = frame.get("src", "")
        _become(frame, "span", _make(frame, "a", text=frame.get("title") or source, href=source))


def _tabs(root: Any) -> None:
    for tabs in root.xpath(".//div[contains(@class,'tabbed-set')]"):
        labels = tabs.xpath("./div[contains(@class,'tabbed-labels')]/label")
        blocks = tabs.xpath("./div[contains(@class,'tabbed-content')]/div[contains(@class,'tabbed-block')]")
        for label, block in zip(labels, blocks, strict=False):
            block.insert(0, _make(block, "p", _make(block, "strong", text=label.text_content())))
        for block in blocks:
            block.attrib.pop("class")
        _become(tabs, "div", *blocks)


def _admonitions(root: Any) -> None:
    for box in root.xpath(".//div[contains(concat(' ',@class,' '),' admonition ')]"):
        box.tag = "blockquote"
        for title in box.xpath("./p[contains(@class,'admonition-title')]"):
            _become(title, "p", _make(title, "strong", *title, text=title.text or ""))


_RULES = {
    "highlight": _code,
    "arithmatex": _maths,
    "iframe": _frames,
    "tabbed-set": _tabs,
    "admonition": _admonitions,
}
"""What is done to a fragment, under the class or element without which there is nothing to do."""


def _attributes(element: Any, address: str) -> None:
    for name, value in element.attrib.items():
        aligned = name == "style" and _ALIGNED.fullmatch(value)
        if not aligned and (name in _DROPPED or name.startswith(("on", "data-"))):
            del element.attrib[name]
    for name in _ADDRESSES:
        value = element.get(name)
        if value is not None and (found := absolute(element.tag, value.strip(), address)):
            element.set(name, found)
        elif value is not None:
            del element.attrib[name]


def absolute(tag: str, value: str, address: str) -> str | None:
    """The full address, or None when it is one that readers must not follow; ``address`` is whole."""
    if _WHOLE.fullmatch(value):
        return value
    if _ROOTED.fullmatch(value) and _WHOLE.fullmatch(address):
        return address[: address.index("/", 8)] + value
    if value.startswith("#"):
        page, _, anchor = address.partition("#")
        return ascii_address(address if anchor else page + value)
    if value.lower().startswith("data:image/") and tag == "img":
        return value
    try:
        full = urljoin(address, value)
        scheme = urlsplit(full).scheme
    except ValueError:
        return None
    found = ascii_address(full)
    return found if scheme in _SCHEMES and whole(found) else None
