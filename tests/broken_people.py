"""Houses whose subscribers.yml is wrong."""

from __future__ import annotations

from houses import PEOPLE, Files, text

_FILE = "subscribers.yml"


def _more(lines: str) -> Files:
    return {_FILE: PEOPLE + lines}


def _instead(old: str, new: str) -> Files:
    assert old in PEOPLE
    return {_FILE: PEOPLE.replace(old, new)}


HOUSES: dict[str, Files] = {
    "no subscribers.yml": {_FILE: None},
    "an empty subscribers.yml": {_FILE: ""},
    "only comments": {_FILE: "# nobody yet\n"},
    "a list": {_FILE: "- id: wei\n"},
    "a text": {_FILE: "people\n"},
    "circles as a list": {_FILE: "circles: [inner]\npeople: {wei: x}\n"},
    "version 2": _instead("version: 1", "version: 2"),
    "broken YAML in one person": _more("  - {id: ann, name: Ann, circles: [weak}\n  - {id: bob, circles: [weeak]}\n"),
    "a tab": _more("\t- {id: ann}\n"),
    "a colon in a text": _more("  - id: ann\n    name: Ann: the first\n"),
    "an alias": _more("  - &a {id: ann}\n  - *a\n"),
    "everything at once for one person": _more(
        "  - {id: a b, circles: [weeak], address: nobody, state: subscibed, languages: [english], nmae: x}\n"
    ),
    "a billion laughs": {
        _FILE: "a: &a [x, x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 3)}]\n" for i in range(3))
    },
    "a tag": _more("  - !!python/object:os.system {id: ann}\n"),
    "a key twice": _more("  - id: ann\n    id: bob\n"),
    "unknown keys everywhere": _instead("  weak: {title: Weak ties, ", "  weak: {title: Weak ties, cadense: each, "),
    "unknown key of a person": _more("  - {id: ann, adress: ann@example.org, email: a@example.org}\ncircels: {}\n"),
    "unknown circle": _more("  - {id: ann, circles: [iner, Weak, foes]}\n"),
    "a person without an id": _more("  - {name: Ann}\n  - Bob\n"),
    "odd ids": _more("  - {id: Ann Lee}\n  - {id: 'a:b'}\n  - {id: ../etc}\n  - {id: ''}\n"),
    "an id twice": _more("  - {id: wei}\n  - {id: Tom}\n"),
    "an address twice": _more("  - {id: ann, address: WEI@example.org}\n"),
    "an address that is none": _more(
        "  - {id: ann, address: ann.example.org}\n"
        "  - {id: bob, address: Bob <bob@example.org>}\n"
        "  - {id: cy, address: cy@localhost}\n"
        '  - {id: dee, address: "dee@example.org\\nBcc: x@example.org"}\n'
        "  - {id: eve, address: [a@example.org]}\n"
    ),
    "a variable that is not set": _more(
        "  - {id: ann, address: 'env:SUB_ANN', state: subscribed}\n  - {id: bob, address: 'env:'}\n"
    ),
    "a key that is not there": _more("  - {id: ann, address: '@an'}\n  - {id: bob, address: '@bob'}\n")
    | {"private/addresses.yml": "ann: ann@example.org\nbob: bob\n"},
    "an address book that is a list": _more("  - {id: ann, address: '@ann'}\n")
    | {"private/addresses.yml": "- ann@example.org\n"},
    "a line break in a name": _more('  - {id: ann, name: "Ann\\nBcc: x@example.org"}\n'),
    "subscribed without an address": _more("  - {id: ann, circles: [weak], state: subscribed}\n"),
    "choices": _more("  - {id: ann, state: subscibed, cadence: hourly}\n"),
    "wrong types": _more(
        "  - {id: [ann], circles: {a: b}, languages: 3, max_per_month: many, interests: llm, consent: yes}\n"
    ),
    "a language": _more("  - {id: ann, languages: [chinese]}\n"),
    "a circle called public": _instead("people:\n", "  public: {}\n  auto: {}\n  none: {}\n  a b: {}\npeople:\n"),
    "a circle that reads an unknown name": _instead("reads: [builders, public]", "reads: [bilders, public]"),
    "a circle that does not read itself": _instead("reads: [inner, builders, public]", "reads: [public]")
    | {"content/posts/hello.md": text("id: hello\ntitle: Hello\nvisibility: inner")},
    "a broadcast circle without a channel": _instead(", channels: [paste:wechat]", ""),
    "an unknown channel": _instead("paste:wechat", "wechat"),
    "a person in a broadcast circle": _more("  - {id: ann, circles: [group]}\n"),
    "more people than max": _more("  - {id: ann, circles: [inner]}\n  - {id: bob, circles: [inner]}\n"),
    "numbers of circles": _instead("max: 2", "max: 0, max_per_month: -1, reach: -5"),
    "a circle that is a text": _instead("weak: {title: Weak ties, reads: [public]}", "weak: everyone else"),
    "binary people": {_FILE: b"\x00\x01\x02"},
    "Latin-1 people": {_FILE: PEOPLE.replace("Wei", "Weñ").encode("latin-1")},
}
