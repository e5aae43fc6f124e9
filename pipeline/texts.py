"""Finds the texts of ``content/``: what each is by its folder, and its stamp, by which a change is seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import Problem
from pipeline.filename import LETTERS
from pipeline.model import Kind
from pipeline.notebook import Stamp, stamps_below
from pipeline.textfile import files_below
from pipeline.validate import did_you_mean, visible

FOLDERS = {Kind.POST: "posts", Kind.UPDATE: "updates", Kind.PAGE: "pages"}
_KINDS = {folder: kind for kind, folder in FOLDERS.items()}
_ORDER = list(FOLDERS)


class Text(NamedTuple):
    """A file that is read: its path in the house; without a stamp, nobody can tell whether it changed."""

    name: str
    kind: Kind
    stamp: Stamp | None


def texts_below(root: Path, problems: list[Problem], there: Mapping[str, Stamp] | None = None) -> list[Text]:
    """Every text in ``content/``, kind by kind; one that stands in no folder that is read is a problem.

    ``there`` is what a walk just found.
    """
    texts: list[Text] = []
    for name, stamp in _files(root, problems, there).items():
        if not name.lower().endswith((".md", ".markdown")):
            continue
        folder, _, inner = name.removeprefix("content/").partition("/")
        if folder.startswith("_") or folder == LETTERS:
            continue
        if inner and folder in _KINDS:
            texts.append(Text(name, _KINDS[folder], stamp))
        elif inner or folder != "README.md":
            fact = "it stands in no folder that is read, so nobody would ever see it"
            problems.append(Problem(visible(name, 300), 1, fact, f"Move it to `content/{_right_folder(folder)}/`."))
    # what stands in a folder comes before what has a name that only begins like the folder's
    return sorted(texts, key=lambda one: (_ORDER.index(one.kind), one.name.replace("/", "\0")))


def _files(root: Path, problems: list[Problem], there: Mapping[str, Stamp] | None) -> Mapping[str, Stamp | None]:
    quickly = _seen(there) if there else stamps_below(root / "content", "content/")
    if quickly is not None:
        return quickly
    paths, found = files_below(root / "content", root)
    problems += found
    return dict.fromkeys(path.relative_to(root).as_posix() for path in paths)


def _seen(there: Mapping[str, Stamp]) -> dict[str, Stamp | None] | None:
    """The same of what a walk found."""
    found: dict[str, Stamp | None] = {}
    for name, stamp in there.items():
        if "/." not in name:
            if "." in name.rpartition("/")[0]:
                return None
            found[name] = stamp
    return found


def _right_folder(folder: str) -> str:
    close = re.search("`(.+)`", did_you_mean(folder, FOLDERS.values(), "`posts`"))
    return close[1] if close else "posts"
