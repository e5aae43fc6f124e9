"""Reads the fenced blocks of the documentation, and keeps houses in which their commands can run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from docs_kith import client
from fake_sendgrid import KEY, FakeSendgrid
from fake_smtp import FakeSmtp

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LATELY = ("posts/magnifier*", "posts/phone*", "posts/ten*", "updates/2026-11*", "pages/about*")
SAMPLE = ("content", "site", "templates", "subscribers.yml", "pyproject.toml")
REMOTE = "git@github.com:lin/"
_FENCE = re.compile(r"^([ ]*)```(\S*) ?(.*?)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)

MAKE = r"""#!/bin/sh
grep -q "^$1:" "$KITH_ROOT/Makefile" || { echo "no target $1"; exit 2; }
[ "$1" = publish ] && exec kith publish
exit 0
"""

EVENT = '{"event": "delivered", "email": "wei@example.org", "timestamp": 1795226400}'
RSYNC = '#!/bin/sh\nfor one; do case "$one" in -*|*:*) ;; *) test -e "$one" || exit 23;; esac; done\n'


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the word after it, and its lines without the indentation."""

    page: str
    language: str
    word: str
    text: str

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command with the lines shown below it."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ ") or (self.language == "sh" and line):
                found.append((line.removeprefix("$ "), []))
            elif line.strip() not in ("", "…"):
                found[-1][1].append(line)
        return found


def blocks(page: Path, *languages: str) -> list[Block]:
    """The fenced blocks of a page in these languages, in order."""
    found = []
    for indent, language, word, text in _FENCE.findall(page.read_text("utf-8")):
        lines = [line.removeprefix(indent) for line in text.splitlines()]
        found.append(Block(page.name, language, word, "\n".join(lines)))
    return [block for block in found if block.language in languages]


def plain(text: str) -> str:
    """Text as it is compared: any number is any other, any space one space."""
    return " ".join(re.sub(r"\d[\d,.]*", "0", text.replace("[y/N]: y", "[y/N]:").replace("pages", "page")).split())


def sample(folder: Path) -> Path:
    """A copy of the sample house, as git would give it."""
    folder.mkdir(parents=True)
    for name in SAMPLE:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
    text = (folder / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text(text.partition("\n[tool.ruff]")[0] + "\n", "utf-8")
    return folder


def lately(folder: Path) -> Path:
    """The sample house with what was written lately, which a machine builds in a second."""
    sample(folder)
    kept = {path for pattern in LATELY for path in (folder / "content").glob(pattern)}
    for path in (folder / "content").rglob("*.md"):
        if path not in kept:
            path.unlink()
    return folder


@dataclass
class Street:
    """Houses by page and word, one shell environment for all, and the servers that they need."""

    base: Path
    built: Path
    houses: dict[tuple[str, str], Path] = field(default_factory=dict)
    closing: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        tools = self.base / "bin"
        tools.mkdir(parents=True)
        for name, text in (("kith", client(self._kith())), ("make", MAKE), ("rsync", RSYNC)):
            (tools / name).write_text(text, "utf-8")
            (tools / name).chmod(0o755)
        there = f'[url "{self.base}/remotes/"]\n\tinsteadOf = {REMOTE}\n'
        (self.base / ".gitconfig").write_text("[user]\n\tname = Lin\n\temail = lin@example.org\n" + there)

    def _kith(self) -> Path:
        """Starts `kith`; the address is short, as systems want it."""
        address = Path(tempfile.mkdtemp(prefix="kith")) / "line"
        program = [sys.executable, ROOT / "tests" / "docs_kith.py", address]
        process = subprocess.Popen(program, env=os.environ | {"TZ": "UTC"}, stdout=subprocess.PIPE, cwd=self.base)
        assert process.stdout and process.stdout.readline() == b"ready\n"
        self.closing += [process.kill, process.wait, process.stdout.close, lambda: shutil.rmtree(address.parent)]
        return address

    @property
    def environ(self) -> dict[str, str]:
        path = f"{self.base / 'bin'}:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.base), "KITH_ROOT": str(ROOT), "LANG": "C.UTF-8", "TZ": "UTC"}

    def close(self) -> None:
        for one in self.closing:
            one()

    def house(self, page: str, word: str) -> Path:
        """The house of a page's blocks with this word; it is prepared once and keeps its state."""
        if (page, word) not in self.houses:
            folder = self.base / page / (word or "sample")
            self.houses[page, word] = folder
            getattr(self, f"_{word or 'sample'}")(folder)
        return self.houses[page, word]

    def run(self, script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs a shell script; whatever asks is answered with yes."""
        return subprocess.run(
            ["/bin/bash", "-c", script], cwd=folder, env=self.environ | more, input="y\n" * 9, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=120,
        )  # fmt: skip

    def bare(self, name: str) -> Path:
        """An empty repository in the place of one of Lin's."""
        place = self.base / "remotes" / name
        if not place.exists():
            subprocess.run(["/usr/bin/git", "init", "--quiet", "--bare", "--initial-branch=main", place], check=True)
        return place

    # how a house is prepared, by the word after `console`

    def _sample(self, folder: Path) -> None:
        shutil.copytree(self.built, folder)

    def _fresh(self, folder: Path) -> None:
        sample(folder)

    def _empty(self, folder: Path) -> None:
        folder.mkdir(parents=True)

    def _known(self, folder: Path) -> None:
        self._sample(folder)
        assert self.run("kith baseline --yes", folder).returncode == 0

    def _lost(self, folder: Path) -> None:
        self._known(folder)
        (folder / "private" / "ledger.db").unlink()

    def _damaged(self, folder: Path) -> None:
        self._known(folder)
        (folder / "private" / "ledger.db").write_bytes(b"not a ledger" * 99)

    def _private(self, folder: Path) -> None:
        self._known(folder)
        self.bare("house-private.git")

    def _deploys(self, folder: Path, table: str) -> None:
        self._sample(folder)
        self.settings(folder, f"[tool.kith.deploy]\n{table}")

    def _folder(self, folder: Path) -> None:
        self._deploys(folder, f'to = "folder"\nfolder = "{folder}-www"')

    def _rsync(self, folder: Path) -> None:
        command = 'rsync -a --delete "$KITH_SITE"/ lin@host.example.org:www/'
        self._deploys(folder, f"to = \"command\"\ncommand = '{command}'")

    def _branch(self, folder: Path) -> None:
        self.bare("lin.github.io.git")
        self._deploys(folder, f'to = "branch"\nremote = "{REMOTE}lin.github.io.git"')

    def _smtp(self, folder: Path) -> None:
        self._sample(folder)
        server = FakeSmtp(folder / "books.jsonl")
        self.closing.append(server.stop)
        table = f'[tool.kith.smtp]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"'
        self.settings(folder, table, "smtp")

    def _sendgrid(self, folder: Path, *faults: str) -> None:
        self._sample(folder)
        (folder / "events").mkdir()
        (folder / "events" / "1.json").write_text(f"[{EVENT}]")
        server = FakeSendgrid(folder / "books.jsonl")
        server.script(*faults)
        self.closing.append(server.stop)
        table = f'[tool.kith.sendgrid]\nhost = "{server.url}"\nkey_env = "SENDGRID_API_KEY"'
        self.settings(folder, table, "sendgrid")

    def _uncertain(self, folder: Path) -> None:
        self._sendgrid(folder, "accept", "take-close")
        done = self.run("kith deliver --yes", folder, SENDGRID_API_KEY=KEY)
        assert "1 uncertain" in done.stdout, done.stdout
        # Renamed and changed in one step, and without its `id`: it is unclear which entry it is.
        old = folder / "content" / "updates" / "2026-11-11-red-packets.md"
        text = old.read_text("utf-8").replace("id: 2026-11-11-red-packets\n", "") + "\nAnd one more.\n"
        old.with_name("2026-11-11-red-envelopes.md").write_text(text, "utf-8")
        old.unlink()

    def settings(self, folder: Path, table: str, transport: str = "outbox") -> None:
        """Adds a table to a house's settings, and chooses its transport."""
        path = folder / "pyproject.toml"
        text = path.read_text("utf-8").replace('transport = "outbox"', f'transport = "{transport}"')
        path.write_text(f"{text}\n{table}\n", "utf-8")


def environment_of(word: str) -> dict[str, str]:
    """What a reader's environment holds by then."""
    return {"SENDGRID_API_KEY": KEY} if word in ("sendgrid", "uncertain") else {}
