"""Reads of rewards: budgets, offers, rewards with their history, totals, coupons, points."""

from liebian.rewards.queries.budgets import get_budget, list_budgets
from liebian.rewards.queries.coupons import (
    find_pool_of,
    find_shop,
    get_pool,
    iterate_unused_codes,
    list_low_pools,
    list_pools,
    list_redemptions,
    list_shop_keys,
)
from liebian.rewards.queries.holdings import (
    find_coupon,
    list_coupons,
    list_coupons_by_code,
    list_issued_coupons,
    list_points_balances,
    points_account_code,
    points_balance,
)
from liebian.rewards.queries.offers import list_offers
from liebian.rewards.queries.points import (
    get_points_balance,
    list_expiring_points,
    list_liability,
    list_lots,
    list_points_history,
    list_points_of,
    prove_lots,
)
from liebian.rewards.queries.points_terms import get_points_terms
from liebian.rewards.queries.reconciling import count_open_alarms, get_alarm, list_alarms, list_last_runs
from liebian.rewards.queries.reviews import (
    count_waiting_reviews,
    get_review,
    get_review_policy,
    list_reviews,
    list_reviews_of,
    preview_review,
)
from liebian.rewards.queries.rewards import (
    count_rewards_by_person,
    count_rewards_by_state,
    get_reason,
    get_reward,
    list_reward_changes,
    list_reward_changes_after,
    list_rewards,
)
from liebian.rewards.queries.totals import get_programme_totals, list_programme_totals

__all__ = [
    "count_open_alarms",
    "count_rewards_by_person",
    "count_rewards_by_state",
    "count_waiting_reviews",
    "find_coupon",
    "find_pool_of",
    "find_shop",
    "get_alarm",
    "get_budget",
    "get_points_balance",
    "get_points_terms",
    "get_pool",
    "get_programme_totals",
    "get_reason",
    "get_review",
    "get_review_policy",
    "get_reward",
    "iterate_unused_codes",
    "list_alarms",
    "list_budgets",
    "list_coupons",
    "list_coupons_by_code",
    "list_expiring_points",
    "list_issued_coupons",
    "list_last_runs",
    "list_liability",
    "list_lots",
    "list_low_pools",
    "list_offers",
    "list_points_balances",
    "list_points_history",
    "list_points_of",
    "list_pools",
    "list_programme_totals",
    "list_redemptions",
    "list_reviews",
    "list_reviews_of",
    "list_reward_changes",
    "list_reward_changes_after",
    "list_rewards",
    "list_shop_keys",
    "points_account_code",
    "points_balance",
    "preview_review",
    "prove_lots",
]
