"""Two axes: who may read, and who is told, of an entry and of a passage, wherever in a text a passage stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from houses import DOT, Ran, house, run, text
from sealed_house import body, letters, links, open_page

from pipeline import passages
from pipeline.markup import render
from pipeline.model import EVERYONE

INNER = EVERYONE | {"inner"}

PLACES: dict[str, tuple[str, str, str]] = {
    "a paragraph in a row": (
        "- a\n- b\n    ::: only inner\n    secret\n    :::\n- c",
        "<ul><li>a</li><li>b</li><li>c</li></ul>",
        "<ul><li><p>a</p></li><li><p>b</p><p>secret</p></li><li><p>c</p></li></ul>",
    ),
    "a whole row": (
        "- a\n::: only inner\n- secret\n:::\n- c",
        "<ul><li>a</li><li>c</li></ul>",
        "<ul><li>a</li><li>secret</li><li>c</li></ul>",
    ),
    "a whole row, as a row itself": (
        "- a\n- ::: only inner\n  secret\n  :::\n- c",
        "<ul><li>a</li><li>c</li></ul>",
        "<ul><li>a</li><li>secret</li><li>c</li></ul>",
    ),
    "a numbered row": (
        "1. a\n::: only inner\n2. secret\n:::\n3. c",
        "<ol><li>a</li><li>c</li></ol>",
        "<ol><li>a</li><li>secret</li><li>c</li></ol>",
    ),
    "a list in a list": (
        "- a\n    - b\n        ::: only inner\n        - secret\n        :::\n    - c",
        "<ul><li>a<ul><li>b</li><li>c</li></ul></li></ul>",
        "<ul><li>a<ul><li>b<ul><li>secret</li></ul></li><li>c</li></ul></li></ul>",
    ),
    "a row set with tabs": (
        "- a\n\n\t::: only inner\n\tsecret\n\t:::\n\n- c",
        "<ul><li><p>a</p></li><li><p>c</p></li></ul>",
        "<ul><li><p>a</p><p>secret</p></li><li><p>c</p></li></ul>",
    ),
    "a quote": (
        "> a\n> ::: only inner\n> secret\n> :::\n> b",
        "<blockquote><p>a</p><p>b</p></blockquote>",
        "<blockquote><p>a</p><p>secret</p><p>b</p></blockquote>",
    ),
    "a quote in a quote": (
        "> a\n>\n> > b\n> > ::: only inner\n> > secret\n> > :::\n> > c",
        "<blockquote><p>a</p><blockquote><p>b</p><p>c</p></blockquote></blockquote>",
        "<blockquote><p>a</p><blockquote><p>b</p><p>secret</p><p>c</p></blockquote></blockquote>",
    ),
    "a quote in a row": (
        "- a\n\n    > q\n    > ::: only inner\n    > secret\n    > :::\n    > r\n\n- b",
        "<ul><li><p>a</p><blockquote><p>q</p><p>r</p></blockquote></li><li><p>b</p></li></ul>",
        "<ul><li><p>a</p><blockquote><p>q</p><p>secret</p><p>r</p></blockquote></li><li><p>b</p></li></ul>",
    ),
    "around a quote": (
        "a\n::: only inner\n> secret\n:::\nb",
        "<p>a</p><p>b</p>",
        "<p>a</p><blockquote><p>secret</p></blockquote><p>b</p>",
    ),
    "around a picture": (
        "a\n\n::: only inner\n![secret](x.png)\n:::\n\nb",
        "<p>a</p><p>b</p>",
        '<p>a</p><p><img alt="secret" src="x.png"></p><p>b</p>',
    ),
    "around a heading": (
        "# a\n::: only inner\n## secret\n:::\n## b",
        '<h1 id="a">a</h1><h2 id="b">b</h2>',
        '<h1 id="a">a</h1><h2 id="secret">secret</h2><h2 id="b">b</h2>',
    ),
    "a table's row": (
        "| a | b |\n|---|---|\n| 1 | 2 |\n::: only inner\n| secret | 3 |\n:::\n| 4 | 5 |",
        "<tr><td>1</td><td>2</td></tr><tr><td>4</td><td>5</td></tr></tbody></table>",
        "<tr><td>1</td><td>2</td></tr><tr><td>secret</td><td>3</td></tr><tr><td>4</td><td>5</td></tr></tbody></table>",
    ),
    "a box": (
        "!!! note\n    a\n\n    ::: only inner\n    secret\n    :::\n\n    b",
        '<p class="admonition-title">Note</p><p>a</p><p>b</p></div>',
        '<p class="admonition-title">Note</p><p>a</p><p>secret</p><p>b</p></div>',
    ),
    "a folded part": (
        "??? tip\n    a\n    ::: only inner\n    secret\n    :::\n    b",
        "<summary>Tip</summary><p>a</p><p>b</p></details>",
        "<summary>Tip</summary><p>a</p><p>secret</p><p>b</p></details>",
    ),
    "a meaning": (
        "Term\n:   a\n\n    ::: only inner\n    secret\n    :::\n\nb",
        "<dl><dt>Term</dt><dd>a</dd></dl><p>b</p>",
        "<dl><dt>Term</dt><dd><p>a</p><p>secret</p></dd></dl><p>b</p>",
    ),
    "two in a row": (
        "a\n::: only inner\nsecret\n:::\n::: only builders\nother\n:::\nb",
        "<p>a</p><p>b</p>",
        "<p>a</p><p>secret</p><p>b</p>",
    ),
    "one in another": (
        "a\n::: only inner\nsecret\n::: only builders\nother\n:::\n:::\nb",
        "<p>a</p><p>b</p>",
        "<p>a</p><p>secret</p><p>b</p>",
    ),
    "a row that begins with what fewer may read": (
        "- a\n- ::: only inner\n  ::: only builders\n  other\n  :::\n  secret\n  :::\n- c",
        "<ul><li>a</li><li>c</li></ul>",
        "<ul><li>a</li><li>secret</li><li>c</li></ul>",
    ),
    "Chinese": (
        "前\n::: only inner\n秘密\n:::\n后",
        "<p>前</p><p>后</p>",
        "<p>前</p><p>秘密</p><p>后</p>",
    ),
}


def shown(markdown: str, audience: frozenset[str]) -> str:
    """What stands on a page, without line ends."""
    html = render(passages.body_for(markdown, audience), lambda _, address: address).html
    return re.sub(r"\n\s*", "", html)


@pytest.mark.parametrize("place", PLACES, ids=list(PLACES))
def test_a_passage_may_stand_anywhere_and_the_rest_reads_as_if_it_were_not_there(place: str) -> None:
    markdown, everyone, some = PLACES[place]
    assert not passages.faults(markdown)
    assert shown(markdown, EVERYONE).endswith(everyone), shown(markdown, EVERYONE)
    assert shown(markdown, INNER).endswith(some), shown(markdown, INNER)


def test_a_passage_around_code_hides_all_of_it_and_code_in_it_may_hold_its_marks() -> None:
    fenced = "::: only inner\n```py\nsecret = 1\n:::\n```\n:::\n"
    markdown = f"a\n\n{fenced}\n- b\n\n    ::: only inner\n    ```\n    deep\n    ```\n    :::"
    assert not passages.faults(markdown)
    everyone, some = shown(markdown, EVERYONE), shown(markdown, INNER)
    assert everyone == "<p>a</p><ul><li>b</li></ul>"
    assert "secret" in some
    assert "deep" in some
    assert ":::" in some


@pytest.mark.parametrize(
    ("markdown", "numbers"),
    [
        ("a\n\n::: only inner\nb[^1]\n:::\n\n[^1]: secret\n", [7]),
        ("a[^1]\n\n::: only inner\n[^1]: secret\n:::\n", [1]),
        ("a[^1]\n\n::: only inner\nb[^1]\n:::\n\n[^1]: open\n", []),
        ("a\n\n::: only inner\nb[^1]\n\n[^1]: secret\n:::\n", []),
        ("a\n\n::: only inner\nb[^1]\n::: only builders\n[^1]: secret\n:::\n:::\n", [4]),
        ("::: only inner\n`[^1]`\n:::\n\n[^1]: nobody refers to it\n", []),
        ("::: only inner\nb\n:::\n\n```\n[^1]: code\n```\n\nc[^2]\n\n[^2]: open\n", []),
    ],
)
def test_a_footnote_is_for_those_who_read_what_refers_to_it(markdown: str, numbers: list[int]) -> None:
    assert [fault.number for fault in passages.faults(markdown)] == numbers


# both axes, with the whole command

PEOPLE = """\
version: 1
circles:
  inner: {cadence: each, reads: [inner, builders, public]}
  builders: {cadence: each, reads: [builders, public]}
  weak: {cadence: each}
people:
  - {id: wei, circles: [inner], address: wei@example.org, state: subscribed, languages: [zh, en]}
  - {id: ana, circles: [builders], address: ana@example.org, state: subscribed}
  - {id: tom, circles: [weak], address: tom@example.org, state: subscribed}
"""


def post(title: str, front: str = "", words: str = "Words.") -> str:
    return text(f"title: {title}\ndate: 2026-11-18\n{front}", words + "\n")


PASSAGE = "Open words.\n\n- row\n\n    ::: only inner\n    {}\n\n    ![{}](../media/{}.png)\n    :::\n"

HOUSE = {
    "subscribers.yml": PEOPLE,
    "content/posts/hello.md": None,
    "content/updates/2026-11-19-rain.md": None,
    "content/posts/quiet.md": post("Public and told to nobody", "tell: none"),
    "content/posts/two.md": post("Public and told to two", "tell: [inner, weak]"),
    "content/posts/kept.md": post("For builders and told to none", "visibility: builders\ntell: none"),
    "content/posts/parted.md": post("Parted", "tell: [inner]", PASSAGE.format("The hidden cello", "Rosinbow", "bow")),
    "content/posts/parted.zh.md": post("分开", "", PASSAGE.format("藏起来的大提琴", "弓", "gong")),
    "content/media/bow.png": DOT,
    "content/media/gong.png": DOT,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    root = house(tmp_path_factory.mktemp("axes") / "house", HOUSE)
    ran = run(root, "publish", "--yes")
    assert ran.code == 0, ran
    return root, ran


def public(root: Path) -> str:
    """Every word that everyone can fetch, sealed pages aside."""
    site = root / "build" / "site"
    files = [path for path in site.rglob("*") if path.is_file() and not path.is_relative_to(site / "s")]
    assert len(files) > 20
    return "\n".join(path.read_text("utf-8", errors="replace") + path.name for path in files)


def heard(root: Path) -> dict[str, str]:
    return {who: body(one, "html") + body(one, "plain") + one["Subject"] for who, one in letters(root).items()}


def test_public_but_told_to_nobody(told: tuple[Path, Ran]) -> None:
    root, _ = told
    assert (root / "build/site/posts/quiet/index.html").exists()
    assert "Public and told to nobody" in (root / "build/site/feed.xml").read_text("utf-8")
    assert not [who for who, words in heard(root).items() if "told to nobody" in words]


def test_readable_by_all_and_told_to_two_circles(told: tuple[Path, Ran]) -> None:
    root, _ = told
    assert "Public and told to two" in (root / "build/site/feed.xml").read_text("utf-8")
    assert {who for who, words in heard(root).items() if "told to two" in words} == {"wei", "tom"}


def test_readable_by_builders_and_told_to_none(told: tuple[Path, Ran]) -> None:
    root, _ = told
    assert "told to none" not in public(root)
    assert not [who for who, words in heard(root).items() if "told to none" in words]
    assert "ana" not in heard(root), "nothing is left to tell her"


def test_a_passage_narrows_in_every_language_and_follows_the_telling_of_its_entry(told: tuple[Path, Ran]) -> None:
    root, _ = told
    everyone = public(root)
    for words in ("cello", "大提琴", "bow.png", "gong.png", "Rosinbow"):
        assert words not in everyone
    for path in ("posts/parted", "zh/posts/parted"):
        assert "Open words." in (root / "build/site" / path / "index.html").read_text("utf-8")
    assert {who for who, words in heard(root).items() if "大提琴" in words} == {"wei"}
    pages = [open_page(root / "build/site", *one) for one in links(heard(root)["wei"])]
    assert [page["title"] for page in pages] == ["分开"]
    assert "藏起来的大提琴" in pages[0]["html"]
    other = re.search(r'href="/s/([a-z2-7]+)/#([a-z2-7]+)" lang="en"', pages[0]["html"])
    assert other
    assert "The hidden cello" in open_page(root / "build/site", other[1], other[2])["html"]


def test_a_file_with_line_ends_of_windows_hides_as_well(tmp_path: Path) -> None:
    words = text("title: T\ndate: 2026-11-18", PASSAGE.format("The hidden cello", "Rosinbow", "bow")).replace(
        "\n", "\r\n"
    )
    root = house(tmp_path / "house", HOUSE | {"content/posts/parted.md": words, "content/posts/parted.zh.md": None})
    ran = run(root, "build")
    assert ran.code == 0, ran
    assert "cello" not in public(root)
