"""A customer who is erased while money waits for them: it returns to its budget, and nobody knows any more where it would have gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.customers.models import Customer
from liebian.payouts import services
from liebian.payouts.models import Payee
from liebian.payouts.tests.desk import MAKER, approve, give_payees, make_account, owe, reward_state, states, where
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = timedelta(minutes=5)


def test_erased_while_it_waits_the_money_returns_and_nothing_is_sent(wechat):
    budget, owed = owe(2)
    give_payees(owed)
    approve(make_account(wechat), owed)
    forget = {"customer_id": owed[0].customer_id, "reason": "deleted_identity", "actor": MAKER, "now": NOW}
    assert (services.forget_payee(**forget), services.forget_payee(**forget)) == (1, 0)
    services.work_payouts(NOW)
    assert states() == ["cancelled", "awaiting"] and where(budget) == (1000, 1000, 0)
    assert reward_state(owed[0]) == ("returned", "deleted_identity")


def test_erased_under_every_id_in_no_batch_failed_and_on_its_way(wechat):
    budget, owed = owe(3)
    give_payees(owed)
    account = make_account(wechat)
    wechat.before = lambda body: (400, {"code": "PARAM_ERROR", "message": "openid"})
    approve(account, owed[:1])
    services.work_payouts(NOW)
    wechat.before = lambda body: None
    approve(account, owed[1:2], key="2")
    services.work_payouts(NOW + SOON)
    first, *others = [each.customer_id for each in owed]
    Customer.objects.filter(pk__in=others).update(merged_into=first)
    services.forget_payee(customer_id=others[0], reason="deleted_identity", actor=MAKER, now=NOW + SOON)
    assert not Payee.objects.exists() and states() == ["failed", "awaiting"]
    assert [reward_state(each)[0] for each in owed] == ["returned", "awaiting_recipient", "returned"]
    assert where(budget) == (2000, 1000, 0)
