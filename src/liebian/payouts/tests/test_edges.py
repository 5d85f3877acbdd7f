"""Edges that a change could move without anybody seeing it: hours, limits, switched-off accounts, statements, hands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from liebian.core.errors import LiebianError
from liebian.payouts import queries, services
from liebian.payouts.models import Account, Payout
from liebian.payouts.rules import check_payout_transition
from liebian.payouts.services.sending import start_sending
from liebian.payouts.tests.desk import (
    CHECKER,
    MAKER,
    NIGHT,
    approve,
    give_payees,
    make_account,
    make_cash,
    owe,
    payee_of,
    reward_state,
    states,
    where,
)
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
MIDNIGHT = datetime(2026, 6, 1, 16, tzinfo=UTC)  # in Shanghai


def start(wechat, n: int = 1, **account: object):
    made = make_account(wechat, **account) if wechat else make_account(adapter="manual", **account)
    budget, owed = owe(n)
    give_payees(owed, made.adapter)
    return made, budget, owed


def share_payee(owed, adapter: str) -> None:
    for each in owed:
        services.set_payee(customer_id=each.customer_id, adapter=adapter, details=payee_of(7), actor=MAKER, now=NOW)


def code_of(act, **said: object) -> str:
    with pytest.raises(LiebianError) as refused:
        act(**said)
    return refused.value.code


def read_statement(account_id: int, *rows: list[str]) -> None:
    services.compare_statement(
        account_id=account_id, name="s", header=["our number", "amount", "state"], rows=rows, first_day=None, last_day=None,
        actor=CHECKER, now=NOW,
    )  # fmt: skip


def test_what_was_not_taken_is_not_sent_again_in_quiet_hours(wechat):
    account, _budget, owed = start(wechat, quiet_from=NIGHT[0], quiet_until=NIGHT[1])
    approve(account, owed)
    wechat.before = lambda body: (0, {})
    services.work_payouts(MIDNIGHT - timedelta(minutes=1))
    wechat.before = lambda body: None
    for minutes in (5, 479):
        services.work_payouts(MIDNIGHT + timedelta(minutes=minutes))
    assert states() == ["sending"] and not wechat.bills
    services.work_payouts(MIDNIGHT + timedelta(hours=10))
    assert states() == ["awaiting"] and len(wechat.bills) == 1


def test_an_account_that_is_off_sends_nothing_and_sends_nothing_again_but_hears_answers(wechat):
    account, budget, owed = start(wechat, n=3)
    approve(account, owed[:1])
    services.work_payouts(NOW)
    wechat.before = lambda body: (0, {})
    approve(account, owed[1:2], key="2")
    services.work_payouts(NOW + timedelta(minutes=1))
    wechat.before = lambda body: None
    approve(account, owed[2:], key="3")
    Account.objects.update(is_enabled=False)
    [first] = wechat.bills
    wechat.set_state(first, "SUCCESS")
    services.work_payouts(NOW + timedelta(minutes=10))
    assert states() == ["paid", "sending", "ready"] and len(wechat.bills) == 1
    assert where(budget) == (0, 2000, 1000)


def test_the_money_of_a_day_may_be_used_to_the_last_cent_and_goes_on_at_midnight(wechat):
    account, _budget, owed = start(wechat, n=3, max_minor=1000, day_minor=2000)
    share_payee(owed, "wechat")
    approve(account, owed)
    services.work_payouts(NOW)
    waits = Payout.objects.get(state="ready")
    assert len(wechat.bills) == 2 and (waits.reason, waits.not_before) == ("day_limit", MIDNIGHT)
    services.work_payouts(MIDNIGHT - timedelta(seconds=1))
    assert len(wechat.bills) == 2
    services.work_payouts(MIDNIGHT)
    assert len(wechat.bills) == 3


@pytest.mark.parametrize("tax", ["none", "incidental_withheld"])
def test_what_arrives_may_be_just_the_smallest_and_just_the_largest(wechat, tax):
    account = make_account(wechat)
    _budget, owed = owe(1, make_cash(1000, tax=tax))
    give_payees(owed)
    approve(account, owed)
    net = Payout.objects.get().net_minor
    Account.objects.update(min_minor=net, max_minor=net)
    services.work_payouts(NOW)
    assert [bill["transfer_amount"] for bill in wechat.bills.values()] == [net]


@pytest.mark.parametrize("bounds", [{"max_minor": 999}, {"min_minor": 1001}])
def test_bounds_that_were_changed_after_the_approval_hold(wechat, bounds):
    account, _budget, owed = start(wechat)
    approve(account, owed)
    Account.objects.update(**bounds)
    services.work_payouts(NOW)
    assert states() == ["ready"] and not wechat.bills
    assert [each.reason for each in queries.list_payouts()] == ["amount_out_of_bounds"]


def test_a_no_after_a_yes_is_found_and_changes_nothing():
    account, budget, owed = start(None)
    approve(account, owed)
    payout = Payout.objects.get()
    services.record_result(payout_id=payout.pk, paid=True, reference="1", note="", actor=CHECKER, now=NOW)
    read_statement(account.id, [payout.out_no, "10.00", "failed"])
    assert [each.kind for each in queries.list_findings()] == ["no_after_yes"]
    assert states() == ["paid"] and reward_state(owed[0])[0] == "issued" and where(budget) == (0, 0, 1000)


def test_a_payment_that_a_statement_names_twice_is_found_once():
    account, _budget, owed = start(None)
    batch = approve(account, owed)
    services.hand_over(batch_id=batch.id, actor=CHECKER, now=NOW)
    row = [Payout.objects.get().out_no, "10.00", "paid"]
    for _again in range(2):
        read_statement(account.id, row, row)
    assert [each.kind for each in queries.list_findings()] == ["twice_in_statement"] and states() == ["paid"]


def test_what_was_sent_again_is_not_given_up():
    account, budget, owed = start(None)
    approve(account, owed)
    first = Payout.objects.get()
    services.record_result(payout_id=first.pk, paid=False, reference="", note="", actor=CHECKER, now=NOW)
    approve(account, owed, key="2")
    said = {"payout_id": first.pk, "note": "", "actor": CHECKER, "now": NOW}
    assert code_of(services.give_up, **said) == "payout_not_failed"
    assert states() == ["failed", "ready"] and where(budget) == (0, 1000, 0)


@pytest.mark.parametrize("agree", [None, False])
def test_nothing_is_handed_over_that_nobody_else_agreed_to(agree):
    account, _budget, owed = start(None)
    said = {"account_id": account.id, "key": "1", "note": "", "actor": MAKER, "now": NOW}
    batch = services.propose_batch(reward_ids=[owed[0].id], **said)
    if agree is False:
        services.decide_batch(batch_id=batch.id, agree=False, note="", actor=CHECKER, now=NOW)
    before = states()
    assert services.hand_over(batch_id=batch.id, actor=MAKER, now=NOW) == [] and states() == before


def test_a_batch_has_its_size_and_its_key_means_the_same_rewards():
    account, _budget, owed = start(None, n=2)
    said = {"account_id": account.id, "key": "1", "note": "", "actor": MAKER, "now": NOW}
    assert code_of(services.propose_batch, reward_ids=range(1, 1002), **said) == "batch_size"
    batch = services.propose_batch(reward_ids=[owed[0].id], **said)
    assert services.propose_batch(reward_ids=[owed[0].id], **said).id == batch.id
    assert code_of(services.propose_batch, reward_ids=[owed[1].id], **said) == "idempotency_mismatch"
    assert states() == ["proposed"]
    assert [each.reward_id for each in queries.list_waiting(account_id=None, now=NOW)] == [owed[1].id]


def test_what_came_back_does_not_count_to_the_limit_of_the_day_nor_does_another_account():
    account, _budget, owed = start(None, n=3, most_a_day=1)
    share_payee(owed, "manual")
    approve(account, owed[:2])
    first, second = Payout.objects.order_by("id")
    assert start_sending(first.pk, now=NOW) is not None and start_sending(second.pk, now=NOW) is None
    other = make_account(adapter="manual", name="Other", most_a_day=1)
    approve(other, owed[2:], key="2")
    assert start_sending(Payout.objects.order_by("id")[2].pk, now=NOW) is not None
    services.record_result(payout_id=first.pk, paid=False, reference="", note="", actor=CHECKER, now=NOW)
    assert start_sending(second.pk, now=NOW) is not None and states() == ["failed", "sending", "sending"]


def test_what_is_on_its_way_or_nobody_agreed_to_is_not_started():
    account, _budget, owed = start(None, n=2)
    approve(account, owed[:1])
    said = {"account_id": account.id, "key": "2", "note": "", "actor": MAKER, "now": NOW}
    services.propose_batch(reward_ids=[owed[1].id], **said)
    first, second = Payout.objects.order_by("id")
    assert start_sending(first.pk, now=NOW) is not None
    assert start_sending(first.pk, now=NOW) is start_sending(second.pk, now=NOW) is None
    assert states() == ["sending", "proposed"]


def test_only_what_failed_is_given_up_once_and_also_after_a_declined_second_try():
    account, budget, owed = start(None)
    batch = approve(account, owed)
    services.hand_over(batch_id=batch.id, actor=CHECKER, now=NOW)
    said = {"payout_id": Payout.objects.get().pk, "note": "", "actor": CHECKER, "now": NOW}
    assert code_of(services.give_up, **said) == "payout_not_failed" and states() == ["sending"]
    services.record_result(paid=False, reference="", **said)
    again = services.propose_batch(
        account_id=account.id, reward_ids=[owed[0].id], key="2", note="", actor=MAKER, now=NOW
    )
    assert code_of(services.give_up, **said) == "payout_not_failed"
    services.decide_batch(batch_id=again.id, agree=False, note="", actor=CHECKER, now=NOW)
    for _again in range(2):
        services.give_up(**said)
    assert states() == ["returned", "cancelled"] and where(budget) == (1000, 0, 0)


def test_money_goes_where_this_way_of_paying_goes_and_not_where_another_does():
    bank, hand = make_account(adapter="bank_file", name="Bank"), make_account(adapter="manual", name="Hand")
    _budget, owed = owe(2)
    for adapter, name in (("manual", "Ann"), ("bank_file", "Bob"), ("wechat", "")):
        for each in owed:
            details = {**payee_of(each.customer_id), **({"name": name} if name else {})}
            services.set_payee(customer_id=each.customer_id, adapter=adapter, details=details, actor=MAKER, now=NOW)
    names = []
    for account, reward in ((bank, owed[0]), (hand, owed[1])):
        batch = approve(account, [reward], key=account.name)
        names += [each.payee["name"] for each in services.hand_over(batch_id=batch.id, actor=CHECKER, now=NOW)]
    assert names == ["Bob", "Ann"]
    assert set(queries.get_payee_hints(owed[0].customer_id)) == {"manual", "bank_file", "wechat"}


def test_a_batch_leaves_out_what_its_account_cannot_pay():
    bank = make_account(adapter="bank_file", name="Bank")
    small = make_account(adapter="manual", name="Small", max_minor=999, day_minor=999)
    yen = make_account(adapter="manual", name="Yen", currency="JPY")
    _account, _budget, owed = start(None)
    problems = {}
    for each in (bank, small, yen):
        [waits] = queries.list_waiting(account_id=each.id, now=NOW)
        problems[each.name] = waits.problem
        said = {"account_id": each.id, "reward_ids": [owed[0].id], "key": each.name, "note": "", "actor": MAKER}
        assert code_of(services.propose_batch, **said, now=NOW) == "batch_empty"
    assert problems == {"Bank": "payee_missing", "Small": "amount_out_of_bounds", "Yen": "other_currency"}


@pytest.mark.parametrize("old", ["proposed", "paid", "failed", "cancelled", "returned"])
def test_only_what_was_let_go_is_sent_and_what_was_paid_stays_paid(old):
    with pytest.raises(LiebianError):
        check_payout_transition(old, "sending")
    with pytest.raises(LiebianError):
        check_payout_transition("paid", old)
