"""A budget for 100 pairs and 200 qualifications, judged by several workers at once and delivered again and again."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections

from liebian.core import cursors
from liebian.core.cursors import drain
from liebian.customers import services as customers
from liebian.ledger.tests.support import prove_zero
from liebian.orders import queries as order_queries
from liebian.orders import services as orders
from liebian.referrals import services
from liebian.referrals.models import Qualification, ReferralDecision
from liebian.referrals.services import stage
from liebian.referrals.tests.shop import T0, Shop
from liebian.rewards import queries as rewards

WORKERS = 16


def work_at_once(errors: list[BaseException]) -> None:
    """Every worker runs the stage in small steps until nothing is left."""

    def work() -> None:
        try:
            drain(lambda: services.advance(limit=7))
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_200_qualifications_at_once_against_a_budget_for_100_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(monkeypatch)
    anna = shop.customer("anna")
    programme = shop.programme(anna, limits=[], budget_minor=100 * 5000)
    code = shop.code(programme, anna)
    for number in range(200):
        shop.sign_up(f"f{number}", code)
    for number in range(200):
        shop.order(f"f{number}", f"o{number}", 120, at=T0 + timedelta(hours=1))
    settle(shop)
    errors: list[BaseException] = []
    work_at_once(errors)
    assert not errors
    expect_a_hundred(programme.id, programme.budget_id or 0)
    for _retry in range(20):
        for number in range(0, 200, 10):
            shop.order(f"f{number}", f"o{number}", 120, at=T0 + timedelta(hours=2))
    settle(shop)
    work_at_once(errors)
    assert not errors
    expect_a_hundred(programme.id, programme.budget_id or 0)


def settle(shop: Shop) -> None:
    drain(lambda: customers.advance(limit=1000))
    drain(lambda: orders.advance(limit=1000))


def expect_a_hundred(programme_id: int, budget_id: int) -> None:
    found = Counter(ReferralDecision.objects.values_list("role", "outcome", "reason"))
    assert found == {
        ("referrer", "granted", ""): 100, ("friend", "granted", ""): 100,
        ("referrer", "refused", "campaign_budget"): 100, ("friend", "refused", "campaign_budget"): 100,
    }  # fmt: skip
    assert Qualification.objects.count() == 200
    budget = rewards.get_budget(budget_id)
    assert (budget.available, budget.reserved) == (0, 500_000)
    assert rewards.get_programme_totals(programme_id).granted.count == 200
    assert all(proof.holds for proof in prove_zero())


@pytest.mark.django_db(databases="__all__")
def test_one_order_told_five_times_is_one_reward_for_each_role(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(monkeypatch)
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    shop.sign_up("ben", shop.code(programme, anna))
    for hour in range(1, 6):
        shop.order("ben", "o1", 120, at=T0 + timedelta(hours=hour))
        shop.run()
    given = Counter(reward.role for reward in rewards.list_rewards(programme_id=programme.id))
    assert set(given.values()) == {1} and len(given) == 2
    assert Qualification.objects.count() == 1


@pytest.mark.django_db(databases="__all__")
def test_both_changes_of_one_event_are_read_however_small_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corrected currency takes the whole order back and adds it anew: two changes of the log's last event."""
    shop = Shop(monkeypatch)
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    shop.sign_up("ben", shop.code(programme, anna))
    shop.order("ben", "o1", 120, at=T0 + timedelta(hours=1), currency="USD")
    shop.order("ben", "o1", 120, at=T0 + timedelta(hours=2))
    settle(shop)
    drain(lambda: services.advance(limit=1))
    assert cursors.position_of(stage.ORDERS) == order_queries.get_changes_end()
