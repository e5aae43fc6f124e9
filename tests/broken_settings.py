"""Houses whose settings are wrong."""

from __future__ import annotations

from houses import PEOPLE, SETTINGS, SOUND, Files, text

_FILE = "pyproject.toml"


def _more(lines: str) -> Files:
    return {_FILE: SETTINGS + lines}


def _instead(old: str, new: str) -> Files:
    assert old in SETTINGS
    return {_FILE: SETTINGS.replace(old, new)}


HOUSES: dict[str, Files] = {
    "no pyproject": {_FILE: None},
    "nothing at all": dict.fromkeys(SOUND),
    "broken TOML": _more("postal = unquoted\n"),
    "a key twice": _more('sender = "x"\n'),
    "an open bracket": _instead('languages = ["en", "zh"]', 'languages = ["en", "zh"'),
    "no table of ours": {_FILE: "[project]\nname='x'\n"},
    "tool is a number": {_FILE: "tool = 3\n"},
    "kith is a text": {_FILE: "[tool]\nkith = 'x'\n"},
    "deep TOML": {_FILE: "a = " + "[" * 5000 + "\n"},
    "a number too long": _more("per_day = " + "9" * 5000 + "\n"),
    "unknown keys": _instead('author = "Ann"', 'author = "Ann"\nautor = "Ann"\nlanguage = "en"'),
    "unknown key in a table": _more('reply-to = "a@example.org"\n[tool.kith.maill]\nsender = "x"\n'),
    "a missing title and url": {_FILE: "[tool.kith]\nauthor = 'Ann'\n"},
    "wrong types": _more(
        'timeout = "soon"\nper_day = 1.5\n[tool.kith.deploy]\nto = ["a"]\n[tool.kith.smtp]\nport = "high"\n'
    ),
    "secrets": _more('[tool.kith.smtp]\npassword = "hunter2"\n[tool.kith.sendgrid]\napi_key = "SG.abc"\n'),
    "the secret in the place of its name": _more('[tool.kith.sendgrid]\nkey_env = "SG.abc.def"\n'),
    "time zone": _instead("Asia/Shanghai", "Asia/Shangai"),
    "address of the site": _instead("https://house.example.org/", "house.example.org"),
    "a broken address of the site": _instead("https://house.example.org/", "https://[house"),
    "an address with two dots": _instead("https://house.example.org/", "https://a..b/"),
    "language": _instead('["en", "zh"]', '["en", "chinese", "en"]'),
    "no language": _instead('["en", "zh"]', "[]"),
    "choices": _more('transport = "sendgird"\n[tool.kith.smtp]\nsecurity = "ssl"\n[tool.kith.deploy]\nto = "ftp"\n'),
    "a deploy without its place": _more('[tool.kith.deploy]\nto = "branch"\n'),
    "mailboxes": {
        _FILE: SETTINGS.replace("Ann <ann@house.example.org>", "Ann")
        + 'reply_to = "a@b, c@d"\nunsubscribe = "http://x"\n'
    },
    "a line break in a header": {
        _FILE: SETTINGS.replace('"Ann <ann@house.example.org>"', '"Ann\\nBcc: x <ann@house.example.org>"')
    },
    "numbers": _more("timeout = -1\nlate_after = -3\n[tool.kith.smtp]\nport = 99999\n"),
    "UTF-16 settings": {_FILE: SETTINGS.encode("utf-16")},
    "Latin-1 settings": {_FILE: SETTINGS.replace("A house", "Café").encode("latin-1")},
    "an empty pyproject": {_FILE: ""},
    "a time where a title belongs": _instead('"A house"', "2026-11-18"),
    "settings, people and texts at once": _more('transport = "post"\n')
    | {"subscribers.yml": PEOPLE.replace("[weak]", "[week]")}
    | {"content/posts/hello.md": text("id: hello\ntitle: Hello\nvisibility: iner")},
}
