"""What every way to submit a letter has in common."""

from __future__ import annotations

from collections.abc import Generator
from email.errors import MessageError
from email.utils import parseaddr
from functools import lru_cache
from typing import Protocol

from pipeline.errors import Refused
from pipeline.mime import house_address, to_bytes
from pipeline.outgoing import Frozen, Receipt
from pipeline.wire import Pause

_LONGEST_WORDS = 300


Submitting = Generator[Pause, None, Receipt]
"""A letter on its way: it pauses where it waits for the provider, and ends with the receipt."""


class Transport(Protocol):
    """A way to submit letters, one at a time and each to one person; for one thread."""

    name: str

    def prepare(self, one: Frozen) -> bytes:
        """The bytes that `submitting` will hand over; made ahead, by any line for any other.

        Raises `Refused` or `Misconfigured` for a letter that cannot be written.
        """

    def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
        """The provider's receipt for one letter; ``data`` is what `prepare` made of it, if it was called.

        It pauses where it waits for the provider, so that others can go on meanwhile.

        Raises `Refused`, `Unavailable` (nothing was taken), `Uncertain` (it may have been), or
        `Misconfigured` (no letter can go), and nothing else.
        """

    def close(self) -> None:
        """Hangs up; a later letter connects anew."""

    def suppressed(self) -> dict[str, str]:
        """Addresses in lower case that the provider no longer mails, each with the reason in words.

        Raises `Unavailable` or `Misconfigured` rather than giving half a list.
        """


def words(said: str | bytes, *secrets: str) -> str:
    """A provider's words as one short line, without control characters and without ``secrets``."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _LONGEST_WORDS else line[: _LONGEST_WORDS - 1] + "…"


def mailbox(text: str) -> tuple[str, str]:
    """Name and address of one of the house's own mailboxes, such as ``Lin Zhao <lin@example.org>``.

    Raises `Misconfigured`, as every letter has the same one.
    """
    return _mailbox(text)


@lru_cache(maxsize=8)
def _mailbox(text: str) -> tuple[str, str]:
    name, address = parseaddr(text)
    return name, house_address(address)


def written(one: Frozen, *, stuffed: bool = False) -> bytes:
    """The letter as the bytes that travel; ``stuffed`` as DATA takes them.

    Raises `Refused` for one that has no such form, `Misconfigured` for the house's own addresses.
    """
    try:
        return to_bytes(one, stuffed=stuffed)
    except (ValueError, LookupError, MessageError) as error:
        raise Refused(f"The letter cannot be put into the form of mail ({type(error).__name__}).") from None
