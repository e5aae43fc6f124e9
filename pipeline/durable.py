"""What outlasts a loss of power."""

from __future__ import annotations

import os
from pathlib import Path


def settle(folder: Path) -> None:
    """Makes new names and renames in ``folder`` last. Raises `OSError` where the system cannot do that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
