"""In random houses every reader's words stand only where that reader's words may: over all that is made."""

from __future__ import annotations

import email
import email.header
import html
import random
import re
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

import houses
from houses import NOW, text
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.build import build, write_pastes
from pipeline.mime import to_bytes
from pipeline.model import EVERYONE, Audience
from pipeline.opened import open_house
from pipeline.payload import payload
from pipeline.plan import plan
from pipeline.secret import Secret

CIRCLES = {"zirkela": ["zirkela", "zirkelb", "public"], "zirkelb": ["zirkelb", "public"], "zirkelc": ["public"]}
PEOPLE = """\
version: 1
circles:
  zirkela: {title: Erste Leute, cadence: each, reads: [zirkela, zirkelb, public]}
  zirkelb: {title: Zweite Leute, cadence: each, reads: [zirkelb, public]}
  zirkelc: {title: Dritte Leute, cadence: each, reads: [public]}
  zirkeld: {title: Vierte Leute, kind: broadcast, cadence: each, reads: [zirkelb, public], channels: [paste:chat]}
people:
  - {id: xaverl, name: Xaver Obermoser, circles: [zirkela], address: xaver@example.org, state: subscribed}
  - {id: yvette, name: {zh: 欧阳依, en: Yvette Quarles}, circles: [zirkelb], address: y.q@example.org, languages: [zh], state: subscribed}
  - {id: zenobia, name: Zenobia Ptak, circles: [zirkelc], address: zen@example.org, state: subscribed}
"""  # noqa: E501 - a row of a file
WORDS = "river stone morning window paper train coffee garden letter bridge".split()
SIGNS = "山水天地日月风云花鸟鱼虫春夏秋冬东西南北"


@dataclass
class Made:
    """A random house as files, and its canary words: each with the groups of names it is for."""

    chance: random.Random
    files: houses.Files = field(default_factory=dict)
    canaries: dict[str, tuple[frozenset[str], ...]] = field(default_factory=dict)

    def canary(self, needs: tuple[frozenset[str], ...], *, chinese: bool = False) -> str:
        number = len(self.canaries)
        signs = "".join(chr(0x5F00 + number * 7 + step * 311) for step in range(6))
        word = signs if chinese else f"qx{number:03}jv"
        self.canaries[word] = needs
        return word

    def sentence(self, needs: tuple[frozenset[str], ...], lang: str) -> str:
        if lang == "zh":
            filling = "".join(self.chance.choices(SIGNS, k=self.chance.randint(3, 9)))
            return f"{filling}{self.canary(needs, chinese=True)}{filling[::-1]}。"
        filling = " ".join(self.chance.choices(WORDS, k=self.chance.randint(2, 8)))
        return f"{filling} {self.canary(needs)} {filling}."

    def picture(self, needs: tuple[frozenset[str], ...]) -> str:
        name = f"{self.canary(needs)}.png"
        self.files[f"content/media/{name}"] = houses.DOT
        return f"![{self.canary(needs)} shown](../media/{name})"

    def block(self, needs: tuple[frozenset[str], ...], lang: str, links: list[str]) -> str:
        kind = self.chance.choice(["plain", "list", "quote", "picture", "heading", "code", "table", "link", "bold"])
        said = self.sentence(needs, lang)
        ways = {
            "list": f"- {said}\n- {self.sentence(needs, lang)}",
            "quote": f"> {said}",
            "picture": self.picture(needs),
            "heading": f"## {said}",
            "code": f"```\n{said}\n```",
            "table": f"| a | b |\n|---|---|\n| {said} | x |",
            "link": f"[{said}]({self.chance.choice(links)})" if links else said,
            "bold": f"**{said}**",
        }
        return ways.get(kind, said)

    def body(self, needs: tuple[frozenset[str], ...], lang: str, links: list[str], depth: int = 0) -> str:
        blocks = [self.block(needs, lang, links) for _ in range(self.chance.randint(1, 2))]
        if depth < 2 and (depth or self.chance.random() < 0.8):
            names = self.chance.sample(["zirkela", "zirkelb"], self.chance.randint(1, 2))
            inner = self.body((*needs, frozenset(names)), lang, links, depth + 1) if self.chance.random() < 0.9 else "x"
            lead = self.chance.choice(["", "", "> "])
            lines = ["::: only " + ", ".join(names), *inner.split("\n"), ":::"]
            blocks.insert(self.chance.randint(0, 1), "\n".join(f"{lead}{line}".rstrip() for line in lines))
        return "\n\n".join(blocks)

    def entry(self, number: int, links: list[str]) -> None:
        visibility = self.chance.choice(["public", "public", "zirkela", "zirkelb"])
        needs = () if visibility == "public" else (frozenset({visibility}),)
        post = self.chance.random() < 0.6
        stem, day = f"{self.canary(needs)}-{number}", f"2026-11-{10 + number:02}"
        for lang in self.chance.choice([["en"], ["zh"], ["en", "zh"]]):
            front = [
                f"id: {stem}",
                f"date: {day}",
                f"visibility: {visibility}",
                f"tags: [{self.canary(needs)}, shared]",
            ]
            front += [f"title: {self.sentence(needs, lang).strip('.。')}"] if post else []
            front += [f"summary: {self.sentence(needs, lang)}"] if self.chance.random() < 0.4 else []
            name = f"content/{'posts' if post else 'updates'}/{stem}.{lang}.md"
            self.files[name] = text("\n".join(front), self.body(needs, lang, links) + "\n")
        if post and visibility == "public":
            links.append(f"../posts/{name.rpartition('/')[2]}")


def random_house(seed: int) -> Made:
    made = Made(random.Random(seed))
    made.files |= {
        "subscribers.yml": PEOPLE,
        "content/posts/hello.md": None,
        "content/updates/2026-11-19-rain.md": None,
    }
    links: list[str] = []
    for number in range(6):
        made.entry(number, links)
    made.files["content/posts/hello.md"] = text("id: hello\ntitle: Hello\ndate: 2026-11-09", "Hello, world.\n")
    return made


def readings(data: bytes) -> bytes:
    """The bytes, and what they are once escapes are undone; no code of the check's own."""
    plain = data.decode("utf-8", "replace")
    joined = unquote_to_bytes(data).decode("utf-8", "replace")
    escaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), plain)
    return "\n".join([plain, joined, escaped, html.unescape(plain)]).encode("utf-8", "surrogatepass")


def parts(message: bytes) -> bytes:
    found = [message]
    for part in email.message_from_bytes(message).walk():
        content = part.get_payload(decode=True)
        found += [content] if isinstance(content, bytes) else []
        found += [str(email.header.make_header(email.header.decode_header(value))).encode() for value in part.values()]
    return b"\n".join(found)


def misplaced(made: Made, audience: Audience, data: bytes) -> list[str]:
    """Canary words that stand where they may not."""
    read = readings(data)
    return [
        word
        for word, needs in made.canaries.items()
        if not all(names & audience for names in needs) and word.encode() in read
    ]


@settings(
    max_examples=4, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.integers(0, 10**9))
def test_every_readers_words_stand_only_where_they_may(seed: int) -> None:
    made = random_house(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = houses.house(Path(folder), made.files)
        opened = open_house(root, {}, NOW + timedelta(days=1))
        decided = plan(opened.house, opened.history, opened.now)
        built = build(opened, decided, Secret(bytes(range(32))))
        write_pastes(root, [(one.paste.file_name, one.text) for one in built.pastes])
        wrong: dict[str, list[str]] = {}
        for base in ("site", "docs"):
            for path in (root / "build" / base).rglob("*"):
                name = path.relative_to(root).as_posix().encode()
                if path.is_file() and (found := misplaced(made, EVERYONE, name + b"\n" + path.read_bytes())):
                    wrong[name.decode()] = found
        seen: set[str] = set()
        for one in [one for issue in built.issues for one in issue.letters]:
            for kind, data in (("mail", parts(to_bytes(one))), ("request", payload(one))):
                if found := misplaced(made, one.audience, data):
                    wrong[f"{kind} to {one.stub.person}"] = found
                seen |= {word for word in made.canaries if word.encode() in readings(data)}
        for one in built.pastes:
            if found := misplaced(made, one.paste.audience, one.text.encode()):
                wrong[one.paste.file_name] = found
        assert not wrong, f"seed {seed}"
        assert any(made.canaries[word] for word in seen), "those who may read it have it"


def test_the_property_notices_a_word_out_of_place() -> None:
    made = Made(random.Random(1))
    word = made.canary((frozenset({"zirkela"}),))
    for data in (word, word.upper().lower(), f"%{ord(word[0]):02x}{word[1:]}", f"&#{ord(word[0])};{word[1:]}"):
        assert misplaced(made, EVERYONE, data.encode())
        assert not misplaced(made, EVERYONE | {"zirkela"}, data.encode())
