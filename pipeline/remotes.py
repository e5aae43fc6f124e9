"""Tells whether two addresses of a git repository lead to one place, however they are written."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_COPIED = re.compile(r"(?:[^@/\s]+@)?(?P<host>\[[^\]]+\]|[^:/\s\[\]]+):(?P<path>.*)", re.DOTALL)
_DOORS = re.compile(r"^(?:www|ssh|altssh)\.(?=(?:github\.com|gitlab\.com|bitbucket\.org)$)")
"""Other names of the same host: where a firewall lets only port 443 through, ssh goes in there."""


def place(address: str, base: Path) -> tuple[str, str]:
    """Host and path of a repository, the same for each way to write it; a folder has no host.

    ``base``: the folder that a relative path starts from. Ports and users are left out, case and ``.git`` too: that
    two repositories differ in nothing else is rarer than that one is written in two ways.
    """
    address = address.strip()
    if "://" in address:
        return _from_url(address, base)
    copied = _COPIED.fullmatch(address)
    if copied and not address.startswith((".", "/", "~")):
        return _host(copied["host"]), _path(copied["path"])
    return "", _folder(address, base)


def _from_url(address: str, base: Path) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "", address.casefold()
    if parts.scheme.lower().endswith("file"):
        return "", _folder(unquote(parts.path), base)
    return _host(host), _path(unquote(parts.path))


def _host(host: str) -> str:
    return _DOORS.sub("", host.strip("[]").rstrip(".").lower())


def _path(path: str) -> str:
    """Slashes at the ends, doubled ones and the suffix say nothing."""
    plain = re.sub(r"/+", "/", path).strip("/")
    return plain.casefold().removesuffix(".git").rstrip("/")


def _folder(path: str, base: Path) -> str:
    """A folder by its real name; a work tree and the ``.git`` in it are one."""
    try:
        real = (base / Path(path).expanduser()).resolve()
    except RuntimeError:
        return path
    real = real.parent if real.name == ".git" else real
    return str(real).removesuffix(".git").rstrip("/")
