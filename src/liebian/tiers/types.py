"""Frozen values that cross the border of `tiers`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

KINDS = ("rfm", "abc", "lifecycle")
NOWHERE = ""
"""The cell of somebody who has no place in a model, such as a person who never bought in RFM."""


@dataclass(frozen=True, slots=True)
class TierModelView:
    """A tier model as it is in use. `name` is the key under which `customers` keeps its places."""

    id: int
    name: str
    kind: str
    version: int
    parameters: dict[str, Any]
    is_active: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class TierRunView:
    model_id: int
    version: int
    as_of: date
    counts: dict[str, int]
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class Lift:
    """A better cell that a reward gives somebody for some days: `own` is where their orders put them, the last day is before `until`."""

    cell: str
    own: str
    until: date


@dataclass(frozen=True, slots=True)
class TierGroup:
    """Everybody in one cell, grade or stage. The shares are 0–1; of revenue None when there is none to share."""

    cell: str
    n_customers: int
    revenue_minor: int
    share_of_customers: float
    share_of_revenue: float | None


@dataclass(frozen=True, slots=True)
class Square:
    """One square of the RFM grid: everybody with these recency and frequency scores."""

    r: int
    f: int
    n_customers: int
    revenue_minor: int
    cell: str
    """The named cell that most of them are in; the money score decides between important and general."""


@dataclass(frozen=True, slots=True)
class TierAnswer:
    """One model as of one day (exclusive: that day itself does not count)."""

    model: TierModelView
    as_of: date
    currency: str
    groups: tuple[TierGroup, ...]
    n_customers: int
    n_outside: int
    """Known customers without a place in this model."""
    revenue_minor: int
    squares: tuple[Square, ...] = ()
    cuts: dict[str, tuple[float, ...]] = field(default_factory=dict)
    n_lifted: int = 0
    """Of those placed, so many are where they are by a reward, for some days."""
    curve: tuple[tuple[float, float], ...] = ()
    """ABC: points (share of customers, share of revenue), best customers first."""

    def group(self, cell: str) -> TierGroup:
        return next(group for group in self.groups if group.cell == cell)


@dataclass(frozen=True, slots=True)
class Move:
    """So many people go from one cell to another. `NOWHERE` = no place in the model."""

    source: str
    target: str
    n_customers: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What other parameters would do on the same day."""

    kind: str
    as_of: date
    parameters: dict[str, Any]
    before: dict[str, int]
    after: dict[str, int]
    moves: tuple[Move, ...]
    """Only those who change cell, most people first."""
    n_moved: int
    n_customers: int


@dataclass(frozen=True, slots=True)
class TierSummary:
    """What a computation did. `changed` is False when everybody already had this place."""

    model_id: int
    as_of: date
    counts: dict[str, int]
    n_customers: int
    changed: bool


@dataclass(frozen=True, slots=True)
class TierReason:
    """Why a customer is where they are, in sentences of the active language."""

    kind: str
    cell: str
    label: str
    sentences: tuple[str, ...]
