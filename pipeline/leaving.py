"""Everything of letters and pastes that leaves, as bytes to look through: texts, headers, pictures, request bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import KithError
from pipeline.frozen import alone, whole
from pipeline.leak import Output
from pipeline.mailparts import parts, said
from pipeline.model import EVERYONE, Audience
from pipeline.outgoing import Frozen, Issue, Letter, Pasted, Picture
from pipeline.payload import payload
from pipeline.pictext import is_text, written_in
from pipeline.privacy import told_to
from pipeline.transports.base import written


def of_letters(issues: Iterable[Issue], audiences: Mapping[str, Audience], transport: str) -> Iterator[Output]:
    """Every letter with its headers, and the body of the request by which it is submitted.

    What letters share is given once; ``transport`` names the way they go.
    """
    readers: dict[tuple[int, Audience], list[Frozen]] = {}
    for issue in issues:
        for one in issue.letters:
            readers.setdefault((id(one.sheet), audiences.get(one.stub.person, EVERYONE)), []).append(one)
    for (_, audience), letters in readers.items():
        own = frozenset[str]({letters[0].stub.person} if len(letters) == 1 else ())
        yield from _sheet(letters[0], audience, own)
        for one in letters:
            yield from _apart(one, audience, transport)


def _sheet(one: Frozen, audience: Audience, own: frozenset[str]) -> Iterator[Output]:
    """What all readers of a letter share."""
    name = f"the letter to `{one.stub.person}`"
    yield Output(f"{name}, as HTML", audience, _utf8(one.sheet.html), own)
    yield Output(f"{name}, as text", audience, _utf8(one.sheet.text), own)
    for picture in one.sheet.inline:
        yield Output(f"{name}, the picture `{picture.name}`", audience, _picture(picture), own)


def _picture(picture: Picture) -> bytes:
    return _utf8(f"{picture.name}\n{picture.cid}\n{picture.media_type}\n") + written_in(picture.data)


def _apart(one: Frozen, audience: Audience, transport: str) -> Iterator[Output]:
    """What a letter has for its reader alone, and its request without what was looked at before."""
    stub, own = one.stub, frozenset({one.stub.person})
    name = f"the letter to `{stub.person}`"
    yield Output(f"{name}, its subject", audience, _utf8(stub.subject), own)
    rest = [stub.sender, stub.reply_to, stub.to, stub.to_name, one.hello, one.token, stub.delivery_id, stub.language]
    headers = [f"{key}: {value}" for key, value in stub.headers]
    yield Output(f"{name}, its headers", audience, _utf8("\n".join([*rest, *headers])), own)
    letter = whole(one)
    try:
        body = payload(one) if transport == "sendgrid" else written(one)
    except KithError:
        return  # it cannot leave; `deliver` says why
    read = of_request if transport == "sendgrid" else of_message
    yield Output(f"{name}, the request's body", audience, read(body, letter), own)


def of_request(body: bytes, letter: Letter) -> bytes:
    """What a JSON body says besides the letter's own text and HTML; pictures as the words in them."""
    import base64

    found: list[bytes] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if set(value) >= {"content", "filename"}:
                value = value | {"content": written_in(base64.b64decode(value["content"])).decode("utf-8", "replace")}
            for key, inner in value.items():
                found.append(_utf8(key))
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif value not in (letter.text, letter.html):
            found.append(_utf8(str(value)))

    walk(json.loads(body))
    return b"\n".join(found)


def of_message(body: bytes, letter: Letter) -> bytes:
    """What a message says besides the letter's own text and HTML: all headers decoded, every other part."""
    own = {_lines(letter.text), _lines(letter.html)}
    found: list[bytes] = []
    for part in parts(body):
        found += [_utf8(f"{key}: {said(value)}") for key, value in part.headers]
        content = part.content
        if content is not None and content.replace(b"\r\n", b"\n").rstrip(b"\n") not in own:
            found.append(content if is_text(content) and part.kind == "text" else written_in(content))
        found += [_utf8(text) for text in part.around]
    return b"\n".join(found)


def _lines(text: str) -> bytes:
    return _utf8(text.replace("\r\n", "\n").replace("\r", "\n")).rstrip(b"\n")


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def of_pastes(pastes: Iterable[Pasted]) -> Iterator[Output]:
    """Every text to paste; the name of its file stays here."""
    for one in pastes:
        audience = one.paste.audience | {told_to(one.paste.circle)}
        yield Output(f"the paste build/paste/{one.paste.file_name}", audience, _utf8(one.text))


def saying_nothing(letter: Letter) -> Iterator[bytes]:
    """The requests of a letter without words, for the words of every request."""
    made: tuple[Callable[[Frozen], bytes], ...] = (payload, written)
    for make in made:
        yield make(alone(replace(letter, text="", html="", subject="", headers=())))
