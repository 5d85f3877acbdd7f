"""The checks that rewards bring to the reconciliation: their own counters against the ledger, the ledger against itself, and how
long budgets last."""

from liebian.rewards.services.checks.budgets import BudgetCheck
from liebian.rewards.services.checks.coupons import CouponCheck
from liebian.rewards.services.checks.forecasts import ForecastCheck
from liebian.rewards.services.checks.liability import LiabilityCheck
from liebian.rewards.services.checks.limits import LimitCheck
from liebian.rewards.services.checks.units import LedgerCheck, PointsCheck, SumsCheck
from liebian.rewards.types import Check

CHECKS: tuple[Check, ...] = (
    LedgerCheck(), SumsCheck(), BudgetCheck(), PointsCheck(), CouponCheck(), LimitCheck(), LiabilityCheck(), ForecastCheck(),
)  # fmt: skip

__all__ = ["CHECKS"]
