"""A small house with a letter for everybody, for the tests of letters."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from pipeline.frozen import alone
from pipeline.letters import Composer
from pipeline.mime import to_bytes
from pipeline.model import (
    EVERYONE,
    PUBLIC,
    Cadence,
    Circle,
    Entry,
    House,
    Kind,
    Opening,
    Page,
    Person,
    PersonalLine,
    State,
    Version,
)
from pipeline.outgoing import Letter, Picture
from pipeline.planned import Chosen, PlannedLetter, PlannedPaste
from pipeline.settings import Mail, Settings
from pipeline.stationery import Stationery, load_stationery
from tests.letters_texts import ARABIC, CODE, ELSEWHERE, EVERYTHING

TEMPLATES = Path(__file__).parent.parent / "templates"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TOKEN = "Zq3tokenXy"


def version(lang: str, title: str, summary: str, body: str, slug: str, **more: bool) -> Version:
    folder = "posts" if title else "updates"
    return Version(lang, title, summary, body, f"content/{folder}/{slug}.{lang}.md", **more)


def entry(slug: str, day: int, *versions: Version, visibility: str = PUBLIC) -> Entry:
    kind = Kind.POST if versions[0].title else Kind.UPDATE
    return Entry(slug, kind, slug, datetime(2026, 11, day, 12, tzinfo=UTC), versions, visibility)


EVERY = entry(
    "everything",
    18,
    version("en", "Everything in one post", "All that Markdown can do, once.", EVERYTHING, "everything"),
    version("zh", "一篇什么都有的文章", "Markdown 能做的，都做一遍。", "正文。\n\n" + EVERYTHING, "everything"),
    version("ar", "مقال فيه كل شيء", "كل ما يستطيعه Markdown مرة واحدة.", ARABIC + EVERYTHING, "everything"),
)
SHORT = entry(
    "short",
    10,
    Version("en", "A shorter one", "It fits in two lines.", "Not long.", "content/posts/short.md"),
    version("zh", "短一点的", "两行就够。", "不长。", "short"),
)
NOTE = entry(
    "note", 12, version("en", "A model's answer", "On alarms.", "Alarms ring.", "note", generated=True, translated=True)
)
PRIVATE = entry(
    "private", 14, version("en", "Only for some", "", "A first word.\n\nA secret plan.", "private"), visibility="inner"
)
LAKE = entry("lake", 15, version("ar", "بحيرة خلف البيت", "نص عن بحيرة.", ARABIC, "lake"))
COLD = entry(
    "cold",
    20,
    version("en", "", "", "Fourteen degrees, north wind, the first jacket of the year.", "cold"),
    version("zh", "", "", "十四度，北风，今年第一次穿外套。", "cold"),
    version("es", "", "", "Catorce grados, viento del norte, la primera chaqueta del año.", "cold"),
    version("ar", "", "", "أربع عشرة درجة وريح شمالية، وأول معطف هذا العام.", "cold"),
)
STAIRS = entry("stairs", 15, version("en", "", "", "Counting [stairs](https://example.org/s) again.", "stairs"))

MODELS = entry("models", 17, version("en", "A model on the train", "", "It runs.", "models"))
TRAIL = entry("trail", 16, version("zh", "山路", "", "上山。", "trail"))
OPENINGS = {
    "en": "It has been a quiet month, and *two* things in it were worth a page.",
    "zh": "这个月很安静，有**两件**事值得写一页。",
    "ar": "كان شهرًا هادئًا، وفيه أمران *يستحقان* صفحة.",
}
LINES = {
    "en": "Your knee comes first: no race before March.",
    "zh": "膝盖要紧：三月以前别比赛。",
    "ar": "ركبتك أولًا: لا سباق قبل مارس.",
}


def opening(lang: str) -> Opening:
    """What the author says first in November."""
    said = Version(lang, "", "", OPENINGS[lang], f"content/letters/2026-11.{lang}.md")
    return Opening("2026-11", (), datetime(2026, 11, 1, tzinfo=UTC), said)


INNER = Circle("kreis-eins", frozenset({"inner", PUBLIC}), {"en": "Close friends"}, 0, cadence=Cadence.EACH)
WEAK = Circle("kreis-zwei", EVERYONE, {"en": "Weak ties"}, 1, automatic=True)
WHOLE = Circle("kreis-drei", EVERYONE, rank=2, full=True)

HOUSE = House(
    Settings(
        title={"": "Lin Zhao", "zh": "林昭的房子"},
        url="https://lin.example.org/",
        author="Lin Zhao",
        description={"en": "Notes from an engineer in Guangzhou.", "zh": "一个广州工程师的笔记：系统、跑步与家人。"},
        languages=("en", "zh", "es"),
        timezone="Asia/Shanghai",
        mail=Mail(
            sender="Lin Zhao <letters@lin.example.org>",
            reply_to="lin@example.org",
            postal="PO Box 88, Guangzhou",
            unsubscribe="https://lin.example.org/leave/{token}",
        ),
    ),
    entries=(COLD, EVERY, MODELS, TRAIL, STAIRS, LAKE, PRIVATE, NOTE, SHORT),
    pages=(Page("about", (Version("en", "About", "", "Me.", "content/pages/about.md"),)),),
    circles=(INNER, WEAK, WHOLE),
)

WEI = Person(
    "wei", ("kreis-eins",), {"zh": "陈伟", "en": "Wei"}, "wei@example.com", ("zh", "en"), state=State.SUBSCRIBED
)


@cache
def stationery() -> Stationery:
    """The house's own, read and compiled once for all tests."""
    return load_stationery([TEMPLATES])


def picture(path: str) -> Picture | None:
    if path != "media/balcony.jpg":
        return None
    return Picture("balcony@lin.example.org", "balcony.jpg", "image/jpeg", b"\xff\xd8 not a real picture")


def planned(
    *entries: Entry, language: str = "en", circle: Circle = WEAK, digest: bool = False, person: Person = WEI
) -> PlannedLetter:
    chosen = []
    for one in sorted(entries, key=lambda one: one.order):
        found = one.version(language)
        chosen.append(Chosen(one, found, found.lang != language))
    return PlannedLetter(person, circle.name, language, circle.reads | EVERYONE, tuple(chosen), digest)


def letter(
    *entries: Entry,
    language: str = "en",
    circle: Circle = WEAK,
    digest: bool = False,
    person: Person = WEI,
    house: House = HOUSE,
    **beside: Any,
) -> Letter:
    plan = replace(planned(*entries, language=language, circle=circle, digest=digest, person=person), **beside)
    composer = Composer(house, stationery(), picture)
    return composer.letter(plan, issue_id="2026-11-21-kreis-eins-en", delivery_id="a1b2c3", token=TOKEN, now=NOW)


def with_mail(**changes: str) -> House:
    settings = HOUSE.settings
    return replace(HOUSE, settings=replace(settings, mail=replace(settings.mail, **changes)))


def paste(*entries: Entry, language: str = "zh", circle: Circle = WEAK) -> PlannedPaste:
    plan = planned(*entries, language=language, circle=circle)
    return PlannedPaste(circle.name, "paste:wechat", language, plan.audience, plan.entries)


def near(lang: str) -> Letter:
    """A close friend's: one post with a passage for them, and a line for them alone."""
    return letter(EVERY, language=lang, circle=INNER, line=PersonalLine(LINES[lang], "line"))


def far(lang: str) -> Letter:
    """A weak tie's digest: an opening, updates, summaries, and what else is on the site."""
    told = (EVERY, LAKE, SHORT, NOTE, COLD, STAIRS)
    also = planned(MODELS, TRAIL, language=lang).entries[::-1]
    return letter(*told, language=lang, digest=True, opening=opening(lang), also=also, more=True)


def brief(lang: str) -> Letter:
    """An update alone, for a person without a name in that script."""
    return letter(COLD, language=lang, person=replace(WEI, name={"": "Marta"}, languages=(lang,)))


def mailed(one: Letter) -> bytes:
    """A letter as the bytes that travel."""
    return to_bytes(alone(one))


def abroad(lang: str) -> Letter:
    """A digest with posts in full, in one of the other languages, and one entry in a language that it has to name."""
    title, words, saying, update, first = ELSEWHERE[lang]
    body = f"{words}\n\n> {saying}\n{CODE.format(saying[:4])}\n\n{words}"
    hill = entry("hill", 16, version(lang, title, "", body, "hill", translated=True))
    cold = entry("cold", 20, version(lang, "", "", update, "cold"))
    said = Opening("2026-11", (), NOW, Version(lang, "", "", first, f"content/letters/2026-11.{lang}.md"))
    marta = replace(WEI, name={"": "Marta"}, languages=(lang,))
    told = (hill, cold, STAIRS)
    also = planned(MODELS, TRAIL, language=lang).entries
    house = replace(HOUSE, entries=(*told, MODELS, TRAIL))
    return letter(
        *told, language=lang, circle=WHOLE, digest=True, person=marta, house=house, opening=said, also=also, more=True
    )


READERS = {"single": near, "digest": far, "update": brief}
LANGUAGES = ("en", "zh", "ar")
GOLDEN = {f"{kind}-{lang}": cache(partial(made, lang)) for kind, made in READERS.items() for lang in LANGUAGES}
"""Three readers in three languages, approved to the byte; each letter is made once, as nothing can change it."""

SAMPLES = {
    **GOLDEN,
    "update-es": cache(partial(brief, "es")),
    **{f"digest-{lang}": cache(partial(abroad, lang)) for lang in ELSEWHERE},
    "fallback-en": cache(lambda: letter(LAKE, circle=INNER)),
    "whole-ar": cache(lambda: letter(LAKE, EVERY, PRIVATE, COLD, language="ar", circle=INNER, digest=True)),
}
