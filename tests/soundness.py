"""What html-validate, and a walk over every address, say of a folder of pages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import html as parser

TOOLS = Path(__file__).parent / "tools" / "node_modules"
AXE = TOOLS / "axe-core" / "axe.min.js"
VALIDATE = TOOLS / "html-validate" / "bin" / "html-validate.mjs"
NODE = shutil.which("node")
MISSING = "`npm ci` in tests/tools brings axe-core and html-validate"

FEED = re.compile(r"/(?:feed\.(?:xml|json)|atom\.xml|feeds\.opml)$")
"""Documents of the feeds, which not every folder has."""


def html_faults(folder: Path, files: Iterable[Path], rules: Path) -> set[str]:
    """What html-validate finds in these files; ``rules`` is where its settings are written."""
    rules.write_text(json.dumps({"root": True, "extends": ["html-validate:standard", "html-validate:a11y"]}))
    names = sorted(map(str, files))
    told = rules.with_name("told.json")
    command = [str(NODE), str(VALIDATE), "--config", str(rules), "--formatter", f"json={told}", *names]
    subprocess.run(command, capture_output=True, check=False, cwd=rules.parent)
    return {
        f"{Path(one['filePath']).relative_to(folder)}:{message['line']}: {message['message']} ({message['ruleId']})"
        for one in json.loads(told.read_bytes())
        for message in one["messages"]
    }


def dead_addresses(folder: Path, origin: str, base: str = "/") -> set[tuple[str, str]]:
    """Every address of the site at ``origin`` that a page names and that is not there: page, address."""
    pages = {file: parser.document_fromstring(file.read_bytes()) for file in folder.rglob("*.html")}
    ids = {file: set(page.xpath("//@id")) for file, page in pages.items()}
    found = set()
    for file, page in pages.items():
        for address in _addresses(page, origin):
            path, _, fragment = address.removeprefix(origin).partition("#")
            there = file if not path else folder / unquote(path).removeprefix(base) if path[0] == "/" else None
            there = file.parent / path if there is None else there
            there = there / "index.html" if there.is_dir() else there
            missing = not there.is_file() and not FEED.search(path)
            if missing or (fragment and unquote(fragment) not in ids.get(there, ())):
                found.add((file.relative_to(folder).as_posix(), address))
    return found


def _addresses(page: Any, origin: str) -> Iterator[str]:
    """Every address of the site that a page names, for people, browsers or machines."""
    for one in page.xpath("//@href|//@src|//meta[@property='og:image' or @property='og:url']/@content"):
        if one.startswith(origin) or not re.match(r"[a-z]+:", one):
            yield one
    for row in page.xpath("//@srcset"):
        yield from (one.split()[0] for one in row.split(","))
