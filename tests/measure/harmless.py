"""How often the leak check stops a harmless project, and how many planted leaks it finds.

    PYTHONPATH=tests .venv/bin/python tests/measure/harmless.py [PROJECTS [LANGUAGE…]]

PROJECTS projects in English and as many in Chinese (100 each), with ordinary names of people and circles, ordinary
words, openings, personal lines, restricted sections and pictures. Each is built as it stands, site and emails: that
must pass. Then leaks are planted into what was built, one of every kind into every kind of output: each must be found.
"""

from __future__ import annotations

import io
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import houses
from houses import NOW, run, text
from PIL import Image, PngImagePlugin

from pipeline.leak import Output
from pipeline.leakcheck import LeakCheck
from pipeline.model import EVERYONE, PersonalLine
from pipeline.opened import open_house
from pipeline.pictext import is_text, written_in

EN_FIRST = (
    "Ann Grace Mark Will May Rose Hope Art Summer Joy Faith Dawn Eve Ray Frank Rich Ruby Lily Violet Daisy Jack Tom "
    "Anna Marianne Paul Paula John Joan Max Mia Leo Lee Kim Sam Samuel Ben Iris Olive Heather Robin Page Drew Dale Sky "
    "Sunny River Autumn Ivy Pearl Amber"
).split()
EN_LAST = (
    "Miller Baker Young Long Brown Green White Hill Wood Field Stone King Park Rivers Brooks Bell Price Day Winter "
    "Summers Banks Cook Fisher Walker Carter Moore Reed"
).split()
ZH_NAMES = (
    "周末 安静 小雨 高兴 平安 天天 晓明 春天 快乐 陈伟 王芳 李娜 张敏 刘洋 黄河 白云 江南 方圆 林木 "
    "温暖 文静 明月 石头 豆豆 可乐 欧阳依 司马青 赵子龙 孙小美 周杰 吴迪 郑爽 冯唐 何日 马上 成功 "
    "常青 夏天 秋天 阳光 小鱼 阿明 安安 静静 田野 叶子 花花 万里"
).split()
CIRCLES = (
    "home list letters new posts updates family friends inner close work team archive news feed tags pages public-club "
    "book-club school sports reading garden weekly monthly all-friends old-friends neighbours index search about"
).split()
ZH_TITLES = ("家人 朋友 老同学 同事 订阅 文章 近况 读书会 邻居 好友 首页 标签 归档 大家 周末 球友").split()
EN_WORDS = (
    "morning river bread window garden walk train letter summer day home work friend family week rain light book table "
    "will may grace rose hope art mark joy dawn list new post update page park stone wood field long green brown white "
    "hill young cook baker robin olive frank rich sunny autumn winter bell price reading school sports news old close"
).split()
EN_VERBS = "found made liked missed carried opened closed painted cooked wrote read saw heard kept left mended".split()
ZH_WORDS = (
    "周末 安静 小雨 高兴 平安 天天 春天 快乐 黄河 白云 江南 温暖 文静 明月 石头 可乐 马上 成功 夏天 "
    "秋天 阳光 田野 叶子 花园 早晨 河边 面包 窗户 散步 火车 信 家里 工作 朋友 家人 天气 灯光 书 "
    "桌子 文章 近况 标签 同学 邻居 大家"
).split()
ZH_VERBS = ("看见 喜欢 想起 打开 写下 画了 听到 留下 收拾 做了").split()
SECRETS = {
    "en": "The {a} that nobody knows hid seven {b} pelicans behind clinic number {n}.",
    "zh": "谁也不知道的{a}里藏着第{n}号诊所的七只{b}鹈鹕。",
}


@dataclass
class Made:
    """One project as files, and what in it must not be seen by everybody."""

    lang: str
    seed: int
    chance: random.Random = field(init=False)
    files: houses.Files = field(default_factory=dict)
    people: list[tuple[str, str, str]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    note: str = ""

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.lang} {self.seed}")

    def sentence(self) -> str:
        """A sentence of ordinary words, in which names of people and circles may stand as words."""
        pick = self.chance.choice
        if self.lang == "zh":
            when = pick(["今天", "昨天", "这个周末", "上个月"])
            return f"{when}我们{pick(ZH_VERBS)}{pick(ZH_WORDS)}，还有{pick(ZH_WORDS)}。"
        start = pick(["In the", "After the", "Before the", "Without the"])
        return f"{start} {pick(EN_WORDS)} we {pick(EN_VERBS)} the {pick(EN_WORDS)} and a {pick(EN_WORDS)}."

    def secret(self) -> str:
        words = ZH_WORDS if self.lang == "zh" else EN_WORDS
        chance = self.chance
        said = SECRETS[self.lang].format(a=chance.choice(words), b=chance.choice(words), n=chance.randint(100, 999))
        self.secrets.append(said)
        return said

    def paragraphs(self, count: int = 3) -> str:
        return "\n\n".join(" ".join(self.sentence() for _ in range(4)) for _ in range(count))


def project(lang: str, seed: int) -> Made:
    """A harmless project: the same for the same numbers."""
    made = Made(lang, seed)
    chance = made.chance
    circles = chance.sample(CIRCLES, 4)
    titles = chance.sample(ZH_TITLES, 4) if lang == "zh" else [name.replace("-", " ").title() for name in circles]
    rows = [
        f"  {name}: {{title: {title}, cadence: each, reads: [{name}, public]}}"
        for name, title in zip(circles, titles, strict=True)
    ]
    made.people = people(made)
    rows += ["people:"]
    for who, name, address in made.people:
        where = f"circles: [{chance.choice(circles)}], address: {address}"
        rows.append(f"  - {{id: {who}, name: {name}, {where}, state: subscribed}}")
    settings = houses.SETTINGS.replace('"A house"', '"Notes"').replace('"en", "zh"', f'"{lang}"')
    made.files = {
        "pyproject.toml": settings.replace('author = "Ann"', 'author = "Lin Zhao"').replace(
            "Ann <ann@", "Lin Zhao <lin@"
        ),
        "subscribers.yml": "version: 1\ncircles:\n" + "\n".join(rows) + "\n",
        "content/pages/about.md": text("title: About", made.paragraphs(1) + "\n"),
        "content/posts/hello.md": None,
        "content/updates/2026-11-19-rain.md": text("date: 2026-11-19", made.sentence() + "\n"),
        "content/media/p7.jpg": photo(chance),
    }
    words = ZH_WORDS if lang == "zh" else EN_WORDS
    for number in range(5):
        front = f"id: e{number}\ntitle: {chance.choice(words)}{'' if lang == 'zh' else ' and '}{chance.choice(words)}\n"
        front += f"date: 2026-11-{10 + number}\ntags: [{chance.choice(words)}]"
        body = made.paragraphs()
        if number == 1:
            body += "\n\n![" + chance.choice(words) + "](../media/p7.jpg)"
        if number in (2, 3):
            body += f"\n\n::: only {chance.choice(circles)}\n{made.secret()}\n:::"
        made.files[f"content/posts/n{number}.md"] = text(front, body + "\n")
    hello = ("亲爱的大家，" if lang == "zh" else f"Dear {chance.choice(circles).replace('-', ' ')}, ") + made.sentence()
    made.files["content/letters/2026-11.md"] = text("date: 2026-11-01", hello + "\n")
    to = chance.choice(made.people)[1]
    made.note = (
        f"替我问候{to}，鹈鹕{seed}号在等你回信。" if lang == "zh" else f"Greet {to} from pelican {seed} at the pond."
    )
    return made


def people(made: Made) -> list[tuple[str, str, str]]:
    """Id, name and address of friends, two of whom share a name or a part of one."""
    chance = made.chance
    if made.lang == "zh":
        names = chance.sample(ZH_NAMES, 8)
        ids = [f"p{number}" for number in range(8)]
    else:
        first = chance.sample(EN_FIRST, 7)
        names = [name if number % 2 else f"{name} {chance.choice(EN_LAST)}" for number, name in enumerate(first)]
        names.append(f"{first[1]} {chance.choice(EN_LAST)}")
        ids = [name.lower().replace(" ", "-") for name in names]
    hosts = [f"{ids[0]}.example.net", "example.org"]
    return [(who, name, f"{who}@{chance.choice(hosts)}") for who, name in zip(ids, names, strict=True)]


def photo(chance: random.Random) -> bytes:
    made = io.BytesIO()
    Image.frombytes("RGB", (64, 64), chance.randbytes(64 * 64 * 3)).save(made, "JPEG", quality=95)
    return made.getvalue()


def stopped(made: Made, root: Path) -> str:
    """Why a harmless project was stopped; ``""`` if it was not."""
    houses.house(root, made.files)
    said = run(root, "note", made.people[0][0], made.note)
    done = run(root, "build")
    return "" if (said.code, done.code) == (0, 0) else said.err + done.err


def planted(made: Made, root: Path) -> Iterator[tuple[str, str, bool]]:
    """Each planted leak: its kind, the kind of output, and whether it was found."""
    opened = open_house(root, {}, NOW)
    reader = made.people[0][0]
    check = LeakCheck(opened.house, root, lines={reader: PersonalLine(made.note, "x")})
    name, address = next(((one[1], one[2]) for one in made.people if full(made, one[1])), ("", made.people[-1][2]))
    kinds = {
        "a restricted text": made.secrets[0],
        "a part of one": part(made),
        "an address": address,
        "a personal line": made.note,
    }
    kinds |= {"a full name": name} if name else {}
    kinds["a circle's name"] = "zirkel-eins"
    for kind, said in kinds.items():
        for output, data in outputs(said):
            content = data if is_text(data) else written_in(data)
            own = (
                frozenset({made.people[1][0]})
                if "email" in output and kind not in ("an address", "a full name")
                else frozenset()
            )
            path = "posts/" + quote(said) if output == "a file's name" else ""
            yield kind, output, bool(check.look(Output(output, EVERYONE, content, own), path))


def full(made: Made, name: str) -> bool:
    return len(name) == 3 if made.lang == "zh" else " " in name


def part(made: Made) -> str:
    said = made.secrets[1]
    return said[-10:-1] if made.lang == "zh" else " ".join(said.split()[5:11])


def outputs(said: str) -> Iterator[tuple[str, bytes]]:
    """Every kind of output with the words in it."""
    yield "a page", f"<html><body><p>Words.</p>\n<p>{said}</p></body></html>".encode()
    yield "a description", f'<meta name="description" content="{said}">'.encode()
    yield "a feed", f"<entry><content type='html'>&lt;p&gt;{said}&lt;/p&gt;</content></entry>".encode()
    yield "JSON", json.dumps({"items": [{"content_html": f"<p>{said}</p>"}]}).encode()
    yield "the search index", json.dumps({"docs": [{"text": said}]}, ensure_ascii=False).encode()
    yield "plain text", f"Words.\n\n{said}\n".encode()
    yield "an email's HTML", f"<table><tr><td>{said}</td></tr></table>".encode()
    yield "an email's text", said.encode()
    yield "a file's name", b"Words."
    info, made = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_itxt("Description", said, zip=True)
    Image.new("RGB", (8, 8)).save(made, "PNG", pnginfo=info)
    yield "a PNG's text", made.getvalue()
    exif, made = Image.Exif(), io.BytesIO()
    exif[0x9C9B] = said.encode("utf-16-le")
    Image.new("RGB", (8, 8)).save(made, "JPEG", exif=exif)
    yield "EXIF", made.getvalue()
    made = io.BytesIO()
    Image.new("RGB", (8, 8)).save(made, "WEBP", xmp=f"<x>{said}</x>".encode())
    yield "XMP of a WebP", made.getvalue()


def measured(lang: str, seed: int) -> tuple[str, list[tuple[str, str, bool]]]:
    """Why one project was stopped, and what became of the leaks planted into it."""
    made = project(lang, seed)
    rows = made.files["subscribers.yml"]
    assert isinstance(rows, str)
    made.files["subscribers.yml"] = rows.replace(
        "people:\n", "  zirkel-eins: {title: Zirkel, cadence: each, reads: [public]}\npeople:\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        why = stopped(made, Path(folder))
        return why, list(planted(made, Path(folder)))


def main(count: int, langs: tuple[str, ...] = ("en", "zh")) -> int:
    """Prints both figures, and each project that was stopped; 1 where they are worse than promised."""
    bad = 0
    for lang in langs:
        halted, seeds, missed = 0, 0, Counter[tuple[str, str]]()
        for seed in range(count):
            why, found = measured(lang, seed)
            if why:
                halted += 1
                sys.stdout.write(f"{lang} {seed} was stopped:\n{why}\n")
            seeds += len(found)
            missed.update((kind, output) for kind, output, caught in found if not caught)
        lost = sum(missed.values())
        sys.stdout.write(
            f"{lang}: {halted} of {count} harmless projects stopped; {seeds - lost} of {seeds} leaks found\n"
        )
        sys.stdout.writelines(f"  missed {number} ×: {kind} in {output}\n" for (kind, output), number in missed.items())
        bad += lost + max(0, halted - count // 100)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 100, tuple(sys.argv[2:]) or ("en", "zh")))
