"""The checks that rewards bring to the reconciliation: their own counters against the ledger, and the ledger against itself."""

from liebian.rewards.services.checks.budgets import BudgetCheck
from liebian.rewards.services.checks.coupons import CouponCheck
from liebian.rewards.services.checks.limits import LimitCheck
from liebian.rewards.services.checks.units import LedgerCheck, PointsCheck
from liebian.rewards.types import Check

CHECKS: tuple[Check, ...] = (LedgerCheck(), BudgetCheck(), PointsCheck(), CouponCheck(), LimitCheck())

__all__ = ["CHECKS"]
