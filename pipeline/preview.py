"""Builds everything to look at, without the ledger's lock and without letting anything leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pipeline.model import House, Plan
from pipeline.plan import plan
from pipeline.publish import Built, Opened, build, open_house, write_letters, write_pastes
from pipeline.secret import Secret


def preview(
    root: Path,
    environ: Mapping[str, str],
    now: datetime,
    folder: Path | None = None,
    *,
    drafts: bool = False,
    full: bool = False,
    shown: Callable[[Opened], None] | None = None,
) -> tuple[Opened, Plan, Built]:
    """Pages, feeds, letters and pastes in ``build/``, or in ``folder``, from where nothing is ever deployed.

    ``drafts`` shows drafts and entries dated ahead as if they were out. A house without a secret gets passing
    links in its letters. ``shown`` is called when the site is there, before any letter is made.
    """
    opened = open_house(root, environ, now)
    if drafts:
        opened = replace(opened, house=_all_out(opened.house))
    secret = opened.secret or Secret(secrets.token_bytes(32))
    first = build(opened, Plan(now), secret, folder=folder, full=full) if shown else None
    if shown:
        shown(opened)
    decided = plan(opened.house, opened.history, now)
    built = build(opened, decided, secret, site=first is None, folder=folder, full=full)
    built = replace(built, web=first.web, outputs=first.outputs + built.outputs) if first else built
    write_letters((folder or root / "build") / "letters", built.issues)
    if folder is None:
        write_pastes(root, [(pasted.paste.file_name, pasted.text) for pasted in built.pastes])
    return opened, decided, built


def _all_out(house: House) -> House:
    """The house as if everything in it were out."""
    everything = sorted(house.entries + house.waiting, key=lambda entry: entry.order, reverse=True)
    return replace(house, entries=tuple(everything), waiting=())
