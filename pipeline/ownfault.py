"""Says plainly when Kith itself is at fault: what was being done, and how to see more; files are not blamed."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def debugging(environ: Mapping[str, str]) -> bool:
    """Whether a traceback is asked for."""
    return environ.get("KITH_DEBUG", "") not in ("", "0")


def own_fault(error: BaseException, command: str) -> str:
    """What to print for an exception that nobody foresaw, while ``command`` ran."""
    said = " ".join(str(error).split())[:300]
    kind = type(error).__name__ + (f": {said}" if said else "")
    return (
        f"This is a fault of Kith, not of your files. `{command}` stopped{_where(error)}: {kind}.\n"
        "Nothing more was done. Run it again with KITH_DEBUG=1 before it to see every step that led to it, and report"
        " it with those lines."
    )


def out_of_memory(command: str) -> str:
    """What to print where there is too little memory."""
    return f"`{command}` stopped: there is too little memory. Close other programs, or split what is very large."


def command_line() -> str:
    """The command as far as it may be printed: its name and that of the sub-command, without what they were given."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    return f"kith {words[0]}" if words and words[0].isascii() and words[0].isprintable() else "kith"


def _where(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _PACKAGE in Path(frame.filename).parents]
    if not frames:
        return ""
    last = frames[-1]
    return (
        f" in {Path(last.filename).relative_to(_PACKAGE).with_suffix('').as_posix()} ({last.name}, line {last.lineno})"
    )


def odd_argument(arguments: list[str]) -> str:
    """What to print where an argument holds bytes that are not UTF-8; empty where there is none."""
    for place, one in enumerate(arguments, start=1):
        if any(0xD800 <= ord(character) <= 0xDFFF for character in one):
            shown = ascii(os.fsencode(one))[2:-1] if _from_bytes(one) else ascii(one)[1:-1]
            fact = f"argument {place}, `{shown[:200]}`: this is not UTF-8 text"
            return f"{fact}. Write it in a terminal that is set to UTF-8, or rename what it names."
    return ""


def _from_bytes(text: str) -> bool:
    """Whether the odd characters stand for bytes, as Python reads them from the command line."""
    return all(not 0xD800 <= ord(one) <= 0xDFFF or 0xDC80 <= ord(one) <= 0xDCFF for one in text)
