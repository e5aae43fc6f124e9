"""The site as tools for accessibility and HTML judge it: axe-core and html-validate find nothing to say."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import site
from tests.site_house import sample
from tests.test_site import root_with_media
from tests.test_site_browser import CHROMIUM, LISTS, PAGES, served

TOOLS = Path(__file__).parent / "tools" / "node_modules"
AXE = TOOLS / "axe-core" / "axe.min.js"
VALIDATE = TOOLS / "html-validate" / "bin" / "html-validate.mjs"
NODE = shutil.which("node")

MISSING = "`npm ci` in tests/tools brings axe-core and html-validate"

RUN = """async () => (await axe.run(document, {resultTypes: ["violations", "incomplete"]})).violations.map(
  (one) => `${one.id}: ${one.help} | ${one.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`)"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = root_with_media(tmp_path_factory.mktemp("house"))
    site.build(sample(), root)
    return root / "build" / "site"


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield chromium
        chromium.close()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed")
@pytest.mark.skipif(not AXE.exists(), reason=MISSING)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_kind_of_page(browser: Any, address: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    tab, found = context.new_page(), {}
    for path in PAGES + LISTS:
        tab.goto(address + path, wait_until="load")
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        tab.evaluate(AXE.read_text("utf-8"))
        if said := tab.evaluate(RUN):
            found[path] = said
    context.close()
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
