"""The pages of a preview through somebody's eyes: an index, each entry as they read it, each letter they get.

The pages stand by themselves: nothing is loaded from elsewhere, and of what texts hold nothing runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

from pipeline.eyes import Seen, Sight
from pipeline.firstwords import first_words
from pipeline.model import EVERYONE, PUBLIC
from pipeline.outgoing import Letter
from pipeline.passages import body_for
from pipeline.report import counted, dated
from pipeline.tongue import direction

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf6; --ink: #20292b; --soft: #5c686a; --line: #dedbd1; --mark: #0f5a5e;
  --room: #f3f1ea; }
@media (prefers-color-scheme: dark) { :root { --paper: #14191a; --ink: #d6dcd9; --soft: #94a19f; --line: #2c3536;
  --mark: #82c5c0; --room: #1c2324; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 18px/1.68 "Iowan Old Style", Charter, "Source Serif 4", Georgia, "Noto Serif", "Liberation Serif", serif;
  overflow-wrap: anywhere; }
:lang(zh), :lang(ja), :lang(ko) { font-family: system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif; }
main { max-width: 42rem; margin: 0 auto; padding: 3.5rem 1.25rem 5rem; }
h1 { font-size: 2rem; line-height: 1.2; font-weight: 500; margin: 0 0 .6rem; letter-spacing: -.01em; }
h2 { font: 600 .8rem/1.4 system-ui, sans-serif; letter-spacing: .06em; text-transform: uppercase; color: var(--soft);
  margin: 3.2rem 0 .4rem; }
a { color: inherit; text-decoration-color: color-mix(in srgb, currentColor 35%, transparent);
  text-underline-offset: .2em; }
a:hover { text-decoration-color: currentColor; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--mark); outline-offset: 3px; border-radius: 2px; }
.small, .facts, ul.rows small, .back, pre, summary { font-family: system-ui, sans-serif; font-size: .84rem;
  line-height: 1.55; color: var(--soft); }
.small a, .back a { color: var(--soft); }
.facts { margin: 0; } .facts span + span::before { content: " · "; }
code { font: .92em/1 ui-monospace, monospace; color: var(--ink); background: var(--room); padding: .1em .3em;
  border-radius: 3px; }
ul.rows { list-style: none; margin: 0; padding: 0; }
ul.rows > li { padding: .85rem 0; border-bottom: 1px solid var(--line); }
ul.rows small { display: block; }
ul.rows small.only { color: var(--mark); }
.body { margin-top: 2.2rem; } .body img, .body video, .body svg { max-width: 100%; height: auto; border-radius: 4px; }
.body h2, .body h3 { font-family: inherit; font-size: 1.25rem; font-weight: 500; letter-spacing: 0;
  text-transform: none; color: inherit; margin: 2.2rem 0 .6rem; }
.body pre { overflow: auto; background: var(--room); padding: .9rem 1rem; border-radius: 6px; color: var(--ink); }
.body pre code, pre code { background: none; padding: 0; line-height: 1.5; }
.body table { display: block; overflow: auto; border-collapse: collapse; font-size: .92em; }
.body td, .body th { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); text-align: start; }
.body blockquote { margin: 1.4rem 0; padding-inline-start: 1rem; border-inline-start: 2px solid var(--line);
  color: var(--soft); }
iframe { width: 100%; height: 72vh; border: 1px solid var(--line); border-radius: 6px; background: Canvas;
  margin-top: 1.6rem; }
pre.plain { white-space: pre-wrap; background: var(--room); padding: 1rem; border-radius: 6px; color: var(--ink);
  font-family: ui-monospace, monospace; }
summary { cursor: pointer; margin-top: 1.2rem; }
@media (max-width: 30rem) { main { padding-top: 2rem; } h1 { font-size: 1.6rem; } }
"""


def _page(title: str, body: str) -> str:
    """A whole page, which loads nothing that is not from this machine."""
    here = "http://localhost:* http://127.0.0.1:*"
    rule = f"default-src 'none'; img-src data: {here}; media-src {here}; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{rule}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


Address = Callable[[Seen], str]
"""Where an entry is read by whoever it is shown to."""


def index(one: Sight, facts: Iterable[tuple[str, str]], subjects: Sequence[str], front: str, address: Address) -> str:
    """What somebody can read, what they get now, what is held and what is kept from them, each with its rule."""
    beyond = [seen for seen in one.entries if seen.beyond]
    kept = [seen for seen in one.entries if seen.kept]
    open_ = [seen for seen in one.entries if seen.entry.public]
    said = "".join(f"<span>{escape(key)} {_words(value)}</span>" for key, value in facts)
    parts = [
        f'<h1>What {escape(one.name)} can read</h1>\n<p class="facts">{said}</p>',
        *([] if one.who == PUBLIC else [_letters(one, subjects)]),
        *([_section("Beyond what everybody reads", [_row(seen, address) for seen in beyond])] if beyond else []),
        _section("What everybody reads", [f'<a href="{escape(front)}">The site</a>'], _list(open_, address)),
        *([_section(f"Kept from {one.name}", [_kept(seen) for seen in kept])] if kept else []),
    ]
    return _page(f"What {one.name} can read", "\n".join(parts))


def _section(title: str, rows: Iterable[str], more: str = "") -> str:
    items = "\n".join(f"<li>{row}</li>" for row in rows)
    return f'<section>\n<h2>{escape(title)}</h2>\n<ul class="rows">\n{items}\n</ul>{more}\n</section>'


def _letters(one: Sight, subjects: Sequence[str]) -> str:
    rows = [
        f'<a href="letters/{number}.html" lang="{escape(one.languages[0])}" dir="auto">{escape(subject)}</a>'
        for number, subject in enumerate(subjects, start=1)
    ]  # fmt: skip
    told = [seen for seen in one.entries if seen.verdict and seen.verdict.told]
    if rows and told:
        rows[0] += "".join(
            f"<small>{_title(seen)}: {_words(seen.verdict.reason)}</small>" for seen in told if seen.verdict
        )
    for held in one.held:
        until = f", {dated(held.until)}" if held.until else ""
        rows.append(f"Held<small>{_words(held.reason)}{until}</small>" + _titles(one, held.entries))
    return _section("Letters", rows or ["Nothing is due now."])


def _titles(one: Sight, ids: tuple[str, ...]) -> str:
    names = [_title(seen) for seen in one.entries if seen.entry.id in ids]
    return f"<small>{', '.join(names)}</small>" if names else ""


def _row(seen: Seen, address: Address) -> str:
    """An entry that they read more of than everybody, and why."""
    reasons = [] if seen.entry.public else [f"all of it: {_words(seen.whole.reason)}"]
    reasons += [f"lines {one.first}–{one.last}: {_words(one.reason)}" for one in seen.passages if one.may]
    told = f"<small>{_words(seen.verdict.reason)}</small>" if seen.verdict else ""
    marks = "".join(f'<small class="only">{reason}</small>' for reason in reasons)
    return f'<a href="{escape(address(seen))}">{_title(seen)}</a>{marks}{told}'


def _kept(seen: Seen) -> str:
    where = [
        f"{f'lines {one.first}–{one.last}' if one.last else 'all of it'}: {_words(one.reason)}" for one in seen.kept
    ]
    return f"{_title(seen)}" + "".join(f"<small>{line}</small>" for line in where)


def _list(open_: Sequence[Seen], address: Address) -> str:
    rows = "".join(f'<li><a href="{escape(address(seen))}">{_title(seen)}</a></li>' for seen in open_)
    return (
        f'<details><summary>{counted(len(open_), "entry", "entries")}</summary><ul class="rows">{rows}</ul></details>'
    )


def _named(seen: Seen) -> str:
    """A post's title; of an update, what everybody reads of it first."""
    return seen.version.title or first_words(body_for(seen.version.body, EVERYONE), 48) or seen.entry.id


def _title(seen: Seen) -> str:
    return f'<span lang="{escape(seen.version.lang)}" dir="auto">{escape(_named(seen))}</span>'


def _words(text: str) -> str:
    """A reason as HTML: names stand in code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def entry_page(one: Sight, seen: Seen, html: str) -> str:
    """An entry as somebody reads it, with the rules above it."""
    rules = [seen.whole, *seen.passages]
    rows = "".join(
        f"<li><small{' class=only' if rule.may and rule.reason != 'everyone may read it' else ''}>"
        f"{escape(rule.place)} · {'reads it' if rule.may else 'does not read it'}: {_words(rule.reason)}</small></li>"
        for rule in rules
    )
    lang = escape(seen.version.lang)
    body = (
        f'<p class="back"><a href="../">What {escape(one.name)} can read</a></p>\n'
        f'<h1 lang="{lang}" dir="{direction(seen.version.lang)}">{escape(_named(seen))}</h1>\n'
        f'<ul class="rows">{rows}</ul>\n'
        f'<div class="body" lang="{lang}" dir="{direction(seen.version.lang)}">\n{html}\n</div>'
    )
    return _page(_named(seen), body)


def letter_page(one: Sight, letter: Letter, html: str) -> str:
    """A letter as its reader sees it: its HTML in a frame where nothing runs, its text below."""
    inner = re.sub(r"<head\b[^>]*>", lambda match: match[0] + '<base target="_blank">', html, count=1)
    to = f"{letter.to_name} <{letter.to}>" if letter.to_name else letter.to
    body = (
        f'<p class="back"><a href="../">What {escape(one.name)} can read</a></p>\n'
        f'<h1 lang="{escape(letter.language)}" dir="auto">{escape(letter.subject)}</h1>\n'
        f'<p class="facts"><span>{escape(letter.sender)}</span><span>to {escape(to)}</span></p>\n'
        '<iframe title="The letter" sandbox="allow-popups allow-popups-to-escape-sandbox"'
        f' srcdoc="{escape(inner)}"></iframe>\n'
        f'<details><summary>As plain text</summary><pre class="plain">{escape(letter.text)}</pre></details>'
    )
    return _page(letter.subject, body)


def paste_page(one: Sight, text: str) -> str:
    """A text to paste."""
    back = f'<p class="back"><a href="../">What {escape(one.name)} can read</a></p>'
    return _page("A text to paste", f'{back}\n<h1>A text to paste</h1>\n<pre class="plain">{escape(text)}</pre>')
