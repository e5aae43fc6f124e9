"""Finds people's addresses: written out, in the environment, or in ``private/addresses.yml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import Problem
from pipeline.textfile import read_text
from pipeline.validate import did_you_mean, visible

FILE = "private/addresses.yml"

_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)*\.[A-Za-z]{2,}"
)


class Books:
    """Resolves addresses; what cannot be resolved goes into ``problems``, at a line of ``file``."""

    def __init__(self, root: Path, environ: Mapping[str, str], file: str) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._environ = environ
        self._file = file
        self._private: dict[str, Any] | None = None

    def address(self, written: str, line: int) -> str:
        """The address that ``written`` stands for; ``""``, and a problem, when there is none."""
        written = written.strip()
        if written.startswith("env:"):
            return self._from_environment(written[4:].strip(), line)
        if written.startswith("@"):
            return self._from_file(written[1:].strip(), line)
        return self._sound(written, line, written)

    def _from_environment(self, name: str, line: int) -> str:
        value = self._environ.get(name, "").strip()
        if value:
            return self._sound(value, line, f"env:{name}")
        fact = f"the environment variable `{visible(name)}` is not set" if name else "`env:` names no variable"
        self._say(line, fact, "Set it before you run `kith`, or write the address itself.")
        return ""

    def _from_file(self, key: str, line: int) -> str:
        book = self._addresses()
        value = book.get(key)
        if isinstance(value, str) and value.strip():
            return self._sound(value.strip(), line, f"@{key}")
        hint = did_you_mean(key, book, "Add it there, or write the address itself.")
        self._say(line, f"`{FILE}` has no `{visible(key)}`" if key else "`@` names no key", hint)
        return ""

    def _addresses(self) -> dict[str, Any]:
        if self._private is None:
            self._private = {}
            path = self._root / FILE
            if path.exists():
                from pipeline import yamlfile

                text, problems = read_text(path, FILE, self._root)
                document = yamlfile.parse(text)
                self.problems += problems + document.named(FILE)
                if isinstance(document.value, dict):
                    self._private = document.value
                elif not problems and not document.problems:
                    self.problems.append(
                        Problem(FILE, 1, "it is not `key: address` lines", "Write `wei: wei@example.org`.")
                    )
        return self._private

    def _sound(self, address: str, line: int, shown: str) -> str:
        if not address or (len(address) < 65 and _PLAIN.fullmatch(address)):
            return address
        from email_validator import EmailNotValidError, validate_email

        try:
            return validate_email(
                address, check_deliverability=False, test_environment=True, strict=True, allow_smtputf8=False
            ).normalized
        except EmailNotValidError as error:
            said = str(error).rstrip(".").replace("email address", "address")
            fact = f"the address `{visible(shown)}` is not one: {visible(said[:1].lower() + said[1:], 160)}"
            self._say(line, fact, "Write it as `name@example.org`.")
            return ""

    def _say(self, line: int, fact: str, suggestion: str) -> None:
        self.problems.append(Problem(self._file, line, fact, suggestion))
