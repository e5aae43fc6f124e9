"""Letters before the tools of others: spam filters, validators, what mail programs can do, signatures.

The tools come from Debian and npm; `.ci/run` installs them, and elsewhere these tests are skipped with their reason.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from lxml import html as parser

from pipeline.gallery import samples
from pipeline.outgoing import Letter
from pipeline.reading import read_house
from tests import letters_house as h

ROOT = Path(__file__).parent.parent
TOOLS = Path(__file__).parent / "tools"
PACKAGES = TOOLS / "node_modules"
CHROMIUM = Path("/usr/bin/chromium")

needs_npm = pytest.mark.skipif(
    not (PACKAGES.is_dir() and shutil.which("node")),
    reason="the tools from npm are not installed: npm ci --prefix tests/tools",
)
needs_spamassassin = pytest.mark.skipif(
    not shutil.which("spamassassin"), reason="Debian's spamassassin is not installed"
)


@pytest.fixture(scope="module")
def letters() -> dict[str, Letter]:
    """Those with every Markdown feature, and those that the gallery makes of the sample house."""
    house = read_house(ROOT, {}, {}, h.NOW)
    own = {one.name.replace(" · ", "-of-the-house-"): one.letter for one in samples(house, h.stationery(), h.NOW)}
    assert len(own) == 9
    return {name: made() for name, made in h.SAMPLES.items()} | own


# filters


MOST_SPAM = 0.5


@needs_spamassassin
def test_a_spam_filter_finds_nothing_in_any_letter(letters: dict[str, Letter], tmp_path: Path) -> None:
    assert spam(letters, tmp_path) == {}


def spam(letters: Mapping[str, Letter], folder: Path) -> dict[str, tuple[str, str]]:
    """Score and reasons of every letter with more than `MOST_SPAM`: SpamAssassin's own tests, all in one run.

    Without the network, and without what it has learned.
    """
    lines = [b"From x Sat Nov 21 09:00:00 2026\n" + h.mailed(one).replace(b"\r\n", b"\n") for one in letters.values()]
    box = b"\n".join(lines) + b"\n"
    rules = folder / "rules.cf"
    rules.write_text("use_bayes 0\nuse_auto_whitelist 0\nreport_safe 0\nskip_rbl_checks 1\n", "ascii")
    command = ["spamassassin", "--local", "--mbox", "--prefspath", str(rules)]
    done = subprocess.run(command, input=box, capture_output=True, check=True, timeout=240)
    said = re.sub(r"\n[ \t]+", " ", done.stdout.decode("utf-8", "replace"))
    scores = re.findall(r"^X-Spam-Status: .*?score=(-?[\d.]+) .*?tests=(\S*)", said, re.MULTILINE)
    assert len(scores) == len(letters)
    return {name: found for name, found in zip(letters, scores, strict=True) if float(found[0]) > MOST_SPAM}


# validators


def invalid(documents: Mapping[str, str], folder: Path) -> set[tuple[str, str, int, str]]:
    """What html-validate says of documents by name, all in one run: rule, name, line, message."""
    for name, document in documents.items():
        (folder / f"{name}.html").write_text(document, "utf-8")
    shutil.copy(TOOLS / "htmlvalidate.json", folder / ".htmlvalidate.json")
    said = folder / "said.json"
    command = ["node", str(PACKAGES / "html-validate/bin/html-validate.mjs"), "--formatter", f"json={said}"]
    subprocess.run([*command, str(folder)], capture_output=True, check=False, timeout=120)
    return {
        (one["ruleId"], Path(result["filePath"]).stem, one["line"], one["message"])
        for result in json.loads(said.read_text("utf-8"))
        for one in result["messages"]
    }


@needs_npm
def test_a_validator_has_nothing_to_say_about_any_letter(letters: dict[str, Letter], tmp_path: Path) -> None:
    """All rules but five: styles in place, attributes for widths, words to Outlook, roles, blanks in code."""
    assert invalid({name: letter.html for name, letter in letters.items()}, tmp_path) == set()


@needs_npm
def test_the_validator_would_say_something(letters: dict[str, Letter], tmp_path: Path) -> None:
    """A fault in the middle of a letter is found, in a letter by itself and among others."""
    broken = letters["single-en"].html.replace("<strong>weight</strong>", "<strong>weight</b>")
    assert {name for _, name, _, _ in invalid({"a": broken, "b": letters["single-zh"].html}, tmp_path)} == {"a"}


# what mail programs can do

CLIENTS = (
    *(("gmail", platform) for platform in ("desktop-webmail", "ios", "android")),
    *(("outlook", platform) for platform in ("windows", "macos", "outlook-com", "ios", "android")),
    *(("apple-mail", platform) for platform in ("macos", "ios")),
    *(("yahoo", platform) for platform in ("desktop-webmail", "ios", "android")),
    ("samsung-email", "android"),
    ("thunderbird", "macos"),
)
"""The programs that a reader of letters is likely to have."""

WITHOUT = {
    "css-at-media-prefers-color-scheme": "the letter stays light, or the program darkens it by itself",
    "css-at-media": "the padding for small screens stays wide",
    "css-color-scheme": "the letter stays light, or the program darkens it by itself",
    "html-meta-color-scheme": "the same",
    "css-height": "a rule is as high as its border, and pictures keep their shape by themselves",
    "css-border-radius": "corners are square",
    "css-hyphens": "a long heading of a table breaks anywhere",
    "css-max-height": "the hidden line is hidden by other means too",
    "css-overflow": "the hidden line is hidden by other means too",
    "css-overflow-wrap": "`word-break` does the same where it is known",
    "css-word-break": "a long word may be cut at the edge",
    "css-white-space": "a long line of code does not break",
    "css-table-layout": "a table takes the width that its words ask for",
    "html-doctype": "the program has its own",
    "html-body": "the colour of the table stands in for that of the page",
}
"""What some of these programs do not know, and what a reader sees then; everything else all of them know."""


def used(letter: Letter) -> set[str]:
    """The names under which caniemail keeps what a letter uses: tags, attributes, properties, rules."""
    root = parser.document_fromstring(letter.html)
    found: set[str] = {"html-doctype", "html-style", "html-comments"}
    styles = [element.get("style") for element in root.xpath("//*[@style]")]
    sheet = " ".join(style.text or "" for style in root.iter("style"))
    for element in root.iter():
        if isinstance(element.tag, str):
            found.add(
                {"ul": "html-lists", "ol": "html-lists", "li": "html-lists"}.get(element.tag, f"html-{element.tag}")
            )
            found |= {f"html-{name}" for name in element.attrib}
            found |= {"html-h1-h6"} if re.fullmatch(r"h[1-6]", element.tag) else set()
            found |= {"html-mailto-links"} if (element.get("href") or "").startswith("mailto:") else set()
    for block in [*styles, *re.findall(r"\{([^{}]*)\}", sheet)]:
        for declaration in block.split(";"):
            name, _, value = (part.strip() for part in declaration.partition(":"))
            names = {name, name.rpartition("-")[0], name.partition("-")[0]}
            found |= {f"css-{one}" for one in names if one}
            found |= {"css-display-none"} if (name, value) == ("display", "none") else set()
            found |= {"css-important"} if "!important" in value else set()
            found |= {"css-unit-px"} if "px" in value else set()
    return found | {"css-at-media", "css-at-media-prefers-color-scheme", "css-selector-class", "html-meta-color-scheme"}


def newest(results: dict[str, str]) -> str:
    """What the newest version of a program can do: y, n, a (partly) or u (nobody knows)."""
    return list(results.values())[-1].split()[0]


@needs_npm
def test_every_letter_uses_what_mail_programs_know_or_can_do_without(letters: dict[str, Letter]) -> None:
    names = set().union(*map(used, letters.values()))
    assert len(names) > 40
    missing = lacking(names)
    assert {name: programs for name, programs in missing.items() if name not in WITHOUT} == {}
    assert set(WITHOUT) - set(missing) == set()


def lacking(names: set[str]) -> dict[str, list[str]]:
    """Which of `CLIENTS` do not know what of ``names``, by caniemail."""
    data = json.loads((PACKAGES / "caniemail/data/caniemail.json").read_text("utf-8"))["data"]
    known: dict[str, dict[str, Any]] = {one["slug"]: one["stats"] for one in data}
    found = {
        name: sorted(f"{family} {platform}" for family, platform in CLIENTS if _lacks(known[name], family, platform))
        for name in names & set(known)
    }
    return {name: programs for name, programs in found.items() if programs}


def _lacks(stats: dict[str, Any], family: str, platform: str) -> bool:
    results = stats.get(family, {}).get(platform)
    return bool(results) and newest(results) == "n"


# people who do not see the letter, and screens


@pytest.fixture(scope="module")
def browser() -> Any:
    if not CHROMIUM.exists():
        pytest.skip("Debian's Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield opened
        opened.close()


@needs_npm
@pytest.mark.browser
# Playwright opens its event loop with calls that newer Pythons deprecate.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_every_letter(browser: Any, letters: dict[str, Letter], scheme: str) -> None:
    """Every rule of axe-core, best practices among them; in the dark those of colours, as nothing else is another."""
    choice = {"resultTypes": ["violations"], "iframes": False}
    if scheme == "dark":
        choice["runOnly"] = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
    context = browser.new_context(color_scheme=scheme, viewport={"width": 375, "height": 800})
    context.set_offline(True)
    page, found = context.new_page(), {}
    for name, letter in letters.items():
        page.set_content(letter.html, wait_until="domcontentloaded")
        page.add_script_tag(path=PACKAGES / "axe-core/axe.min.js")
        said = page.evaluate("choice => axe.run(choice)", choice)
        rules = {one["id"]: [node["html"][:120] for node in one["nodes"]] for one in said["violations"]}
        if rules:
            found[name] = rules
    context.close()
    assert found == {}


# signatures


def test_a_signature_over_both_ways_to_leave_is_verified_and_breaks_when_one_changes() -> None:
    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])
    covered = [b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"]
    for name in sorted(h.GOLDEN):
        letter = h.SAMPLES[name]()
        message = h.mailed(letter)
        domain = parseaddr(letter.sender)[1].rpartition("@")[2].encode()
        way = (b"relaxed", b"relaxed")
        head = dkim.sign(message, b"k", domain, private, canonicalize=way, include_headers=covered)
        signed = head + message

        def verified(data: bytes) -> bool:
            return bool(dkim.verify(data, dnsfunc=lambda *_, **__: record))

        assert verified(signed), name
        for header in (b"\r\nList-Unsubscribe: <https", b"\r\nList-Unsubscribe-Post: List"):
            assert signed.count(header) == 1
            assert not verified(signed.replace(header, header + b"x")), (name, header)
