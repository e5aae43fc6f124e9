"""What is too large, endless or no file ends soon, in little memory, with a message and without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

import pytest
from hostile_inputs import INPUTS, MEGABYTES, SECONDS, ended, run_input
from houses import NOW, SOUND, house, run
from sealed_house import FILES

from pipeline import cli
from pipeline.ownfault import odd_argument
from pipeline.serve import Studio, server

QUICK = (
    "60 kB of `<a `",
    "800 fences",
    "2,000 quotes in each other",
    "5,000 tags on a post",
    "a GIF of 300 frames",
    "a PNG of 165 megapixels",
    "a folder as a picture",
    "a named pipe as a picture",
    "a named pipe as the ledger",
    "a named pipe as events",
    "an endless device as events",
    "a named pipe as a post",
    "a named pipe as pyproject.toml",
    "links in a circle",
)
"""The others are measured by `tests/measure/bounds.py`."""


@pytest.mark.parametrize("name", QUICK)
def test_it_ends_soon_and_in_little_memory(name: str, tmp_path: Path) -> None:
    found = run_input(name, tmp_path)
    assert found.code in (0, 1), found
    assert found.seconds < SECONDS
    assert found.megabytes < MEGABYTES
    assert "Traceback" not in found.said
    assert "fault of Kith" not in found.said
    assert found.code == 0 or ":" in found.said, "it names the place"


def test_every_quick_one_is_among_the_measured() -> None:
    assert set(QUICK) <= set(INPUTS)


SEALED = {
    "a tag that is never closed": b"{% if data %}<html>",
    "a name that is not given": b"<html>{{ nonsense }}</html>",
    "bytes that are not UTF-8": b"<html>\xff\xfe{{ data }}</html>",
    "without the text": b"<html>{{ words }}</html>",
    "empty": b"",
}


@pytest.mark.parametrize("state", SEALED)
def test_a_broken_template_of_encrypted_pages_is_named(state: str, tmp_path: Path) -> None:
    root = house(tmp_path / "house", FILES)
    (root / "site").mkdir(exist_ok=True)
    (root / "site" / "sealed.html").write_bytes(SEALED[state])
    ran = run(root, "publish", "--yes")
    assert ran.code == 1
    assert "site/sealed.html" in ran.err, ran
    assert "Put it right, or remove it" in ran.err
    assert "Traceback" not in ran.err


def test_an_argument_that_is_not_utf_8_is_wrong_usage_and_leaves_no_file(tmp_path: Path) -> None:
    root = house(tmp_path / "house")
    before = sorted(root.rglob("*"))
    found = ended(root, "new", "post", b"caf\xe9")
    assert found.code == 2, found
    assert "this is not UTF-8 text" in found.said
    assert "Traceback" not in found.said
    assert sorted(root.rglob("*")) == before
    assert odd_argument(["new", "post", "café"]) == ""


BROKEN = """
import sys
import pipeline.reading as reading
def breaks(*_, **__): raise RuntimeError("the moon is gone")
reading.check = breaks
sys.argv = ["kith", "check"]
from pipeline.__main__ import main
main()
"""


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_fault_of_our_own_is_said_to_be_ours(tmp_path: Path, debug: str) -> None:
    environ = os.environ | {"KITH_DEBUG": debug, "PYTHONPATH": str(Path(cli.__file__).parent.parent)}
    command = [sys.executable, "-c", BROKEN]
    root = house(tmp_path / "house")
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "This is a fault of Kith, not of your files. `kith check` stopped" in done.stderr
    assert "the moon is gone" in done.stderr
    assert ("Traceback" in done.stderr) == bool(debug)
    assert "KITH_DEBUG=1" in done.stderr


ODD_ADDRESSES = ("/%00", "/a%00b/", "/" + "x" * 5000, "/" + "a/" * 3000, "/%ff%fe", "/posts/%2e%2e/%00")


def test_the_preview_answers_odd_addresses(tmp_path: Path) -> None:
    root = house(tmp_path / "house", SOUND)
    studio = Studio(root, {}, lambda: NOW, lambda _: None)
    with server(studio, 0) as running:
        studio.build()
        threading.Thread(target=running.serve_forever, daemon=True).start()
        port = running.server_address[1]
        for address in ODD_ADDRESSES:
            connection = HTTPConnection("localhost", port, timeout=10)
            connection.request("GET", address)
            assert connection.getresponse().status in (302, 404), address
            connection.close()
        with urllib.request.urlopen(f"http://localhost:{port}/posts/hello/", timeout=10) as reply:
            assert reply.status == 200, "it goes on"
        running.shutdown()
