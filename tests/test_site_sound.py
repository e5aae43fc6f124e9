"""The site as tools for accessibility and HTML judge it: axe-core and html-validate find nothing to say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from soundness import AXE, MISSING, NODE, VALIDATE, dead_addresses, html_faults

from pipeline import site
from pipeline.finish import finish
from pipeline.markup import render
from pipeline.model import House
from tests.browsing import CHROMIUM, served
from tests.site_house import post, sample
from tests.test_site import root_with_media
from tests.test_site_browser import LISTS, PAGES

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
    assert html_faults(folder, folder.rglob("*.html"), tmp_path / "rules.json") == set()


def test_no_address_on_any_page_leads_nowhere(folder: Path) -> None:
    assert dead_addresses(folder, "https://lin.example.org", "/blog/") == set()


def test_what_an_author_forgot_of_a_picture_is_put_right() -> None:
    made = finish(
        '<div align="center"><a href="/a/gold-1.png"><img src="/a/gold-1.png"></a><img src="/b.png"></div>', {}
    )
    assert '<div style="text-align: center">' in made
    assert 'alt="gold-1"' in made
    assert made.count('alt=""') == 1


def test_what_only_looks_like_an_element_is_shown() -> None:
    html = render("Press C-x <RET> x, a `List<int>`, a List<String> and <b>bold</b>.", lambda _, href: href).html
    assert "C-x &lt;ret&gt; x" in html
    assert "a List&lt;string&gt; and <b>bold</b>" in html
    drawn = '<svg viewBox="0 0 1 1"><lineargradient></lineargradient></svg>'
    assert drawn.lower() in render(drawn, lambda _, href: href).html.lower()
