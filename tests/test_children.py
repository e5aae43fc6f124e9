"""A run that is ended while other processes help it: none of them stays, and none of them holds what the run held."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from torture.harness import begin, deliver_beside, forget_what_is_clean, left_behind, make_large
from torture.provider import Provider

from pipeline import crew, forked

REPO = Path(__file__).resolve().parent.parent
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")
SIGNALS = ("SIGKILL", "SIGTERM", "SIGHUP")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with Provider(tmp_path_factory.mktemp("provider") / "books.jsonl") as running:
        yield running


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Path:
    """A project with 15 MB of site, published once."""
    root = make_large(tmp_path_factory.mktemp("large") / "house", provider.url)
    assert begin(root, "none", provider.environ()).wait() == 0
    site = sum(path.stat().st_size for path in (root / "build" / "site").rglob("*") if path.is_file())
    assert site > 15_000_000
    return root


@LINUX
@pytest.mark.parametrize("name", SIGNALS)
def test_ended_while_a_second_process_looks_through_a_large_site_it_leaves_nothing_behind(
    large: Path, provider: Provider, name: str
) -> None:
    forget_what_is_clean(large)
    run = begin(large, "fork:1:after", provider.environ(), name)
    assert run.wait() == -getattr(signal, name), "there was no second process"
    assert not left_behind(run.pid)
    after = deliver_beside(large, provider.environ())
    assert after.code == 0, after.output


@LINUX
def test_ended_at_blind_moments_it_leaves_nothing_behind_either(large: Path, provider: Provider) -> None:
    for name, seconds in zip(SIGNALS, (1.2, 0.7, 1.7), strict=True):
        forget_what_is_clean(large)
        run = begin(large, "none", provider.environ())
        with suppress(subprocess.TimeoutExpired):
            run.wait(seconds)
        run.send_signal(getattr(signal, name))
        run.wait()
        assert not left_behind(run.pid)
    assert deliver_beside(large, provider.environ()).code == 0


ORPHAN = """
import os, sys, time
from pipeline import crew, forked
if sys.argv[1] == "plain":
    forked._end_with_parent = lambda: None
crew.cores = lambda: 2
def work(_):
    time.sleep(0.02)
    return b"x" * 300_000
for one in crew.spread(range(1000), work):
    print("begun", flush=True)
    time.sleep(60)
"""


@LINUX
@pytest.mark.parametrize("way", ["system", "plain"])
def test_a_child_without_a_parent_ends_also_where_the_system_does_not_see_to_it(way: str) -> None:
    environ = os.environ | {"PYTHONPATH": str(REPO)}
    run = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, way], stdout=subprocess.PIPE, env=environ, start_new_session=True
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"begun\n"
    assert len(left_behind(run.pid, 0)) == 3
    run.kill()
    run.wait()
    run.stdout.close()
    assert not left_behind(run.pid)


def test_a_child_holds_no_lock_and_no_file_but_those_it_is_given(tmp_path: Path) -> None:
    lock = (tmp_path / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (kept, keeping), (waiting, going) = os.pipe(), os.pipe()
    child = forked.fork([keeping, waiting])
    if child == 0:
        rest = [n for n in forked._open_files() if n > 2 and n not in (keeping, waiting) and _is_foreign(n)]
        os.write(keeping, repr(rest).encode())
        os.read(waiting, 1)
        os._exit(0)
    try:
        assert os.read(kept, 1000) == b"[]"
        lock.close()
        with (tmp_path / "lock").open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the child is still there
    finally:
        os.write(going, b"x")
        os.waitpid(child, 0)
        for pipe in (kept, keeping, waiting, going):
            os.close(pipe)


def _is_foreign(number: int) -> bool:
    """Whether it is open, and not the empty device."""
    with suppress(OSError):
        return not os.path.samestat(os.fstat(number), os.stat(os.devnull))
    return False


def test_a_worker_that_is_lost_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the second process would have looked at is looked at here."""
    from pipeline.leakcache import Memory
    from pipeline.leakfiles import Search, files_in

    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.setattr("pipeline.leakfiles._MANY", 10)
    here, looked = os.getpid(), []

    def look(name: str, _: bytes) -> list[object]:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        looked.append(name)
        return []

    for number in range(4):
        (tmp_path / f"{number}.html").write_text("words " * 20, "utf-8")
    time.sleep(0.03)
    done = Search(lambda: None, look, set(), Memory("key")).through(files_in(tmp_path))  # type: ignore[arg-type]  # it finds nothing
    assert sorted(looked) == sorted(done.clean) == ["0.html", "1.html", "2.html", "3.html"]


def test_what_the_second_process_finds_comes_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.leakcache import Memory
    from pipeline.leakfiles import Search, files_in

    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.setattr("pipeline.leakfiles._MANY", 10)
    for number in range(900):
        (tmp_path / f"{number:03}{'-name' * 30}.html").write_text("words", "utf-8")
    time.sleep(0.03)
    done = Search(lambda: None, lambda *_: [], set(), Memory("key")).through(files_in(tmp_path))
    assert len(done.clean) == 900
    shutil.rmtree(tmp_path)
