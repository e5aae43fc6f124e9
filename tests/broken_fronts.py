"""Houses with something wrong in a front matter."""

from __future__ import annotations

from houses import Files, text

_HELLO = "content/posts/hello.md"


def _hello(front: str = "", body: str = "Words.\n") -> Files:
    return {_HELLO: text(f"id: hello\ntitle: Hello\n{front}", body)}


HOUSES: dict[str, Files] = {
    "unknown keys": _hello("visiblity: inner\ntitel: x\nmood: fine"),
    "misspelt visibility": _hello("visibility: inenr"),
    "a list as visibility": _hello("visibility: [inner]"),
    "an empty visibility": _hello("visibility:\ntell:"),
    "visibility with a capital": _hello("visibility: Inner"),
    "visibility of a page": {"content/pages/about.md": text("title: About\nvisibility: inner")},
    "languages that disagree": _hello("visibility: inner")
    | {"content/posts/hello.zh.md": text("id: hello\ntitle: 你好\ntell: none")},
    "tell names an unknown circle": _hello("tell: [inner, biulders]"),
    "tell names one that may not read it": _hello("visibility: inner\ntell: [weak]"),
    "tell mixes": _hello("tell: [auto, weak]"),
    "tell is a truth value": _hello("tell: no"),
    "ids twice": {"content/posts/other.md": text("id: hello\ntitle: Other")},
    "ids that differ in case": {"content/posts/other.md": text("id: Hello\ntitle: Other")},
    "two files, one address": {"content/posts/old/hello.md": text("id: old\ntitle: Old")},
    "a page in the place of the archive": {
        "content/pages/archive.md": text("title: Archive"),
        "content/pages/zh.md": text("title: 中文"),
    },
    "dates": {
        f"content/posts/{n}.md": text(f"id: d{n}\ntitle: D\ndate: {d}")
        for n, d in enumerate(
            [
                "2026-13-40",
                "18/11/2026",
                "2026年11月18日",
                "1763424000",
                "[a]",
                "2026-02-30",
                "12:30",
                "0001-01-01T00:00:00+14:00",
                "yesterday",
                "1895-01-01",
            ]
        )
    },
    "a date in the name": {"content/updates/2026-13-40-x.md": "Words.\n"},
    "YAML 1.1": _hello("draft: yes\ngenerated: on\npublished: no"),
    "broken YAML": _hello("summary: a: b\ntags: [a, b\ndate: 2026-11-18\nvisbility: inner"),
    "an open quote": _hello('summary: "never closed\ndate: 2026-13-01'),
    "no space after the colon": _hello("date:2026-11-18"),
    "a full-width colon": _hello("visibility：inner"),
    "a tab": _hello("tags:\n\t- a"),
    "at and bracket": _hello("summary: @home\nseries: [a"),
    "an unread language still counts": _hello("visibility: [", "Words.\n")
    | {"content/posts/hello.zh.md": text("id: hello\ntitle: 你好\nvisibility: innner")},
    "draft pages and notes are checked too": {
        "content/posts/d.md": text("title: D\ndraft: true\nvisibility: iner", "::: only weeak\nx\n:::\n")
    },
    "everything at once in one file": _hello(
        "date: 2026-02-30\nvisibility: iner\ntell: [week]\nmood: x\ndraft: maybe\nlang: english",
        "::: only iner\n![x](no.png) [y](no.md)\n",
    ),
    "an anchor": _hello("tags: &t [a]\nseries: *t"),
    "a tag": _hello("summary: !!python/object/apply:os.system ['true']"),
    "a key twice": _hello("title: Again"),
    "a row as front matter": {_HELLO: "---\n- title\n- date\n---\nWords.\n"},
    "a text as front matter": {_HELLO: "---\ntitle\n---\nWords.\n"},
    "open front matter": {_HELLO: "---\nid: hello\ntitle: Hello\nvisibility: inner\n\nWords.\n"},
    "front matter below a blank line": {
        "content/updates/2026-11-19-rain.md": "\n---\nvisibility: inner\n---\nSecret.\n"
    },
    "broken TOML": {"content/updates/2026-11-19-rain.md": '+++\ntags = ["a"]\nvisibility = inner\n+++\nSecret.\n'},
    "TOML that is never closed": {"content/updates/2026-11-19-rain.md": '+++\nvisibility = "inner"\nSecret.\n'},
    "TOML with wrong values": {_HELLO: '+++\ntitle = "Hello"\nvisibility = "inenr"\ndraft = "no"\n+++\n\nWords.\n'},
    "JSON front matter": {_HELLO: '{\n  "title": "Hello",\n  "visibility": "inner"\n}\n\nWords.\n'},
    "a restriction in the text": {"content/updates/2026-11-19-rain.md": "**Visibility:** inner\n\nSecret.\n"},
    "a restriction below a title": {_HELLO: "# Hello\n\n<!-- draft: true -->\n\nSecret.\n"},
    "a restriction inside a table": _hello("extra:\n  visibility: inner\nparams: {draft: true}"),
    "a passage in the front matter": _hello("summary: |\n  Hello\n  ::: only inner\n  Secret.\n  :::"),
    "a key below the front matter": {_HELLO: "---\nid: hello\ntitle: Hello\n---\nvisibility: inner\n\nWords.\n"},
    "deep front matter": _hello("tags: " + "[a," * 50000),
    "no title": {_HELLO: text("id: hello")},
    "a title that is too long": {_HELLO: text("id: hello\ntitle: " + "x" * 201)},
    "a line break in the title": {_HELLO: text('id: hello\ntitle: "Hello\\nBcc: x"')},
    "no text": {_HELLO: text("id: hello\ntitle: Hello", "")},
    "an odd id": {
        _HELLO: text("id: a b\ntitle: Hello"),
        "content/posts/two.md": text("id: " + "x" * 121 + "\ntitle: Two"),
    },
    "a language that is none": _hello("lang: chinese"),
    "language and name disagree": {"content/posts/hello.zh.md": text("id: hello\ntitle: 你好\nlang: en")},
    "type": _hello("type: essay"),
    "words that are none": _hello("tags: {a: b}\ntell: [[a]]"),
}
