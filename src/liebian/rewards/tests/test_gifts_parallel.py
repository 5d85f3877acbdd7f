"""However many take from a stock, ship, refund and fill at once: no unit is promised twice, none is lost."""

from __future__ import annotations

from itertools import pairwise

import pytest

from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.tests.gift_shop import act, address, make_gift, parcel_of, promise, refund, restock, units
from liebian.rewards.tests.test_privileges import make_privilege

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def test_two_budgets_take_from_one_stock_and_it_is_never_short():
    gift = make_gift()
    restock(gift, 15)
    for start, budget in ((1, make_budget(funded=20_000)), (101, make_budget(funded=20_000))):
        grants = [make_grant(budget, n, ("referee", gift)) for n in range(start, start + 20)]
        services.grant_pairs(grants=grants, now=NOW)
    run_threads(lambda _: services.release_due(day=HOLD, now=NOW, limit=3), list(range(40)), workers=8)
    states = [each.state for each in queries.list_rewards(programme_id=9, limit=100)]
    assert (states.count("issuing"), states.count("held")) == (15, 25)
    assert units(gift)[:2] == (0, 15)
    run_threads(lambda n: restock(gift, 1, f"more-{n % 5}"), list(range(20)), workers=8)
    while services.release_due(day=HOLD, now=NOW):
        pass
    assert units(gift)[:2] == (0, 20)
    assert all(proof.holds for proof in prove_zero())


def test_a_refund_meets_a_shipment_and_one_of_them_wins():
    gift = make_gift()
    restock(gift, 20)
    rewards = promise(gift, 20, make_budget(funded=20_000))
    for each in rewards:
        address(each)

    def meet(number: int) -> None:
        reward = rewards[number // 2]
        if number % 2:
            refund(number // 2 + 1)
        else:
            act("ship", reward)

    run_threads(meet, list(range(40)), workers=8)
    shipped = sum(parcel_of(each).state == "shipped" for each in rewards)
    assert units(gift) == (20 - shipped, 0, shipped, 0, 0)
    act("deliver", *rewards)
    states = {queries.get_reward(each.id).state for each in rewards}
    assert states <= {"cancelled", "clawed_back"}
    assert all(proof.holds for proof in prove_zero())


def test_privileges_of_many_budgets_follow_one_another():
    privilege = make_privilege(days=10, cost=100)
    for number in range(12):
        grant = make_grant(make_budget(funded=100), number, ("referrer", privilege))
        services.grant_pairs(grants=[grant], now=NOW)
    ids = [each.id for each in queries.list_rewards(programme_id=9, limit=100)]
    run_threads(lambda reward_id: services.release_rewards(reward_ids=[reward_id], day=HOLD, now=NOW), ids, workers=8)
    periods = [(each.starts_on, each.ends_on) for each in queries.list_privileges([1])]
    assert len(periods) == 12
    assert all(end == start for (_a, end), (start, _b) in pairwise(periods))
