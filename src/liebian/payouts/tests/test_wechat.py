"""Payouts through WeChat Pay, whatever it answers: nobody is paid twice, nobody is forgotten, and the books say where the money is."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero
from liebian.payouts import queries, services
from liebian.payouts.models import Account, Payout
from liebian.payouts.tests import wechat_fake
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
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _books_balance():
    yield
    assert all(proof.holds for proof in prove_zero())


@pytest.fixture
def sent(wechat):
    """One approved payout of ten yuan, handed to WeChat."""
    account = make_account(wechat)
    budget, owed = owe()
    give_payees(owed)
    approve(account, owed)
    services.work_payouts(NOW)
    return budget, owed[0], Payout.objects.get()


def work(minutes: int) -> None:
    services.work_payouts(NOW + timedelta(minutes=minutes))


def test_the_recipient_confirms_and_the_reward_is_issued(wechat, sent):
    budget, reward, payout = sent
    assert (payout.state, payout.package[:4], wechat.n_forged) == ("awaiting", "afff", 0)
    assert reward_state(reward) == ("awaiting_recipient", "awaiting_recipient")
    wechat.set_state(payout.out_no, "SUCCESS")
    work(5)
    work(10)
    assert states() == ["paid"] and reward_state(reward)[0] == "issued"
    assert where(budget) == (0, 0, 1000) and wechat.paid_minor() == 1000
    payout.refresh_from_db()
    assert (bytes(payout.payee), payout.package) == (b"", "")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("CANCELLED", ""),
        *(
            ("FAIL", each)
            for each in ("OVERDUE_CLOSE", "PAYER_CONFIRM_OVERDUE", "USER_CONFIRM_OVERDUE", "TRANSFER_OVERDUE")
        ),
    ],
)
def test_unclaimed_money_returns_to_the_budget(wechat, sent, state, reason):
    budget, reward, payout = sent
    wechat.set_state(payout.out_no, state, fail_reason=reason)
    work(5)
    assert states() == ["returned"] and reward_state(reward) == ("returned", "recipient_did_not_confirm")
    assert where(budget) == (1000, 0, 0)


def test_yes_and_then_silence_is_asked_about_and_paid_once(wechat):
    wechat.after = lambda body: (0, {})
    budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat), owed)
    services.work_payouts(NOW)
    [out_no] = wechat.bills
    assert states() == ["sending"] and where(budget) == (0, 1000, 0)
    wechat.set_state(out_no, "SUCCESS")
    wechat.after = lambda body: None
    work(5)
    assert states() == ["paid"] and wechat.n_sent == {out_no: 1} and wechat.paid_minor() == 1000


def test_silence_before_it_was_taken_sends_the_same_number_again(wechat):
    wechat.before = lambda body: (0, {})
    _budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat), owed)
    services.work_payouts(NOW)
    assert not wechat.bills and states() == ["sending"]
    wechat.before = lambda body: None
    work(5)
    assert len(wechat.bills) == 1 and max(wechat.n_sent.values()) == 2 and states() == ["awaiting"]


def test_a_no_that_was_a_yes_is_found_by_asking(wechat):
    wechat.after = lambda body: (400, {"code": "PARAM_ERROR", "message": "no"})
    budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat), owed)
    services.work_payouts(NOW)
    assert states() == ["awaiting"]
    [out_no] = wechat.bills
    wechat.set_state(out_no, "SUCCESS")
    work(5)
    assert states() == ["paid"] and where(budget) == (0, 0, 1000)


def test_an_error_of_the_gateway_is_no_answer(wechat):
    wechat.before = lambda body: (502, {})
    _budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat), owed)
    services.work_payouts(NOW)
    assert states() == ["sending"] and not wechat.bills
    wechat.before = lambda body: None
    work(5)
    assert states() == ["awaiting"] and len(wechat.n_sent) == 1


def test_a_state_that_nobody_knows_ends_nothing(wechat, sent):
    _budget, reward, payout = sent
    wechat.set_state(payout.out_no, "SOMETHING_NEW")
    work(5)
    assert states() == ["awaiting"] and reward_state(reward)[0] == "awaiting_recipient"


def test_a_real_no_can_be_sent_again_under_the_same_number(wechat):
    account = make_account(wechat)
    wechat.before = lambda body: (400, {"code": "PARAM_ERROR", "message": "openid"})
    _budget, owed = owe()
    give_payees(owed)
    approve(account, owed)
    services.work_payouts(NOW)
    assert states() == ["failed"] and reward_state(owed[0]) == ("issuing", "payment_failed")
    wechat.before = lambda body: None
    approve(account, owed, key="2")
    services.work_payouts(NOW + SOON)
    assert states() == ["failed", "awaiting"] and len(wechat.n_sent) == 1


def test_a_number_that_ended_there_is_never_used_again(wechat, sent):
    _budget, reward, payout = sent
    wechat.set_state(payout.out_no, "FAIL", fail_reason="ACCOUNT_FROZEN")
    work(5)
    approve(queries.list_accounts()[0], [reward], key="2")
    work(10)
    assert states() == ["failed", "awaiting"] and len(wechat.bills) == 2


def test_no_money_over_there_waits_and_sends_the_same_number(wechat):
    wechat.before = lambda body: (403, {"code": "NOT_ENOUGH", "message": "no money"})
    _budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat), owed)
    services.work_payouts(NOW)
    assert states() == ["sending"]
    wechat.before = lambda body: None
    work(9)
    assert states() == ["sending"]
    work(30)
    assert states() == ["awaiting"] and len(wechat.n_sent) == 1


def test_a_yes_after_the_money_was_given_back_is_found_and_booked(wechat, sent):
    budget, reward, payout = sent
    wechat.set_state(payout.out_no, "CANCELLED")
    work(5)
    wechat.set_state(payout.out_no, "SUCCESS")
    headers, body = wechat.notice(payout.out_no)
    now = NOW_REAL()
    assert services.apply_notice(account_id=payout.account_id, headers=headers, body=body, now=now)
    assert services.apply_notice(account_id=payout.account_id, headers=headers, body=body, now=now)
    assert [each.kind for each in queries.list_findings()] == ["yes_after_no"]
    assert reward_state(reward) == ("issued", "paid_after_all") and where(budget) == (0, 0, 1000)


def test_a_yes_after_no_without_money_left_stays_a_finding(wechat, sent):
    budget, reward, payout = sent
    wechat.set_state(payout.out_no, "CANCELLED")
    work(5)
    other = make_cash(1000)
    from liebian.rewards.tests.factories import make_grant

    rewards.grant_pairs(grants=[make_grant(budget, 9, ("referee", other))], now=NOW)
    wechat.set_state(payout.out_no, "SUCCESS")
    headers, body = wechat.notice(payout.out_no)
    services.apply_notice(account_id=payout.account_id, headers=headers, body=body, now=NOW_REAL())
    assert [each.kind for each in queries.list_findings()] == ["yes_after_no"]
    assert reward_state(reward)[0] == "returned"


@pytest.mark.parametrize("second", ["awaiting", "paid"])
def test_a_late_yes_while_the_next_number_is_on_its_way_or_paid_is_a_finding_and_issues_nothing_more(
    wechat, sent, second
):
    budget, reward, payout = sent
    wechat.set_state(payout.out_no, "FAIL", fail_reason="ACCOUNT_FROZEN")
    work(5)
    approve(queries.list_accounts()[0], [reward], key="2")
    work(10)
    if second == "paid":
        wechat.set_state(Payout.objects.order_by("id")[1].out_no, "SUCCESS")
        work(15)
    wechat.set_state(payout.out_no, "SUCCESS")
    headers, body = wechat.notice(payout.out_no)
    assert services.apply_notice(account_id=payout.account_id, headers=headers, body=body, now=NOW_REAL())
    assert states() == ["failed", second] and [each.kind for each in queries.list_findings()] == ["yes_after_no"]
    assert where(budget) == ((0, 1000, 0) if second == "awaiting" else (0, 0, 1000))


def test_another_amount_is_found(wechat, sent):
    _budget, _reward, payout = sent
    wechat.set_state(payout.out_no, "SUCCESS", transfer_amount=100_000)
    work(5)
    [finding] = queries.list_findings()
    assert (finding.kind, finding.ours_minor, finding.theirs_minor) == ("amount_differs", 1000, 100_000)
    services.explain_finding(finding_id=finding.id, note="their mistake", actor=CHECKER, now=NOW)
    assert queries.count_open_findings() == 0


def NOW_REAL():
    from liebian.core import clock

    return clock.now()


@pytest.mark.parametrize(
    "attack",
    [{"signer": wechat_fake.STRANGER}, {"age": 4000}, {"key": "f" * 32}],
    ids=["a stranger's signature", "an old message again", "another key"],
)
def test_a_message_that_is_not_the_providers_changes_nothing(wechat, sent, attack):
    _budget, _reward, payout = sent
    wechat.set_state(payout.out_no, "SUCCESS")
    headers, body = wechat.notice(payout.out_no, **attack)
    assert not services.apply_notice(account_id=payout.account_id, headers=headers, body=body, now=NOW_REAL())
    assert states() == ["awaiting"]


def test_a_changed_message_changes_nothing(wechat, sent):
    _budget, _reward, payout = sent
    headers, body = wechat.notice(payout.out_no)
    changed = body.replace(b'"id": "1"', b'"id": "2"')
    assert not services.apply_notice(account_id=payout.account_id, headers=headers, body=changed, now=NOW_REAL())


def test_an_answer_that_somebody_else_signed_is_not_believed(wechat):
    wechat.signs_with = wechat_fake.STRANGER
    _budget, owed = owe()
    give_payees(owed)
    approve(make_account(wechat), owed)
    services.work_payouts(NOW)
    assert states() == ["sending"]
    wechat.signs_with = wechat_fake.PLATFORM
    work(5)
    assert states() == ["awaiting"] and len(wechat.bills) == 1


def test_with_another_key_wechat_takes_nothing(wechat):
    account = make_account(wechat)
    services.save_account(
        draft=_changed(account, secrets={"private_key": wechat_fake.STRANGER_PEM}),
        account_id=account.id,
        actor=MAKER,
        now=NOW,
    )
    _budget, owed = owe()
    give_payees(owed)
    approve(account, owed)
    services.work_payouts(NOW)
    assert not wechat.bills and wechat.n_forged and states() == ["sending"]


def _changed(account, **changes):
    from liebian.payouts.types import AccountDraft

    names = [name for name in AccountDraft.__dataclass_fields__ if name != "secrets"]
    return AccountDraft(**({name: getattr(account, name) for name in names} | changes))


def test_nothing_is_sent_in_quiet_hours(wechat):
    account = make_account(wechat, quiet_from=NIGHT[0], quiet_until=NIGHT[1])
    _budget, owed = owe()
    give_payees(owed)
    approve(account, owed)
    night = NOW + timedelta(hours=12, minutes=1)  # one past midnight in Shanghai
    services.work_payouts(night)
    assert not wechat.bills
    services.work_payouts(night + timedelta(hours=8))
    assert len(wechat.bills) == 1


def test_a_person_gets_no_more_than_the_account_allows_a_day(wechat):
    account = make_account(wechat, most_a_day=2)
    _budget, owed = owe(3)
    for each in owed:
        services.set_payee(customer_id=each.customer_id, adapter="wechat", details=payee_of(7), actor=MAKER, now=NOW)
    approve(account, owed)
    services.work_payouts(NOW)
    services.work_payouts(NOW + SOON)
    assert len(wechat.bills) == 2 and states().count("ready") == 1
    services.work_payouts(NOW + timedelta(days=1))
    assert len(wechat.bills) == 3


def test_a_person_gets_no_more_money_than_the_account_allows_a_day(wechat):
    account = make_account(wechat, max_minor=1500, day_minor=1999)
    _budget, owed = owe(2)
    for each in owed:
        services.set_payee(customer_id=each.customer_id, adapter="wechat", details=payee_of(7), actor=MAKER, now=NOW)
    approve(account, owed)
    services.work_payouts(NOW)
    assert len(wechat.bills) == 1 and states().count("ready") == 1
    services.work_payouts(NOW + timedelta(days=1))
    assert len(wechat.bills) == 2


def test_a_refund_before_it_is_sent_stops_it(wechat):
    budget, owed = owe(2)
    give_payees(owed)
    approve(make_account(wechat), owed)
    rewards.cancel_or_claw_back(qualification="order:1", refunded_minor=10, order_total_minor=10, at=NOW, now=NOW)
    rewards.cancel_or_claw_back(qualification="order:2", refunded_minor=5, order_total_minor=10, at=NOW, now=NOW)
    services.work_payouts(NOW)
    assert states() == ["cancelled", "cancelled"] and not wechat.bills
    assert [each.net_minor for each in queries.list_waiting(account_id=None, now=NOW)] == [500]
    assert where(budget) == (1500, 500, 0)


def test_a_refund_while_it_is_on_its_way_is_owed_when_it_arrived(wechat, sent):
    _budget, reward, payout = sent
    rewards.cancel_or_claw_back(qualification="order:1", refunded_minor=10, order_total_minor=10, at=NOW, now=NOW)
    assert reward_state(reward)[0] == "awaiting_recipient"
    wechat.set_state(payout.out_no, "SUCCESS")
    work(5)
    assert reward_state(reward)[0] == "clawed_back"


def test_called_back_it_returns_to_the_budget(wechat, sent):
    budget, _reward, payout = sent
    services.call_back_payout(payout_id=payout.pk, actor=CHECKER, now=NOW + SOON)
    assert states() == ["returned"] and where(budget) == (1000, 0, 0)
    with pytest.raises(LiebianError, match="called back"):
        services.call_back_payout(payout_id=payout.pk, actor=CHECKER, now=NOW + SOON)


def test_called_back_too_late_it_is_paid(wechat, sent):
    budget, reward, payout = sent
    wechat.set_state(payout.out_no, "SUCCESS")
    services.call_back_payout(payout_id=payout.pk, actor=CHECKER, now=NOW + SOON)
    assert states() == ["paid"] and reward_state(reward)[0] == "issued" and where(budget) == (0, 0, 1000)


def test_a_message_to_an_account_that_is_off_is_not_taken_and_one_about_an_unknown_number_is_found(wechat, sent):
    _budget, _reward, payout = sent
    wechat.set_state(payout.out_no, "SUCCESS")
    headers, body = wechat.notice(payout.out_no)
    said = {"account_id": payout.account_id, "headers": headers, "body": body, "now": NOW_REAL()}
    Account.objects.update(is_enabled=False)
    assert not services.apply_notice(**said) and states() == ["awaiting"]
    Account.objects.update(is_enabled=True)
    Payout.objects.update(out_no="ANOTHER")
    assert services.apply_notice(**said) and services.apply_notice(**said)
    assert [each.kind for each in queries.list_findings()] == ["unknown_in_statement"] and states() == ["awaiting"]


def test_nobody_tells_what_became_of_a_payout_that_the_provider_has_nor_brings_it_to_a_bank(wechat, sent):
    _budget, _reward, payout = sent
    said = {"reference": "1", "note": "", "actor": CHECKER, "now": NOW}
    for paid in (True, False):
        with pytest.raises(LiebianError) as refused:
            services.record_result(payout_id=payout.pk, paid=paid, **said)
        assert refused.value.code == "payout_by_provider"
    Payout.objects.update(state="ready")
    assert services.hand_over(batch_id=payout.batch_id, actor=CHECKER, now=NOW) == [] and states() == ["ready"]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_workers_send_each_number_once(wechat):
    wechat.first_state = "SUCCESS"
    budget, owed = owe(12)
    give_payees(owed)
    approve(make_account(wechat), owed)

    def run() -> None:
        try:
            for minute in range(0, 20, 5):
                services.work_payouts(NOW + timedelta(minutes=minute))
        except Exception as error:  # SQLite may be busy; the worker comes back, and so does the loop below
            assert "locked" in str(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for minute in range(60, 120, 10):
        work(minute)
    assert states() == ["paid"] * 12 and wechat.paid_minor() == 12_000 and where(budget) == (0, 0, 12_000)
