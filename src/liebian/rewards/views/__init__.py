"""Pages of rewards: the list, one reward, what people decide, the panel on a customer's page, money for a budget."""

from liebian.rewards.views.budget_pages import (
    budget_close,
    budget_list,
    budget_page,
    budget_parts,
    budget_transfer,
    budget_warning,
)
from liebian.rewards.views.budget_reopening import budget_reopen
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
from liebian.rewards.views.gifts import gift_list, gift_new, gift_page, gift_restock
from liebian.rewards.views.liability import liability, liability_file, liability_value
from liebian.rewards.views.panel import customer_panel
from liebian.rewards.views.points_acts import (
    points_adjust,
    points_release,
    points_shortage,
    points_take_back,
    points_transfer,
)
from liebian.rewards.views.points_page import customer_points
from liebian.rewards.views.points_terms import points_list, points_terms
from liebian.rewards.views.reconciling import explain, reconcile_now, reconciliation
from liebian.rewards.views.reviews import deadlines, decide, policy, review_list, review_page
from liebian.rewards.views.rewards import act, reward_list, reward_page
from liebian.rewards.views.shipment import shipment_address, shipment_erase, shipment_page, shipment_send
from liebian.rewards.views.shipments import shipment_act, shipment_export, shipment_list, shipment_tracking

__all__ = [
    "act",
    "budget_close",
    "budget_list",
    "budget_page",
    "budget_parts",
    "budget_reopen",
    "budget_transfer",
    "budget_warning",
    "coupon_code",
    "coupon_list",
    "coupon_new",
    "customer_panel",
    "customer_points",
    "deadlines",
    "decide",
    "explain",
    "fund",
    "gift_list",
    "gift_new",
    "gift_page",
    "gift_restock",
    "liability",
    "liability_file",
    "liability_value",
    "points_adjust",
    "points_list",
    "points_release",
    "points_shortage",
    "points_take_back",
    "points_terms",
    "points_transfer",
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
    "shipment_act",
    "shipment_address",
    "shipment_erase",
    "shipment_export",
    "shipment_list",
    "shipment_page",
    "shipment_send",
    "shipment_tracking",
    "shop_key_new",
    "shop_key_switch",
]
