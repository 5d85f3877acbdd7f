"""What is owed to customers, counted by kind, end and age; months of earning; what a point is worth. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from liebian.rewards.types.values import BudgetView

StockKind = Literal[
    "points_active", "points_pending", "points_reserved", "points_debt", "points_receivable", "points_in_review", "coupons",
    "promised", "payable",
]  # fmt: skip
ENDS = ("over", "30", "60", "90", "180", "365", "later", "never")
"""In at most so many days; over: its end has come and the night has not."""
AGES = ("30", "90", "180", "365", "more")
OWED_POINTS: tuple[StockKind, ...] = ("points_active", "points_pending", "points_reserved")
OWED_BACK: tuple[StockKind, ...] = ("points_debt", "points_receivable", "points_in_review")


@dataclass(frozen=True, slots=True)
class OwedLine:
    """`unit` is a programme of points or a currency. `what` is the kind of reward, or what a coupon does.

    `n` counts lots, coupons or rewards; `amount` points, coupons or rewards; `minor` is money, None where none can be said.
    """

    kind: StockKind
    unit: str
    what: str
    ends: str
    age: str
    n: int
    amount: int
    minor: int | None = None


@dataclass(frozen=True, slots=True)
class Stock:
    day: date
    at: datetime
    lines: tuple[OwedLine, ...]


@dataclass(frozen=True, slots=True)
class PointsMonth:
    """Points earned in a month: earned = redeemed + expired + taken_back + open. `redeemed` is by month of spending."""

    month: date
    earned: int
    expired: int
    taken_back: int
    open: int
    redeemed: Mapping[date, int]

    @property
    def n_redeemed(self) -> int:
        return sum(self.redeemed.values())

    @property
    def rate(self) -> float | None:
        """Share of what was earned and not taken back that has expired so far."""
        kept = self.earned - self.taken_back
        return self.expired / kept if kept > 0 else None


@dataclass(frozen=True, slots=True)
class PointValue:
    asset: str
    currency: str
    minor_per_thousand: int
    valid_from: datetime

    def worth(self, points: int) -> int:
        """Minor units, half up.

        >>> PointValue("POINTS/0", "CNY", 1000, datetime(2026, 1, 1)).worth(12_345)
        12345
        """
        return (points * self.minor_per_thousand + 500) // 1000


@dataclass(frozen=True, slots=True)
class OwedAsOf:
    """What the ledger says of one unit at an instant: owed to customers, and to be had back from them."""

    unit: str
    owed: int
    owed_back: int


ForecastVerdict = Literal["ok", "gone", "idle", "far", "too_few"]


@dataclass(frozen=True, slots=True)
class BudgetForecastView:
    """When a budget is expected to be used up. Days between `soonest` and `latest` in nine of ten cases; None: cannot be said.

    `used` is by day, the last one the day before `as_of`.
    """

    budget_id: int
    at: datetime
    as_of: date
    verdict: ForecastVerdict
    left_minor: int
    per_week_minor: int | None
    used_up_on: date | None
    soonest: date | None
    latest: date | None
    days: int | None
    used: tuple[int, ...]

    def wanted_days(self, budget: BudgetView) -> int:
        """How many days from `as_of` on the budget should last: to its end, and longer than the days of its warning."""
        to_end = (budget.lasts_until - self.as_of).days + 1 if budget.lasts_until else 0
        return max(to_end, (budget.warn_days or 0) + 1 if budget.warn_days else 0)

    def is_short(self, budget: BudgetView) -> bool:
        return not budget.closed_at and self.days is not None and self.days < self.wanted_days(budget)
