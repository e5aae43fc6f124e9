"""How fast letters may go: so many a second in all, so many a minute to one mail domain. Pure; time is handed in."""

from __future__ import annotations


class Throttle:
    """Remembers when the next letter may go; times are seconds of a clock that never goes back. 0 means unbounded."""

    def __init__(self, per_second: float = 0.0, per_domain_a_minute: float = 0.0) -> None:
        self._gap = 1.0 / per_second if per_second > 0 else 0.0
        self._domain_gap = 60.0 / per_domain_a_minute if per_domain_a_minute > 0 else 0.0
        self._next = 0.0
        self._domains: dict[str, float] = {}

    def ready_at(self, address: str) -> float:
        """The earliest moment for a letter to ``address``."""
        return max(self._next, self._domains.get(domain(address), 0.0))

    def went(self, address: str, now: float) -> None:
        """A letter to ``address`` went at ``now``."""
        self._next = max(self._next, now) + self._gap if self._gap else 0.0
        if self._domain_gap:
            self._domains[domain(address)] = now + self._domain_gap

    @property
    def slows(self) -> bool:
        """Whether any letter may have to wait."""
        return bool(self._gap or self._domain_gap)

    @property
    def by_domain(self) -> bool:
        """Whether one domain may have to wait while another may not."""
        return bool(self._domain_gap)


def domain(address: str) -> str:
    """The part of an address that one mail provider answers for."""
    return address.rpartition("@")[2].lower()
