"""Frozen values of the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from liebian.rewards.types import GiftStock, PoolView


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of the last 30 days beside that of the 30 days before. `change` is None when there was nothing before."""

    value: int
    before: int

    @property
    def change(self) -> float | None:
        return None if self.before <= 0 else self.value / self.before - 1

    @property
    def arrow(self) -> str:
        if self.change is None or abs(self.change) < 0.005:
            return "flat"
        return "up" if self.change > 0 else "down"


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """A day's revenue beside what the same weekday brought in the eight weeks before (None without eight of them)."""

    day: date
    revenue_minor: int
    low_minor: int | None
    high_minor: int | None


@dataclass(frozen=True, slots=True)
class RewardsWaiting:
    """What stops rewards on their way until a person does something."""

    low_pools: list[PoolView]
    short_gifts: list[GiftStock]
    n_to_approve: int
    n_without_address: int


@dataclass(frozen=True, slots=True)
class StageAlert:
    """A stage of the pipeline, or publishing to the lake, that does not go on by itself or fails just now."""

    name: str
    state: str
    n_behind: int
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProgrammeCard:
    """A running programme at a glance: what it brought against its holdout, and what is left of its budget."""

    id: int
    name: str
    days_left: int
    incremental: float | None
    low: float | None
    high: float | None
    verdict: str
    n_holdout: int
    currency: str
    budget_left_minor: int
    budget_left_share: float
    budget_parts: tuple[tuple[float, str], ...]
