"""Frozen values that cross the border of `events`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

INTERNAL_SOURCE = "liebian"
DAY_STARTED = "Day Started"
KEPT_REFUSALS = 1_000  # requests that were refused, the newest
EXCERPT = 2_048  # bytes of the body that are kept of a request that was refused
RETIRED = "log.retired"  # the cursor up to which rows of the log have left for the lake


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One stored event. `body` has traits, properties and context without personal fields; `personal` has those."""

    id: int
    source: str
    type: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    at: datetime
    received_at: datetime
    body: dict[str, Any]
    personal: dict[str, Any] = field(default_factory=dict)

    @property
    def properties(self) -> dict[str, Any]:
        return self.body.get("properties") or {}

    @property
    def traits(self) -> dict[str, Any]:
        return self.body.get("traits") or {}

    @property
    def customer_id(self) -> int | None:
        """Set on outcomes that the product itself reports about a known customer."""
        return self.body.get("customer_id") if self.source == INTERNAL_SOURCE else None


class LogRow(NamedTuple):
    """A stored event as it lies in the log: for readers that need few of its parts. `body` is JSON, `personal` sealed."""

    id: int
    source: str
    type: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    at_ms: int
    received_ms: int
    body: bytes
    personal: bytes | None


class Content(NamedTuple):
    """What a stored event says, opened: for rewriting it when its person is erased. `id` and `source` are not rewritten."""

    id: int
    source: str
    user_id: str | None
    anonymous_id: str | None
    body: dict[str, Any]
    personal: dict[str, Any]
    corrections: Any


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: every message is in exactly one of the two counts."""

    accepted: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: every message is accepted, a repeat, or quarantined; some accepted ones were corrected."""

    accepted: int
    duplicates: int
    quarantined: int
    corrected: int


@dataclass(frozen=True, slots=True)
class SourceView:
    id: int
    name: str
    kind: str
    write_key: str
    is_enabled: bool
    allowed_origins: tuple[str, ...] = ()
    events_per_second: int | None = None
    unknown_events: str = "allow"


@dataclass(frozen=True, slots=True)
class ImportView:
    """One file import as it stands. `report` is there when it is done."""

    id: int
    state: str  # draft, queued, running, done, failed, cancelled
    filename: str
    path: str
    size: int
    options: dict[str, Any]
    actor: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    phase: str  # reading, checking, writing
    rows: int
    items: int
    position: int
    report: dict[str, Any] | None
    error_code: str
    error_message: str

    @property
    def percent(self) -> int:
        if self.state == "done":
            return 100
        return self.position * 100 // self.items if self.items else 0

    @property
    def is_moving(self) -> bool:
        return self.state in {"queued", "running"}

    @property
    def rejected_rows(self) -> int:
        return sum((self.report or {}).get("rejected", {}).values())
