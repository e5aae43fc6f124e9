"""What `kith build` finds in its own letters, by itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from houses import DOT, house, run, text
from PIL import Image

from pipeline.enclosed import LARGEST, enclose
from pipeline.frozen import alone
from pipeline.letterproof import proof
from pipeline.letters import LIMIT, WEIGHT, Composer, weight
from pipeline.outgoing import Picture
from pipeline.stationery import load_stationery
from tests import letters_house as h

HELLO = "content/posts/hello.md"
ONLY = {"content/updates/2026-11-19-rain.md": None}


def faults(root: Path) -> list[str]:
    """The lines of the receipt that name what is wrong."""
    done = run(root, "build")
    lines = [line[10:] for line in done.out.splitlines()]
    found = [line for line in lines if line.startswith(("content/", "templates/"))]
    assert done.code == (1 if found else 0), done.err
    return found


def hello(body: str, **more: str) -> dict[str, str | bytes | None]:
    front = "id: hello\ntitle: Hello\ndate: 2026-11-18"
    return {**ONLY, HELLO: text(front, body), **more}


@pytest.mark.parametrize("name", sorted(h.SAMPLES))
def test_nothing_is_wrong_with_the_sample_letters(name: str) -> None:
    letter = h.SAMPLES[name]()
    frozen = alone(letter)
    assert [one for one in proof([(h.planned(h.SHORT), frozen)]) if one.path.startswith("templates")] == []
    assert len(h.mailed(letter)) <= weight(frozen.sheet) <= WEIGHT


def test_nothing_is_wrong_with_a_sound_house(tmp_path: Path) -> None:
    assert faults(house(tmp_path)) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Words.\n\n![](../media/dot.png)\n", f"{HELLO}:9: a picture without words."),
        ("Words.\n\n![ ](../media/dot.png)\n", f"{HELLO}:9: a picture without words."),
        ('Words <img src="../media/dot.png" width="20"> here.\n', f"{HELLO}:7: a picture without words."),
        ("```text\n" + "x" * 1_200 + "\n```\n", f"{HELLO}:8: a line of 1,204 characters; mail has room for 998."),
    ],
)
def test_what_an_entry_does_is_said_with_its_file_and_line(tmp_path: Path, body: str, said: str) -> None:
    (found,) = faults(house(tmp_path, hello(body)))
    assert found.startswith(said)


def test_pictures_in_code_are_no_pictures(tmp_path: Path) -> None:
    assert faults(house(tmp_path, hello("Write `![](x.png)`:\n\n```text\n![](y.png)\n```\n"))) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("layout.html.j2", 'href="{{ leave }}"', 'href="/leave"', "the address `/leave` is not a whole https one."),
        ("layout.html.j2", '<p class="hello">', '<p class="hello" onclick="x">', "the attribute `onclick` of"),
        ("layout.html.j2", '<p class="hello">', '<video></video><p class="hello">', "`<video>` is nothing for mail."),
        ("layout.html.j2", "{{ preheader }}", "Hi", "the line for the inbox has 2 characters."),
        ("layout.html.j2", '<p class="hello">', '<p style="display:none">x</p><p class="hello">', "hidden text."),
        (
            "layout.html.j2",
            '<p class="hello">',
            '<img src="https://e.example/p.gif"><p>',
            "a picture without a `wid",
        ),
        ("layout.html.j2", '<p class="hello">', "<table><tr><td>1</td></tr></table><p>", "a table without headings."),
        (
            "letter.css",
            "p { margin: 0 0 18px; }",
            "p { background-color: #eeeeee; }",
            "`<p>` has a background",
        ),
        (
            "layout.html.j2",
            "  .box { background-color: #1a2725",
            "  .bax { background-color: #1a2725",
            "`<td>` has a background",
        ),
        ("layout.txt.j2", "{{ pace }}", "", "the plain text lacks the link `mailto:"),
    ],
)
def test_what_a_changed_template_does_is_said(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    changed = (h.TEMPLATES / name).read_text("utf-8")
    assert old in changed
    (tmp_path / name).write_text(changed.replace(old, new), "utf-8")
    plan = h.planned(h.EVERY if "box" in old else h.SHORT)
    composer = Composer(h.HOUSE, load_stationery([tmp_path, h.TEMPLATES]), h.picture)
    one = composer.frozen(plan, issue_id="i", delivery_id="d", token="t", mark="", now=h.NOW)
    found = [str(problem) for problem in proof([(plan, one)])]
    assert any(line.startswith(f"templates/: {said}") for line in found), found


def test_a_build_says_what_changed_templates_do_all_at_once(tmp_path: Path) -> None:
    layout = (h.TEMPLATES / "layout.html.j2").read_text("utf-8")
    layout = layout.replace('href="{{ leave }}"', 'href="/leave"').replace("{{ preheader }}", "Hi")
    styles = (h.TEMPLATES / "letter.css").read_text("utf-8") + ".hello { background-color: #eeeeee; }"
    found = faults(house(tmp_path, {"templates/layout.html.j2": layout, "templates/letter.css": styles}))
    said = ("`<p>` has a background", "the address `/leave`", "the line for the inbox", "the plain text lacks the link")
    assert [any(line.startswith(f"templates/: {one}") for line in found) for one in said] == [True] * 4


def test_publishing_tells_of_faults_and_goes_on(tmp_path: Path) -> None:
    done = run(house(tmp_path, hello("![](../media/dot.png)\n")), "publish", "--yes")
    assert done.code == 0
    assert f"Faults    {HELLO}:7: a picture without words." in done.out


# the size of a message


def photo(path: Path, size: tuple[int, int], kind: str) -> Path:
    """A picture that cannot be made small by packing: noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise(size, 90).convert("RGB").save(path, kind)
    return path


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_an_enclosed_picture_is_made_small_enough(tmp_path: Path, kind: str) -> None:
    photo(tmp_path / "media/a.x", (1600, 1200), kind)
    found = enclose(tmp_path, "media/a.x")
    assert found is None or len(found.data) <= LARGEST
    (tmp_path / "media/dot.png").write_bytes(DOT)
    assert enclose(tmp_path, "media/dot.png")


def test_a_photo_still_travels(tmp_path: Path) -> None:
    path = Path("content/media/rain.jpg")
    with Image.open(Path(__file__).parent.parent / path) as opened:
        opened.resize((1600, 1200)).save(tmp_path / "rain.jpg", quality=95)
    found = enclose(tmp_path, "rain.jpg")
    assert found
    assert 5_000 < len(found.data) <= LARGEST


def test_pictures_become_words_before_a_message_gets_too_heavy() -> None:
    body = "".join(f"![Picture {number}](../media/{number}.jpg)\n\n" for number in range(4))
    post = h.entry("p", 9, h.version("en", "P", "", body, "p"), visibility="inner")
    small = h.replace(h.HOUSE, entries=(post,))

    def letter(size: int):
        pictures = lambda path: Picture(f"{path[6]}@x", "a.jpg", "image/jpeg", b"\xff" * size)  # noqa: E731
        composer = Composer(small, h.stationery(), pictures)
        return composer.letter(h.planned(post, circle=h.INNER), issue_id="i", delivery_id="d", token="t", now=h.NOW)

    light, heavy = letter(30_000), letter(60_000)
    assert (len(light.inline), len(heavy.inline)) == (4, 0)
    assert len(h.mailed(light)) <= WEIGHT
    assert "[Picture 3]" in heavy.html


def test_a_heavy_letter_that_cannot_be_cut_is_a_fault_of_its_longest_entry(tmp_path: Path) -> None:
    body = "\n\n".join("Paragraph " + "says so much. " * 20 for _ in range(600))
    post = h.entry("long", 9, h.version("en", "Long", "", body, "long"), visibility="inner")
    composer = Composer(h.replace(h.HOUSE, entries=(post,)), h.stationery(), h.picture)
    plan = h.planned(post, circle=h.INNER)
    one = composer.frozen(plan, issue_id="i", delivery_id="d", token="t", mark="", now=h.NOW)
    said = [(problem.path, problem.fact) for problem in proof([(plan, one)])]
    assert all(path == post.master.path for path, _ in said)
    assert [f"Gmail shows {LIMIT // 1000} KB" in said[0][1], "weighs" in said[1][1]] == [True, True]


def test_two_builds_give_the_same_letters_to_the_byte(tmp_path: Path) -> None:
    """One house built twice, and again in another place with the same secret."""
    opening = {"content/letters/2026-11.md": "What I say first.\n", "templates/letter.css": None}
    first = house(tmp_path / "a", opening)
    assert run(first, "note", "wei", "Only you.").code == 0
    assert run(first, "build").code == 0
    made = {path.name: path.read_bytes() for path in (first / "build/letters").iterdir()}
    assert len(made) == 3
    shutil.rmtree(first / "build")
    second = tmp_path / "b"
    shutil.copytree(first, second)
    for root in (first, second):
        assert run(root, "build").code == 0
        assert {path.name: path.read_bytes() for path in (root / "build/letters").iterdir()} == made
