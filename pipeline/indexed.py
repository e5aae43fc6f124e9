"""The search index of a site, made of what each page says of itself; what unchanged pages say is in the last one."""

from __future__ import annotations

from pipeline import kept
from pipeline.edition import edition
from pipeline.keys import key_of
from pipeline.making import Maker
from pipeline.searching import Piece, Place, found, index
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
        return maker.pieces.get(path) or maker.piece(run.leaves[path])

    data, before = _before(run)
    pieces: dict[str, Piece] = {}
    for path, (page, _) in run.now.leaves.items():
        known = before.get(path)
        pieces[path] = found(data, known[1]) if known and known[0] == page and path not in maker.pieces else made(path)
    fresh, places = index(settings, pieces, lambda path: made(path)[2] or b"")
    run.place.put(NAME, fresh)
    run.now.single[NAME], run.now.files[NAME] = key, (0, 0)
    noted = {path: (run.now.leaves[path][0], place) for path, place in places.items()}
    kept.store(run.folders.notes / "search", edition(), (key, noted))


def _before(run: Underway) -> tuple[bytes, dict[str, tuple[bytes, Place]]]:
    """The index in place, and where in it each page stands, under the page's key; nothing where either is unsure."""
    known = kept.load(run.folders.notes / "search", edition())
    if known is None or known[0] != run.before.single.get(NAME) or not run.holds(NAME):
        return b"", {}
    return (run.folders.site / NAME).read_bytes(), known[1]
