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
    """Has templates keep their globals in one dictionary, and look into dictionaries for what is no method of theirs.

    Jinja's chain of two dictionaries is walked through for every include, and it asks each dictionary for an attribute
    first, which costs an exception.
    """
    asked = environment.getattr

    def together(d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**environment.globals, **(d or {})}

    def found(obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute in obj and attribute not in _METHODS:
            return obj[attribute]
        return asked(obj, attribute)

    # Jinja offers no other way in
    environment.make_globals = together  # type: ignore[method-assign]
    environment.getattr = found  # type: ignore[method-assign]


_METHODS = frozenset(dir(dict))
