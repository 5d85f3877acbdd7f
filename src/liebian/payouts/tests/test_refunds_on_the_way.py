"""An order that comes back while its reward is with the provider: remembered, and taken back whatever the provider says in the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.tests.desk import approve, give_payees, make_account, owe, reward_state, where
from liebian.payouts.types import Answer
from liebian.rewards.tests.factories import NOW
from liebian.rewards.tests.gift_shop import refund

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = timedelta(minutes=5)


@pytest.fixture
def on_its_way(wechat):
    budget, [reward] = owe()
    give_payees([reward])
    approve(make_account(wechat), [reward])
    services.work_payouts(NOW)
    return budget, reward, Payout.objects.get().out_no


def test_refunded_wholly_and_failed_it_is_never_sent_again(wechat, on_its_way):
    budget, reward, out_no = on_its_way
    refund(1, 10)
    wechat.set_state(out_no, "FAIL", fail_reason="ACCOUNT_FROZEN")
    services.work_payouts(NOW + SOON)
    assert reward_state(reward)[0] == "cancelled" and where(budget) == (1000, 0, 0)
    assert queries.list_waiting(account_id=None, now=NOW + SOON) == []


def test_refunded_in_part_and_failed_only_the_rest_is_sent_again(wechat, on_its_way):
    budget, _reward, out_no = on_its_way
    refund(1, 4)
    wechat.set_state(out_no, "FAIL", fail_reason="ACCOUNT_FROZEN")
    services.work_payouts(NOW + SOON)
    assert [each.net_minor for each in queries.list_waiting(account_id=None, now=NOW + SOON)] == [600]
    assert where(budget) == (400, 600, 0)


def test_refunded_in_part_before_it_is_sent_only_the_rest_is_proposed_anew(wechat):
    budget, [reward] = owe()
    give_payees([reward])
    account = make_account(wechat)
    approve(account, [reward])
    refund(1, 4)
    services.work_payouts(NOW)
    assert not wechat.bills and [(each.state, each.reason) for each in queries.list_payouts()] == [
        ("cancelled", "amount_changed")
    ]
    assert reward_state(reward) == ("issuing", "order_partly_refunded") and where(budget) == (400, 600, 0)
    assert [each.net_minor for each in queries.list_waiting(account_id=account.id, now=NOW)] == [600]
    approve(account, [reward], key="2")
    services.work_payouts(NOW)
    assert [bill["transfer_amount"] for bill in wechat.bills.values()] == [600]


def test_an_earlier_notice_that_comes_late_forgets_nothing(wechat, on_its_way):
    _budget, reward, out_no = on_its_way
    refund(1, 10)
    refund(1, 3)
    wechat.set_state(out_no, "SUCCESS")
    services.work_payouts(NOW + SOON)
    assert reward_state(reward)[0] == "clawed_back"


@pytest.mark.parametrize("first", ["refund", "return"])
def test_given_back_refunded_and_paid_after_all_it_is_owed(wechat, on_its_way, first):
    budget, reward, out_no = on_its_way
    steps = [lambda: refund(1, 10), lambda: give_back(wechat, out_no)]
    for step in steps if first == "refund" else steps[::-1]:
        step()
    assert reward_state(reward)[0] == "returned" and where(budget) == (1000, 0, 0)
    answer = Answer("paid", amount_minor=1000)
    services.apply_answer(payout_id=Payout.objects.get().pk, answer=answer, now=NOW + SOON)
    assert reward_state(reward) == ("clawed_back", "order_refunded") and where(budget) == (0, 0, 0)


def give_back(wechat, out_no: str) -> None:
    wechat.set_state(out_no, "FAIL", fail_reason="OVERDUE_CLOSE")
    services.work_payouts(NOW + SOON)


def test_called_back_by_staff_it_is_told_as_called_back_also_when_the_provider_takes_its_time(wechat, on_its_way):
    _budget, reward, out_no = on_its_way
    wechat.slow_to_cancel = True
    services.call_back_payout(payout_id=Payout.objects.get().pk, actor=2, now=NOW + SOON)
    wechat.set_state(out_no, "CANCELLED")
    services.work_payouts(NOW + 9 * SOON)
    assert reward_state(reward) == ("returned", "called_back")
    assert Payout.objects.get().reason == "called_back"


def test_called_back_in_vain_it_is_told_as_not_confirmed(wechat, on_its_way):
    _budget, reward, out_no = on_its_way
    wechat.slow_to_cancel = True
    services.call_back_payout(payout_id=Payout.objects.get().pk, actor=2, now=NOW + SOON)
    wechat.set_state(out_no, "FAIL", fail_reason="OVERDUE_CLOSE")
    services.work_payouts(NOW + 9 * SOON)
    assert reward_state(reward) == ("returned", "recipient_did_not_confirm")
