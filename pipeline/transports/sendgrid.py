"""Letters by SendGrid: the package's words for the payload (`pipeline.payload`), our own wire under it.

The package's own client follows redirects with the key, has no time limit and logs what it hands over, so only
its payload helpers are used. Source: https://www.twilio.com/docs/sendgrid/api-reference
"""

from __future__ import annotations

import json
import math
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import Any, NoReturn

from pipeline.errors import Misconfigured, Refused, Unavailable, Uncertain
from pipeline.outgoing import Frozen, Receipt
from pipeline.payload import payload
from pipeline.transports.base import Submitting, words
from pipeline.web import Reply, Wire
from pipeline.wire import through

_PAGE = 500
_PAGES = 200
"""Pages that one list may have: 100,000 addresses, many times as many as a project has people."""
_LIST_SECONDS = 15.0
"""How long a list of more than two pages may take."""
_DAY = 86_400.0
_ADDRESS = re.compile(r"personalizations\.\d+\.to\b")

# The strongest reason first: an address on several lists is reported with that one.
_LISTS = {
    "spam_reports": "reported as spam",
    "unsubscribes": "unsubscribed",
    "bounces": "bounced",
    "invalid_emails": "found invalid",
    "blocks": "blocked",
}


class SendgridTransport:
    """One SendGrid account; ``key_env`` only names the key in messages."""

    name = "sendgrid"

    def __init__(self, host: str, key: str, seconds: float, key_env: str = "SENDGRID_API_KEY") -> None:
        self._wire = Wire(host, seconds)
        self._key = key
        self._key_env = key_env
        self._letter = self._headers("application/json")

    def prepare(self, one: Frozen) -> bytes:
        """The request's body; see `Transport.prepare`."""
        return payload(one)

    def submit(self, one: Frozen, data: bytes | None = None) -> Receipt:
        """SendGrid's receipt for one letter, awaited; see `Transport.submitting`."""
        return through(self.submitting(one, data))

    def submitting(self, one: Frozen, data: bytes | None = None) -> Submitting:
        """SendGrid's receipt for one letter; see `Transport.submitting`."""
        body = payload(one) if data is None else data
        reply = yield from self._wire.requesting("POST", "/v3/mail/send", self._letter, body)
        if reply.status != 202:
            self._no(reply)
        return Receipt(words(reply.headers.get("x-message-id", ""), self._key), f"202 from {self._wire.host}")

    def close(self) -> None:
        """Hangs up."""
        self._wire.close()

    def suppressed(self) -> dict[str, str]:
        """Everybody on SendGrid's five account-wide lists; mail to them answers 202 and is then dropped."""
        found: dict[str, str] = {}
        for name, what in _LISTS.items():
            for address, created in self._list(name):
                for form in _forms(address):
                    found.setdefault(form, f"{what} at SendGrid{_on(created)}")
        return found

    def _headers(self, media_type: str = "") -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json", "User-Agent": "kith"}
        return headers | ({"Content-Type": media_type} if media_type else {})

    def _no(self, reply: Reply) -> NoReturn:
        """Raises what a reply other than 202 means for the letter and for the run."""
        status, said = reply.status, self._said(reply)
        host = self._wire.host
        if 300 <= status < 400:
            fact = f"{host} answered with a redirect ({status}), which is not followed"
            raise Misconfigured(f"{fact}. Check `host` in [tool.kith.sendgrid].")
        if status in {401, 403}:
            raise Misconfigured(f"SendGrid answered {said}. {self._advice(said)}")
        if status in {404, 405, 406, 415}:
            raise Misconfigured(f"{host} answered {said}. Check `host` in [tool.kith.sendgrid].")
        if status in {429, 500, 502, 503}:
            raise Unavailable(f"SendGrid took nothing and answered {said}.", retry_after(reply, time.time()))
        if status == 402:
            raise Misconfigured(f"SendGrid answered {said}. {self._advice(said + ' credits')}")
        if 400 <= status < 500 and status != 408:
            raise Refused(f"SendGrid answered {said}.", address=_of_the_address(reply))
        raise Uncertain(f"{host} was given the whole request and answered {said}, where 202 means taken.")

    def _advice(self, said: str) -> str:
        if "credits" in said.lower():
            return "The account's quota is used up: run again when it is renewed."
        return f"Check the key in `{self._key_env}`, what it may do, and that `mail.sender` is a verified sender."

    def _said(self, reply: Reply) -> str:
        """The status and the provider's reasons, from its own error format only: another body may hold anything."""
        try:
            errors = json.loads(reply.body)["errors"]
            reasons = [f"{error.get('field') or ''}: {error['message']}".removeprefix(": ") for error in errors]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            reasons = []
        phrase = responses.get(reply.status, "")
        return words(f"{reply.status} {phrase}: {'; '.join(reasons)}", self._key).rstrip(".: ")

    def _list(self, name: str) -> list[tuple[str, str]]:
        """All pages of one list; it ends with an empty page, as a short one may only mean a smaller page size."""
        rows: list[tuple[str, str]] = []
        seen: set[tuple[str, str]] = set()
        until = time.monotonic() + _LIST_SECONDS
        for _ in range(_PAGES):
            page = self._page(name, len(rows))
            if not page:
                return rows
            if seen.issuperset(page):
                raise Unavailable(f"SendGrid repeats itself in its list of {name}, so the list is not whole.")
            rows += page
            seen.update(page)
            if len(rows) >= 2 * _PAGE and time.monotonic() > until:
                break
        raise Unavailable(
            f"SendGrid's list of {name} has no end: {len(rows)} addresses came, and more were to follow. Look at the"
            " list in SendGrid's own pages, and run it again."
        )

    def _page(self, name: str, offset: int) -> list[tuple[str, str]]:
        path = f"/v3/suppression/{name}?limit={_PAGE}&offset={offset}"
        try:
            reply = self._wire.request("GET", path, self._headers())
            if reply.status != 200:
                self._no(reply)
            return [(str(row["email"]).strip().lower(), str(row.get("created"))) for row in _rows(reply.body)]
        except (Uncertain, Refused) as error:
            raise Unavailable(f"SendGrid's list of {name} could not be read. {error}") from None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise Unavailable(f"SendGrid's list of {name} is not in a form that can be read.") from None


def _of_the_address(reply: Reply) -> bool:
    """Whether the provider's no is to the address, and not to the letter or the sender."""
    try:
        fields = [str(error.get("field") or "") for error in json.loads(reply.body)["errors"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    return bool(fields) and all(_ADDRESS.match(field) for field in fields)


def _rows(body: bytes) -> list[Any]:
    rows = json.loads(body)
    if not isinstance(rows, list):
        raise TypeError("a list was expected")
    return rows


def _forms(address: str) -> set[str]:
    """An address as it was submitted, and as people write it where its domain is international."""
    local, at, domain = address.rpartition("@")
    try:
        return {address, f"{local}{at}{domain.encode('ascii').decode('idna')}"}
    except UnicodeError:
        return {address}


def _on(created: str) -> str:
    """`` on 2026-11-02`` for seconds since 1970, in UTC."""
    try:
        return f" on {datetime.fromtimestamp(float(created), UTC):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def retry_after(reply: Reply, now: float) -> float | None:
    """The seconds a reply asks to wait, at most a day: ``Retry-After`` (RFC 9110 §10.2.3) or ``X-RateLimit-Reset``."""
    seconds = _delay(reply.headers.get("retry-after", ""), now)
    if seconds is None:
        seconds = _delay(reply.headers.get("x-ratelimit-reset", ""), now)
    return None if seconds is None else min(max(seconds, 0.0), _DAY)


def _delay(value: str, now: float) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return _until(value, now)
    if not math.isfinite(number):
        return None
    # X-RateLimit-Reset is a moment since 1970; no wait in seconds is that long.
    return number - now if number > 1e9 else number


def _until(value: str, now: float) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
