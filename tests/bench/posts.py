"""Posts for the bench of the site: always the same ones, of about 600 words, with code, a table and tags."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

WORDS = """river lease pause clock small model phone letter quiet morning queue retry storm token window house garden
signal branch record the a of to and in that is for it on with as was at by not this are from or an be had
which one you were all we when there can more if no out so up what about into than them only some could time
these two may then do first any my now such like our over man me even most made after also did many before
must through""".split()
SIGNS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出"
    "就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所"
    "民得经"
)
TAGS = tuple(f"topic-{number:02d}" for number in range(40))
FIRST = date(2018, 11, 20)
DAYS = 8 * 365

CODE = {
    "python": """def lease(clock, holder):
    if clock.now() > holder.until:
        raise Expired({n})
    return holder.renew({n})""",
    "go": """func renew(ctx context.Context, id string) error {{
\tif err := ctx.Err(); err != nil {{
\t\treturn err
\t}}
\treturn store.Put(id, {n})
}}""",
    "bash": """for node in $(seq 1 {n}); do
  kubectl get pods -o name | grep "web-$node" || exit 1
done""",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One post: a name for its file, its language and what any generator needs of it."""

    name: str
    lang: str
    title: str
    day: date
    tags: tuple[str, ...]
    body: str


def samples(count: int) -> Iterator[Sample]:
    """The first ``count`` posts, spread evenly over eight years."""
    for number in range(count):
        yield sample(number, FIRST + timedelta(days=number * DAYS // count))


def sample(number: int, day: date) -> Sample:
    """Post ``number``, of that day; every tenth is Chinese."""
    chance = random.Random(number)
    chinese = number % 10 == 9
    said = _chinese if chinese else _english
    tags = tuple(sorted(chance.sample(TAGS, 3)))
    title = f"第{number}篇：{said(chance, 8)}" if chinese else f"Post {number}: {said(chance, 5)}"
    return Sample(f"post-{number:05d}", "zh" if chinese else "en", title, day, tags, _body(chance, said, number))


def _english(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count))


def _chinese(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(SIGNS, k=count))


def _body(chance: random.Random, tongue: Callable[[random.Random, int], str], number: int) -> str:
    unit = 90 if tongue is _english else 150
    parts = [f"{tongue(chance, unit).capitalize()}."]
    language, code = list(CODE.items())[number % 3]
    for part in range(3):
        parts.append(f"## {tongue(chance, 4).capitalize()}")
        parts.append(
            f"{tongue(chance, unit).capitalize()}, **{tongue(chance, 3)}** and `{tongue(chance, 1)}`. "
            f"See [{tongue(chance, 2)}](https://example.org/{number}/{part}). {tongue(chance, unit // 2)}."
        )
    parts.insert(4, f"```{language}\n{code.format(n=number)}\n```")
    rows = "\n".join(f"| {tongue(chance, 2)} | {chance.randrange(1000)} | {tongue(chance, 3)} |" for _ in range(4))
    parts.insert(6, f"| what | ms | why |\n|---|---:|---|\n{rows}")
    parts.append("\n".join(f"- {tongue(chance, 12)}" for _ in range(4)))
    return "\n\n".join(parts) + "\n"
