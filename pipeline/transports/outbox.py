"""Letters into a folder, to be looked at: nothing leaves the machine."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from pipeline.durable import settle
from pipeline.errors import Unavailable
from pipeline.frozen import filled
from pipeline.mailparts import Unusual, head
from pipeline.outgoing import Frozen, Letter, Receipt, Sheet
from pipeline.transports.base import Submitting, written
from pipeline.wire import Pause

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_CID = re.compile(r"cid:[^\s\"'<>()]+")

_OFTEN = 50
"""Letters between two writings of the list at most; it grows with them, so that while it is short it is written
as often as it grows by half."""


class Outbox:
    """A folder with one ``.eml`` per letter and an ``index.html`` to look through them."""

    name = "outbox"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, _Row] | None = None
        self._unlisted = 0

    def prepare(self, one: Frozen) -> bytes:
        """The letter as mail; see `Transport.prepare`."""
        return written(one)

    def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
        """As `submit`; see `Transport.submitting`."""
        yield Pause()
        return self.submit(one, data)

    def submit(self, one: Frozen, data: bytes | None = None) -> Receipt:
        """The name of the letter's file, which replaces an earlier one of the same delivery.

        Raises `Refused` for a letter that cannot be written as mail, `Unavailable` for a full disk or a
        folder that cannot be written to. The letter counts as taken once its ``.eml`` has its name.
        """
        name = file_name(one.stub.delivery_id)
        data = written(one) if data is None else data
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            rows = self._known()
            _put(self._folder, f"{name}.html", preview(one).encode("utf-8", "replace"))
            _put(self._folder, f"{name}.eml", data, durable=True)
        except OSError as error:
            raise Unavailable(f"{self._folder}: {_reason(error)}. Nothing was written for this letter.") from None
        rows[name] = _Row.of(one.stub)
        self._unlisted += 1
        if self._unlisted >= min(_OFTEN, (len(rows) - self._unlisted) / 2):
            self._list()
        return Receipt(f"{name}.eml", f"written to {name}.eml")

    def _list(self) -> None:
        """Writes the list of letters; they are taken already, and whoever writes it next mends what fails here."""
        with contextlib.suppress(OSError):
            _put(self._folder, "index.html", index(self._known()).encode("utf-8", "replace"))
            self._unlisted = 0

    def close(self) -> None:
        """Brings the list up to date."""
        if self._unlisted:
            self._list()

    def suppressed(self) -> dict[str, str]:
        """Nothing: a folder bounces nobody."""
        return {}

    def _known(self) -> dict[str, _Row]:
        """The letters of earlier runs, read once."""
        if self._rows is None:
            self._rows = {path.stem: _Row.read(path) for path in sorted(self._folder.glob("*.eml"))}
        return self._rows


def file_name(delivery_id: str) -> str:
    """A name that any file system takes, different for every delivery, and the id itself where it is plain."""
    if _PLAIN.fullmatch(delivery_id) and not delivery_id.endswith(".") and delivery_id != "index":
        return delivery_id
    plain = re.sub(r"[^a-z0-9]+", "-", delivery_id.lower()).strip("-")[:60]
    digest = hashlib.sha256(delivery_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{plain}-{digest}".lstrip("-")


def _put(folder: Path, name: str, data: bytes, *, durable: bool = False) -> None:
    """The whole file or none of it, and with ``durable`` also after a power cut."""
    # Nobody else writes under this process's number; what one that was killed left behind is written over.
    temporary = folder / f".{name}.{os.getpid()}.part"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(folder / name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        with contextlib.suppress(OSError):
            settle(folder)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the list."""

    to: str
    subject: str
    date: datetime | None

    @classmethod
    def of(cls, letter: Letter) -> _Row:
        return cls(_named(letter), letter.subject, letter.date)

    @classmethod
    def read(cls, path: Path) -> _Row:
        """The line of a letter on disk; a file that is no letter has an empty one."""
        data = path.read_bytes()
        try:
            said = {name.lower(): value for name, value in head(data)[0]}
        except Unusual:
            said = _patiently(data)
        to, subject, date = (_field(name, said.get(name, "")) for name in ("to", "subject", "date"))
        return cls(to, subject, _moment(date))


def _patiently(data: bytes) -> dict[str, str]:
    """The headers of a letter that another program wrote: the first of each name."""
    from email.parser import BytesHeaderParser

    found: dict[str, str] = {}
    for name, value in BytesHeaderParser().parsebytes(data).raw_items():
        found.setdefault(name.lower(), value)
    return found


@lru_cache(maxsize=1024)
def _field(name: str, value: str) -> str:
    """A header as its reader sees it; the letters of an issue share nearly all of theirs."""
    from email import policy

    # A header that another program broke can make the parser raise nearly anything.
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        return str(policy.default.header_fetch_parse(name, value)) if value else ""
    return ""


@lru_cache(maxsize=64)
def _moment(value: str) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError):
        return parsedate_to_datetime(value)
    return None


def _named(letter: Letter) -> str:
    return f"{letter.to_name} <{letter.to}>" if letter.to_name else letter.to


def _when(date: datetime | None) -> str:
    return f"{date:%Y-%m-%d %H:%M}" if date else ""


_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 16%, transparent); }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.55 system-ui, sans-serif; color: CanvasText; background: Canvas; }
header, footer { padding: 1.2rem 1.5rem .9rem; border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.1rem; font-weight: 600; }
p, dl { margin: .3rem 0 0; opacity: .75; }
a { color: inherit; text-underline-offset: .2em; }
a:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
iframe { border: 0; background: Canvas; width: 100%; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/1.6 ui-monospace, monospace; margin: 1rem 0 0; }
dt { float: left; clear: left; width: 5.5em; opacity: .7; } dd { margin: 0 0 0 5.5em; overflow-wrap: anywhere; }
"""
_LIST_STYLE = """
body { display: grid; grid-template: auto 1fr / minmax(19rem, 30%) 1fr; height: 100vh; }
header { grid-column: 1 / -1; }
ol { list-style: none; margin: 0; padding: 0; overflow: auto; border-right: 1px solid var(--line); }
li { padding: .8rem 1.5rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
li > a { font-weight: 600; text-decoration: none; }
li > a:hover { text-decoration: underline; }
li small { display: block; opacity: .75; }
iframe { height: 100%; }
@media (max-width: 52rem) { body { display: block; height: auto; } iframe { height: 80vh; } }
"""
_LETTER_STYLE = """
iframe { height: 75vh; border-bottom: 1px solid var(--line); }
footer { border: 0; } summary { cursor: pointer; }
"""


def _page(title: str, style: str, body: str, *, strict: bool) -> str:
    # A letter's own picture addresses may be loaded, as a reader's program would; nothing else runs or loads.
    rule = "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'"
    safe = f'<meta http-equiv="Content-Security-Policy" content="{rule}">\n' if strict else ""
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n{safe}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style>\n{body}\n</html>\n"
    )


def index(rows: dict[str, _Row]) -> str:
    """The list of all letters, newest first, with a window that shows the chosen one and runs nothing of it."""
    order = sorted(rows.items(), key=lambda item: (_when(item[1].date), item[0]), reverse=True)
    items = "\n".join(_item(name, row) for name, row in order)
    first = f' src="{escape(quote(order[0][0]))}.html"' if order else ""
    count = f"{len(rows)} letter" + ("" if len(rows) == 1 else "s")
    body = (
        f"<header><h1>Outbox</h1><p>{count} in this folder. None of them was mailed.</p></header>\n"
        f'<ol>\n{items}\n</ol>\n<iframe name="letter" title="The chosen letter" sandbox{first}></iframe>'
    )
    return _page("Outbox", _LIST_STYLE, body, strict=False)


@lru_cache(maxsize=4096)
def _item(name: str, row: _Row) -> str:
    link, subject = escape(quote(name)), escape(row.subject or "(no subject)")
    return (
        f'<li><a href="{link}.html" target="letter">{subject}</a>'
        f"<small>{escape(row.to)}</small><small>{_when(row.date)} · "
        f'<a href="{link}.eml" download>{escape(name)}.eml</a></small></li>'
    )


def preview(one: Frozen) -> str:
    """One letter as its reader would see it: its HTML shut into a frame without scripts, its text below."""
    letter = one.stub
    rows = [("From", letter.sender), ("To", _named(letter)), ("Reply-To", letter.reply_to)]
    rows += [("Date", _when(letter.date)), ("Language", letter.language)]
    facts = "".join(f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in rows if value)
    # What is escaped already has no place in it that a hole's name could lose.
    html, text = _shown(one.sheet)
    shown = filled(letter, replace(one.sheet, text=text, html=html), escape(one.hello), escape(one.token))
    body = (
        f"<header><h1>{escape(letter.subject)}</h1><dl>{facts}</dl></header>\n"
        f'<iframe title="The letter" sandbox srcdoc="{shown.html}"></iframe>\n'
        f"<footer><details><summary>As plain text</summary><pre>{shown.text}</pre></details></footer>"
    )
    return _page(letter.subject, _LETTER_STYLE, body, strict=True)


@lru_cache(maxsize=8)
def _shown(sheet: Sheet) -> tuple[str, str]:
    """A sheet's HTML, with the pictures that travel inside put in place, and its text, both escaped."""
    inside = {
        f"cid:{picture.cid}": f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode('ascii')}"
        for picture in sheet.inline
    }
    return escape(_CID.sub(lambda found: inside.get(found[0], found[0]), sheet.html)), escape(sheet.text)
