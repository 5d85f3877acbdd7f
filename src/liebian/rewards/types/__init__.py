"""Frozen values of rewards that may cross its border, and the words for every reason. Plain Python."""

from liebian.rewards.types.reasons import REASONS, ReasonText
from liebian.rewards.types.values import (
    BudgetView,
    CouponOutcome,
    CouponState,
    CouponUse,
    CouponView,
    GrantOutcome,
    GrantRequest,
    OfferDraft,
    OfferKind,
    OfferView,
    ProgrammeTotals,
    RefundNotice,
    RewardChangeView,
    RewardState,
    RewardView,
    Side,
    Tally,
)

__all__ = [
    "REASONS",
    "BudgetView",
    "CouponOutcome",
    "CouponState",
    "CouponUse",
    "CouponView",
    "GrantOutcome",
    "GrantRequest",
    "OfferDraft",
    "OfferKind",
    "OfferView",
    "ProgrammeTotals",
    "ReasonText",
    "RefundNotice",
    "RewardChangeView",
    "RewardState",
    "RewardView",
    "Side",
    "Tally",
]
