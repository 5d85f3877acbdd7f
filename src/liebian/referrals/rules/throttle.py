"""How often somebody may try to sign up, so that nobody finds out by trying who is a customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

WINDOW = timedelta(hours=1)
PER_VISITOR = 10
PER_ADDRESS = 30  # many people may share one: an office, a mobile network
_HOUSEHOLD_BITS = 64


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts since the first of them, of which `most` are allowed in one window."""

    started_at: datetime
    count: int
    most: int

    def at(self, now: datetime) -> Attempts:
        """The same, started afresh when the window has passed."""
        return self if now < self.started_at + WINDOW else replace(self, started_at=now, count=0)

    def another(self) -> Attempts:
        return replace(self, count=self.count + 1)

    @property
    def is_full(self) -> bool:
        return self.count >= self.most

    def minutes_to_wait(self, now: datetime) -> int:
        """Whole minutes until the window has passed, at least one.

        >>> from datetime import UTC
        >>> start = datetime(2026, 1, 1, tzinfo=UTC)
        >>> Attempts(start, 10, 10).minutes_to_wait(start + timedelta(minutes=14, seconds=1))
        46
        """
        seconds = (self.started_at + WINDOW - now).total_seconds()
        return max(1, -int(-seconds // 60))


def household_of(address: str) -> str:
    """What counts as one address: an IPv6 network of 64 bits, because one connection owns all of it.

    >>> [household_of(each) for each in ("203.0.113.9", "::ffff:203.0.113.9", "2001:db8:1:2:3::4", "unix")]
    ['203.0.113.9', '203.0.113.9', '2001:db8:1:2::/64', 'unix']
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), _HOUSEHOLD_BITS), strict=False))
