"""Decisions about rewards, one module per noun. Plain Python."""

from liebian.rewards.rules.accounts import (
    POINTS,
    BudgetAccounts,
    coupon_account,
    coupon_stock,
    coupon_world,
    coupons_reserved,
    coupons_used,
    points_account,
    points_world,
)
from liebian.rewards.rules.claws import Claw, clawed_so_far, cost_of, plan_claw
from liebian.rewards.rules.coupon_codes import LETTERS, check_codes, clean_code, is_code, make_codes, shortest_length
from liebian.rewards.rules.coupon_terms import (
    check_coupon,
    cost_of_use,
    end_after_return,
    end_of,
    first_day_after,
    read_terms,
    say_terms,
)
from liebian.rewards.rules.coupons import allocate, is_eligible, price, share_of, spread
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
    "LETTERS",
    "NO_POLICY",
    "POINTS",
    "REASONS_OF",
    "TRANSITIONS",
    "Allowance",
    "BudgetAccounts",
    "Claw",
    "allocate",
    "allowance_for",
    "check_codes",
    "check_coupon",
    "check_limit",
    "check_offer",
    "check_policy",
    "check_review",
    "check_transition",
    "clawed_so_far",
    "clean_code",
    "cost_of",
    "cost_of_use",
    "coupon_account",
    "coupon_stock",
    "coupon_world",
    "coupons_reserved",
    "coupons_used",
    "end_after_return",
    "end_of",
    "expires_on",
    "first_day_after",
    "fits",
    "hold_until",
    "is_code",
    "is_eligible",
    "left_account",
    "make_codes",
    "needs_second_person",
    "plan_claw",
    "points_account",
    "points_world",
    "price",
    "read_terms",
    "say_terms",
    "share_of",
    "shortest_length",
    "spread",
    "units_within",
    "used_account",
    "window_start",
]
