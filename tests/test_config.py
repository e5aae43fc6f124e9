"""Settings: ``[tool.kith]`` of ``pyproject.toml``, with the line of every fault and no secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from houses import NOW, SETTINGS, house, run

from pipeline.config import read_settings, toml_line
from pipeline.errors import Problems
from pipeline.reading import read_house


def test_a_title_may_be_one_text_or_one_for_each_language(tmp_path: Path) -> None:
    assert read_settings(house(tmp_path)).title == {"": "A house"}
    titles = SETTINGS.replace('"A house"', '{en = "A house", zh = "一座房子"}')
    assert read_settings(house(tmp_path, {"pyproject.toml": titles})).title == {"en": "A house", "zh": "一座房子"}


@pytest.mark.parametrize(
    "url", ["https://example.org", "http://localhost:8000/", "https://例子.example/blog/", "https://[::1]/"]
)
def test_a_sites_address_may_be(tmp_path: Path, url: str) -> None:
    said = SETTINGS.replace("https://house.example.org/", url)
    assert read_settings(house(tmp_path, {"pyproject.toml": said})).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "https://",
        "https://a b/",
        "https://x:99999/",
        "https://[",
        "https://a..b/",
        "https://user:word@example.org/",
        "https://example.org/?a",
        "https://example.org/#a",
        "https://" + "a" * 64 + ".org/",
    ],
)
def test_a_sites_address_may_not_be(tmp_path: Path, url: str) -> None:
    said = SETTINGS.replace("https://house.example.org/", url)
    with pytest.raises(Problems) as told:
        read_settings(house(tmp_path, {"pyproject.toml": said}))
    assert [(problem.line, problem.suggestion) for problem in told.value.problems] == [
        (3, "Write `https://example.org/`.")
    ]


def test_a_byte_order_mark_and_old_line_ends_change_nothing(tmp_path: Path) -> None:
    said = b"\xef\xbb\xbf" + SETTINGS.replace("\n", "\r\n").encode()
    assert read_settings(house(tmp_path, {"pyproject.toml": said})).author == "Ann"


@pytest.mark.parametrize("key", ["password", "api_key", "token", "client_secret", "pass"])
def test_a_secret_is_refused_and_never_shown(tmp_path: Path, key: str) -> None:
    said = f'{SETTINGS}[tool.kith.smtp]\n{key} = "hunter2"\n'
    ran = run(house(tmp_path, {"pyproject.toml": said}), "check")
    assert [line.split(" looks")[0] for line in ran.problems] == [f"pyproject.toml:11: `{key}`"]
    assert "hunter2" not in ran.err


def test_a_secret_in_the_place_of_its_variables_name_is_never_shown(tmp_path: Path) -> None:
    said = f'{SETTINGS}[tool.kith.sendgrid]\nkey_env = "SG.hunter2"\n'
    ran = run(house(tmp_path, {"pyproject.toml": said}), "check")
    assert ran.code == 1
    assert "hunter2" not in ran.err


def test_every_fault_is_told_at_once_and_the_rest_of_the_house_is_read_in_its_languages(tmp_path: Path) -> None:
    said = (
        SETTINGS.replace("Asia/Shanghai", "Asia/Shangai").replace("author", "autor") + 'transport = 3\nper_day = "x"\n'
    )
    with pytest.raises(Problems) as told:
        read_house(
            house(tmp_path, {"pyproject.toml": said, "content/posts/x.zh.md": "---\ntitle: 一\n---\n字"}), {}, {}, NOW
        )
    assert [problem.line for problem in told.value.problems] == [1, 4, 6, 10, 11]
    assert {problem.path for problem in told.value.problems} == {"pyproject.toml"}


def test_lines_are_found_in_every_way_to_write_a_table() -> None:
    text = (
        '[tool.kith]\nmail.sender = "a"\n[tool.kith.smtp]\n# port = 1\nport = 2\n'
        '[tool.kithless]\nport = 3\n[tool."kith".deploy]\nto = "x"\n'
    )
    lines = [
        toml_line(text, path)
        for path in (("mail", "sender"), ("smtp", "port"), ("deploy", "to"), ("smtp", "x"), ("y",))
    ]
    assert lines == [2, 5, 9, 3, 1]


def test_where_there_is_no_house_only_that_is_told(tmp_path: Path) -> None:
    ran = run(tmp_path, "check")
    assert ran.code == 1
    assert len(ran.problems) == 1
    assert "there is no house here" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_publish_where_there_is_no_house_makes_none(tmp_path: Path) -> None:
    assert run(tmp_path, "publish", "--yes").code == 1
    assert list(tmp_path.iterdir()) == []
