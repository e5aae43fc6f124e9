"""The search index of a site, made of what each page says of itself; what unchanged pages say is remembered."""

from __future__ import annotations

from pipeline import kept
from pipeline.edition import edition
from pipeline.keys import key_of
from pipeline.making import Maker
from pipeline.searching import Piece, index
from pipeline.underway import Underway

NAME = "search/search_index.json"


def indexed(run: Underway, maker: Maker) -> None:
    """Brings the index up to date."""
    key = key_of(run.around, [known for known, _ in run.now.leaves.values()])
    if run.before.single.get(NAME) == key and run.holds(NAME):
        run.now.single[NAME], run.now.files[NAME] = key, run.before.files[NAME]
        return
    settings = maker.engine.search()
    if settings is None:
        return

    def made(path: str) -> Piece:
        return maker.piece(run.leaves[path])

    place = run.folders.notes / "search"
    before: dict[str, tuple[bytes, Piece]] = kept.load(place, edition()) or {}
    pieces: dict[str, Piece] = {}
    for path, (page, _) in run.now.leaves.items():
        known, said = before.get(path, (b"", None))
        pieces[path] = maker.pieces[path] if path in maker.pieces else said if known == page and said else made(path)
    data, told = index(settings, pieces, lambda path: made(path)[2] or b"")
    run.place.put(NAME, data)
    run.now.single[NAME], run.now.files[NAME] = key, (0, 0)
    kept.store(place, edition(), {path: (run.now.leaves[path][0], said) for path, said in told.items()})
