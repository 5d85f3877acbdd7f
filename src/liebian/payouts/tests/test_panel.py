"""A customer's page says what they are owed and what they were paid, and where the money goes, as far as the right allows."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from liebian.access.permissions import OPERATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.customers.models import Customer
from liebian.payouts import queries, services
from liebian.payouts.tests.desk import CHECKER, approve, give_payees, make_account, make_cash, owe
from liebian.payouts.types import MoneyOf
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import NOW, make_budget, make_grant

pytestmark = pytest.mark.django_db(databases="__all__")


def read(role: str, customer_id: int) -> str:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(role))
    return client.get(f"/customers/{customer_id}/payouts-panel").content.decode()


def test_every_panel_of_the_customers_page_has_an_address():
    assert [reverse(name, args=[1]) for name in settings.CUSTOMER_PANELS]


def test_money_promised_owed_on_its_way_and_paid():
    account, offer = make_account(adapter="manual"), make_cash(1000)
    _budget, owed = owe(3, offer)
    Customer.objects.filter(pk__in=[1002, 1003]).update(merged_into=1001)
    assert queries.list_money_of(1001) == [MoneyOf("CNY", 0, 3000, 0, 0)]
    give_payees(owed[:1], "manual")
    batch = approve(account, owed[:2])
    services.hand_over(batch_id=batch.id, actor=CHECKER, now=NOW)
    first, second = sorted(each.id for each in queries.list_payouts())
    services.record_result(payout_id=first, paid=True, reference="7", note="", actor=CHECKER, now=NOW)
    rewards.grant_pairs(grants=[make_grant(make_budget(funded=1000), 1, ("referrer", offer))], now=NOW)
    assert queries.list_money_of(1001) == [MoneyOf("CNY", 0, 1000, 1000, 1000)]
    page = read(VIEWER, 1002)
    assert page.count("¥10.00") >= 3 and "/payouts/payees/" not in page and f"/payouts/{second}" in page
    assert "/payouts/payees/1001" in read(OPERATOR, 1001)


def test_what_came_back_or_was_taken_back_is_neither_owed_nor_paid():
    account = make_account(adapter="manual")
    _budget, owed = owe(5)
    Customer.objects.filter(pk__in=[each.customer_id for each in owed[1:]]).update(merged_into=1001)
    give_payees(owed[:1], "manual")
    services.hand_over(batch_id=approve(account, owed[:4]).id, actor=CHECKER, now=NOW)
    for each in queries.list_payouts():
        paid = each.reward_id in (owed[0].id, owed[3].id)
        services.record_result(
            payout_id=each.id, paid=paid, reference="7" if paid else "", note="", actor=CHECKER, now=NOW
        )
    [given_up] = queries.list_payouts(reward_id=owed[1].id)
    services.give_up(payout_id=given_up.id, note="", actor=CHECKER, now=NOW)
    for number in (4, 5):
        rewards.cancel_or_claw_back(
            qualification=f"order:{number}", refunded_minor=4, order_total_minor=10, at=NOW, now=NOW
        )
    rewards_of_three_and_five = 1000 + 600
    assert queries.list_money_of(1001) == [MoneyOf("CNY", 0, rewards_of_three_and_five, 0, 2000)]


def test_somebody_without_rewards_of_money_reads_so():
    _budget, [reward] = owe()
    rewards.cancel_or_claw_back(qualification="order:1", refunded_minor=10, order_total_minor=10, at=NOW, now=NOW)
    assert queries.list_money_of(reward.customer_id) == []
    assert "No reward of money so far" in read(VIEWER, reward.customer_id)


def test_the_page_of_a_reward_leads_to_how_it_is_paid():
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(OPERATOR))
    panel = f"/rewards/{reward.id}/payouts-panel"
    assert f'hx-get="{panel}"' in client.get(f"/rewards/{reward.id}").content.decode()
    assert "waits to be put into a batch" in client.get(panel).content.decode()
    give_payees([reward], "manual")
    approve(account, [reward])
    [payout] = queries.list_payouts(reward_id=reward.id)
    page = client.get(panel).content.decode()
    assert f"/payouts/{payout.id}" in page and "To be sent" in page and "waits to be put" not in page
    assert queries.list_payouts(reward_id=reward.id + 1) == []
