"""However many qualifications come at once and however often: never more rewards than the budget carries."""

from __future__ import annotations

import random

import pytest

from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_coupon, make_grant, make_points

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def count_decisions() -> tuple[int, int]:
    rewards = queries.list_rewards(programme_id=9, limit=10_000)
    held = sum(each.state == "held" for each in rewards)
    assert all(each.reason == "campaign_budget" for each in rewards if each.state == "refused")
    return held, len(rewards) - held


@pytest.mark.parametrize("retries", [1, 20])
def test_200_at_once_against_a_budget_for_100(retries: int):
    budget = make_budget(funded=100 * 1000)
    points, coupon = make_points(cost=600), make_coupon(cost=400)
    grants = [make_grant(budget, n, ("referrer", points), ("referee", coupon)) for n in range(200)] * retries
    random.Random(7).shuffle(grants)
    batches = [grants[n : n + retries] for n in range(0, len(grants), retries)]

    run_threads(lambda batch: services.grant_pairs(grants=batch, now=NOW), batches)

    assert count_decisions() == (200, 200)
    after = queries.get_budget(budget.id)
    assert (after.available, after.reserved, after.paid_out) == (0, 100_000, 0)
    assert all(proof.holds for proof in prove_zero())
    for pair in queries.list_rewards(qualifications=["order:0", "order:199"]):
        assert pair.state in ("held", "refused")


def test_one_qualification_from_16_threads_is_one_reward_per_role():
    budget = make_budget(funded=100_000)
    grant = make_grant(budget, 1, ("referrer", make_points()), ("referee", make_coupon()))
    outcomes = run_threads(lambda _: services.grant_pairs(grants=[grant], now=NOW), list(range(16)))
    assert len({outcome.reward.id for pair in outcomes for outcome in pair}) == 2
    assert queries.get_budget(budget.id).reserved == 2000


def test_release_refund_and_grant_at_once_keep_every_cent():
    budget = make_budget(funded=60_000)
    points, coupon = make_points(), make_coupon()
    grants = [make_grant(budget, n, ("referrer", points), ("referee", coupon)) for n in range(40)]
    services.grant_pairs(grants=grants[:20], now=NOW)

    def act(number: int) -> None:
        if number % 3 == 0:
            services.release_due(day=HOLD, now=NOW, limit=5)
        elif number % 3 == 1:
            services.cancel_or_claw_back(
                qualification=f"order:{number // 3}", refunded_minor=5, order_total_minor=10, at=NOW, now=NOW
            )
        else:
            services.grant_pairs(grants=[grants[20 + number // 3]], now=NOW)

    run_threads(act, list(range(60)), workers=8)

    after = queries.get_budget(budget.id)
    parts = after.available + after.reserved + after.paid_out + after.receivable + after.written_off
    assert (after.funded, parts) == (60_000, 60_000)
    assert all(proof.holds for proof in prove_zero())
    live = sum(each.kept_minor - each.owed_minor for each in queries.list_rewards(programme_id=9, limit=1000))
    assert live == after.reserved + after.paid_out
