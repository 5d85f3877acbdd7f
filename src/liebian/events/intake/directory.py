"""The sources and what is registered for their events, in memory, at most a second old."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import connections

from liebian.events.checks import Checks, load_checks
from liebian.events.intake.shared_bucket import SharedBucket
from liebian.events.queries import list_sources
from liebian.events.rules import Bucket
from liebian.events.types import SourceView

log = structlog.get_logger("intake")
REFRESH_AFTER = 0.5  # seconds after which a request has the directory read again, beside itself
STALE_AFTER = 1.0  # seconds after which a request waits for that


class Sender:
    """A source as the way in needs it: its settings, its bucket, its check."""

    __slots__ = ("bucket", "check", "source")

    def __init__(self, source: SourceView, checks: Checks, bucket: Bucket | None) -> None:
        self.source = source
        self.check = partial(checks.check, unknown=source.unknown_events)
        self.bucket = bucket

    def allows(self, origin: str) -> bool:
        return not origin or not self.source.allowed_origins or origin in self.source.allowed_origins


class Directory:
    """`read` blocks on the database and may be called from any thread; `find` looks at what was read last."""

    def __init__(self) -> None:
        self._senders: dict[str, Sender] = {}
        self._buckets: dict[int, Bucket] = {}
        self._lock = threading.Lock()
        self.read_at = float("-inf")

    def find(self, write_key: str) -> Sender | None:
        return self._senders.get(write_key)

    def age(self) -> float:
        return time.monotonic() - self.read_at

    def read(self) -> None:
        """Read every source and schema. Raises what the database raises; then the old state stays."""
        with self._lock:
            began = time.monotonic()
            try:
                checks, sources = load_checks(), list_sources()
            finally:
                connections.close_all()
            self._buckets = {one.id: self._bucket(one, began) for one in sources if one.events_per_second is not None}
            self._senders = {
                one.write_key: Sender(one, checks, self._buckets.get(one.id)) for one in sources if one.is_enabled
            }
            self.read_at = began

    def _bucket(self, source: SourceView, now: float) -> Bucket:
        known: Any = self._buckets.get(source.id)
        if known is not None and known.rate == source.events_per_second:
            return known  # type: ignore[no-any-return]
        rate = source.events_per_second or 0
        try:
            return SharedBucket(rate, settings.HOME / "rates" / str(source.id), now=now)
        except OSError as error:  # full or read-only: better a limit of each process than none
            log.warning("rate_not_shared", source=source.name, error=str(error))
            return Bucket(rate, now=now)
