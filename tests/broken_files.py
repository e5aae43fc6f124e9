"""Houses with files that are no texts, or stand in the wrong place."""

from __future__ import annotations

from houses import SOUND, Files, text

_HELLO = "content/posts/hello.md"
_SAID = str(SOUND[_HELLO])


HOUSES: dict[str, Files] = {
    "an empty file": {_HELLO: b""},
    "only a BOM": {_HELLO: b"\xef\xbb\xbf\n"},
    "NUL bytes": {_HELLO: b"---\ntitle: x\n---\na\x00b\n"},
    "UTF-16": {_HELLO: _SAID.encode("utf-16")},
    "UTF-16 without a mark": {_HELLO: _SAID.encode("utf-16-le")},
    "Latin-1": {_HELLO: _SAID.replace("world", "wörld").encode("latin-1")},
    "Latin-1 with old line ends": {_HELLO: _SAID.replace("world", "wörld").replace("\n", "\r").encode("latin-1")},
    "a picture called .md": {_HELLO: bytes(range(128, 256)) * 20},
    "10 MB": {_HELLO: _SAID + "words " * 1_700_000},
    "a folder called .md": {"content/posts/x.md/inside.txt": "x"},
    "a text in no folder": {"content/psots/x.md": text("title: X"), "content/y.md": text("title: Y")},
    "no content": {k: None for k in SOUND if k.startswith("content")},
    "a name that is too long": {"content/posts/" + "长" * 70 + ".md": text("title: X")},
    "a line break in a name": {"content/posts/a\nb.md": text("title: X")},
    "an unseen sign in a name": {"content/posts/a\u200bb.md": text("title: X")},
}
