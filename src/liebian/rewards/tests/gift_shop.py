"""Gifts in stock and on their way for tests."""

from __future__ import annotations

from datetime import date, datetime

from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.types import (
    BudgetView,
    GiftStock,
    OfferDraft,
    OfferView,
    ParcelAct,
    ParcelView,
    PostalAddress,
    RewardView,
    ShipmentLine,
)

ADDRESS = PostalAddress("林晚秋", "138 1234 6021", "浙江省 杭州市 西湖区", "文三路 100 号 2 幢 301", "310012")


def make_gift(name: str = "Tea set", cost: int = 1000) -> OfferView:
    return services.create_offer(draft=OfferDraft("gift", name, "CNY", cost), now=NOW)


def restock(gift: OfferView, n_units: int, key: str = "1", day: date = HOLD, now: datetime = NOW) -> GiftStock:
    return services.restock(offer_id=gift.id, n_units=n_units, note="", idempotency_key=key, actor=1, day=day, now=now)


def promise(gift: OfferView, n_gifts: int = 1, budget: BudgetView | None = None, start: int = 1) -> list[RewardView]:
    """Gifts for the friends of orders 1, 2, …: customers 1001, 1002, …, as far as their day has come."""
    budget = budget or make_budget(funded=n_gifts * gift.cost_minor)
    grants = [make_grant(budget, n, ("referee", gift)) for n in range(start, start + n_gifts)]
    outcomes = services.grant_pairs(grants=grants, now=NOW)
    while services.release_due(day=HOLD, now=NOW):
        pass
    return [queries.get_reward(outcome.reward.id) for outcome in outcomes]


def parcel_of(reward: RewardView) -> ParcelView:
    found = queries.find_parcel_of(reward.id)
    assert found is not None
    return found


def address(reward: RewardView, told: PostalAddress = ADDRESS, now: datetime = NOW) -> ParcelView:
    return services.set_address(parcel_id=parcel_of(reward).id, address=told, actor=1, now=now)


def act(name: ParcelAct, *rewards: RewardView, now: datetime = NOW) -> list[str]:
    """Why not, one per reward; empty where it was done."""
    lines = [ShipmentLine(parcel_of(each).id, "SF", f"SF{each.id}") for each in rewards]
    return [each.reason for each in services.move_parcels(act=name, lines=lines, actor=1, at=now, now=now)]


def send(*rewards: RewardView) -> None:
    for each in rewards:
        address(each)
    assert not any(act("ship", *rewards))


def refund(number: int = 1, part: int = 10) -> None:
    services.cancel_or_claw_back(
        qualification=f"order:{number}", refunded_minor=part, order_total_minor=10, at=NOW, now=NOW
    )


def state_of(reward: RewardView) -> tuple[str, str]:
    seen = queries.get_reward(reward.id)
    return seen.state, seen.reason


def units(gift: OfferView) -> tuple[int, int, int, int, int]:
    seen = queries.get_gift_stock(gift.id)
    return seen.n_left, seen.n_packing, seen.n_shipped, seen.n_given, seen.n_lost
