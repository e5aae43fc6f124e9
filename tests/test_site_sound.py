"""The site as tools for accessibility and HTML judge it: axe-core and html-validate find nothing to say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import html as parser

from pipeline import site
from pipeline.model import House
from tests.browsing import CHROMIUM, served
from tests.site_house import post, sample
from tests.test_site import root_with_media
from tests.test_site_browser import LISTS, PAGES

TOOLS = Path(__file__).parent / "tools" / "node_modules"
AXE = TOOLS / "axe-core" / "axe.min.js"
VALIDATE = TOOLS / "html-validate" / "bin" / "html-validate.mjs"
NODE = shutil.which("node")

MISSING = "`npm ci` in tests/tools brings axe-core and html-validate"

PAPER = {
    "light": "getComputedStyle(document.body).backgroundColor == 'rgb(251, 250, 246)'",
    "dark": "getComputedStyle(document.body).backgroundColor == 'rgb(20, 25, 26)'",
}

RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
  (one) => `${one.id}: ${one.help} | ${one.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`)"""


RICH = """Words with a [link](loop.en.md), `code`, ==a mark==, ++ctrl+c++, H~2~O, a note[^1], and an abbr.

*[abbr]: abbreviation

| Name | Size |
|:-----|-----:|
| a    | 1 < 2 |

- [x] done
- [ ] to do

Term
:   What it means.

!!! note "By the way"
    Calm.

??? question "More"
    Folded.

=== "One"
    First.

=== "Two"
    Second.

```python title="a.py" hl_lines="2"
def a():
    return 1
```

```mermaid
flowchart LR
    A[Write] --> B{Public?}
    B -->|yes| C[Site]
```

```mermaid
graph nonsense ((
```

## A heading

> Quoted.

$$\\sum_{k=1}^n k$$

![River](../media/river.jpg)

### Below it

[^1]: The note.

## Last
"""
"""All that Markdown can do here."""


def whole() -> House:
    """The sample with a post that has everything, in Japanese too, and an old address."""
    texts = ("en", "Everything", RICH), ("ja", "すべて", "**静かに**読む。「はい」と言った。\n\n" + RICH)
    rich = post("rich", "2026-07-01", *texts, tags=("running",))
    moved = replace(rich.versions[0], aliases=("old/rich/",))
    rich = replace(rich, versions=(moved, *rich.versions[1:]))
    given = sample()
    return replace(given, entries=(*given.entries, rich))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = root_with_media(tmp_path_factory.mktemp("house"))
    site.build(whole(), root)
    return root / "build" / "site"


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as found:
        yield found


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
@pytest.mark.skipif(not AXE.exists(), reason=MISSING)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_axe_finds_nothing_on_any_kind_of_page(browser: Any, address: str) -> None:
    tab, found = browser.new_context().new_page(), {}
    script = AXE.read_text("utf-8")
    for path in [*PAGES, *LISTS, "posts/rich/"]:
        tab.goto(address + path, wait_until="load")
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        tab.evaluate(script)
        for scheme, width in product(("light", "dark"), (375, 1280)):
            tab.emulate_media(color_scheme=scheme)
            tab.set_viewport_size({"width": width, "height": 800})
            tab.wait_for_function(PAPER[scheme], timeout=5000)
            if said := tab.evaluate(RUN):
                found[path, scheme, width] = said
    tab.context.close()
    assert found == {}


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.skipif(not VALIDATE.exists(), reason=MISSING)
def test_html_validate_finds_nothing_on_any_page(folder: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"root": True, "extends": ["html-validate:standard", "html-validate:a11y"]}))
    files = sorted(str(file) for file in folder.rglob("*.html"))
    command = [str(NODE), str(VALIDATE), "--config", str(rules), "--formatter", "json", *files]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path).stdout
    found = {
        f"{Path(one['filePath']).relative_to(folder)}:{message['line']}: {message['message']} ({message['ruleId']})"
        for one in json.loads(said)
        for message in one["messages"]
    }
    assert found == set()


def test_no_address_on_any_page_leads_nowhere(folder: Path) -> None:
    pages = {file: parser.document_fromstring(file.read_bytes()) for file in folder.rglob("*.html")}
    ids = {file: set(page.xpath("//@id")) for file, page in pages.items()}
    found = set()
    for file, page in pages.items():
        for address in addresses(page):
            path, _, fragment = address.removeprefix("https://lin.example.org").partition("#")
            there = file if not path else folder / unquote(path).removeprefix("/blog/") if path[0] == "/" else None
            there = file.parent / path if there is None else there
            there = there / "index.html" if there.is_dir() else there
            missing = not there.is_file() and not FEED.search(path)
            if missing or (fragment and unquote(fragment) not in ids.get(there, ())):
                found.add((file.relative_to(folder).as_posix(), address))
    assert found == set()


FEED = re.compile(r"/(?:feed\.(?:xml|json)|atom\.xml|feeds\.opml)$")
"""Documents of the feeds, which are not made here."""


def addresses(page: Any) -> Iterator[str]:
    """Every address of this site that a page names, for people, browsers or machines."""
    for one in page.xpath("//@href|//@src|//meta[@property='og:image' or @property='og:url']/@content"):
        if one.startswith("https://lin.example.org") or not re.match(r"[a-z]+:", one):
            yield one
    for row in page.xpath("//@srcset"):
        yield from (one.split()[0] for one in row.split(","))
