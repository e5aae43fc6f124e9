"""The house's secret and what is derived from it; the secret never leaves ``private/``."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from pipeline.errors import KithError
from pipeline.regular import read_regular, require_regular
from pipeline.sealing import Seals

FILE = "secret.key"
GENERATION = "sealed.key"


class Secret:
    """Derives tokens, fingerprints and seals; its text never shows the key.

    ``generation`` decides the keys and addresses of sealed pages; nothing else changes with it.
    """

    def __init__(self, key: bytes, generation: bytes = b"") -> None:
        self._key = key
        self.seals = Seals(key, generation)

    def __repr__(self) -> str:
        return "Secret(…)"

    def _derive(self, purpose: str, value: str) -> bytes:
        return hmac.new(self._key, f"{purpose}\0{value}".encode(), hashlib.sha256).digest()

    def token(self, person: str) -> str:
        """A reader's opaque, unguessable token: 26 letters and digits, lower case."""
        return base64.b32encode(self._derive("token", person)).decode("ascii").lower()[:26]

    def mark(self, address: str) -> str:
        """An address's fingerprint, so that the ledger can compare addresses without naming them."""
        return self._derive("address", address.strip().lower()).hex()[:24]

    def delivery_id(self, issue: str, person: str) -> str:
        """The one delivery id that an issue's letter to a person can have."""
        return self._derive("delivery", f"{issue}\0{person}").hex()[:24]


def private_folder(root: Path) -> Path:
    """``private/`` of a house, made with mode 0700; a wider mode is narrowed."""
    folder = root / "private"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise KithError(f"private/: cannot be made or closed to others: {error.strerror}.") from None
    return folder


def read_secret(root: Path) -> Secret:
    """The house's secret, made on first use (32 random bytes, mode 0600)."""
    path = private_folder(root) / FILE
    try:
        key = bytes.fromhex(read_regular(path, 1000).decode("ascii"))
    except FileNotFoundError:
        return Secret(fresh_key(path), read_generation(root) or b"")
    except (OSError, ValueError):
        key = b""
    if len(key) < 32:
        raise KithError(f"private/{FILE}: it is damaged. Restore it from a backup: old links depend on it.")
    return Secret(key, read_generation(root) or b"")


def read_generation(root: Path) -> bytes | None:
    """The generation of sealed pages; None before the first, an error when it is damaged."""
    try:
        found = bytes.fromhex(read_regular(root / "private" / GENERATION, 1000).decode("ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        found = b""
    if len(found) < 32:
        raise KithError(
            f"private/{GENERATION}: it is damaged. Restore it from a backup, or run `kith rotate`:"
            " then links to sealed pages in older letters stop working."
        )
    return found


def new_generation(root: Path) -> None:
    """Begins a new generation (32 random bytes, mode 0600): whatever was sealed gets other keys and addresses."""
    fresh_key(private_folder(root) / GENERATION)


def fresh_key(path: Path) -> bytes:
    """32 random bytes, written to ``path`` at once, with mode 0600."""
    key = secrets.token_bytes(32)
    fresh = path.with_suffix(".new")
    require_regular(fresh)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return key
