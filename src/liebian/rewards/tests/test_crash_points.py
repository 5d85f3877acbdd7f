"""Whoever issues, ships, redeems or takes back dies before and after every commit, and starts again: all ends as if nobody had died."""

from __future__ import annotations

from typing import Any

import pytest

from liebian.core.tests.dying import Life, die_everywhere
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.models import Parcel
from liebian.rewards.services.checks import CHECKS
from liebian.rewards.tests.coupon_shop import PERCENT, coupon_now, issue, make_offer
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_coupon, make_grant, make_points
from liebian.rewards.tests.gift_shop import act, address, make_gift, parcel_of, refund, restock, units
from liebian.rewards.tests.test_checkout_api import CART, Shop, _at_noon
from liebian.rewards.tests.test_privileges import make_privilege
from liebian.rewards.types import BudgetView, OfferView

pytestmark = pytest.mark.django_db(databases="__all__")
at_noon = _at_noon


def grant_and_release(budget: BudgetView, *sides: tuple[str, OfferView]) -> None:
    services.grant_pairs(grants=[make_grant(budget, 1, *sides)], now=NOW)
    while services.release_due(day=HOLD, now=NOW):
        pass


def told(budget: BudgetView) -> Any:
    """What has to be the same, whenever somebody died: the books, and how far each reward is."""
    assert all(proof.holds for proof in prove_zero())
    assert [each for check in CHECKS if not check.writes for each in check.compare(NOW).differences] == []
    rewards = queries.list_rewards(qualifications=["order:1"])
    seen = queries.get_budget(budget.id)
    parts = (seen.available, seen.reserved, seen.payable, seen.paid_out, seen.receivable, seen.written_off)
    return parts, [(each.role, each.state, each.reason, each.kept_amount, each.kept_minor) for each in rewards]


def test_a_gift_that_is_lost_sent_again_and_arrives():
    gift, budget = make_gift(), make_budget(funded=3000)

    def live(_life: Life) -> Any:
        restock(gift, 3)
        grant_and_release(budget, ("referee", gift))
        [reward] = queries.list_rewards(qualifications=["order:1"])
        while reward.state != "issued":
            if reward.state == "issuing":
                address(reward)
                act("ship", reward)
            elif reward.state == "written_off":
                services.propose_review(
                    act="resend", reward_ids=[reward.id], reason="parcel_lost", note="", key="again", actor=1, day=HOLD,
                    now=NOW,
                )  # fmt: skip
            else:
                act("lose" if Parcel.objects.count() == 1 else "deliver", reward)
            reward = queries.get_reward(reward.id)
        return told(budget), units(gift), parcel_of(reward).state

    assert die_everywhere(live) > 10


@pytest.mark.parametrize("delivered", [False, True])
def test_what_is_taken_back_of_every_kind(delivered):
    budget = make_budget(funded=9000)
    pair = (("referrer", make_points()), ("referee", make_privilege(30) if delivered else make_coupon()))

    def live(_life: Life) -> Any:
        services.grant_pairs(grants=[make_grant(budget, 1, *pair)], now=NOW)
        if delivered:
            while services.release_due(day=HOLD, now=NOW):
                pass
        refund(1, 3)
        refund(1, 10)
        return told(budget), queries.points_balance(1)

    assert die_everywhere(live) >= 6


def test_a_checkout_whose_answers_never_arrive():
    budget = make_budget(funded=3000)
    (coupon,) = issue(make_offer(**PERCENT), budget=budget)
    shop = Shop()

    def live(_life: Life) -> Any:
        held = shop.ask("reserve", key="k1", cart=CART, coupons=[coupon.code], user_id="u1")
        shop.ask("redeem", key="k2", reservation=held["reservation"], order_id="A-1")
        part = shop.ask("rollback", key="k3", order_id="A-1", lines=[{"id": "1"}])
        rest = shop.ask("rollback", key="k4", order_id="A-1")
        given_back = [each["coupons"][0]["refunded_now_minor"] for each in (part, rest)]
        return told(budget), given_back, coupon_now(coupon).state

    assert die_everywhere(live) == 8, "each of the four requests is one commit"
