"""Text that people receive, pinned whole: ``make golden`` (``KITH_GOLDEN=1 pytest``) writes it anew."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def golden(path: str, text: str) -> None:
    """Claims that ``text`` is what the file ``path`` in ``tests/golden/`` says."""
    file = GOLDEN / path
    if os.environ.get("KITH_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8", newline="")
    assert file.is_file(), f"there is no {path}; write it with `make golden` and read it"
    assert text == file.read_text("utf-8"), f"{path} changed; if that is meant, run `make golden` and read the diff"
