"""Edits that people make to a house on the disk, for tests of what is built again and what is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import houses
from hypothesis import strategies as st

from pipeline.build import site_with_all
from pipeline.keyring import Keyring
from pipeline.manifest import SiteReport
from pipeline.reading import read_house
from pipeline.secret import new_generation, private_folder, read_secret

NAMES = ("ash", "birch", "cedar", "dune")
BODIES = (
    "Words of one kind.\n\n## A heading\n\nMore, and `code`.\n",
    "See [the other](ash.md) and ![a dot](../media/dot.png).\n",
    "Only some may read a part.\n\n::: only inner\nA quiet word between the two of us here.\n:::\n\nEnd.\n",
    "中文的一段话，讲一条河。\n\n```python\nprint(1)\n```\n",
    "::: only builders\nA loose wire: see [it](ash.md).\n:::\n\n::: only inner\n![x](../media/dot.png)\n:::\n\nX.\n",
)

Edit = Callable[[Path], None]


def post(root: Path, name: str) -> Path:
    return root / "content" / "posts" / f"{name}.md"


def write(root: Path, name: str, body: int, tags: str, day: int, visibility: str = "public", series: str = "") -> None:
    if name == "ash":
        visibility, body = "public", 0  # others link to it
    if visibility != "public":
        (root / "content" / "posts" / f"{name}.zh.md").unlink(missing_ok=True)
    front = f"title: The {name}\ndate: 2026-{day % 9 + 1:02d}-{day:02d}\ntags: [{tags}]\nvisibility: {visibility}"
    front += f"\nseries: {series}" if series else ""
    post(root, name).write_text(houses.text(front, BODIES[body]), "utf-8")


def translate(root: Path, name: str, body: int) -> None:
    path = root / "content" / "posts" / f"{name}.zh.md"
    if not post(root, name).exists() or "visibility: inner" in post(root, name).read_text("utf-8"):
        return
    text = BODIES[body].replace("ash.md", "hello.md")
    path.write_text(houses.text(f"title: 一篇{name}\ntranslated: true", text), "utf-8")


def delete(root: Path, name: str) -> None:
    for path in (root / "content" / "posts").glob(f"{name}*"):
        path.unlink()


def rename(root: Path, name: str, other: str) -> None:
    if post(root, name).exists() and name != other:
        delete(root, other)
        for path in (root / "content" / "posts").glob(f"{name}*"):
            path.rename(path.with_name(path.name.replace(name, other)))


def update(root: Path, day: int, body: int) -> None:
    path = root / "content" / "updates" / f"2026-03-{day:02d}-note.md"
    text = BODIES[body].replace("ash.md", "../posts/hello.md")
    path.write_text(houses.text(f"tags: [river]\ndate: 2026-03-{day:02d} 10:00", text), "utf-8")


def template(root: Path, words: str) -> None:
    path = root / "site" / "overrides" / "partials" / "footer.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<footer>{words}</footer>\n", "utf-8")


def setting(root: Path, title: str, entries: int) -> None:
    """Another name for the house, and so few entries in its feeds that they have archives."""
    text = houses.SETTINGS.replace('title = "A house"', f'title = "{title}"')
    (root / "pyproject.toml").write_text(text, "utf-8")
    (root / "feed_entries").write_text(str(entries))


def person(root: Path, language: str) -> None:
    _in_people(root, r"name: Wei,( languages: \[\w+\],)?", f"name: Wei, languages: [{language}],")


def circle(root: Path, who: str, name: str) -> None:
    """Somebody reads something else from now on."""
    _in_people(root, rf"circles: \[\w+\], address: {who}@", f"circles: [{name}], address: {who}@")


def _in_people(root: Path, pattern: str, words: str) -> None:
    path = root / "subscribers.yml"
    path.write_text(re.sub(pattern, words, path.read_text("utf-8")), "utf-8")


def rotate(root: Path) -> None:
    """Other keys and addresses for whatever is sealed."""
    private_folder(root)
    new_generation(root)


def passage(root: Path, name: str, words: str) -> None:
    """A passage for a few at the end of a post, or none any more."""
    path = post(root, name)
    if path.exists():
        text = path.read_text("utf-8").partition("\n::: only builders\nLast:")[0]
        path.write_text(text + (f"\n::: only builders\nLast: {words}\n:::\n" if words else ""), "utf-8")


def page(root: Path, title: str) -> None:
    (root / "content" / "pages" / "about.md").write_text(houses.text(f"title: {title}", "I write here.\n"), "utf-8")


def picture(root: Path, red: int) -> None:
    from PIL import Image

    rough = Image.radial_gradient("L").resize((500 + 400 * red, 300))
    rough.save(root / "content" / "media" / "dot.png")


def moved(root: Path, name: str, old: str) -> None:
    """Notes where a post stood before."""
    if post(root, name).exists():
        text = post(root, name).read_text("utf-8")
        post(root, name).write_text(
            text.replace("---\n", f"---\naliases: [/old/{name}/{old}]\n", 1) if "aliases" not in text else text, "utf-8"
        )


def _edit(
    function: Callable[..., None], *arguments: st.SearchStrategy[object]
) -> st.SearchStrategy[tuple[object, ...]]:
    return st.tuples(st.just(function), *arguments)


_name, _body, _day = st.sampled_from(NAMES), st.integers(0, len(BODIES) - 1), st.integers(1, 28)
_seen = st.sampled_from(["public", "public", "inner"])
EDITS = st.one_of(
    _edit(write, _name, _body, st.sampled_from(["river", "river, stone", "Stone", ""]), _day, _seen,
          st.sampled_from(["", "walks"])),
    _edit(write, _name, _body, st.sampled_from(["river", "stone"]), _day),
    _edit(translate, _name, _body),
    _edit(delete, _name),
    _edit(rename, _name, _name),
    _edit(update, _day, _body),
    _edit(template, st.sampled_from(["made here", "made there"])),
    _edit(setting, st.sampled_from(["A house", "Another house"]), st.sampled_from([1, 2, 30])),
    _edit(person, st.sampled_from(["en", "zh", "ar"])),
    _edit(circle, st.sampled_from(["wei", "tom"]), st.sampled_from(["inner", "builders", "weak"])),
    _edit(passage, _name, st.sampled_from(["", "a word", "two words"])),
    _edit(rotate),
    _edit(page, st.sampled_from(["About", "About me"])),
    _edit(picture, st.integers(0, 3)),
    _edit(moved, _name, st.sampled_from(["one/", "two.html"])),
)  # fmt: skip


def settled(root: Path) -> None:
    """Keeps links alive that an edit broke: a house with a dead link is not built at all."""
    if not post(root, "ash").exists() or "visibility: inner" in post(root, "ash").read_text("utf-8"):
        delete(root, "ash")
        write(root, "ash", 0, "river", 1)


def build(root: Path, folder: Path | None = None, *, full: bool = False) -> SiteReport:
    """Reads and builds the house as the command does, sealed pages and all."""
    house = read_house(root, {}, {}, houses.NOW)
    if (root / "feed_entries").exists():
        few = int((root / "feed_entries").read_text())
        house = replace(house, settings=replace(house.settings, feed_entries=few))
    return site_with_all(root, house, Keyring(house, read_secret(root).seals), None, folder, full=full)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fresh(root: Path) -> dict[str, bytes]:
    """Every file of the site as a build from nothing makes it."""
    other = root / "build" / "other"
    build(root, other)
    found = files(other / "site")
    shutil.rmtree(other)
    return found
