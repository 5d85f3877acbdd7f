"""Coupons in hand, carts and checkouts for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.types import (
    BudgetView,
    Cart,
    CartLine,
    CheckoutRequest,
    CouponTerms,
    CouponView,
    OfferDraft,
    OfferView,
    RewardView,
)

QUARTER = timedelta(minutes=15)
TICK = timedelta(microseconds=1)
PERCENT: dict[str, Any] = {"effect": "percent", "percent_bp": 1000, "cap_minor": 3000}


def make_offer(cost: int = 1000, face: int = 2000, days: int = 30, **terms: Any) -> OfferView:
    said = CouponTerms(**terms)
    draft = OfferDraft(
        "coupon",
        "Welcome",
        "CNY",
        said.cap_minor if said.settles else cost,
        face_minor=face,
        valid_days=days,
        terms=said,
    )
    return services.create_offer(draft=draft, now=NOW)


def issue(offer: OfferView, n_coupons: int = 1, budget: BudgetView | None = None, start: int = 1) -> list[CouponView]:
    """Coupons of the friends of orders 1, 2, …: customers 1001, 1002, …"""
    budget = budget or make_budget(funded=n_coupons * offer.cost_minor)
    grants = [make_grant(budget, n, ("referee", offer)) for n in range(start, start + n_coupons)]
    services.grant_pairs(grants=grants, now=NOW)
    while services.release_due(day=HOLD, now=NOW):
        pass
    found = (queries.list_coupons(1000 + n) for n in range(start, start + n_coupons))
    return [coupon for coupons in found for coupon in coupons]


def make_cart(*amounts: int, shipping: int = 0, quantity: int = 1) -> Cart:
    lines = tuple(CartLine(f"l{n}", amount, quantity) for n, amount in enumerate(amounts or (10_000,)))
    return Cart("CNY", lines, shipping)


def ask(*codes: str, customer: int | None = 1001, cart: Cart | None = None, shop: str = "web") -> CheckoutRequest:
    return CheckoutRequest(shop, customer, cart or make_cart(), codes)


def reserve(*codes: str, key: str = "r1", now: datetime = NOW, order: str = "", **more: Any):
    return services.reserve_coupons(
        request=ask(*codes, **more), reservation=key, order_key=order, hold_for=QUARTER, now=now
    )


def redeem(key: str = "r1", order: str = "A-1", now: datetime = NOW, **more: Any):
    return services.redeem_reservation(shop="web", reservation=key, order_key=order, now=now, **more)


def back(order: str = "A-1", now: datetime = NOW, **more: Any):
    return services.give_back(shop="web", order_key=order, now=now, **more)


def coupon_now(coupon: CouponView) -> CouponView:
    found = queries.find_coupon(coupon.code)
    assert found is not None
    return found


def reward_of(coupon: CouponView) -> RewardView:
    return queries.get_reward(coupon.reward_id)
