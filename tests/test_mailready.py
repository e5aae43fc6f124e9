"""`kith check` warns of what would keep emails from arriving, once a real transport is chosen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from houses import PEOPLE, SETTINGS, house, run

from pipeline.mailready import is_reserved

REAL = SETTINGS.replace("[tool.kith.mail]", '[tool.kith.mail]\ntransport = "{transport}"').replace(
    "ann@house.example.org", "{sender}"
)
READERS = PEOPLE.replace("@example.org", "@readers.net")


def checked(folder: Path, transport: str, sender: str, more: str = "", people: str = READERS, **env: str) -> str:
    settings = REAL.format(transport=transport, sender=sender) + more
    ran = run(house(folder, {"pyproject.toml": settings, "subscribers.yml": people}), "check", env=env)
    assert ran.code == 0, ran
    return ran.out


SMTP = '\n[tool.kith.smtp]\nhost = "mail.readers.net"\n'


def test_with_the_outbox_nothing_is_missing(tmp_path: Path) -> None:
    assert "No problems.\n" in checked(tmp_path, "outbox", "you@example.org", people=PEOPLE)


@pytest.mark.parametrize(
    "sender", ["you@example.org", "ann@a.example.com", "ann@x.invalid", "ann@x.test", "you@home.net"]
)
def test_a_placeholder_for_the_sender_is_named_with_its_line(tmp_path: Path, sender: str) -> None:
    out = checked(tmp_path, "smtp", sender, SMTP)
    assert f"Warning: pyproject.toml:10: `sender` is `Ann <{sender}>`, a placeholder" in out
    assert "No problems, 1 warning." in out


def test_people_at_domains_for_examples_are_counted(tmp_path: Path) -> None:
    out = checked(tmp_path, "smtp", "ann@ann.net", SMTP, PEOPLE)
    assert (
        "Warning: subscribers.yml:8: `wei` and 1 other have addresses at a domain for examples (`example.org`)" in out
    )


def test_a_missing_server_password_or_key_is_named(tmp_path: Path) -> None:
    out = checked(tmp_path, "smtp", "ann@ann.net")
    assert "Warning: pyproject.toml:9: `transport` is `smtp`, and there is no `host` in [tool.kith.smtp]" in out
    out = checked(tmp_path, "smtp", "ann@ann.net", SMTP + 'username = "ann"\n')
    assert "the environment variable `KITH_SMTP_PASSWORD` is not set" in out
    assert "not set" not in checked(
        tmp_path, "smtp", "ann@ann.net", SMTP + 'username = "ann"\n', KITH_SMTP_PASSWORD="x"
    )
    assert "the environment variable `SENDGRID_API_KEY` is not set" in checked(tmp_path, "sendgrid", "ann@ann.net")
    assert "No problems.\n" in checked(tmp_path, "sendgrid", "ann@ann.net", SENDGRID_API_KEY="SG.x")


def test_warnings_are_data_as_well(tmp_path: Path) -> None:
    checked(tmp_path, "sendgrid", "ann@ann.net")
    (one,) = json.loads(run(tmp_path, "check", "--json").out)
    assert (one["path"], one["line"], one["warning"]) == ("pyproject.toml", 9, True)


@pytest.mark.parametrize(
    ("address", "reserved"),
    [("a@example.org", True), ("a@b.EXAMPLE.net.", True), ("a@b.example", True), ("a@localhost", True),
     ("a@myexample.org", False), ("a@example.org.cn", False), ("a@test.net", False)],
)  # fmt: skip
def test_domains_that_are_reserved(address: str, reserved: bool) -> None:
    assert is_reserved(address) is reserved
