"""Work on one text, with a limit: what takes too long or nests too deeply ends as a problem of that text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.bounded import SECONDS, TooLong, bounded
from pipeline.errors import Problem, Problems

_HINT = (
    "Look for very long lines, and for thousands of links, tables or unclosed marks (`<`, `[`, `*`, fences) in it:"
    " split it, or keep data as a file in `content/media/`."
)


@contextmanager
def for_text(path: str) -> Iterator[None]:
    """Works on the text at ``path``. Raises `Problems` where that takes too long, or its marks nest too deeply."""
    try:
        with bounded():
            yield
    except TooLong as error:
        fact = f"it takes more than {SECONDS:.0f} seconds of work to read this text or to make HTML of it"
        raise Problems([Problem(path, 1, fact, _HINT)]) from error
    except RecursionError as error:
        fact = "quotes, lists, brackets or elements are nested too deeply in this text"
        raise Problems([Problem(path, 1, fact, "Write it flatter.")]) from error
