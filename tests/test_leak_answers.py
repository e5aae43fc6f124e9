"""Ways out that an adversary found: each was open once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import houses
import pytest
from houses import run
from leaky_house import FILES, NOW, opened
from small import circle, entry, house, person

from pipeline import report
from pipeline.keyring import Keyring
from pipeline.leakcheck import LeakCheck
from pipeline.leaving import Output
from pipeline.model import EVERYONE, House
from pipeline.secret import Secret

SECRET = Secret(bytes(range(32)))
CODE = """\
::: only inner
```python
def open_vault(master_secret, salt_value):
    return {"door code": "four seven eleven", "safe place": "behind the clock"}
```

The file_name_of_it is a^2 + b^2 and H~2~O.
:::
"""


def with_passage(body: str) -> House:
    return house([entry("a", body=body)], [circle("inner", reads=["inner", "public"])], [person("wei", "inner")])


@pytest.mark.parametrize(
    "shown",
    [
        "<code>def open_vault(master_secret, salt_value):</code>",
        '<span class="p">{</span><span>&quot;door code&quot;</span>: <span>&quot;four seven eleven&quot;</span>',
        "<p>The file_name_of_it is here</p>",
    ],
)
def test_code_with_names_and_braces_is_found_as_it_stands(shown: str) -> None:
    check = LeakCheck(with_passage(f"Public.\n\n{CODE}"), Path("nowhere"))
    assert check.look(Output("build/site/index.html", EVERYONE, shown.encode()))


def test_a_key_of_a_sealed_page_is_found_wherever_others_read_it_and_is_not_shown() -> None:
    of = with_passage("Public.\n\n::: only inner\nThe eye test was worse this month.\n:::\n")
    keyring = Keyring(of, SECRET.seals)
    check = LeakCheck(of, Path("nowhere"), keyring, SECRET.token)
    one = of.entries[0]
    link = keyring.link(one, one.master, of.audience(of.people[0]))
    assert "/#" in link
    (leak,) = check.look(Output("build/site/feed.xml", EVERYONE, f'<a href="{link}">x</a>'.encode()))
    key = link.partition("#")[2]
    assert key not in leak.said() and "the key of the sealed page" in leak.said()
    assert not check.look(Output("the letter to `wei`", of.audience(of.people[0]), link.encode(), frozenset({"wei"})))


def test_a_readers_token_is_found_in_anybody_elses_letter() -> None:
    of = with_passage("Public.")
    check = LeakCheck(of, Path("nowhere"), Keyring(of, SECRET.seals), SECRET.token)
    token = SECRET.token("wei").encode()
    assert not check.look(Output("the letter to `wei`", EVERYONE, token, frozenset({"wei"})))
    (leak,) = check.look(Output("the letter to `tom`", EVERYONE, token, frozenset({"tom"})))
    assert token.decode() not in leak.said()


def test_the_plans_json_names_entries_and_says_nothing_of_their_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = opened(tmp_path).root
    assert run(root, "plan", "--json", now=NOW).code == 0
    real = report.plan_data

    def leaky(of: House, plan: object) -> dict[str, object]:
        return {**real(of, plan), "bodies": [one.master.body for one in of.entries]}  # type: ignore[arg-type] - a test hands it through

    monkeypatch.setattr(report, "plan_data", leaky)
    ran = run(root, "plan", "--json", now=NOW)
    assert ran.code == 1 and "stands in the plan's JSON" in ran.err


def test_a_passage_in_a_page_is_a_problem(tmp_path: Path) -> None:
    page = "---\ntitle: Now\n---\n\nHere.\n\n::: only kreis-eins\nSeven green lizards.\n:::\n"
    root = houses.house(tmp_path, FILES | {"content/pages/now.md": page})
    ran = run(root, "check", now=NOW)
    assert ran.code == 1
    assert "content/pages/now.md:7: a passage in a page, which is for everyone" in ran.out + ran.err


def test_private_files_that_cannot_be_read_are_a_problem_as_their_names_are_not_sought(tmp_path: Path) -> None:
    root = houses.house(tmp_path, FILES)
    (root / "private").mkdir(mode=0o700, exist_ok=True)
    (root / "private" / "people.yml").write_text("zed: {name: Zed Zimmer, mail: [\n", "utf-8")
    ran = run(root, "check", now=NOW)
    assert ran.code == 1 and "private/people.yml:" in ran.out + ran.err
    (root / "private" / "people.yml").write_text("zed: {Full-Name: Zed Zimmer, contact: {home: z@zed.example.org}}\n")
    assert run(root, "check", now=NOW).code == 0
    (root / "content" / "updates" / "2026-11-18-zed.md").write_text(
        "---\nid: zed-came\ndate: 2026-11-18\n---\n\nZed Zimmer came by; write to z@zed.example.org.\n", "utf-8"
    )
    said = run(root, "build", now=NOW)
    assert said.code == 1
    assert "the name of `zed`" in said.err and "the address of `zed`" in said.err


def test_a_letter_frozen_before_its_text_was_narrowed_does_not_go(tmp_path: Path) -> None:
    root = houses.house(tmp_path, FILES)
    settings = root / "pyproject.toml"
    text = settings.read_text("utf-8").replace("[tool.kith.mail]\n", "[tool.kith.mail]\nper_day = 1\n")
    settings.write_text(text, "utf-8")
    path = root / "content" / "updates" / "2026-11-20-lizards.md"
    head, secret = "---\nid: lizards\ndate: 2026-11-20\n", "Seven green lizards sleep under the warm stones.\n"
    path.write_text(f"{head}---\n\n{secret}", "utf-8")
    assert run(root, "publish", "--yes", now=NOW).code == 0
    paste = next((root / "build" / "paste").glob("*.txt"))
    assert "lizards" in paste.read_text("utf-8")
    paste.unlink()
    path.write_text(f"{head}visibility: kreis-eins\n---\n\n{secret}", "utf-8")
    for days in range(1, 4):
        assert run(root, "publish", "--yes", now=NOW + timedelta(days=days)).code == 0
    told = {path.read_bytes().partition(b"\nTo: ")[2].partition(b"\r")[0]: path for path in outbox(root)}
    assert all(b"ottokar" in to for to, one in told.items() if b"lizards" in one.read_bytes())
    assert not paste.exists(), "the old group's text is not written again either"
    assert "holds what is now only for kreis-eins" in run(root, "report", "--json", now=NOW).out


def outbox(root: Path) -> list[Path]:
    return sorted((root / "build" / "outbox").glob("*.eml"))
