"""Frozen values of the pages about what arrives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from liebian.events.checking.types import FieldRule, Step

ACCEPTED, CORRECTED, QUARANTINED, REFUSED = "accepted", "corrected", "quarantined", "refused"
ARRIVAL_KINDS = (ACCEPTED, CORRECTED, QUARANTINED, REFUSED)
WAITING, REPAIRED, DISMISSED = "waiting", "repaired", "dismissed"
STATES = (WAITING, REPAIRED, DISMISSED)


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What one source sent in one business day."""

    day: date
    accepted: int = 0
    duplicates: int = 0
    corrected: int = 0
    quarantined: int = 0
    refused: int = 0
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class LastHeard:
    """When a source's last event came in: the moment while it is among the newest events, afterwards its business day."""

    day: date
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceDetail:
    """A source with its limits. `events_per_second` None means no limit of its own."""

    id: int
    name: str
    kind: str
    write_key: str
    is_enabled: bool
    created_at: datetime
    allowed_origins: tuple[str, ...]
    events_per_second: int | None
    unknown_events: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One line of the live page. `findings` are corrections or violations as they were stored."""

    kind: str  # one of ARRIVAL_KINDS
    id: int
    source: str
    received_at: datetime
    type: str = ""
    name: str = ""
    code: str = ""
    status: int = 0
    findings: tuple[dict[str, Any], ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a refused body: what could be read, masked; the marks of what comes behind it; whether the body went on."""

    shown: str
    behind: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class SchemaView:
    id: int
    type: str
    name: str
    rules: tuple[FieldRule, ...]
    corrects: bool
    other_fields: bool
    is_enabled: bool
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A kind of event that arrives without a schema, and how often it did lately."""

    type: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Group:
    """Messages that failed for the same first reason: same source, code and kind of event."""

    source: str
    code: str
    type: str
    name: str
    count: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class QuarantinedMessage:
    """One message in quarantine. `message` is whole and personal: mask it before it is shown."""

    id: int
    source: str
    type: str
    name: str
    received_at: datetime
    code: str
    findings: tuple[dict[str, Any], ...]
    state: str
    changed_at: datetime | None
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which waiting messages are meant: named ones, or all that failed alike."""

    ids: tuple[int, ...] = ()
    source: str = ""
    code: str = ""
    type: str | None = None
    name: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.ids or self.source or self.code) and self.type is None and self.name is None


@dataclass(frozen=True, slots=True)
class Trial:
    """What a repair would make of one message. `findings` is empty when it would pass."""

    id: int
    before: dict[str, Any]
    after: dict[str, Any]
    corrections: tuple[dict[str, Any], ...]
    findings: tuple[dict[str, Any], ...]

    @property
    def passes(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did, or would do: how many were looked at, how many pass, why others do not."""

    looked_at: int
    passed: int
    left: int  # meant by the selection, beyond what one repair looks at
    reasons: tuple[tuple[str, str, int], ...] = ()  # code, field, messages
    trials: tuple[Trial, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def failed(self) -> int:
        return self.looked_at - self.passed
