"""What changed is made anew and nothing else, and the result is what a build from nothing gives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import edits
import houses
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

FEW = 6
EXAMPLES = int(os.environ.get("KITH_EXAMPLES", FEW))
"""Sequences of edits to try: the usual few are the same each time, more of them are other ones."""

REPO = Path(__file__).resolve().parent.parent


def aged() -> None:
    """Lets a moment pass: a file that was written hardly before it is read is read again the next time."""
    time.sleep(0.06)


def house(folder: Path) -> Path:
    root = houses.house(folder)
    for number, name in enumerate(edits.NAMES):
        edits.write(root, name, number % 2, "river", number + 1)
    edits.update(root, 3, 0)
    aged()
    return root


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == FEW,
    phases=[Phase.explicit, Phase.generate],  # an example takes a second: making it smaller would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(st.lists(edits.EDITS, min_size=1, max_size=3), min_size=2, max_size=4))
def test_after_any_edits_the_site_is_what_a_build_from_nothing_makes(rounds: list[list[tuple]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = house(Path(folder))
        edits.build(root)
        for steps in rounds:
            for edit, *arguments in steps:
                edit(root, *arguments)
            edits.settled(root)
            aged()
            edits.build(root)
        made = edits.files(root / "build" / "site")
        anew = edits.fresh(root)
        assert set(made) == set(anew)
        assert [name for name in made if made[name] != anew[name]] == []


ONE_BY_ONE = [
    (edits.write, "ash", 3, "stone", 9),
    (edits.write, "elm", 1, "river", 28, "public", "walks"),
    (edits.translate, "birch", 0),
    (edits.delete, "cedar"),
    (edits.rename, "dune", "fir"),
    (edits.write, "birch", 1, "river", 2, "inner"),
    (edits.template, "made here"),
    (edits.setting, "Another house", 2),
    (edits.person, "zh"),
    (edits.page, "About me"),
    (edits.picture, 3),
    (edits.moved, "ash", "one/"),
    (edits.picture, 0),
    (edits.update, 4, 3),
    (edits.passage, "ash", "a word"),
    (edits.passage, "ash", "another word"),
    (edits.write, "birch", 2, "river", 2, "inner"),
    (edits.write, "birch", 0, "river", 2, "inner"),
    (edits.circle, "tom", "builders"),
    (edits.circle, "wei", "builders"),
    (edits.circle, "wei", "inner"),
    (edits.write, "birch", 1, "river", 2, "inner"),
    (edits.picture, 1),
    (edits.rotate,),
    (edits.passage, "ash", ""),
    (edits.write, "birch", 0, "river", 2),
]


def test_each_kind_of_edit_alone_is_seen(tmp_path: Path) -> None:
    root = house(tmp_path)
    edits.build(root)
    for edit, *arguments in ONE_BY_ONE:
        edit(root, *arguments)
        aged()
        edits.build(root)
        assert edits.files(root / "build" / "site") == edits.fresh(root), edit.__name__


def test_a_new_post_leaves_older_posts_alone(tmp_path: Path) -> None:
    root = house(tmp_path)
    edits.build(root)
    before = {path: path.stat().st_mtime_ns for path in (root / "build" / "site").rglob("*.html")}
    edits.write(root, "elm", 0, "stone", 20)
    report = edits.build(root)
    changed = {path for path, when in before.items() if path.stat().st_mtime_ns != when}
    assert {path.parent.name for path in changed if "posts" in path.parts} == {"birch", "cedar"}, "only its neighbours"
    assert report.kept > report.changed


def test_a_file_that_somebody_changed_in_the_site_is_put_right(tmp_path: Path) -> None:
    root = house(tmp_path)
    edits.build(root)
    whole = edits.files(root / "build" / "site")
    (root / "build" / "site" / "index.html").write_text("scribbled")
    (root / "build" / "site" / "feed.xml").unlink()
    edits.build(root)
    assert edits.files(root / "build" / "site") == whole


@pytest.mark.parametrize("name", ["site/manifest", "site/search", "site/items", "reading/texts", "reading/words"])
def test_damaged_notes_are_no_harm(tmp_path: Path, name: str) -> None:
    root = house(tmp_path)
    edits.build(root)
    path = root / "build" / "cache" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    edits.write(root, "elm", 0, "stone", 20)
    aged()
    edits.build(root)
    assert edits.files(root / "build" / "site") == edits.fresh(root)


def test_full_makes_everything_anew_and_changes_nothing(tmp_path: Path) -> None:
    root = house(tmp_path)
    edits.build(root)
    stray = root / "build" / "site" / "stray.html"
    stray.write_text("left")
    whole = edits.files(root / "build" / "site")
    report = edits.build(root, full=True)
    del whole["stray.html"]
    assert report.changed == 0
    assert edits.files(root / "build" / "site") == whole


UNCHANGED = """
import sys
from pathlib import Path
import houses
ran = houses.run(Path(sys.argv[1]), "build")
assert "Site      nothing changed" in ran.out, ran
heavy = "PIL babel cryptography css_inline jinja2 lxml markdown material mkdocs nh3 pydantic ruamel sendgrid yaml"
assert not set(heavy.split()) & set(sys.modules), set(heavy.split()) & set(sys.modules)
"""


def test_a_build_in_which_nothing_changed_and_no_letter_is_due_imports_nothing_heavy(tmp_path: Path) -> None:
    root = houses.house(tmp_path)
    aged()
    for command in (["baseline", "--yes"], ["build"]):
        assert houses.run(root, *command).code == 0
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "tests")])}
    subprocess.run([sys.executable, "-c", UNCHANGED, str(root)], env=environ, check=True)


KILLED = """
import os, signal, sys
from pathlib import Path
import edits
from pipeline.manifest import Manifest, Place
kind, name, count = {"Place": Place, "Manifest": Manifest}[sys.argv[2]], sys.argv[3], int(sys.argv[4])
real, seen = getattr(kind, name), []
def dying(*arguments):
    seen.append(1)
    if len(seen) == count:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
setattr(kind, name, dying)
edits.build(Path(sys.argv[1]))
"""

POINTS = ["Place put 3", "Place settle 1", "Place _move 1", "Place _move 4", "Place _remove 1", "Manifest write 1",
          "Place settled 1"]  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_build_is_mended_by_the_next(tmp_path: Path, point: str) -> None:
    root = house(tmp_path)
    edits.build(root)
    edits.delete(root, "cedar")
    edits.write(root, "elm", 0, "stone", 20)
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "tests")])}
    command = [sys.executable, "-c", KILLED, str(root), *point.split()]
    assert subprocess.run(command, env=environ, check=False).returncode == -signal.SIGKILL
    edits.delete(root, "elm")
    aged()
    edits.build(root)
    assert edits.files(root / "build" / "site") == edits.fresh(root)
    assert not (root / "build" / "cache" / "site" / "moving").exists()


def test_a_first_build_in_several_processes_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline import crew

    root = house(tmp_path)
    monkeypatch.setattr(crew, "cores", lambda: 1)
    edits.build(root)
    alone = edits.files(root / "build" / "site")
    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.setattr(crew, "FEW", 4)
    assert edits.fresh(root) == alone


def test_what_goes_wrong_in_another_process_is_told_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline import crew
    from pipeline.errors import KithError

    root = house(tmp_path)
    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.setattr(crew, "FEW", 4)
    edits.template(root, "{{ page.meta.nothing.at.all }}")
    with pytest.raises(KithError, match=r"^site/"):
        edits.build(root)
    assert not (root / "build" / "site").exists()


def test_a_file_that_somebody_put_into_the_site_is_seen_by_the_next_build(tmp_path: Path) -> None:
    from pipeline.manifest import Manifest
    from pipeline.walked import glanced, walked

    root = house(tmp_path)
    edits.build(root)
    site, noted = root / "build" / "site", Manifest.read(root / "build" / "cache" / "site" / "manifest")
    assert glanced(site, noted.files, noted.folders) == walked(site)
    assert set(walked(site)) == set(noted.files)
    for place in ("stray.html", "archive/stray.html", "new/folder/stray.html"):
        (site / place).parent.mkdir(parents=True, exist_ok=True)
        (site / place).write_text("stray")
        assert place in glanced(site, noted.files, noted.folders)
        (site / place).unlink()
    (site / "archive" / "index.html").unlink()
    assert "archive/index.html" not in glanced(site, noted.files, noted.folders)
    edits.build(root)
    assert (site / "archive" / "index.html").is_file()


def test_each_broken_picture_is_told_once_however_many_processes_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline import crew
    from pipeline.errors import Problems
    from pipeline.making import Maker

    root, told = house(tmp_path), []
    for number in range(8):
        text = houses.text(f"title: P\nid: p{number}", f"![a](broken-{number}.png)")
        houses.house(root, {f"content/posts/p{number}.md": text, f"content/posts/broken-{number}.png": b"no picture"})
    take = Maker._take
    monkeypatch.setattr(Maker, "_take", lambda self, *made: told.append(len(made[7])) or take(self, *made))
    for cores in (1, 2):
        monkeypatch.setattr(crew, "cores", lambda cores=cores: cores)
        monkeypatch.setattr(crew, "FEW", 4)
        told.clear()
        with pytest.raises(Problems) as broken:
            edits.build(root)
        assert len(broken.value.problems) == 8
        assert sum(told) <= 8 + cores
