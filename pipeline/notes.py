"""Personal lines: one sentence on top of one person's next letter, kept in the ledger and nowhere else."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pipeline.errors import KithError
from pipeline.ledger import Ledger
from pipeline.opened import Opened, open_people
from pipeline.plan import plan
from pipeline.secret import private_folder, read_secret
from pipeline.standing import meant

LONGEST = 300
"""Characters of a personal line."""


def note(root: Path, environ: Mapping[str, str], name: str, text: str, now: datetime) -> str:
    """Keeps ``text`` for the next letter to one person, in place of one that waits; ``""`` takes that one back.

    Raises `KithError` for a text that is no line and for somebody who gets no letters. What it replaces or takes
    back is said once more, so that nothing is lost by a slip.
    """
    text = _one_line(text)
    with Ledger.open(private_folder(root), now) as ledger:
        read_secret(root)
        opened = open_people(root, environ, now, ledger)
        who = meant(opened, name)
        if who.startswith("circle:"):
            raise KithError(f"`{name}` is a broadcast circle, and a line is for one person.")
        before = opened.history.lines.get(who)
        if text and (reason := _never(opened, who)):
            raise KithError(f"{reason}, so there is no letter to put it on. Write to them yourself.")
        if not text and before is None:
            raise KithError(f"no line waits for `{who}`.")
        ledger.choose(who, {"line": text}, now)
    if not text:
        return f"{who}: the line is taken back: “{before.text if before else ''}”"
    return f"{who}: it stands on top of their next letter" + (f", in place of “{before.text}”" if before else ".")


def _never(opened: Opened, who: str) -> str:
    """Why no letter ever goes to somebody as they stand now, with its place; a pause ends some day."""
    person = next(one for one in opened.house.people if one.id == who)
    decided = plan(opened.house, opened.history, opened.now)
    silent = next((one.reason for one in decided.held if one.who == who and not one.entries), "")
    reason = silent or opened.history.blocked.get(who, "")
    return f"subscribers.yml:{person.line}: no letter goes to `{who}`: {reason}" if reason else ""


def _one_line(text: str) -> str:
    if any(unicodedata.category(sign) in {"Cc", "Zl", "Zp", "Cs"} for sign in text.strip()):
        raise KithError("the line holds a line break or a control character. Write one sentence.")
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise KithError(f"the line has {len(text)} characters; it may have {LONGEST}. Write one sentence.")
    return text


def waiting(root: Path, environ: Mapping[str, str], name: str, now: datetime) -> list[tuple[str, str]]:
    """The lines that wait, by person; of one person where ``name`` says which."""
    opened = open_people(root, environ, now)
    who = meant(opened, name) if name else ""
    return sorted((one, line.text) for one, line in opened.history.lines.items() if one == who or not who)


def lines(found: Sequence[tuple[str, str]]) -> list[str]:
    """The lines that wait, in words."""
    width = max((len(who) for who, _ in found), default=0)
    return [f"{who:<{width}}  {text}" for who, text in found] or ['No line waits. `kith note PERSON "…"` writes one.']
