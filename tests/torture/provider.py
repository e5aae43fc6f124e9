"""The fake SendGrid as a process of its own, with short books: one line for each letter that was taken."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent.parent))

import fake_sendgrid  # noqa: E402 - it stands beside this folder
from fake_sendgrid import KEY, FakeSendgrid  # noqa: E402 - as above


class _Short(FakeSendgrid):
    """Writes down who got which delivery, and what its bytes were; nothing else."""

    count = 0

    def _book(self, mail: dict[str, Any]) -> str:
        with self._lock:
            self.count += 1
            to = mail["personalizations"][0]["to"][0]["email"]
            bytes_ = hashlib.sha256(json.dumps(mail, sort_keys=True).encode()).hexdigest()
            told = re.findall("Rain at last|The sun is back|Snow|More of [0-9]+", mail["content"][0]["value"])
            line = {"delivery": mail["custom_args"]["delivery"], "to": to, "letter": bytes_, "told": told}
            with self.books_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            return f"fake-{self.count}"


class Gate(FakeSendgrid):
    """A provider in this process that holds a letter until it is let through; what it holds, it has taken."""

    def __init__(self, books: Path, hold: int = 1) -> None:
        self._hold = hold
        self.reached, self.go = threading.Event(), threading.Event()
        super().__init__(books)

    def _said(self, sock: socket.socket, fault: str, number: str) -> bool:
        if number == f"fake-{self._hold}":
            self.reached.set()
            assert self.go.wait(60)
        return super()._said(sock, fault, number)

    def stop(self) -> None:
        self.go.set()
        super().stop()

    def to(self) -> list[str]:
        return [line["to"] for line in self.books()]


class Provider:
    """The process, and its books as they are after a run; use it as a context manager."""

    def __init__(self, books: Path, *arguments: str) -> None:
        self._books = books
        self._process = subprocess.Popen(
            [sys.executable, str(HERE), "--books", str(books), *arguments], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[-1])

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environ(self) -> dict[str, str]:
        return {"SENDGRID_API_KEY": KEY}

    def books(self) -> list[dict[str, Any]]:
        """Every letter that was taken."""
        text = self._books.read_text("utf-8") if self._books.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def taken(self) -> Counter[str]:
        """How many letters were taken for each address."""
        return Counter(line["to"] for line in self.books())

    def told(self) -> Counter[tuple[str, str]]:
        """(address, what stands in an update) → how often."""
        return Counter((line["to"], words) for line in self.books() for words in line["told"])

    def keep(self) -> str:
        """The books as they are, to begin from again."""
        return self._books.read_text("utf-8")

    def new_books(self, kept: str = "") -> None:
        """Forgets everything, or everything since they were kept."""
        self._books.write_text(kept, "utf-8")


if __name__ == "__main__":
    fake_sendgrid.FakeSendgrid = _Short  # type: ignore[misc] - its `main` starts whatever stands there
    fake_sendgrid.main(sys.argv[1:])
