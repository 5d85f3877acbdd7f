"""Many at once on the same points: nobody spends what is not there, nothing is lost, nobody waits for ever."""

from __future__ import annotations

import pytest

from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.points_shop import burn, claw, day, earn, look, restore, set_terms, start_day, transfer
from liebian.rewards.types import PointsBurn

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.mark.parametrize("retries", [1, 3])
def test_50_burns_at_once_of_points_for_30(retries: int):
    for number in range(10):
        earn(f"k{number}", 30, day(1, 1))
    asked = [f"x{number}" for number in range(50)] * retries
    run_threads(lambda key: burn(key, 10, day(1, 2)), asked)
    seen = look(day(1, 2))
    spent = [burn(f"x{number}", 10, day(1, 2)).accepted for number in range(50)]
    assert (seen.active, sum(spent)) == (0, 30)
    assert queries.prove_lots() == []


def test_everything_at_once_on_few_customers_keeps_every_point():
    set_terms(may_transfer=True, shortage="debt", expiry="days", expiry_count=3)
    for number in range(12):
        earn(f"k{number}", 100, day(1, 1), customer=number % 3)

    def act(number: int) -> None:
        one, other = number % 3, (number + 1) % 3
        acts = [
            lambda: burn(f"b{number}", 7, day(1, 2), customer=one),
            lambda: transfer(f"t{number}", 5, day(1, 2), sender=one, receiver=other),
            lambda: claw(f"k{number % 12}", 40, day(1, 2)),
            lambda: restore(f"b{number - 3}", 7, day(1, 2)),
            lambda: earn(f"e{number}", 3, day(1, 2), customer=other),
            lambda: start_day(day(1, 4, 16)),
        ]
        acts[number % len(acts)]()

    run_threads(act, list(range(60)), workers=8)
    assert queries.prove_lots() == []
    assert all(proof.holds for proof in prove_zero())


def test_rewards_released_and_taken_back_while_their_points_are_spent():
    budget = make_budget(funded=40_000)
    grants = [make_grant(budget, number, ("referrer", make_points())) for number in range(20)]
    services.grant_pairs(grants=grants, now=NOW)

    def act(number: int) -> None:
        if number % 3 == 0:
            services.release_due(day=HOLD, now=NOW, limit=3)
        elif number % 3 == 1:
            services.burn_points(burns=[PointsBurn(f"b{number}", 1, 300, NOW)], now=NOW)
        else:
            services.cancel_or_claw_back(
                qualification=f"order:{number // 3}", refunded_minor=1, order_total_minor=2, at=NOW, now=NOW
            )

    run_threads(act, list(range(60)), workers=8)
    assert queries.prove_lots() == []
    assert all(proof.holds for proof in prove_zero())
