"""Carts that nobody paid: the job frees what they held, once, whoever pays or gives back at the same moment."""

from __future__ import annotations

from datetime import datetime

import pytest

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import Redemption
from liebian.rewards.tests.coupon_shop import QUARTER, TICK, ask, issue, make_offer, redeem, reserve
from liebian.rewards.tests.factories import NOW
from liebian.rewards.types import CouponUse, PoolView

END = NOW + QUARTER
database = pytest.mark.django_db(databases="__all__")
parallel = pytest.mark.django_db(transaction=True, databases="__all__")


def make_retail(n_uses: int) -> PoolView:
    offer = make_offer(codes="pool")
    pool = services.create_pool(offer_id=offer.id, name="Summer", kind="retail", low_at=0, now=NOW)
    services.set_retail_code(pool_id=pool.id, code="SUMMER", n_uses=n_uses, idempotency_key="1", now=NOW)
    return pool


def n_left(pool: PoolView) -> int:
    return queries.get_pool(pool.id).n_left


@database
def test_the_job_frees_what_lapsed_carts_held_in_pieces_and_once():
    pool = make_retail(5)
    for number in range(4):
        reserve("SUMMER", key=f"r{number}", customer=None)
    reserve("SUMMER", key="later", customer=None, now=NOW + TICK)
    assert services.let_carts_lapse(now=END - TICK) == 0 and n_left(pool) == 0
    assert [services.let_carts_lapse(now=END, limit=3) for _ in range(3)] == [3, 1, 0]
    assert n_left(pool) == 4
    assert set(Redemption.objects.exclude(reservation="later").values_list("state", flat=True)) == {"lapsed"}
    assert services.let_carts_lapse(now=END + TICK) == 1
    assert n_left(pool) == 5 and all(proof.holds for proof in prove_zero())


@database
def test_a_quote_counts_uses_of_carts_that_have_lapsed_before_the_job_came():
    make_retail(1)
    reserve("SUMMER", customer=None)
    request = ask("SUMMER", customer=None)
    assert dict(services.quote_coupons(request=request, now=END - TICK).refusals) == {"SUMMER": "stock_empty"}
    assert services.quote_coupons(request=request, now=END).refusals == {}
    services.let_carts_lapse(now=END)
    assert services.quote_coupons(request=request, now=END).refusals == {}


@database
@pytest.mark.parametrize("has_lapsed", [False, True])
def test_an_order_told_late_does_not_take_a_coupon_that_another_cart_held_then(has_lapsed: bool):
    (coupon,) = issue(make_offer())
    reserve(coupon.code, order="A-1")
    if has_lapsed:
        services.let_carts_lapse(now=END)
    use = CouponUse(code=coupon.code, customer_id=1001, order_key="A-2", at=END - TICK, day=NOW.date())
    (outcome,) = services.redeem_coupons(uses=[use], now=END + QUARTER)
    assert outcome.reason == "coupon_reserved"


@parallel
@pytest.mark.parametrize("act", ["redeem", "give back"])
def test_a_cart_is_paid_or_given_back_or_lapses_but_never_two_of_these(act: str):
    pool = make_retail(12)
    for number in range(12):
        reserve("SUMMER", key=f"r{number}", customer=None)

    def attempt(number: int) -> str:
        just_before: datetime = END - TICK
        if number >= 12:
            return str(services.let_carts_lapse(now=END, limit=2))
        try:
            if act == "redeem":
                redeem(f"r{number}", f"A-{number}", now=just_before)
            else:
                services.give_back(shop="web", reservation=f"r{number}", now=just_before)
        except LiebianError as error:
            assert error.code == "reservation_over"
        return ""

    run_threads(attempt, [n for pair in zip(range(12), range(12, 24), strict=True) for n in pair], workers=8)
    while services.let_carts_lapse(now=END):
        pass
    used = Redemption.objects.filter(state="redeemed").count()
    assert Redemption.objects.filter(state="reserved").count() == 0
    assert n_left(pool) == 12 - used and all(proof.holds for proof in prove_zero())
