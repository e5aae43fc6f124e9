"""Rendered Markdown → HTML that survives mail programs: boxes are tables, films are links, nothing has an id."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pipeline.lettercode import code, make, put, uncolour
from pipeline.links import leads_to_sealed
from pipeline.markup import serialise, tree


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


TAGS = _names(
    "a abbr b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s small"
    " span strong sub sup table tbody td th thead tr u ul"
)
ATTRIBUTES = _names(
    "align alt border cellspacing class colspan dir href lang role rowspan scope src start title type width"
)
CLASSES = _names(
    "box boxed caption cell code data file head key link mark notes quote rule task tick tip wide cc cf ck cs"
)
"""The classes `mailable` gives; the styles of a letter name them."""

WIDEST = 552
"""Pixels: the column of 600 without its padding."""

_GONE = _names("script style iframe object embed button select textarea svg math template link base input")
_FOREIGN = (("iframe", "src"), ("video", "src"), ("audio", "src"), ("embed", "src"), ("object", "data"))
_ALIGN = re.compile(r"text-align:\s*(left|right|center)")


def mailable(html: str, *, page: str = "", top: int = 3, colours: bool = True) -> str:
    """A rendered body as a letter shows it; its links must be absolute by now.

    ``page`` is its address on the web, for links to places inside it; ``top`` is the level of its first heading.
    """
    root = tree(html)
    for step in (_footnotes, _tasks, _tabs, _maths, code, _boxes, _tables, _pictures, _films, _keys, _marks):
        step(root)
    if not colours:
        uncolour(root)
    _headings(root, top)
    _links(root, page)
    _only_listed(root)
    return serialise(root).strip()


def _has(element: Any, name: str) -> bool:
    return name in (element.get("class") or "").split()


def _footnotes(root: Any) -> None:
    for link in root.xpath(".//a"):
        if _has(link, "footnote-backref") or _has(link, "headerlink"):
            link.drop_tree()
        elif _has(link, "footnote-ref"):
            link.drop_tag()
    for notes in root.xpath(".//div[@class='footnote']"):
        for rule in notes.findall("hr"):
            rule.drop_tree()
        for numbered in notes.findall("ol"):
            numbered.set("class", "notes")
        notes.addprevious(make("hr", class_="rule"))
        notes.drop_tag()


def _tasks(root: Any) -> None:
    for box in root.xpath(".//input[@type='checkbox']"):
        sign = "☐" if box.get("checked") is None else "☑"
        box.tail = f"{sign} {(box.tail or '').lstrip()}"
        around = box.getparent()
        if around.tag in {"p", "label"} and around.getparent() is not None and around.getparent().tag == "li":
            around = around.getparent()
        if around.tag == "li":
            around.set("class", "task")
        box.drop_tree()


def _tabs(root: Any) -> None:
    for tabs in root.xpath(".//div[contains(concat(' ',@class,' '),' tabbed-set ')]"):
        names = [label.text_content() for label in tabs.xpath("./div[@class='tabbed-labels']/label")]
        blocks = tabs.xpath("./div[@class='tabbed-content']/div")
        flat = make("div")
        for name, block in zip(names, blocks, strict=False):
            title = make("p", class_="tip")
            title.append(make("strong", name))
            flat.append(title)
            flat.append(block)
            block.drop_tag()
        put(tabs, flat)


def _maths(root: Any) -> None:
    for formula in root.xpath(".//*[contains(concat(' ',@class,' '),' arithmatex ')]"):
        tex = formula.text_content().strip()
        tex = tex[2:-2].strip() if tex[:2] in {"\\(", "\\["} else tex.strip("$").strip()
        if formula.tag == "div":
            put(formula, make("pre", tex, class_="code", dir="ltr"))
        else:
            put(formula, make("code", tex, class_="tick", dir="ltr"))


def _boxes(root: Any) -> None:
    """Admonitions and details as tables of one cell."""
    found = root.xpath(".//details|.//div[contains(concat(' ',@class,' '),' admonition ')]")
    for box in found:
        cell = make("td", class_="box")
        title = box.find("summary") if box.tag == "details" else box.find("p[@class='admonition-title']")
        if title is not None:
            named = make("p", class_="tip")
            named.append(make("strong", title.text_content().strip()))
            cell.append(named)
            title.drop_tree()
        for child in list(box):
            cell.append(child)
        if (box.text or "").strip():
            cell.append(make("p", box.text.strip()))
        table = make("table", class_="boxed", role="presentation", width="100%", cellspacing="0", border="0")
        row = make("tr")
        row.append(cell)
        table.append(row)
        put(box, table)


def _tables(root: Any) -> None:
    for table in root.xpath(".//table[not(@role='presentation')]"):
        table.set("class", "data")
        for cell in table.iter("td", "th"):
            if match := _ALIGN.search(cell.get("style") or ""):
                cell.set("align", match[1])
            if not cell.text_content().strip() and not len(cell):
                cell.tag = "td"
            if cell.tag == "th":
                cell.set("scope", "row" if cell.getparent().getparent().tag == "tbody" else "col")
            cell.set("class", "head" if cell.tag == "th" else "cell")


def _pictures(root: Any) -> None:
    for figure in root.xpath(".//figure"):
        figure.tag = "div"
    for caption in root.xpath(".//figcaption"):
        caption.tag = "p"
        caption.set("class", "caption")
    for picture in root.xpath(".//img"):
        scheme = urlsplit(picture.get("src") or "").scheme
        alt = (picture.get("alt") or "").strip()
        if {"emojione", "gemoji", "twemoji"} & set((picture.get("class") or "").split()):
            _in_words(picture, alt)
        elif scheme not in {"https", "cid"}:
            _in_words(picture, f"[{alt}]" if alt else "")
        else:
            _sized(picture, alt)


def _in_words(element: Any, words: str) -> None:
    element.tail = words + (element.tail or "")
    element.drop_tree()


def _sized(picture: Any, alt: str) -> None:
    width = picture.get("width") or ""
    known = width.isascii() and width.isdigit() and int(width) > 0
    picture.set("alt", alt)
    picture.set("width", str(min(int(width), WIDEST) if known else WIDEST))
    picture.set("class", "" if known else "wide")


def _films(root: Any) -> None:
    """What plays on a page is a link in a letter."""
    for tag, key in _FOREIGN:
        for film in root.xpath(f".//{tag}"):
            address = film.get(key) or next((one.get("src") for one in film.iter("source")), None) or ""
            name = film.get("title") or film.get("aria-label") or address.rstrip("/").rpartition("/")[2]
            put(film, make("a", name or address, href=address)) if address else film.drop_tree()


def _keys(root: Any) -> None:
    for keys in root.xpath(".//span[@class='keys']"):
        for plus in keys.findall("span"):
            plus.drop_tag()
        keys.drop_tag()
    for key in root.xpath(".//kbd"):
        key.set("class", "key")


def _marks(root: Any) -> None:
    for tag, name in (("blockquote", "quote"), ("hr", "rule"), ("mark", "mark")):
        for element in root.iter(tag):
            element.set("class", name)
    for paragraph in root.xpath(".//p[div or table or pre or ul or ol or blockquote]"):
        paragraph.tag = "div"


def _headings(root: Any, top: int) -> None:
    """Headings from ``top`` on, without a step left out."""
    above: list[int] = []
    for heading in root.xpath(".//h1|.//h2|.//h3|.//h4|.//h5|.//h6"):
        level = int(heading.tag[1])
        while above and above[-1] >= level:
            above.pop()
        above.append(level)
        heading.tag = f"h{min(top + len(above) - 1, 6)}"


def _links(root: Any, page: str) -> None:
    for link in root.xpath(".//a"):
        address = (link.get("href") or "").strip()
        if address.startswith("#") and page:
            address = f"{page}/{address[1:]}" if leads_to_sealed(page) else page.partition("#")[0] + address
        address = f"https:{address}" if address.startswith("//") else address
        scheme = address.partition(":")[0].lower()
        link.set("href", address)
        link.set("class", "link")
        if scheme == "http" and link.text_content().strip() != address:
            link.tail = f" ({address}){link.tail or ''}"
        if scheme not in {"https", "mailto"} or not _named(link):
            link.drop_tag()


def _named(link: Any) -> bool:
    """Whether a link has words that can be read out; one around a picture without any has none."""
    return bool(link.text_content().strip() or any((one.get("alt") or "").strip() for one in link.iter("img")))


def _only_listed(root: Any) -> None:
    for element in list(root.iterdescendants()):
        if not isinstance(element.tag, str) or element.tag in _GONE:
            element.drop_tree()
        elif element.tag not in TAGS:
            element.drop_tag()
        else:
            _strip(element)


def _strip(element: Any) -> None:
    kept = [name for name in (element.get("class") or "").split() if name in CLASSES]
    element.set("class", " ".join(kept))
    for key in list(element.attrib):
        if key not in ATTRIBUTES or (key == "class" and not kept):
            del element.attrib[key]
