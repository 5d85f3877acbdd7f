"""Pages of rewards: the list, one reward, what people decide, the panel on a customer's page, money for a budget."""

from liebian.rewards.views.budgets import fund
from liebian.rewards.views.coupon_pools import (
    pool_generate,
    pool_import,
    pool_new,
    pool_page,
    pool_retail,
    pool_unused,
)
from liebian.rewards.views.coupons import coupon_code, coupon_list, coupon_new, shop_key_new, shop_key_switch
from liebian.rewards.views.panel import customer_panel
from liebian.rewards.views.reconciling import explain, reconcile_now, reconciliation
from liebian.rewards.views.reviews import decide, policy, review_list, review_page
from liebian.rewards.views.rewards import act, reward_list, reward_page

__all__ = [
    "act",
    "coupon_code",
    "coupon_list",
    "coupon_new",
    "customer_panel",
    "decide",
    "explain",
    "fund",
    "policy",
    "pool_generate",
    "pool_import",
    "pool_new",
    "pool_page",
    "pool_retail",
    "pool_unused",
    "reconcile_now",
    "reconciliation",
    "review_list",
    "review_page",
    "reward_list",
    "reward_page",
    "shop_key_new",
    "shop_key_switch",
]
