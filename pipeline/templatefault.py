"""Says where a template of the person's own is broken, whatever it raises while it is read or filled in."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import KithError, Problem, Problems

TEMPLATE_HINT = "Put it right, or remove it to use the one that comes with Kith."


@contextmanager
def template_faults(name: str) -> Iterator[None]:
    """Turns what reading or filling in the template ``name`` raises into `Problems` with its line.

    A full disk or too little memory is no fault of the template, and is raised on.
    """
    from jinja2 import TemplateNotFound

    try:
        yield
    except (KithError, MemoryError):
        raise
    except UnicodeDecodeError as error:
        fact = f"byte {error.start + 1} (0x{error.object[error.start]:02x}) is not UTF-8 text"
        raise _problem(name, error.object.count(b"\n", 0, error.start) + 1, fact) from error
    except TemplateNotFound as error:
        place = (
            "it cannot be found or is no file"
            if error.name == name.rpartition("/")[2]
            else f"it asks for `{error.name}`"
        )
        raise _problem(name, 0, place) from error
    except OSError as error:
        if not isinstance(error, IsADirectoryError | PermissionError):
            raise
        raise _problem(name, 0, f"it cannot be read: {error.strerror}") from error
    except Exception as error:  # what stands in a template may raise anything
        raise _problem(name, _line(error, name), str(error) or type(error).__name__) from error


def _problem(name: str, line: int, fact: str) -> Problems:
    return Problems([Problem(name, line, " ".join(fact.split()), TEMPLATE_HINT)])


def _line(error: Exception, name: str) -> int:
    """The line that a syntax error names, else the last line of the template that was being filled in."""
    if line := getattr(error, "lineno", None):
        return int(line)
    base = name.rpartition("/")[2]
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(base)]
    return lines[-1] or 0 if lines else 0
