"""Starts `kith`: every error a person can cause ends as one message and an exit code, never as a traceback."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
import threading
from contextlib import suppress

_HINTS = {
    errno.ENOSPC: "Make room, and run it again: nothing is lost.",
    errno.EDQUOT: "Make room, and run it again: nothing is lost.",
    errno.EFBIG: "Files may not become that large here.",
    errno.EINVAL: "Put a file in its place.",
    errno.EISDIR: "Put a file in its place.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ELOOP: "Remove the link.",
    errno.EMFILE: "Allow more open files (`ulimit -n`).",
    errno.EACCES: "Check who may read and write there.",
    errno.EPERM: "Check who may read and write there.",
    errno.EROFS: "Choose a place that can be written to.",
    errno.ENOENT: "Is the name right?",
}


def main() -> None:
    """Runs the command line; exit code 0 done, 1 problems or a person is needed, 2 wrong usage."""
    import click

    _collect_seldom()
    from pipeline.cli import kith
    from pipeline.errors import KithError, Problems
    from pipeline.ownfault import debugging, odd_argument

    _print_anything()
    if odd := odd_argument(sys.argv[1:]):
        click.echo(odd, err=True)
        sys.exit(2)
    try:
        kith.main(prog_name="kith", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        sys.exit(leaving.exit_code)
    except click.Abort:
        click.echo("\nStopped.", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Problems as error:
        from pipeline.report import problem_lines

        click.echo("\n".join(problem_lines(error.problems, error.after)), err=True)
        sys.exit(1)
    except KithError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        hint = _HINTS.get(error.errno or 0, "")
        click.echo(f"{place}{error.strerror or error}. {hint}".rstrip(), err=True)
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the outermost seam: what nobody foresaw is said to be our own fault
        click.echo(_unforeseen(error, traced=debugging(os.environ)), err=True)
        sys.exit(1)


def _unforeseen(error: Exception, *, traced: bool) -> str:
    """The message for an exception that is no error of the person's; with its traceback above where it is asked for."""
    from pipeline.ownfault import command_line, out_of_memory, own_fault

    said = out_of_memory(command_line()) if isinstance(error, MemoryError) else own_fault(error, command_line())
    if not traced:
        return said
    import traceback

    return "".join(traceback.format_exception(error)) + said


def _print_anything() -> None:
    """Names of files need not be UTF-8: what cannot be printed is printed as an escape, and stops no run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A stream that can be written to and not moved in, such as a pipe opened for both, stays as it is.
            with suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")


def _collect_seldom() -> None:
    """A run reads a house and ends: to look through all of it for circles, which are few, takes a tenth of it."""
    gc.set_threshold(200_000, 20, 20)


def start() -> None:
    """Runs the command line, and ends at once: taking apart all that a run remembers takes a tenth of it too."""
    code: object = 0
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    if threading.active_count() > 1 or not isinstance(code, int | None):
        sys.exit(code)  # type: ignore[arg-type]  # what was raised is raised on
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    start()
