"""``{% once KEY %} … {% endonce %}`` in a template of the site: made once for each key, and the same from then on.

For what stands around every page and differs only by language, or by how deep the page lies: `[frame.lang, base_url]`.
What is inside may use nothing that the key does not tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser


class Once(Extension):
    """The tag; what it made is remembered as long as the environment lives."""

    tags = {"once"}  # noqa: RUF012 - the name and the kind that Jinja asks for

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._made: dict[tuple[object, ...], str] = {}

    def parse(self, parser: Parser) -> nodes.Node:
        """The tag as a call that is handed how to make what is inside."""
        line = next(parser.stream).lineno
        place = nodes.Const(f"{parser.name}:{line}")
        key = parser.parse_expression()
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_kept", [place, key]), [], [], body).set_lineno(line)

    def _kept(self, place: str, key: list[Any], caller: Callable[[], str]) -> str:
        name = (place, *key)
        if name not in self._made:
            self._made[name] = caller()
        return self._made[name]


def plainly(environment: Environment) -> None:
    """Has templates keep their globals in one dictionary: Jinja's chain of two is walked through for every include."""

    def together(d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**environment.globals, **(d or {})}

    environment.make_globals = together  # type: ignore[method-assign]  # Jinja offers no other way in
