"""Inputs that make a program slow, large or stuck, each as something to put into a small project."""

from __future__ import annotations

import io
import os
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from houses import SOUND, house, text

SECONDS, MEGABYTES = 20.0, 1000.0
"""What each may take."""

POST = "content/posts/hostile.md"
FRONT = "id: hostile\ntitle: Hostile\ndate: 2026-11-18"


@dataclass(frozen=True)
class Ended:
    """How a command ended: ``code`` is None where it had to be stopped."""

    code: int | None
    seconds: float
    megabytes: float
    said: str


_MEASURED = """
import pathlib, resource, subprocess, sys
# 3 GB of addresses: a run that would fill the machine ends instead.
resource.setrlimit(resource.RLIMIT_AS, (3_000_000_000, 3_000_000_000))
code = subprocess.call(sys.argv[2:])
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def ended(root: Path, *arguments: str | bytes, seconds: float = SECONDS * 1.5, **environ: str) -> Ended:
    """Runs `kith` in a process of its own, with limits of time and memory, and measures it and its children."""
    started = time.monotonic()
    measured = root.parent / "measured"
    command = [sys.executable, "-c", _MEASURED, str(measured), sys.executable, "-m", "pipeline", *arguments]
    own = Path(__file__).resolve().parent.parent
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=root,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(own), **environ},
    )
    try:
        said = child.communicate(timeout=seconds)[0].decode("utf-8", "replace")
        code: int | None = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, 9)
        said, code = child.communicate()[0].decode("utf-8", "replace"), None
    most = float(measured.read_text() or 0) / 1000 if measured.exists() else 0.0
    return Ended(code, time.monotonic() - started, most, said)


def _picture(width: int, height: int) -> bytes:
    """A PNG of one colour, without the memory that drawing one would take."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer, row = zlib.compressobj(1), b"\0" * (1 + 3 * width)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _moving(frames: int, form: str, side: tuple[int, int] = (640, 480)) -> bytes:
    from PIL import Image

    pictures = [Image.linear_gradient("L").resize(side).rotate(number % 180) for number in range(frames)]
    target = io.BytesIO()
    pictures[0].save(target, form, save_all=True, append_images=pictures[1:], duration=40)
    return target.getvalue()


def _with_picture(name: str, data: Callable[[], bytes]) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        (root / "content" / "media" / name).write_bytes(data())
        (root / POST).write_text(text(FRONT, f"![A picture](../media/{name})\n"))

    return make


def _body(make_body: Callable[[], str]) -> Callable[[Path], None]:
    return lambda root: (root / POST).write_text(text(FRONT, make_body())) and None


def _file(name: str, data: Callable[[], str]) -> Callable[[Path], None]:
    return lambda root: (root / name).write_text(data()) and None


def pipe_at(name: str) -> Callable[[Path], None]:
    """A named pipe in the place of a file."""

    def make(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    return make


def _odd_picture(make: Callable[[Path], None]) -> Callable[[Path], None]:
    def place(root: Path) -> None:
        make(root / "content" / "media" / "odd.png")
        (root / POST).write_text(text(FRONT, "![A picture](../media/odd.png)\n"))

    return place


def _socket(path: Path) -> None:
    # An address of a socket may have about a hundred characters.
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(before)


def _links_in_a_circle(root: Path) -> None:
    (root / "content" / "posts" / "again").symlink_to("..")
    (root / "content" / "posts" / "self.md").symlink_to("self.md")


def _bomb() -> str:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    rows += [
        f"{here}: &{here} [{', '.join([f'*{last}'] * 9)}]" for last, here in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    return "\n".join(rows)


def _drawing() -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e0 "lol">{entities}]>'
        '<svg xmlns="http://www.w3.org/2000/svg"><text>&e9;</text></svg>'
    ).encode()


TEXTS: dict[str, Callable[[], str]] = {
    "60 kB of `<a `": lambda: "<a " * 20_000 + "\n",
    "60 kB of `<a ` in a paragraph": lambda: "Words " + "<a " * 20_000 + "\n",
    "60 kB of `<!--`": lambda: "<!-- " * 12_000 + "\n",
    "60 kB of `<div>`": lambda: "<div>" * 12_000 + "\n",
    "800 fences": lambda: "".join(f"```python\nprint({n})\n```\n\n" for n in range(800)),
    "800 fences that are not closed": lambda: "```\n\nwords\n\n~~~~\n\n" * 800,
    "60 kB of `[`": lambda: "[" * 60_000 + "\n",
    "60 kB of `![`": lambda: "![" * 30_000 + "\n",
    "60 kB of `**a`": lambda: "**a " * 15_000 + "\n",
    "60 kB of `_a`": lambda: "_a*b_ " * 10_000 + "\n",
    "60 kB of backticks": lambda: "` `` ``` " * 7_000 + "\n",
    "60 kB of `$`": lambda: "$a $$b \\( " * 6_000 + "\n",
    "2,000 quotes in each other": lambda: ">" * 2_000 + " words\n",
    "500 lists in each other": lambda: "".join(f"{'    ' * n}- item\n" for n in range(500)),
    "a line of 1.9 MB": lambda: "words " * 316_000 + "\n",
    "20,000 links": lambda: "".join(f"[one](https://example.org/{n})\n" for n in range(20_000)),
    "100,000 links": lambda: "".join(f"[a](http://a.b/{n % 10})\n" for n in range(100_000)),
    "5,000 footnotes": lambda: "".join(f"Words[^{n}].\n\n[^{n}]: Note.\n\n" for n in range(5_000)),
    "a table of 20,000 rows": lambda: "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 20_000,
    "a table of 2,000 columns": lambda: "| a " * 2_000 + "|\n" + "|---" * 2_000 + "|\n" + "| 1 " * 2_000 + "|\n",
    "5,000 restricted sections": lambda: "::: only inner\nSecret words.\n:::\n\nWords.\n\n" * 5_000,
    "3,000 headings": lambda: "".join(f"## Heading\n\nWords {n}.\n\n" for n in range(3_000)),
    "60 kB of `&amp`": lambda: "&amp" * 15_000 + "\n",
}

INPUTS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    **{name: (_body(make), ("build",)) for name, make in TEXTS.items()},
    "5,000 tags on a post": (
        _file(POST, lambda: text(f"{FRONT}\ntags: [{', '.join(f't{n}' for n in range(5_000))}]")),
        ("build",),
    ),
    "front matter of 1.5 MB": (
        _file(POST, lambda: text(f"{FRONT}\n" + "".join(f"k{n}: words\n" for n in range(100_000)))),
        ("build",),
    ),
    "a YAML alias bomb": (_file(POST, lambda: text(f"{FRONT}\n{_bomb()}")), ("build",)),
    "YAML that is nested deeply": (_file(POST, lambda: text(f"{FRONT}\nx: {'[' * 5_000}")), ("build",)),
    "subscribers.yml nested deeply": (_file("subscribers.yml", lambda: "people: " + "[{a: " * 3_000), ("build",)),
    "a GIF of 300 frames": (_with_picture("m.gif", lambda: _moving(300, "GIF")), ("build",)),
    "a WebP of 300 frames": (_with_picture("m.webp", lambda: _moving(300, "WEBP", (320, 240))), ("build",)),
    "a PNG of 300 frames": (_with_picture("m.png", lambda: _moving(300, "PNG", (320, 240))), ("build",)),
    "a PNG of 165 megapixels": (_with_picture("big.png", lambda: _picture(12_850, 12_850)), ("build",)),
    "a PNG of 58 megapixels": (_with_picture("big.png", lambda: _picture(7_600, 7_600)), ("build",)),
    "a PNG that claims 2 gigapixels": (
        _with_picture("big.png", lambda: _picture(1, 1).replace(b"\0\0\0\1\0\0\0\1", b"\0\0\xb0\0\0\0\xb0\0", 1)),
        ("build",),
    ),
    "an SVG with an entity bomb": (_with_picture("b.svg", _drawing), ("build",)),
    "a folder as a picture": (_odd_picture(lambda path: path.mkdir()), ("build",)),
    "a named pipe as a picture": (_odd_picture(os.mkfifo), ("build",)),
    "a socket as a picture": (_odd_picture(_socket), ("build",)),
    "a device as a picture": (_odd_picture(lambda path: path.symlink_to("/dev/zero")), ("build",)),
    "a named pipe as the ledger": (pipe_at("private/ledger.db"), ("report",)),
    "a named pipe as the ledger's lock": (pipe_at("private/ledger.lock"), ("publish", "--yes")),
    "a named pipe as the ledger's steps": (pipe_at("private/ledger.steps"), ("publish", "--yes")),
    "a named pipe as the secret": (pipe_at("private/secret"), ("publish", "--yes")),
    "a named pipe as events": (pipe_at("events.json"), ("events", "events.json")),
    "an endless device as events": (lambda _: None, ("events", "/dev/zero")),
    "a named pipe as a post": (pipe_at(POST), ("build",)),
    "a named pipe as subscribers.yml": (pipe_at("subscribers.yml"), ("build",)),
    "a named pipe as pyproject.toml": (pipe_at("pyproject.toml"), ("build",)),
    "a named pipe as private/people.yml": (pipe_at("private/people.yml"), ("build",)),
    "a named pipe as site/mkdocs.yml": (pipe_at("site/mkdocs.yml"), ("build",)),
    "a named pipe as words of the site": (pipe_at("site/words/en.yml"), ("build",)),
    "a named pipe as an email template": (pipe_at("templates/letter.html"), ("build",)),
    "a named pipe as words of emails": (pipe_at("templates/words/en.yml"), ("build",)),
    "a device as a post": (lambda root: (root / POST).symlink_to("/dev/zero"), ("build",)),
    "links in a circle": (_links_in_a_circle, ("build",)),
}
"""Name → what puts it into a project, and the command that meets it."""


def run_input(name: str, folder: Path) -> Ended:
    """Makes a project with that input in it, and runs the command."""
    make, arguments = INPUTS[name]
    root = house(folder / "project", SOUND)
    make(root)
    return ended(root, *arguments)
