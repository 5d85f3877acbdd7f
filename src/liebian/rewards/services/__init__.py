"""Writes of rewards. Every act locks its budgets first, then posts once to the ledger, all in one transaction."""

from liebian.rewards.services.budgets import create_budget, fund_budget, set_shards
from liebian.rewards.services.coupons import expire_coupons, redeem_coupons
from liebian.rewards.services.grants import grant_pairs
from liebian.rewards.services.issuing import mark_awaiting, mark_issued, return_unissued
from liebian.rewards.services.offers import create_offer
from liebian.rewards.services.refunds import cancel_or_claw_back, cancel_rewards, claw_back_many, claw_back_rewards
from liebian.rewards.services.releases import release_due, release_rewards
from liebian.rewards.services.reviews import decide_review, propose_review, set_review_policy

__all__ = [
    "cancel_or_claw_back",
    "cancel_rewards",
    "claw_back_many",
    "claw_back_rewards",
    "create_budget",
    "create_offer",
    "decide_review",
    "expire_coupons",
    "fund_budget",
    "grant_pairs",
    "mark_awaiting",
    "mark_issued",
    "propose_review",
    "redeem_coupons",
    "release_due",
    "release_rewards",
    "return_unissued",
    "set_review_policy",
    "set_shards",
]
