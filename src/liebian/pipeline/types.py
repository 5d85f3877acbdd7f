"""Frozen values that cross the border of `pipeline`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

RUNNING, WAITING, FAILING, STOPPED, PAUSED = "running", "waiting", "failing", "stopped", "paused"


@dataclass(frozen=True)
class Unit:
    """One part of the pipeline that a worker can take: a stage, or one shard of it.

    `run(limit)` consumes up to `limit` and returns how much, 0 when there is nothing or another worker has it. `cursor` names
    its position in the log. `after` is the unit whose position it cannot pass. With `next_event`, an event on which it fails
    again and again is set aside; without, it stops and is shown, unless it `tries_on`: then it waits and tries again.
    """

    name: str
    cursor: str
    run: Callable[[int], int]
    limit: int
    after: str | None = None
    next_event: Callable[[], int | None] | None = None
    tries_on: bool = False


@dataclass(frozen=True, slots=True)
class UnitView:
    """How a unit stands. `behind_seconds` is how long its oldest waiting event has been here; `rate` is events a second.
    `error` is why it fails now, `past_error` why it failed last when that is over; either was seen last at `failed_at`."""

    name: str
    state: str
    position: int
    behind: int
    behind_seconds: float
    rate: float
    error: str
    past_error: str
    failed_at: datetime | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class AsideView:
    """An event that a unit could not take and went past."""

    id: int
    unit: str
    event_id: int
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReplayPart:
    name: str
    rows: int
    equal: bool
    first_difference: str


@dataclass(frozen=True, slots=True)
class ReplayView:
    """A check whether everything follows from the log. `parts` is there when it is done."""

    id: int
    state: str  # waiting, running, equal, different, failed
    asked_at: datetime
    finished_at: datetime | None
    parts: tuple[ReplayPart, ...]
    error: str

    @property
    def is_moving(self) -> bool:
        return self.state in {"waiting", "running"}
