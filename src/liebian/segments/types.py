"""Frozen values that cross the border of `segments`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

REPLAY = "segments.replay"  # a cursor: shares in all and steps left, in one number; 0 when nobody asked
REPLAY_STEPS = 100_000  # more than there can be: a step for each share, and one after the last


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A segment as saved. `rule` is the tree as decoded JSON."""

    id: int
    name: str
    rule: dict[str, Any]
    version: int
    created_by: int | None
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many match, out of everybody known as of the day."""

    size: int
    population: int

    @property
    def share(self) -> float | None:
        return self.size / self.population if self.population else None


@dataclass(frozen=True, slots=True)
class NodeCount:
    """For one node of a rule tree: how many match it alone, and how many remain in its group after it.

    `path` are the positions of children from the root, such as (1, 0). In an `all_of`, `left` counts who satisfies this
    condition and all before it; in an `any_of`, who satisfies this or one before; in a `none_of`, who remains.
    """

    path: tuple[int, ...]
    alone: int
    left: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Somebody near the edge of a rule: which condition decides, and what their value is there."""

    customer_id: int
    path: tuple[int, ...]
    condition: dict[str, Any]
    value: int | None


@dataclass(frozen=True, slots=True)
class Edges:
    inside: tuple[Edge, ...]
    outside: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class DaySize:
    day: date
    size: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to when memberships are true: the received time of the last event that all shards follow, and how many
    wait for the slowest of them."""

    day: date
    at: datetime | None
    position: int
    n_behind: int
    is_sweeping: bool

    def is_stale(self, now: datetime) -> bool:
        """Events wait, and what was last read came in more than a minute ago."""
        return self.n_behind > 0 and (self.at is None or now - self.at > timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Drift:
    """Where live membership of a segment differs from an evaluation of the lake: some of the people on either side."""

    segment_id: int
    name: str
    n_live: int
    n_lake: int
    only_live: tuple[int, ...]
    only_lake: tuple[int, ...]

    @property
    def is_equal(self) -> bool:
        return not self.only_live and not self.only_lake
