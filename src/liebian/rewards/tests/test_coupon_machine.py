"""Any sequence of checkouts, refunds, claw-backs, expiries and days keeps every cent and every code."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from liebian.core.days import day_of
from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import list_unbalanced_entries, prove_zero
from liebian.rewards import queries, services
from liebian.rewards.models import Redemption
from liebian.rewards.tests.coupon_shop import PERCENT, QUARTER, TICK, ask, issue, make_cart, make_offer
from liebian.rewards.tests.factories import NOW, make_budget
from liebian.rewards.types import CouponUse

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.longest]
NUMBERS = st.integers(0, 3)
CARTS = st.sampled_from("abc")
JUMPS = [TICK, timedelta(minutes=5), QUARTER - TICK, QUARTER, timedelta(days=1), timedelta(days=4)]
TERMS = [
    {"face": 1500},
    PERCENT,
    {"face": 1500, "on_return": "never"},
    {**PERCENT, "on_return": "grace", "grace_days": 2},
]


class Checkouts(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = NOW
        self.held: dict[str, str] = {}
        self.count = 0

    def teardown(self) -> None:
        services.reconcile(checks=services.list_checks(), now=NOW)
        assert [(run.code, run.error) for run in queries.list_last_runs().values() if not run.holds] == []
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @initialize(terms=st.sampled_from(TERMS), source=st.sampled_from(["cause", "pool"]), shards=st.sampled_from([1, 3]))
    def begin(self, terms, source, shards) -> None:
        offer = make_offer(days=5, codes=source, **terms)
        if source == "pool":
            pool = services.create_pool(offer_id=offer.id, name="Summer", kind="rewards", low_at=0, now=NOW)
            services.generate_codes(pool_id=pool.id, n_codes=4, prefix="", length=8, idempotency_key="1", now=NOW)
        self.budget = make_budget(funded=4 * offer.cost_minor)
        services.set_shards(budget_id=self.budget.id, shards=shards, actor=None, now=NOW)
        self.coupons = issue(offer, 4, self.budget)
        retail = services.create_pool(
            offer_id=make_offer(days=5, per_customer=2).id, name="R", kind="retail", low_at=0, now=NOW
        )
        services.set_retail_code(pool_id=retail.id, code="SUMMER", n_uses=3, idempotency_key="1", now=NOW)

    def attempt(self, act, *args, **more):
        try:
            return act(*args, **more)
        except LiebianError as error:
            assert error.status in (404, 409, 422), error
            return None

    @rule(jump=st.sampled_from(JUMPS))
    def wait(self, jump) -> None:
        self.now += jump

    @rule(number=NUMBERS, cart=CARTS, goods=st.sampled_from([900, 10_000, 50_000]))
    def reserve(self, number, cart, goods) -> None:
        self.count += 1
        coupon = self.coupons[number]
        name = f"{cart}{self.count}"
        request = ask(coupon.code, customer=coupon.customer_id, cart=make_cart(goods, 300, quantity=2))
        if self.attempt(services.reserve_coupons, request=request, reservation=name, hold_for=QUARTER, now=self.now):
            self.held[cart] = name

    @rule(cart=CARTS, customer=st.sampled_from([1001, None]))
    def reserve_retail(self, cart, customer) -> None:
        self.count += 1
        name = f"{cart}{self.count}"
        request = ask("SUMMER", customer=customer)
        if self.attempt(services.reserve_coupons, request=request, reservation=name, hold_for=QUARTER, now=self.now):
            self.held[cart] = name

    @rule(cart=CARTS, less=st.integers(0, 400))
    def redeem(self, cart, less) -> None:
        name = self.held.get(cart, "none")
        seen = queries.list_redemptions(reservation=name)
        real = {each.code: max(each.discount_minor - less, 0) for each in seen}
        self.attempt(
            services.redeem_reservation, shop="web", reservation=name, order_key=name, discounts=real, now=self.now
        )

    @rule(cart=CARTS, pieces=st.sampled_from([None, {"l0": 1}, {"l1": 1}, {"l0": 2, "l1": 2}]))
    def give_back(self, cart, pieces) -> None:
        self.attempt(
            services.give_back, shop="web", reservation=self.held.get(cart, "none"), lines=pieces, now=self.now
        )

    @rule(number=NUMBERS, cart=CARTS)
    def order_says(self, number, cart) -> None:
        coupon = self.coupons[number]
        day = day_of(self.now, django_settings.TIME_ZONE)
        use = CouponUse(coupon.code, coupon.customer_id, self.held.get(cart, "x"), day, self.now)
        services.redeem_coupons(uses=[use], now=self.now)

    @rule(number=NUMBERS)
    def refund_what_earned_it(self, number) -> None:
        services.cancel_or_claw_back(
            qualification=f"order:{number + 1}", refunded_minor=1, order_total_minor=1, at=self.now, now=self.now
        )

    @rule()
    def expire(self) -> None:
        services.expire_coupons(day=day_of(self.now, django_settings.TIME_ZONE), now=self.now)

    @invariant()
    def every_cent_is_somewhere(self) -> None:
        assert all(proof.holds for proof in prove_zero())
        assert list_unbalanced_entries() == []
        seen = queries.get_budget(self.budget.id)
        assert seen.available + seen.reserved + seen.paid_out + seen.written_off == seen.funded
        rewards = queries.list_rewards(programme_id=9, limit=100)
        assert sum(each.kept_minor for each in rewards if each.state in ("issued", "redeemed")) == seen.paid_out

    @invariant()
    def a_code_is_in_one_place(self) -> None:
        for coupon in self.coupons:
            live = Redemption.objects.filter(code=coupon.code, state__in=("reserved", "redeemed"))
            assert live.count() <= 1
            now, reward = queries.find_coupon(coupon.code), queries.get_reward(coupon.reward_id)
            assert now is not None
            expected = {"issued": "issued", "redeemed": "redeemed", "written_off": "redeemed", "clawed_back": "void"}
            assert now.state == expected.get(reward.state, "expired")
        (retail,) = [pool for pool in queries.list_pools() if pool.kind == "retail"]
        live = Redemption.objects.filter(code="SUMMER", state__in=("reserved", "redeemed")).count()
        assert retail.n_left + live == 3

    @invariant()
    def refunds_never_exceed_what_was_taken_off(self) -> None:
        for row in Redemption.objects.all():
            assert 0 <= row.refunded_minor <= row.discount_minor
            assert row.discount_minor == sum(minor for _id, _n, minor, _back in row.lines) + row.shipping_minor


def test_no_sequence_of_checkouts_loses_a_cent_or_a_code():
    run_state_machine_as_test(
        Checkouts,
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
