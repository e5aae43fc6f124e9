"""The head of a house's letters: who writes them, how to leave, and that they are its own. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formataddr, parseaddr, quote
from functools import lru_cache
from urllib.parse import quote as percent
from urllib.parse import urlsplit, urlunsplit

from pipeline.languages import worded
from pipeline.mime import ascii_domain
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The letterhead of one house; ``authority`` is its host, in ASCII."""

    settings: Settings
    authority: str

    @property
    def sender(self) -> str:
        """The mailbox that letters come from, always with a name: the author's where it has none of its own."""
        name, address = _parsed(self.settings.mail.sender)
        return self.settings.mail.sender if name else f'"{quote(self.settings.author)}" <{address}>'

    def by_mail(self, what: str, token: str) -> str:
        """The address to write to for ``what``; ``token`` is quoted by now."""
        mail = self.settings.mail
        return f"mailto:{_address(mail.reply_to or mail.sender)}?subject={what}%20{token}"

    def leave(self, token: str) -> str:
        """Where a reader leaves: on the web when the house has such a page, else by mail."""
        page = self.settings.mail.unsubscribe
        return _plain(page).replace("{token}", token) if page else self.by_mail("leave", token)

    def headers(self, language: str, delivery_id: str, token: str, *, automatic: bool) -> tuple[tuple[str, str], ...]:
        """Every header but the addressing (RFC 2919, 2369, 8058); ``automatic`` marks a letter as a machine's."""
        by_mail = f"<{self.by_mail('leave', token)}>"
        page = self.leave(token) if self.settings.mail.unsubscribe else ""
        found = [
            ("Message-ID", f"<{delivery_id}@{self.authority}>"),
            ("List-Id", self._list_id()),
            ("List-Unsubscribe", f"<{page}>, {by_mail}" if page else by_mail),
            ("Content-Language", language),
        ]
        if page:
            found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        if automatic:
            found += [("Auto-Submitted", "auto-generated"), ("Precedence", "bulk")]
        return tuple(found)

    def _list_id(self) -> str:
        """One for the house: a circle's name would tell readers how they are sorted."""
        title, name = worded(self.settings.title, self.settings.language), f"letters.{self.authority}"
        return formataddr((title, name)) if title.isascii() else f"{title} <{name}>"


_parsed = lru_cache(maxsize=8)(parseaddr)
"""Name and address of a mailbox; the house has one or two, and every letter names them."""


@lru_cache(maxsize=8)
def _address(mailbox: str) -> str:
    """The address of a mailbox as it stands behind `mailto:`."""
    local, _, domain = _parsed(mailbox)[1].rpartition("@")
    return f"{percent(local, safe='+')}@{_ascii(domain)}"


def _ascii(host: str) -> str:
    # Some hosts that there are, such as those of emoji, only the older rules can write.
    return ascii_domain(host) or host.encode("idna").decode("ascii")


def _plain(address: str) -> str:
    """A web address in ASCII alone: a header's value cannot hold another without ceasing to be one (RFC 2369)."""
    if address.isascii():
        return address
    parts = urlsplit(address)
    host = _ascii(parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    path, query = (percent(part, safe="/%{}:@!$&'()*+,;=?~") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, host, path, query, percent(parts.fragment, safe="/%{}?")))
