"""Arithmetic and states of rewards, without a database."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Conflict, Invalid
from liebian.rewards.rules import (
    TRANSITIONS,
    check_offer,
    check_transition,
    clawed_so_far,
    cost_of,
    expires_on,
    hold_until,
    plan_claw,
)
from liebian.rewards.types import REASONS, OfferDraft

AMOUNTS = st.integers(1, 10**9)


def test_three_refunds_of_3333_on_9999_claw_333_333_334_and_a_fourth_nothing():
    claws, already = [], 0
    for refunded in (3333, 6666, 9999, 13332):
        target = clawed_so_far(1000, refunded, 9999)
        claws.append(target - already)
        already = target
    assert claws == [333, 333, 334, 0]


@given(amount=AMOUNTS, cost=AMOUNTS, total=AMOUNTS, parts=st.lists(st.integers(0, 10**9), max_size=8), hand=AMOUNTS)
def test_any_refunds_claw_what_one_refund_of_their_sum_would(
    amount: int, cost: int, total: int, parts: list[int], hand: int
):
    already = money = owed = refunded = 0
    for part in parts:
        refunded += part
        target = clawed_so_far(amount, refunded, total)
        claw = plan_claw(amount=amount, cost_minor=cost, already=already, target=target, on_hand=hand)
        assert 0 <= claw.taken_units <= min(claw.units, hand)
        assert 0 <= claw.owed_minor <= claw.minor
        already, money, owed, hand = (
            already + claw.units,
            money + claw.minor,
            owed + claw.owed_minor,
            hand - claw.taken_units,
        )
    assert already == clawed_so_far(amount, refunded, total) <= amount
    assert money == cost_of(already, amount, cost) <= cost
    assert owed <= money
    if refunded >= total:
        assert (already, money) == (amount, cost)


def test_a_coupon_goes_back_only_with_the_last_cent():
    assert [clawed_so_far(1, refunded, 9999) for refunded in (1, 9998, 9999)] == [0, 0, 1]


def test_an_order_of_nothing_is_wholly_refunded():
    assert clawed_so_far(1000, 0, 0) == 1000


def test_points_that_are_gone_are_owed_in_proportion():
    claw = plan_claw(amount=1000, cost_minor=900, already=0, target=1000, on_hand=400)
    assert (claw.units, claw.minor, claw.taken_units, claw.owed_minor) == (1000, 900, 400, 540)


def test_a_hold_counts_whole_business_days():
    assert hold_until(date(2026, 2, 26), 7) == date(2026, 3, 5)
    assert hold_until(date(2026, 2, 26), 0) == date(2026, 2, 26)
    with pytest.raises(Invalid):
        hold_until(date(2026, 2, 26), -1)


def test_a_coupon_of_one_day_is_taken_on_the_day_of_issue_only():
    assert expires_on(date(2026, 12, 31), 1) == date(2027, 1, 1)


@pytest.mark.parametrize("old", sorted(TRANSITIONS))
@pytest.mark.parametrize("new", sorted(set(TRANSITIONS) - {""}))
def test_only_listed_transitions_are_taken(old: str, new: str):
    if new in TRANSITIONS[old]:
        check_transition(old, new)
    else:
        with pytest.raises(Conflict):
            check_transition(old, new)


@pytest.mark.parametrize(
    "draft",
    [
        OfferDraft("points", "p", "CNY", cost_minor=0, points=10),
        OfferDraft("points", "p", "CNY", cost_minor=10, points=0),
        OfferDraft("points", "p", "CNY", cost_minor=10, points=-1),
        OfferDraft("coupon", "c", "CNY", cost_minor=10, face_minor=0, valid_days=3),
        OfferDraft("coupon", "c", "CNY", cost_minor=10, face_minor=100, valid_days=0),
        OfferDraft("coupon", "c", "CNY", cost_minor=10, face_minor=100, threshold_minor=50, valid_days=3),
    ],
)
def test_an_offer_that_gives_or_costs_nothing_is_refused(draft: OfferDraft):
    with pytest.raises(Invalid):
        check_offer(draft, on=date(2026, 6, 1))


def test_every_reason_has_words_for_staff_and_for_the_customer():
    assert len(REASONS) >= 33
    for code, said in REASONS.items():
        assert code.islower() and said.staff and said.customer
