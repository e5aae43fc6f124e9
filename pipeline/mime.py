"""A letter as the bytes that travel (RFC 5322): the same letter is the same bytes, whoever submits it.

Python's own message classes lose spaces when a long Chinese subject folds, let NUL through and mangle
international domains, so the headers are written here, and read back before they are used.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from email.header import Header, decode_header, make_header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from pipeline.errors import Misconfigured, Refused
from pipeline.outgoing import Frozen, Letter
from pipeline.plate import plate

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LINE = 78
"""Characters of a header's line, where there is a space to fold at (RFC 5322 §2.1.1)."""


def to_bytes(one: Frozen, *, stuffed: bool = False) -> bytes:
    """The whole message with CRLF line ends, text before HTML, pictures beside the HTML that shows them.

    ``stuffed`` doubles a dot at the beginning of a line, as DATA takes it (RFC 5321 §4.5.2). What the letters of a
    sheet share is encoded once. Errors: Refused for an address or header that cannot be written, Misconfigured for
    the house's own addresses, ValueError for text that is no UTF-8.
    """
    stub = one.stub
    head = [*addressing(stub), *fields(stub), ("MIME-Version", "1.0")]
    top = "".join([f"{name}: {value}\n" for name, value in head]).replace("\n", "\r\n").encode("ascii")
    mark = hashlib.sha256(stub.delivery_id.encode()).hexdigest()[:24]
    return top + plate(one.sheet, stuffed).fill(one.hello, one.token, mark)


def addressing(letter: Letter) -> tuple[tuple[str, str], ...]:
    """From, To, Reply-To, Subject and Date, encoded."""
    found = [("From", _own(letter.sender)), ("To", mailbox(letter.to_name, ascii_address(letter.to)))]
    if letter.reply_to:
        found.append(("Reply-To", _own(letter.reply_to)))
    return (*found, ("Subject", words("Subject", letter.subject)), ("Date", _date(letter.date)))


@lru_cache(maxsize=8)
def _date(moment: datetime) -> str:
    return format_datetime(moment)


def fields(letter: Letter) -> tuple[tuple[str, str], ...]:
    """The letter's other headers, encoded, for an API that writes the addressing itself (it may drop the newlines)."""
    return tuple((_field_name(name), words(name, value)) for name, value in letter.headers)


@lru_cache(maxsize=256)
def words(name: str, value: str) -> str:
    """A header's value as ASCII, folded with newline and space; read back, it is ``value`` again.

    Errors: Refused when it holds a control character or does not survive.
    """
    _printable(name, value)
    if value.isascii() and "=?" not in value:
        return value if len(name) + len(value) <= _LINE - 2 else _folded(name, value)
    phrase, angle, rest = value.rpartition(" <")
    if angle and rest.endswith(">") and rest.isascii():
        return f"{words(name, phrase)}\n <{rest}"
    encoded = Header(value, "utf-8", header_name=name, maxlinelen=75).encode()
    if str(make_header(decode_header(encoded))) != value:
        raise Refused(f"the header {name} cannot be encoded: {value!r}")
    return encoded


def _folded(name: str, value: str) -> str:
    """ASCII on lines of at most `_LINE` characters where there are spaces to fold at."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > _LINE and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\n".join([*lines, line]).removeprefix(f"{name}: ")


def _printable(name: str, value: str) -> None:
    if value.isascii() and value.isprintable():
        return
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} for sign in value):
        raise Refused(f"a control character in the header {name}: {value!r}")


@lru_cache(maxsize=64)
def _field_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
        raise Refused(f"{name!r} is not the name of a header")
    return name


def mailbox(name: str, address: str) -> str:
    """``Name <address>`` with the name encoded; the address must be ASCII by now."""
    _printable("name", name)
    return formataddr((name, address)) if name.isascii() else f"{words('Reply-To', name)} <{address}>"


def ascii_address(address: str) -> str:
    """The address with its domain in IDNA form.

    Errors: Refused for what is no address, and for a local part beyond ASCII, which few servers take.
    """
    local, _, domain = address.rpartition("@")
    domain = ascii_domain(domain)
    if not _ATOMS.fullmatch(local) or not domain or len(local) > 64 or len(domain) > 253:
        raise Refused(f"{address!r} is not an address that mail can be written to", address=True)
    return f"{local}@{domain}"


@lru_cache(maxsize=1024)
def ascii_domain(domain: str) -> str:
    """A domain in IDNA form; nothing for what is none."""
    plain = domain
    if not domain.isascii():
        import idna

        try:
            # Python's own codec follows the rules of 2003, by which straße.example is another domain.
            plain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            return ""
    return plain if re.fullmatch(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", plain) else ""


@lru_cache(maxsize=8)
def _own(text: str) -> str:
    """One of the house's own mailboxes, as a header has it."""
    name, address = parseaddr(text)
    return mailbox(name, house_address(address))


def house_address(address: str) -> str:
    """One of the house's own addresses; a wrong one is wrong for every letter.

    Errors: Misconfigured.
    """
    try:
        return ascii_address(address)
    except Refused as error:
        raise Misconfigured(f"pyproject.toml: [tool.kith.mail]: {error}") from error
