"""Decisions about rewards, one module per noun. Plain Python."""

from liebian.rewards.rules.accounts import (
    POINTS,
    BudgetAccounts,
    coupon_account,
    coupon_world,
    coupons_used,
    points_account,
    points_world,
)
from liebian.rewards.rules.claws import Claw, clawed_so_far, cost_of, plan_claw
from liebian.rewards.rules.life import TRANSITIONS, check_transition, expires_on, hold_until
from liebian.rewards.rules.limits import (
    Allowance,
    allowance_for,
    check_limit,
    left_account,
    units_within,
    used_account,
    window_start,
)
from liebian.rewards.rules.offers import check_offer
from liebian.rewards.rules.reviews import NO_POLICY, REASONS_OF, check_policy, check_review, fits, needs_second_person

__all__ = [
    "NO_POLICY",
    "POINTS",
    "REASONS_OF",
    "TRANSITIONS",
    "Allowance",
    "BudgetAccounts",
    "Claw",
    "allowance_for",
    "check_limit",
    "check_offer",
    "check_policy",
    "check_review",
    "check_transition",
    "clawed_so_far",
    "cost_of",
    "coupon_account",
    "coupon_world",
    "coupons_used",
    "expires_on",
    "fits",
    "hold_until",
    "left_account",
    "needs_second_person",
    "plan_claw",
    "points_account",
    "points_world",
    "units_within",
    "used_account",
    "window_start",
]
