"""The ledger's file: made in one move, looked through before it is trusted, held by one run at a time.

While nobody holds it, a seal beside it tells whether a byte of it changed: SQLite itself does not notice most.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from pipeline.durable import settle
from pipeline.errors import LedgerUnusable
from pipeline.regular import open_regular, read_regular, require_regular

FILE = "ledger.db"
LOCK = "ledger.lock"
SEAL = "ledger.seal"

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sets (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, entries TEXT NOT NULL);
CREATE TABLE sheets (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, sheet BLOB NOT NULL);
CREATE TABLE told (who TEXT NOT NULL, entries INTEGER NOT NULL REFERENCES sets, how TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (who, entries)) WITHOUT ROWID;
CREATE TABLE joined (who TEXT PRIMARY KEY, circles TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE seen (entry TEXT PRIMARY KEY, at TEXT NOT NULL, digest TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
CREATE TABLE choices (who TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (who, key)) WITHOUT ROWID;
CREATE TABLE issues (id TEXT PRIMARY KEY, at TEXT NOT NULL, audience INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE held (issue TEXT NOT NULL REFERENCES issues, who TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (issue, who)) WITHOUT ROWID;
CREATE TABLE deliveries (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, issue TEXT NOT NULL REFERENCES issues,
    who TEXT NOT NULL, mark TEXT NOT NULL, entries INTEGER NOT NULL REFERENCES sets, state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '', message_id TEXT NOT NULL DEFAULT '', blocks INTEGER NOT NULL DEFAULT 0,
    audience TEXT NOT NULL, subject TEXT NOT NULL,
    sheet INTEGER NOT NULL REFERENCES sheets, letter BLOB NOT NULL, digest TEXT NOT NULL,
    at TEXT NOT NULL, changed TEXT NOT NULL, UNIQUE (issue, who));
CREATE INDEX deliveries_by_state ON deliveries (state, position);
CREATE INDEX deliveries_by_who ON deliveries (who);
CREATE TABLE pastes (who TEXT NOT NULL, channel TEXT NOT NULL, file TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (who, channel)) WITHOUT ROWID;
CREATE TABLE journal (delivery TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL);
CREATE INDEX journal_by_delivery ON journal (delivery);
CREATE TABLE events (key TEXT PRIMARY KEY, delivery TEXT NOT NULL, mark TEXT NOT NULL, kind TEXT NOT NULL,
    at INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX events_by_delivery ON events (delivery);
CREATE INDEX events_by_mark ON events (mark);
CREATE TABLE stops (mark TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
"""

_IDENTITIES = """
CREATE TABLE names (way TEXT NOT NULL, name TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (way, name)) WITHOUT ROWID;
CREATE TABLE looks (entry TEXT NOT NULL, lang TEXT NOT NULL, digest TEXT NOT NULL, title TEXT NOT NULL,
    sample BLOB NOT NULL, PRIMARY KEY (entry, lang)) WITHOUT ROWID;
CREATE TABLE there (entry TEXT PRIMARY KEY, name TEXT NOT NULL, given TEXT, kind TEXT NOT NULL, date TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE asked (name TEXT NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (name, entry)) WITHOUT ROWID;
INSERT INTO looks SELECT entry, '', digest, '', x'' FROM seen WHERE digest<>'';
INSERT INTO there SELECT entry, entry, NULL, '', '' FROM seen;
"""
"""The names that entries had, how they read, which of them were there at the last publish, and what was asked."""

_ORIGINS = """
CREATE TABLE origins (delivery TEXT PRIMARY KEY REFERENCES deliveries (id), made TEXT NOT NULL) WITHOUT ROWID;
"""
"""What pending emails were composed from."""

LATER: tuple[str, ...] = (_IDENTITIES, _ORIGINS)
"""What each later version of Kith changed in the tables of `SCHEMA`, oldest first. A script never changes once it
was released: ledgers of that version exist."""


def newest() -> int:
    """The version of a ledger as this Kith writes it: 1, and one more for each script in `LATER`."""
    return 1 + len(LATER)


def _tables(version: int) -> set[str]:
    return set(re.findall(r"CREATE TABLE (\w+)", SCHEMA + "".join(LATER[: version - 1])))


CHANGED = (
    f"private/{FILE}: it is not as Kith left it: damaged, taken from a backup, or edited. Restore the newest backup; if"
    f" it was you who edited it, remove private/{SEAL}."
)

_RESTORE = (
    "Restore it from a backup; if there is none, move it away and run `kith baseline`, which records everything as"
    " told."
)


def create(path: Path) -> None:
    """Makes an empty ledger in one move, so that a killed run leaves either none or a whole one."""
    # What lies beside a ledger that is gone would be taken for this one's.
    for name in (f"{FILE}-wal", f"{FILE}-shm", "ledger.steps", SEAL):
        put_aside(path.parent, name)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with translated(), closing(sqlite3.connect(fresh, isolation_level=None)) as database:
        fresh.chmod(0o600)
        database.executescript(f"BEGIN; {SCHEMA} {''.join(LATER)} PRAGMA user_version={newest()}; COMMIT;")
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)
    settle(path.parent)


def put_aside(folder: Path, name: str) -> None:
    """Keeps a file under another name, where nothing takes it for what it was."""
    with suppress(FileNotFoundError), _os_translated():
        (folder / name).replace(folder / f"{name}.aside")


def seal(path: Path) -> None:
    """Notes what a ledger at rest holds; without a seal it is taken as it is, so none is made where that fails."""
    with suppress(OSError):
        if not _wal(path):
            fresh = path.with_name(f"{SEAL}.new")
            with fresh.open("w", encoding="ascii") as file:
                file.write(_fingerprint(path))
                file.flush()
                os.fsync(file.fileno())  # an empty seal, as a loss of power could leave it, would accuse the ledger
            fresh.replace(path.with_name(SEAL))


def break_seal(path: Path) -> None:
    """From now on the ledger changes. Durable, as a seal that came back would accuse a sound ledger."""
    with suppress(FileNotFoundError), _os_translated():
        path.with_name(SEAL).unlink()
        settle(path.parent)


def is_whole(path: Path) -> bool:
    """Whether a ledger is as its seal says; one that is open, or was when its run was killed, has none."""
    found = _sealed(path)
    if not found:
        return True
    with _os_translated():
        sound = not _wal(path) and _fingerprint(path) == found
    # A run that came meanwhile broke the seal before it wrote.
    return sound or _sealed(path) != found


def _sealed(path: Path) -> str:
    try:
        text = read_regular(path.with_name(SEAL), 1000).decode("ascii")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        return "damaged"
    return text or "damaged"


def _wal(path: Path) -> bool:
    """Whether commits wait beside the file that are not in it yet."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _fingerprint(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _os_translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LedgerUnusable(f"private/{FILE}: it cannot be read or written: {error.strerror}.") from None


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection to a ledger that was looked through; nothing is written to what is none.

    ``mode`` is ``ro`` or ``rw``. Raises `LedgerUnusable`.
    """
    try:
        with open_regular(path) as file:
            head = file.read(16)
    except OSError as error:
        raise LedgerUnusable(f"private/{FILE}: it cannot be opened: {error.strerror}.") from None
    if head != b"SQLite format 3\0":
        raise LedgerUnusable(f"private/{FILE}: this is not a ledger. {_RESTORE}")
    address = f"{path.resolve().as_uri()}?mode={mode}"
    with translated():
        database = sqlite3.connect(address, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
    with _closing_on_error(database), translated():
        database.row_factory = sqlite3.Row
        _examine(database)
        if mode == "rw":
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            # Where a plain fsync leaves it in the drive's own memory (macOS).
            database.execute("PRAGMA fullfsync=ON")
            database.execute("PRAGMA foreign_keys=ON")
    return database


def _examine(database: sqlite3.Connection) -> None:
    version = _version(database)
    if version > newest():
        raise LedgerUnusable(f"private/{FILE}: it was written by a newer Kith. Install that one.")
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if version < 1 or not tables >= _tables(version):
        raise LedgerUnusable(f"private/{FILE}: this is not a ledger, or it is damaged. {_RESTORE}")
    fault = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise LedgerUnusable(f"private/{FILE}: it is damaged ({fault}). {_RESTORE}")


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def is_older(database: sqlite3.Connection) -> bool:
    """Whether a ledger was written by an earlier version of Kith."""
    with translated():
        return _version(database) < newest()


def upgrade(database: sqlite3.Connection) -> None:
    """Brings a ledger of an earlier version up to `newest`, in one transaction: whole, or not at all."""
    if is_older(database):
        with translated():
            later = "".join(LATER[_version(database) - 1 :])
            database.executescript(f"BEGIN IMMEDIATE; {later} PRAGMA user_version={newest()}; COMMIT;")


@contextmanager
def _closing_on_error(database: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


@contextmanager
def legible() -> Iterator[None]:
    """Turns words in the ledger that mean nothing into `LedgerUnusable`."""
    try:
        yield
    except (ValueError, LookupError, TypeError) as error:
        raise LedgerUnusable(f"private/{FILE}: it is damaged ({type(error).__name__}). {_RESTORE}") from None


@contextmanager
def translated() -> Iterator[None]:
    """Turns what SQLite raises into `LedgerUnusable`."""
    try:
        yield
    except sqlite3.Error as error:
        words = str(error)
        hint = "Is the disk full?" if "full" in words or "I/O" in words else "Restore it from a backup."
        if "readonly" in words or "unable to open" in words:
            hint = "Check who may write to `private/`."
        raise LedgerUnusable(f"private/{FILE}: it cannot be read or written: {words}. {hint}") from None


def lock(path: Path) -> IO[str]:
    """Holds the ledger until the file is closed, or the process is gone. Raises `LedgerUnusable` soon."""
    try:
        require_regular(path)
        held = path.open("a")
    except OSError as error:
        raise LedgerUnusable(f"private/{path.name}: it cannot be written: {error.strerror}.") from None
    # Whoever only looks whether it is held has it for a moment.
    for pause in (0.02, 0.1, None):
        if _flock(held):
            return held
        if pause:
            time.sleep(pause)
    held.close()
    raise LedgerUnusable("private/ledger.lock: another run of Kith holds the ledger. Wait until it ends.")


def is_held(path: Path) -> bool:
    """Whether a run holds the ledger."""
    try:
        with open_regular(path) as file:
            return not _flock(file, fcntl.LOCK_SH)
    except OSError:
        return False


def _flock(file: IO[str] | BinaryIO, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def boot() -> str:
    """What tells one start of this machine from the next; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
