"""Builds everything to look at, without the ledger's lock and without letting anything leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pipeline.build import Built, build, write_letters, write_pastes
from pipeline.custody import passing_secret
from pipeline.links import Links
from pipeline.model import House
from pipeline.opened import Opened, open_house
from pipeline.plan import plan
from pipeline.planned import Plan
from pipeline.walked import Stamp


def preview(
    root: Path,
    environ: Mapping[str, str],
    now: datetime,
    folder: Path | None = None,
    *,
    drafts: bool = False,
    only: str = "",
    full: bool = False,
    shown: Callable[[Opened], None] | None = None,
    there: Mapping[str, Stamp] | None = None,
) -> tuple[Opened, Plan, Built]:
    """Pages, feeds, letters and pastes in ``build/``, or in ``folder``, from where nothing is ever deployed.

    ``drafts`` shows drafts and entries dated ahead as if they were out. ``only`` leaves out the letters to all others
    (it is a person's id, ``circle:NAME``, or another word for nobody). A house without a secret gets passing
    links in its letters. ``shown`` is called when the site is there, before any letter is made. ``there`` is every
    file of ``content/``, where somebody just looked.
    """
    opened = open_house(root, environ, now, there=there)
    if drafts:
        opened = replace(opened, house=_all_out(opened.house))
    secret = opened.secret or passing_secret(root)
    first = build(opened, Plan(now), secret, folder=folder, full=full) if shown else None
    if shown:
        shown(opened)
    decided = plan(opened.house, opened.history, now)
    if only:
        from pipeline.eyes import only as only_for

        decided = only_for(decided, only)
    built = build(opened, decided, secret, site=first is None, folder=folder, full=full)
    if first:
        outputs, problems = first.outputs + built.outputs, first.problems + built.problems
        built = replace(built, web=first.web, outputs=outputs, problems=problems)
    write_letters((folder or root / "build") / "letters", built.issues)
    if folder is not None:
        _write_gallery(root, folder, opened)
    else:
        write_pastes(root, [(pasted.paste.file_name, pasted.text) for pasted in built.pastes])
    return opened, decided, built


def _write_gallery(root: Path, folder: Path, opened: Opened) -> None:
    """Examples of every kind of letter, in ``folder``, for the browser that shows the site from there too."""
    from pipeline.gallery import page, samples
    from pipeline.packaged import own_or_packaged
    from pipeline.stationery import load_stationery

    shown = samples(opened.house, load_stationery(own_or_packaged(root, "templates")), opened.now)
    links = Links.of(opened.house.settings)
    path = folder / "gallery" / "index.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(shown, opened.house.settings.url, links.base), "utf-8")


def _all_out(house: House) -> House:
    """The house as if everything in it were out."""
    everything = sorted(house.entries + house.waiting, key=lambda entry: entry.order, reverse=True)
    return replace(house, entries=tuple(everything), waiting=())
