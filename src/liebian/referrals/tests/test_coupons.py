"""Coupons that come back in orders of the shop: used by whom they belong to, once, in time; every "no" keeps its reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.events.models import Event
from liebian.events.queries import list_events_after
from liebian.referrals import queries
from liebian.referrals.models import Outcome
from liebian.referrals.tests.shop import T0, Shop
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards
from liebian.rewards.types import CouponView

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = timedelta(days=1)
LATER = T0 + 10 * DAY


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(monkeypatch)


@pytest.fixture
def programme(shop: Shop) -> ProgrammeView:
    """Ben and Cleo were brought by Anna; their coupons are issued."""
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    for friend in ("ben", "cleo"):
        shop.sign_up(friend, shop.code(programme, anna))
        shop.order(friend, f"o-{friend}", 120, at=T0)
    shop.day("2026-06-09")
    shop.run()
    return programme


def coupon_of(shop: Shop, user: str) -> CouponView:
    (found,) = rewards.list_coupons(shop.id_of(user))
    return found


def outcomes() -> list[tuple[str, str, str]]:
    rows = Outcome.objects.filter(name__startswith="Coupon ").order_by("pk")
    return [(row.name, row.properties["order_id"], row.properties["reason"]) for row in rows]


def test_a_friend_uses_the_coupon_in_a_second_order(shop: Shop, programme: ProgrammeView) -> None:
    before = rewards.get_budget(programme.budget_id or 0)
    code = coupon_of(shop, "ben").code
    shop.order("ben", "o2", 100, at=LATER, coupon=f" {code.lower()} ")
    shop.run()
    assert coupon_of(shop, "ben").state == "redeemed"
    (reward,) = rewards.list_rewards(customer_id=shop.id_of("ben"))
    assert (reward.state, reward.changed_at) == ("redeemed", LATER)
    assert rewards.list_reward_changes(reward.id)[-1].at == LATER
    assert rewards.get_budget(programme.budget_id or 0) == before, "its money left when it was issued"
    (told,) = [event for event in list_events_after(0, 1000) if event.name == "Coupon Redeemed"]
    assert told.customer_id == shop.id_of("ben") and told.properties["order_id"] == "o2"
    assert told.properties["code"] == code and told.properties["programme_id"] == programme.id
    assert not Event.objects.filter(name="Reward Redeemed").exists(), "the same is not told twice"
    story = [
        (entry.kind, entry.values) for entry in queries.list_story(shop.id_of("ben")) if entry.kind == "coupon_used"
    ]
    assert story == [("coupon_used", {"code": f"…{code[-4:]}", "order": "o2"})]


def test_the_same_order_may_say_it_again_and_another_may_not(shop: Shop, programme: ProgrammeView) -> None:
    code = coupon_of(shop, "ben").code
    for order, coupons in (("o2", [code]), ("o2", [code, "SHOP20"]), ("o3", [code])):
        shop.order("ben", order, 100, at=LATER, coupons=coupons)
    shop.run()
    assert outcomes() == [("Coupon Redeemed", "o2", ""), ("Coupon Refused", "o3", "coupon_used")]


def test_a_coupon_that_a_correction_names_counts(shop: Shop, programme: ProgrammeView) -> None:
    shop.order("ben", "o2", 100, at=LATER)
    shop.order("ben", "o2", 100, at=LATER, coupon=coupon_of(shop, "ben").code)
    shop.run()
    assert outcomes() == [("Coupon Redeemed", "o2", "")]


def test_codes_of_the_shop_itself_are_left_alone(shop: Shop, programme: ProgrammeView) -> None:
    shop.order("ben", "o2", 100, at=LATER, coupon="满300减40")
    shop.run()
    assert outcomes() == []


def test_a_coupon_cannot_be_handed_on(shop: Shop, programme: ProgrammeView) -> None:
    shop.order("cleo", "o2", 100, at=LATER, coupon=coupon_of(shop, "ben").code)
    shop.run()
    assert outcomes() == [("Coupon Refused", "o2", "coupon_not_theirs")]
    assert Outcome.objects.get(name="Coupon Refused").customer_id == shop.id_of("cleo")
    assert coupon_of(shop, "ben").state == "issued"
    (refused,) = [entry for entry in queries.list_story(shop.id_of("cleo")) if entry.kind == "coupon_refused"]
    assert refused.reason == "coupon_not_theirs"


def test_a_coupon_past_its_last_day_is_refused_before_and_after_the_day_is_closed(
    shop: Shop, programme: ProgrammeView
) -> None:
    code, past = coupon_of(shop, "ben").code, T0 + 22 * DAY  # issued on 9 June for 14 days
    shop.order("ben", "o2", 100, at=past, coupon=code)
    shop.run()
    assert outcomes() == [("Coupon Refused", "o2", "reward_expired")] and coupon_of(shop, "ben").state == "issued"
    shop.day("2026-06-23")
    shop.order("ben", "o3", 100, at=past, coupon=code)
    shop.run()
    assert outcomes()[1:] == [("Coupon Refused", "o3", "reward_expired")] and coupon_of(shop, "ben").state == "expired"


def test_an_order_that_was_cancelled_before_it_arrived_uses_nothing(shop: Shop, programme: ProgrammeView) -> None:
    cancelled = {"type": "track", "event": "Order Cancelled", "userId": "ben", "properties": {"order_id": "o2"}}
    shop.say(cancelled, at=LATER)
    shop.order("ben", "o2", 100, at=LATER, coupon=coupon_of(shop, "ben").code)
    shop.run()
    assert outcomes() == [] and coupon_of(shop, "ben").state == "issued"


def test_a_used_coupon_is_written_off_with_the_order_that_earned_it_and_stays_used_with_the_other(
    shop: Shop, programme: ProgrammeView
) -> None:
    shop.order("ben", "o2", 100, at=LATER, coupon=coupon_of(shop, "ben").code)
    shop.refund("ben", "o2", "r1", None, at=LATER)
    shop.run()
    (reward,) = rewards.list_rewards(customer_id=shop.id_of("ben"))
    assert reward.state == "redeemed"
    shop.refund("ben", "o-ben", "r2", None, at=LATER + DAY)
    shop.run()
    (reward,) = rewards.list_rewards(customer_id=shop.id_of("ben"))
    assert reward.state == "written_off"
    assert rewards.get_budget(programme.budget_id or 0).written_off == 2000


def test_the_coupon_of_somebody_who_was_merged_is_theirs(shop: Shop) -> None:
    """A visitor without a name earned it; later the device turns out to be Dora's."""
    anna = shop.customer("anna")
    code = shop.code(shop.programme(anna), anna)
    signed = {"event": "Referral Signed Up", "properties": {"code": code, "consent": "2026-01"}}
    ordered = {"event": "Order Completed", "properties": {"order_id": "o1", "total": 120, "currency": "CNY"}}
    shop.say(*({"type": "track", "anonymousId": "d1", **each} for each in (signed, ordered)))
    shop.day("2026-06-09")
    shop.run()
    (coupon,) = rewards.list_issued_coupons(start=T0, end=T0 + 30 * DAY)
    shop.say({"type": "identify", "userId": "dora", "traits": {"name": "Dora"}}, at=LATER)
    shop.say({"type": "identify", "userId": "dora", "anonymousId": "d1"}, at=LATER)
    shop.order("dora", "o2", 100, at=LATER, coupon=coupon.code)
    shop.run()
    assert shop.id_of("dora") != coupon.customer_id
    assert outcomes() == [("Coupon Redeemed", "o2", "")]
