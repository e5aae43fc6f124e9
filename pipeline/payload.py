"""The request that asks SendGrid for one letter, in the words of its own package.

The package spells a letter out once for each sheet, with marks where a reader's own parts go; those are filled in
for each letter. Source: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from email.utils import parseaddr
from functools import lru_cache
from html import escape
from typing import Any

from pipeline.errors import Refused
from pipeline.frozen import alone, whole
from pipeline.mime import addressing, ascii_address, fields, house_address
from pipeline.outgoing import Frozen, Picture, Sheet

_RESERVED = {
    *("to", "cc", "bcc", "from", "reply-to", "subject", "received", "dkim-signature", "x-sg-id", "x-sg-eid"),
    *("content-type", "content-transfer-encoding", "mime-version"),
}
_KEY_BEGINS = "SG."
_quoted = json.JSONEncoder(ensure_ascii=False).encode


def payload(one: Frozen) -> bytes:
    """The request for one letter to one person: nothing of theirs in it but the address and the name.

    Raises `Refused` for a letter that cannot be written down, `Misconfigured` for a sender that cannot.
    """
    from sendgrid.helpers.mail.exceptions import ApiKeyIncludedException

    if not one.hello or one.hello.startswith(_KEY_BEGINS):
        # The package leaves out a part without words, and looks for keys where one begins: it would see a mark there.
        one = alone(whole(one))
    try:
        return _filled(one)
    except ApiKeyIncludedException:
        raise Refused("The letter begins with what looks like a SendGrid key, so it is not submitted.") from None
    except ValueError:
        raise Refused("The letter holds characters that cannot be written as UTF-8.") from None


def _filled(one: Frozen) -> bytes:
    stub = one.stub
    # What no header can hold is refused here as it is by the other transports.
    addressing(stub)
    headers = [(name, value.replace("\n", "")) for name, value in fields(stub) if name.lower() not in _RESERVED]
    own = [ascii_address(stub.to), stub.to_name, stub.subject, stub.delivery_id]
    own += [one.hello, escape(one.hello), one.token, *(value for _, value in headers)]
    names = tuple([name for name, _ in headers])
    return _form(one.sheet, stub.sender, stub.reply_to, bool(stub.to_name), names).filled(own)


class _Form:
    """A request with marks in it, taken apart at them."""

    def __init__(self, request: bytes, mark: str) -> None:
        parts = re.split(mark.encode("ascii") + rb"(\d\d)", request)
        self._parts = parts
        self._places = [(place, int(parts[place])) for place in range(1, len(parts), 2)]

    def filled(self, own: list[str]) -> bytes:
        """The request with a reader's own parts, which are numbered as the marks are."""
        parts, words = self._parts.copy(), [_quoted(text)[1:-1].encode() for text in own]
        for place, number in self._places:
            parts[place] = words[number]
        return b"".join(parts)


@lru_cache(maxsize=16)
def _form(sheet: Sheet, sender: str, reply_to: str, named: bool, headers: tuple[str, ...]) -> _Form:
    mark = f"M{hashlib.sha256(f'{sheet.text}{sheet.html}'.encode()).hexdigest()[:20]}"
    marks = [f"{mark}{number:02d}" for number in range(7 + len(headers))]
    to, name, subject, delivery, hello, hello_html, token = marks[:7]
    text, html = sheet.text, sheet.html
    if sheet.hole:
        text = text.replace(f"{sheet.hole}token", token).replace(f"{sheet.hole}hello", hello)
        html = html.replace(f"{sheet.hole}token", token).replace(f"{sheet.hole}hello", hello_html)
    letter = _Marked(
        delivery_id=delivery, sender=sender, to=to, to_name=name if named else "", reply_to=reply_to, subject=subject,
        text=text, html=html, headers=tuple(zip(headers, marks[7:], strict=True)), inline=sheet.inline,
    )  # fmt: skip
    return _Form(json.dumps(_mail(letter).get(), ensure_ascii=False).encode(), mark)


@dataclasses.dataclass(frozen=True, slots=True)
class _Marked:
    """A letter with marks in place of a reader's own parts."""

    delivery_id: str
    sender: str
    to: str
    to_name: str
    reply_to: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    inline: tuple[Picture, ...]


def _mail(letter: _Marked) -> Any:
    from sendgrid.helpers import mail as helpers

    name, address = parseaddr(letter.sender)
    message = helpers.Mail(subject=letter.subject)
    message.from_email = _mailbox(helpers.From, house_address(address), name)
    message.add_to(_mailbox(helpers.To, letter.to, letter.to_name))
    if letter.reply_to:
        name, address = parseaddr(letter.reply_to)
        message.reply_to = _mailbox(helpers.ReplyTo, house_address(address), name)
    for media_type, text in (("text/plain", letter.text), ("text/html", letter.html)):
        if text:
            message.add_content(helpers.Content(media_type, text))
    for key, value in letter.headers:
        message.add_header(helpers.Header(key, value))
    message.add_custom_arg(helpers.CustomArg("delivery", letter.delivery_id))
    for picture in letter.inline:
        message.add_attachment(_attachment(helpers, picture))
    message.tracking_settings = _untracked(helpers)
    return message


def _mailbox(kind: Any, address: str, name: str) -> Any:
    # Given an address alone, the helpers' constructor would take it apart again.
    made = kind()
    made.email = address
    made.name = name or None
    return made


def _attachment(helpers: Any, picture: Picture) -> Any:
    return helpers.Attachment(
        helpers.FileContent(base64.b64encode(picture.data).decode("ascii")),
        helpers.FileName(picture.name),
        helpers.FileType(picture.media_type),
        helpers.Disposition("inline"),
        helpers.ContentId(picture.cid),
    )


def _untracked(helpers: Any) -> Any:
    """Everything that follows readers around, switched off whatever the account's own settings are."""
    return helpers.TrackingSettings(
        click_tracking=helpers.ClickTracking(enable=False, enable_text=False),
        open_tracking=helpers.OpenTracking(enable=False),
        subscription_tracking=helpers.SubscriptionTracking(enable=False),
        ganalytics=helpers.Ganalytics(enable=False),
    )
