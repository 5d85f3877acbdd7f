"""Erased customers in the rooms of money: nothing that has not left is sent, and nobody knows where it would have gone."""

from __future__ import annotations

import pytest

from liebian.access.queries import list_audit
from liebian.core.cursors import drain
from liebian.customers import services as customers
from liebian.payouts import services
from liebian.payouts.models import Payee, Payout
from liebian.payouts.tests.desk import MAKER, approve, give_payees, make_account, owe, reward_state, states, where
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")


def erase(customer_id: int) -> None:
    customers.erase_customer(customer_id=customer_id, reason="asked", actor_id=MAKER, now=NOW)
    customers.work_erasures(now=NOW)
    drain(customers.advance)


def test_money_that_waits_returns_and_the_account_is_forgotten(wechat):
    budget, owed = owe(2)
    give_payees(owed)
    approve(make_account(wechat), owed)
    erase(owed[0].customer_id)
    assert services.follow_erasures(NOW) and not services.follow_erasures(NOW)
    services.work_payouts(NOW)
    assert states() == ["cancelled", "awaiting"] and where(budget) == (1000, 1000, 0)
    assert reward_state(owed[0]) == ("returned", "deleted_identity")
    assert list(Payee.objects.values_list("customer_id", flat=True)) == [owed[1].customer_id]
    assert Payout.objects.get(customer_id=owed[0].customer_id).payee_hint == ""
    assert [entry.actor_id for entry in list_audit() if entry.action == "payee.forgotten"] == [MAKER]


def test_whoever_is_not_erased_is_left_alone(wechat):
    _budget, owed = owe(1)
    give_payees(owed)
    assert services.follow_erasures(NOW) == 0 and Payee.objects.count() == 1
