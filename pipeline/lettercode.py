"""Code as a letter shows it: four colours for Pygments' eighty classes, every line and blank as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def make(tag: str, text: str = "", **attributes: str) -> Any:
    """A new element; ``class_`` is its class."""
    from lxml import html

    element = html.Element(tag)
    element.text = text or None
    for key, value in attributes.items():
        element.set(key.rstrip("_"), value)
    return element


def drop_tags(root: Any, path: str) -> None:
    """Takes elements out and leaves what is in them."""
    for element in root.xpath(path):
        element.drop_tag()


def put(element: Any, new: Any) -> None:
    """Puts ``new`` where ``element`` stands, before the text after it."""
    new.tail, element.tail = element.tail, None
    element.getparent().replace(element, new)


def code(root: Any) -> None:
    """Makes all code of a body ready for a letter; it runs from left to right in every language."""
    for short in root.xpath(".//code[not(ancestor::pre)]"):
        drop_tags(short, ".//span")
        short.set("dir", "ltr")
        short.set("class", "tick")
    for box in root.xpath(".//div[contains(concat(' ',@class,' '),' highlight ')]"):
        flat = make("div")
        for name in box.xpath(".//span[@class='filename']"):
            flat.append(make("p", name.text_content().strip(), class_="file"))
        for block in box.xpath(".//pre[not(ancestor::td[contains(@class,'linenos')])]"):
            flat.append(block)
        put(box, flat)
    for block in root.xpath(".//pre"):
        block.set("class", "code")
        block.set("dir", "ltr")
        drop_tags(block, ".//code")
        _recolour(block)


def _recolour(block: Any) -> None:
    """Pygments' eighty classes as four; neighbours of one colour, and the blanks between them, share a span.

    Written anew in one pass: taking ten thousand spans out one by one would take seconds.
    """
    joined: list[list[str]] = []
    for kind, words in _runs(block, ""):
        if len(joined) > 1 and kind and joined[-2][0] == kind and not joined[-1][0] and not joined[-1][1].strip():
            blank = joined.pop()
            joined[-1][1] += blank[1] + words
        elif joined and joined[-1][0] == kind:
            joined[-1][1] += words
        else:
            joined.append([kind, words])
    others = [one for one in block.iter() if one is not block and one.tag != "span"]
    if others:
        drop_tags(block, ".//span")
        return
    _emptied(block)
    for kind, words in joined:
        if kind:
            block.append(make("span", words, class_=kind))
        elif len(block):
            block[-1].tail = words
        else:
            block.text = words


def uncolour(root: Any) -> None:
    """Takes all colours out of code."""
    for block in root.xpath(".//pre[span]"):
        if any(one is not block and one.tag != "span" for one in block.iter()):
            drop_tags(block, ".//span")
        else:
            words = block.text_content()
            _emptied(block)
            block.text = words


def _runs(element: Any, kind: str) -> Iterator[tuple[str, str]]:
    """The words of code in order, each with its colour: that of the outermost span that has one."""
    if element.text:
        yield kind, element.text
    for child in element:
        yield from _runs(child, kind or _kind(child.get("class") or ""))
        if child.tail:
            yield kind, child.tail


def _emptied(block: Any) -> None:
    block.text = None
    for child in list(block):
        block.remove(child)


def _kind(token: str) -> str:
    if token in {"nf", "fm", "nc", "nt", "na"}:
        return "cf"
    return {"k": "ck", "s": "cs", "m": "cs", "c": "cc"}.get(token[:1], "") if len(token) < 4 else ""
