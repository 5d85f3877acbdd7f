"""Coupons at the checkout: held, used, given back; the budget pays what was really taken off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import list_unbalanced_entries, prove_zero
from liebian.rewards import queries, services
from liebian.rewards.tests.coupon_shop import (
    PERCENT,
    QUARTER,
    TICK,
    ask,
    back,
    coupon_now,
    issue,
    make_cart,
    make_offer,
    redeem,
    reserve,
    reward_of,
)
from liebian.rewards.tests.factories import HOLD, NOW, TODAY, make_budget
from liebian.rewards.types import CouponUse

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _money_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero()) and list_unbalanced_entries() == []
    for budget in queries.list_budgets():
        parts = (
            budget.available,
            budget.reserved,
            budget.payable,
            budget.paid_out,
            budget.receivable,
            budget.written_off,
        )
        assert sum(parts) == budget.funded


def refused(act, *args, **more) -> str:
    with pytest.raises(LiebianError) as error:
        act(*args, **more)
    reasons = error.value.details.get("reasons")
    return next(iter(reasons.values())) if reasons else error.value.code


def budget_of(coupon) -> object:
    return queries.get_budget(reward_of(coupon).budget_id)


def test_asking_changes_nothing():
    (coupon,) = issue(make_offer())
    quote = services.quote_coupons(request=ask(f" {coupon.code.lower()} ", "NOPE99"), now=NOW)
    assert (quote.discount_minor, dict(quote.refusals)) == (2000, {"NOPE99": "coupon_unknown"})
    assert coupon_now(coupon).state == "issued" and queries.list_redemptions(code=coupon.code) == []


def test_a_percentage_costs_what_it_took_off_and_the_rest_returns_to_the_budget():
    (coupon,) = issue(make_offer(**PERCENT))
    reserve(coupon.code, cart=make_cart(10_000))
    result = redeem()
    assert result.redemptions[0].discount_minor == 1000
    reward = reward_of(coupon)
    assert (reward.state, reward.kept_minor, coupon_now(coupon).state) == ("redeemed", 1000, "redeemed")
    budget = queries.get_budget(reward.budget_id)
    assert (budget.paid_out, budget.available) == (1000, 2000)


def test_the_shop_may_take_off_less_than_was_quoted_and_never_more():
    (coupon,) = issue(make_offer(**PERCENT))
    reserve(coupon.code)
    assert refused(redeem, discounts={coupon.code: 1001}) == "discount"
    assert redeem(discounts={coupon.code: 700}).redemptions[0].discount_minor == 700
    assert reward_of(coupon).kept_minor == 700


def test_one_coupon_is_in_one_cart_until_its_time_has_run_out():
    (coupon,) = issue(make_offer())
    reserve(coupon.code)
    assert refused(reserve, coupon.code, key="r2", now=NOW + QUARTER - TICK) == "coupon_reserved"
    reserve(coupon.code, key="r2", now=NOW + QUARTER)
    assert refused(redeem, "r1", now=NOW + QUARTER) == "reservation_over"
    redeem("r2", now=NOW + QUARTER)
    assert refused(reserve, coupon.code, key="r3", now=NOW + QUARTER) == "coupon_used"


def test_all_coupons_of_a_cart_are_held_or_none():
    first, second = issue(make_offer(group="x"), 2)
    assert refused(reserve, first.code, second.code) == "coupon_not_theirs"
    assert queries.list_redemptions(code=first.code) == []
    assert refused(reserve, first.code, customer=None) == "coupon_needs_customer"


def test_redeeming_again_for_the_same_order_is_the_same_and_another_order_is_refused():
    (coupon,) = issue(make_offer(**PERCENT))
    reserve(coupon.code)
    before = redeem()
    assert redeem(now=NOW + timedelta(days=9)) == before
    assert refused(redeem, order="A-2") == "reservation_used"
    assert (
        refused(services.redeem_reservation, shop="app", reservation="r1", order_key="A-1", now=NOW)
        == "reservation_not_found"
    )


def test_at_the_second_of_expiry_it_is_refused_and_one_microsecond_earlier_taken():
    first, second = issue(make_offer(), 2)
    end = first.expires_at
    assert refused(reserve, first.code, now=end) == "reward_expired"
    reserve(second.code, now=end - TICK, customer=1002)
    redeem(now=end + QUARTER - 2 * TICK)
    assert coupon_now(second).state == "redeemed"


def test_a_reservation_past_the_end_is_honoured_unless_the_terms_say_otherwise():
    (coupon,) = issue(make_offer(honours_reservation=False))
    end = coupon.expires_at
    reserve(coupon.code, now=end - TICK)
    assert refused(redeem, now=end) == "reward_expired"


def test_the_nightly_expiry_leaves_what_a_cart_holds():
    (coupon,) = issue(make_offer())
    end = coupon.expires_at
    reserve(coupon.code, now=end - TICK)
    assert services.expire_coupons(day=coupon.expires_on, now=end) == []
    assert services.expire_coupons(day=coupon.expires_on, now=end + QUARTER)[0].state == "expired"
    assert budget_of(coupon).paid_out == 0
    assert refused(redeem, now=end + 2 * QUARTER) == "reservation_over"


def test_a_cart_that_is_left_gives_its_coupon_back():
    (coupon,) = issue(make_offer())
    reserve(coupon.code)
    services.give_back(shop="web", reservation="r1", now=NOW)
    assert refused(redeem) == "reservation_over"
    reserve(coupon.code, key="r2")


def test_a_cancelled_order_gives_the_coupon_back_with_its_old_end_and_the_budget_carries_it_again():
    (coupon,) = issue(make_offer(**PERCENT))
    reserve(coupon.code)
    redeem()
    result = back(now=NOW + timedelta(days=1))
    assert result.returned == (coupon.code,) and result.refunded_now == {coupon.code: 1000}
    again = coupon_now(coupon)
    assert (again.state, again.expires_at) == ("issued", coupon.expires_at)
    assert (reward_of(coupon).state, reward_of(coupon).kept_minor, budget_of(coupon).paid_out) == ("issued", 3000, 3000)
    assert back().returned == ()
    reserve(coupon.code, key="r2", cart=make_cart(50_000))
    redeem("r2", "A-2")
    assert reward_of(coupon).kept_minor == 3000


def test_grace_gives_whole_days_from_the_return_on():
    (coupon,) = issue(make_offer(on_return="grace", grace_days=7))
    reserve(coupon.code, now=coupon.expires_at - TICK)
    redeem(now=coupon.expires_at)
    back(now=coupon.expires_at + timedelta(days=2))
    again = coupon_now(coupon)
    assert (again.state, again.expires_on) == ("issued", coupon.expires_on + timedelta(days=2 + 7 + 1))
    assert again.expires_at - coupon.expires_at == timedelta(days=10)


def test_a_coupon_that_does_not_come_back_costs_nothing_when_its_order_is_cancelled():
    (coupon,) = issue(make_offer(on_return="never"))
    reserve(coupon.code)
    redeem()
    assert back().kept == {coupon.code: "coupon_stays_used"}
    assert (coupon_now(coupon).state, reward_of(coupon).kept_minor) == ("redeemed", 0)


def test_when_the_budget_is_spent_a_settled_coupon_stays_used():
    budget = make_budget(funded=3000)
    offer = make_offer(**PERCENT)
    (coupon,) = issue(offer, budget=budget)
    reserve(coupon.code)
    redeem()
    issue(make_offer(cost=2000), budget=budget, start=50)
    assert back().kept == {coupon.code: "campaign_budget"}
    assert (coupon_now(coupon).state, reward_of(coupon).kept_minor) == ("redeemed", 0)


def test_refunded_lines_give_back_their_share_and_the_last_one_the_coupon():
    (coupon,) = issue(make_offer(face=1000, cost=500))
    reserve(coupon.code, cart=make_cart(3000, 6000, 1000, quantity=3))
    redeem()
    assert [share.minor for share in queries.list_redemptions(code=coupon.code)[0].lines] == [300, 600, 100]
    shares = [back(lines={"l2": 1}).refunded_now[coupon.code] for _ in range(3)]
    assert shares == [33, 33, 34], "several refunds add up exactly"
    assert (reward_of(coupon).kept_minor, coupon_now(coupon).state) == (450, "redeemed")
    assert refused(back, lines={"l2": 1}) == "refund_too_large"
    assert refused(back, lines={"l9": 1}) == "refund_line"
    result = back(lines={"l0": 3, "l1": 3})
    assert result.refunded_now[coupon.code] == 900 and result.returned == (coupon.code,)
    assert reward_of(coupon).kept_minor == 500


def test_only_redeemed_orders_have_lines_to_refund():
    (coupon,) = issue(make_offer())
    reserve(coupon.code, order="A-1")
    assert refused(back, lines={"l0": 1}) == "refund_not_redeemed"


def test_a_customer_uses_an_offer_as_often_as_it_says():
    budget = make_budget(funded=5000)
    offer = make_offer(per_customer=1, codes="pool")
    pool = services.create_pool(offer_id=offer.id, name="Flyers", kind="open", low_at=0, now=NOW)
    services.import_codes(pool_id=pool.id, rows=[(1, "FLYER-1"), (2, "FLYER-2")], idempotency_key="1", now=NOW)
    reserve("FLYER-1")
    redeem()
    assert refused(reserve, "FLYER-2", key="r2") == "coupon_limit"
    assert refused(reserve, "FLYER-2", key="r2", customer=None) == "coupon_needs_customer"
    reserve("FLYER-2", key="r2", customer=1002)
    assert budget.available == 5000


def test_the_order_event_and_the_checkout_are_one_use_whichever_comes_first():
    first, second, third = issue(make_offer(**PERCENT), 3)

    def order_says(coupon, order: str) -> tuple[bool, str]:
        use = CouponUse(coupon.code, coupon.customer_id, order, HOLD, NOW)
        (outcome,) = services.redeem_coupons(uses=[use], now=NOW)
        return outcome.accepted, outcome.reason

    reserve(first.code)
    redeem()
    assert order_says(first, "A-1") == (True, "") and order_says(first, "A-2") == (False, "coupon_used")

    reserve(second.code, key="r2", customer=1002)
    assert order_says(second, "B-1") == (True, "")
    redeem("r2", "B-1")
    assert reward_of(second).kept_minor == 1000, "the checkout knows what was really taken off"

    reserve(third.code, key="r3", customer=1003, order="C-1")
    assert order_says(third, "C-2") == (False, "coupon_reserved")
    redeem("r3", "C-1")
    back("C-1")
    assert order_says(third, "C-1") == (True, "") and coupon_now(third).state == "issued"


def test_an_order_that_an_event_told_first_can_be_redeemed_without_a_reservation_before():
    (coupon,) = issue(make_offer(**PERCENT))
    services.redeem_coupons(uses=[CouponUse(coupon.code, 1001, "A-1", TODAY, NOW)], now=NOW)
    assert refused(reserve, coupon.code, order="A-2") == "coupon_used"
    reserve(coupon.code, order="A-1")
    redeem()
    assert reward_of(coupon).kept_minor == 1000


def test_taking_a_reward_back_lets_the_cart_go_first_and_voids_the_coupon():
    (coupon,) = issue(make_offer())
    reserve(coupon.code)
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW)
    assert [each.state for each in queries.list_redemptions(code=coupon.code)] == ["released"]
    assert refused(redeem) == "reservation_over"
    assert refused(reserve, coupon.code, key="r2") == "coupon_void"


def test_a_used_coupon_whose_reward_is_taken_back_is_written_off_at_its_real_cost_and_never_comes_back():
    (coupon,) = issue(make_offer(**PERCENT))
    reserve(coupon.code)
    redeem()
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW)
    assert (reward_of(coupon).state, budget_of(coupon).written_off, budget_of(coupon).available) == (
        "written_off",
        1000,
        2000,
    )
    assert back().kept == {coupon.code: "coupon_stays_used"}
    assert coupon_now(coupon).state == "redeemed"
