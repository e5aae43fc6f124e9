"""Builds everything to look at, without the ledger's lock and without letting anything leave."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pipeline.model import Plan
from pipeline.plan import plan
from pipeline.publish import Built, Opened, build, open_house, write_letters
from pipeline.secret import Secret


def preview(root: Path, environ: Mapping[str, str], now: datetime) -> tuple[Opened, Plan, Built]:
    """Pages, feeds, letters and pastes in ``build/``; a house without a secret gets passing links in its letters."""
    opened = open_house(root, environ, now)
    decided = plan(opened.house, opened.history, now)
    built = build(opened, decided, opened.secret or Secret(secrets.token_bytes(32)))
    write_letters(root, built.issues, [(pasted.paste.file_name, pasted.text) for pasted in built.pastes])
    return opened, decided, built
