"""Time and memory of hostile inputs, as a table: input, seconds, MB, exit code, and the first line of what was said.

PYTHONPATH=tests .venv/bin/python tests/measure/bounds.py [words that the names of inputs hold]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hostile_inputs import INPUTS, MEGABYTES, SECONDS, run_input


def main() -> int:
    """Prints the table; 1 where an input took too much."""
    wanted, over = sys.argv[1:], 0
    sys.stdout.write("| input | seconds | MB | exit code | said |\n|---|---:|---:|---:|---|\n")
    for name in INPUTS:
        if wanted and not any(word in name for word in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = run_input(name, Path(folder))
        said = next(iter([line for line in found.said.splitlines() if line.strip()]), "")[:160].replace("|", "/")
        code = "stopped" if found.code is None else str(found.code)
        sys.stdout.write(f"| {name} | {found.seconds:.1f} | {found.megabytes:.0f} | {code} | {said} |\n")
        sys.stdout.flush()
        bad = found.code is None or found.seconds > SECONDS or found.megabytes > MEGABYTES
        over += bad or "Traceback" in found.said
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
