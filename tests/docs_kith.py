"""`kith` for the documentation's blocks: the real one, started once and forked for each command.

The clock stands still, a house's secret is always the same, the network is closed beyond this machine,
whoever is asked is there to answer, and `serve` builds once and ends. Run as a process, it prints
``ready`` and answers the clients that `client` makes.
"""

from __future__ import annotations

import importlib
import json
import os
import secrets
import socket
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
_OURS = "publish site engine letters feeds serve seen starter standing terminal transports.choose".split()
_THEIRS = "mkdocs.commands.build material.plugins.search.plugin css_inline sendgrid ghp_import pymdownx".split()


class Still(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return NOW.astimezone(tz)


def client(address: Path) -> str:
    """The text of a command that hands its words, folder, environment and files to the process at ``address``."""
    return f"""#!{sys.executable} -IS
import json, os, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({str(address)!r})
order = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)])
socket.send_fds(line, [order.encode()], [0, 1, 2])
sys.exit(int(line.recv(16)))
"""


def near(connect: Callable[..., Any]) -> Callable[..., Any]:
    """A way to connect that reaches this machine only."""

    def only(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
            raise OSError(101, "the network is closed")
        return connect(self, address)

    return only


def prepare() -> None:
    """Imports what is slow, once, and closes what tests may not have."""
    from pipeline import serve, starter
    from pipeline.commands import base

    for name in (*(f"pipeline.{one}" for one in _OURS), *_THEIRS):
        importlib.import_module(name)
    base.datetime = starter.datetime = Still  # type: ignore[misc]
    secrets.token_bytes = lambda nbytes=None: bytes(range(nbytes or 32))
    socket.socket.connect = near(socket.socket.connect)  # type: ignore[method-assign]
    serve.saves = lambda root: iter(())  # type: ignore[assignment]


def command(words: list[str], folder: str, environ: dict[str, str]) -> int:
    """Runs `kith` with these words and gives its exit code."""
    from pipeline.__main__ import main

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    more = ["--no-browser", "--port", "0"] if {"serve", "preview"} & {*words} and "--help" not in words else []
    sys.argv = ["kith", *words, *more]
    sys.stdin.isatty = lambda: True  # type: ignore[method-assign]
    try:
        main()
    except SystemExit as leaving:
        return int(leaving.code or 0)
    except BaseException:  # noqa: BLE001 - a child must not fall back into its parent's loop
        traceback.print_exc()
        return 99
    return 0


def child(order: bytes, files: list[int]) -> None:
    """Takes the client's files for its own, runs the command and ends."""
    for own, given in enumerate(files):
        os.dup2(given, own)
    code = command(*json.loads(order))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def answer(address: str) -> None:
    """Forks for each client, one after the other, until it is killed."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        line, _ = listener.accept()
        order, files, _, _ = socket.recv_fds(line, 1 << 18, 3)
        process = os.fork()
        if not process:
            child(order, files)
        for one in files:
            os.close(one)
        line.send(str(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])).encode())
        line.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    prepare()
    answer(sys.argv[1])
