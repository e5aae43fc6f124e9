"""A letter as the bytes that travel (RFC 5322): the same letter is the same bytes, whoever submits it.

Python's own message classes lose spaces when a long Chinese subject folds, let NUL through and mangle
international domains, so the headers are written here, and read back before they are used.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
import re
import unicodedata
from email.header import Header, decode_header, make_header
from email.utils import format_datetime, formataddr, parseaddr

from pipeline.errors import Misconfigured, Refused
from pipeline.model import Letter, Picture

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_BEYOND_ASCII = bytes(range(128, 256))
_MUCH = 1 / 6
"""The share of bytes that are not ASCII from which base64 is shorter and easier to read back than QP."""


def to_bytes(letter: Letter) -> bytes:
    """The whole message with CRLF line ends, text before HTML, pictures beside the HTML that shows them.

    Errors: Refused for an address or header that cannot be written, Misconfigured for the house's own addresses.
    """
    head = [*addressing(letter), *fields(letter), ("MIME-Version", "1.0")]
    top = "".join(f"{name}: {value}\n" for name, value in head)
    message = top + _multipart("alternative", letter, [_text("plain", letter.text), _related(letter)])
    return message.replace("\n", "\r\n").encode("ascii")


def addressing(letter: Letter) -> tuple[tuple[str, str], ...]:
    """From, To, Reply-To, Subject and Date, encoded."""
    name, address = parseaddr(letter.sender)
    found = [("From", mailbox(name, house_address(address))), ("To", mailbox(letter.to_name, ascii_address(letter.to)))]
    if letter.reply_to:
        name, address = parseaddr(letter.reply_to)
        found.append(("Reply-To", mailbox(name, house_address(address))))
    return (*found, ("Subject", words("Subject", letter.subject)), ("Date", format_datetime(letter.date)))


def fields(letter: Letter) -> tuple[tuple[str, str], ...]:
    """The letter's other headers, encoded, for an API that writes the addressing itself (it may drop the newlines)."""
    return tuple((_field_name(name), words(name, value)) for name, value in letter.headers)


def words(name: str, value: str) -> str:
    """A header's value as ASCII, folded with newline and space; read back, it is ``value`` again.

    Errors: Refused when it holds a control character or does not survive.
    """
    _printable(name, value)
    if value.isascii() and "=?" not in value:
        return _folded(name, value)
    phrase, angle, rest = value.rpartition(" <")
    if angle and rest.endswith(">") and rest.isascii():
        return f"{words(name, phrase)}\n <{rest}"
    encoded = Header(value, "utf-8", header_name=name, maxlinelen=75).encode()
    if str(make_header(decode_header(encoded))) != value:
        raise Refused(f"the header {name} cannot be encoded: {value!r}")
    return encoded


def _folded(name: str, value: str) -> str:
    """ASCII on lines of at most 78 characters where there are spaces to fold at."""
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > 78 and line.strip() and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\n".join([*lines, line]).removeprefix(f"{name}: ")


def _printable(name: str, value: str) -> None:
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} for sign in value):
        raise Refused(f"a control character in the header {name}: {value!r}")


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
    domain = _ascii_domain(domain)
    if not _ATOMS.fullmatch(local) or not domain or len(local) > 64 or len(domain) > 253:
        raise Refused(f"{address!r} is not an address that mail can be written to")
    return f"{local}@{domain}"


def _ascii_domain(domain: str) -> str:
    import idna

    try:
        # Python's own codec follows the rules of 2003, by which straße.example is another domain.
        plain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return ""
    return plain if re.fullmatch(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*", plain) else ""


def house_address(address: str) -> str:
    """One of the house's own addresses; a wrong one is wrong for every letter.

    Errors: Misconfigured.
    """
    try:
        return ascii_address(address)
    except Refused as error:
        raise Misconfigured(f"pyproject.toml: [tool.kith.mail]: {error}") from error


def _multipart(kind: str, letter: Letter, parts: list[str]) -> str:
    """Parts between boundaries that no encoded part can hold: neither base64 nor quoted-printable writes ``=_``."""
    boundary = f"=_{hashlib.sha256(letter.delivery_id.encode()).hexdigest()[:24]}_{kind[:3]}"
    typed = '; type="text/html"' if kind == "related" else ""
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f'Content-Type: multipart/{kind}{typed}; boundary="{boundary}"\n\n{body}--{boundary}--\n'


def _related(letter: Letter) -> str:
    html = _text("html", letter.html)
    if not letter.inline:
        return html
    pictures = [_picture(picture) for picture in letter.inline]
    return _multipart("related", letter, [html, *pictures])


def _text(kind: str, content: str) -> str:
    data = content.replace("\r\n", "\n").replace("\r", "\n").encode()
    much = len(data.translate(None, _BEYOND_ASCII)) < len(data) * (1 - _MUCH)
    way, body = ("base64", _base64(data.replace(b"\n", b"\r\n"))) if much else ("quoted-printable", _quoted(data))
    return f'Content-Type: text/{kind}; charset="utf-8"\nContent-Transfer-Encoding: {way}\n\n{body}'


def _quoted(data: bytes) -> str:
    """Quoted-printable; a line that begins with ``From`` would be changed by old mailboxes."""
    return re.sub(r"(?m)^From ", "=46rom ", quopri.encodestring(data).decode("ascii"))


def _base64(data: bytes) -> str:
    return base64.encodebytes(data).decode("ascii")


def _picture(picture: Picture) -> str:
    for name, value in (("Content-ID", picture.cid), ("Content-Type", picture.media_type)):
        if not re.fullmatch(r"[A-Za-z0-9!#$&^_.+@/-]+", value):
            raise Refused(f"a picture's {name} cannot be written: {value!r}")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", picture.name) or "picture"
    return (
        f"Content-Type: {picture.media_type}\nContent-Transfer-Encoding: base64\n"
        f'Content-Disposition: inline; filename="{name}"\nContent-ID: <{picture.cid}>\n\n{_base64(picture.data)}'
    )
