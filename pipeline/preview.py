"""Builds everything to look at, without the ledger's lock and without letting anything leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pipeline.custody import passing_secret
from pipeline.eyes import only as only_for
from pipeline.model import House, Plan
from pipeline.plan import plan
from pipeline.publish import Built, Opened, build, open_house, write_letters, write_pastes


def preview(
    root: Path,
    environ: Mapping[str, str],
    now: datetime,
    folder: Path | None = None,
    *,
    drafts: bool = False,
    only: str = "",
    full: bool = False,
) -> tuple[Opened, Plan, Built]:
    """Pages, feeds, letters and pastes in ``build/``, or in ``folder``, from where nothing is ever deployed.

    ``drafts`` shows drafts and entries dated ahead as if they were out. ``only`` leaves out the letters to all others
    (it is a person's id, ``circle:NAME``, or another word for nobody). A house without a secret gets passing
    links in its letters.
    """
    opened = open_house(root, environ, now)
    if drafts:
        opened = replace(opened, house=_all_out(opened.house))
    decided = plan(opened.house, opened.history, now)
    decided = only_for(decided, only) if only else decided
    built = build(opened, decided, opened.secret or passing_secret(root), folder=folder, full=full)
    write_letters((folder or root / "build") / "letters", built.issues)
    if folder is None:
        write_pastes(root, [(pasted.paste.file_name, pasted.text) for pasted in built.pastes])
    return opened, decided, built


def _all_out(house: House) -> House:
    """The house as if everything in it were out."""
    everything = sorted(house.entries + house.waiting, key=lambda entry: entry.order, reverse=True)
    return replace(house, entries=tuple(everything), waiting=())
