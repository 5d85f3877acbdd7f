"""Decisions of access: the audit chain's hash, and when too many sign-in attempts have been made. Plain Python."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from liebian.access.types import AuditRecord

FIRST_HASH = "0" * 64
MAX_ATTEMPTS = 10
WINDOW = timedelta(minutes=15)


def chain_hash(record: AuditRecord, key: bytes) -> str:
    """Hash of everything an entry says and of the entry before it. Keyed, so that it cannot be made up from outside."""
    parts = [
        record.previous_hash,
        record.id,
        record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        record.actor_id,
        record.action,
        record.subject,
        record.reason,
        record.details,
    ]
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Attempts:
    """Sign-in attempts of one account from one address since the first of them."""

    started_at: datetime
    count: int

    def at(self, now: datetime) -> Attempts:
        """The same, started afresh when the window has passed."""
        return self if now < self.started_at + WINDOW else Attempts(now, 0)

    def another(self) -> Attempts:
        return replace(self, count=self.count + 1)

    @property
    def left(self) -> int:
        return max(0, MAX_ATTEMPTS - self.count)

    def minutes_to_wait(self, now: datetime) -> int:
        """Whole minutes until the window has passed, at least one.

        >>> start = datetime(2026, 1, 1, tzinfo=UTC)
        >>> Attempts(start, 10).minutes_to_wait(start + timedelta(minutes=4, seconds=1))
        11
        """
        seconds = (self.started_at + WINDOW - now).total_seconds()
        return max(1, -int(-seconds // 60))
