"""The reconciliation of payouts: quiet when all agree, and every kind of difference is told."""

from __future__ import annotations

from typing import get_args

import pytest
from django.test import Client
from django.utils import translation

from liebian.access.permissions import OPERATOR
from liebian.access.tests.factories import make_user
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.services.checks import PayoutCheck
from liebian.payouts.tests.desk import CHECKER, approve, give_payees, make_account, owe
from liebian.payouts.types import FindingKind
from liebian.rewards.models import Alarm
from liebian.rewards.services.reconciling import list_checks, reconcile
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def payouts() -> list[Payout]:
    account = make_account(adapter="manual")
    _budget, owed = owe(3)
    give_payees(owed, "manual")
    batch = approve(account, owed)
    services.hand_over(batch_id=batch.id, actor=CHECKER, now=NOW)
    first = Payout.objects.order_by("id")[0]
    services.record_result(payout_id=first.pk, paid=True, reference="1", note="", actor=CHECKER, now=NOW)
    return list(Payout.objects.order_by("id"))


def found() -> list[tuple[str, str, int, int]]:
    told = PayoutCheck().compare(NOW)
    return [(each.subject, each.what, each.expected, each.found) for each in told.differences]


def test_it_is_one_of_the_nightly_checks():
    assert "payouts" in {check.code for check in list_checks()}


def test_all_agree(payouts):
    assert PayoutCheck().compare(NOW).n_compared == 3 and found() == []


def test_a_payout_that_says_otherwise_than_its_reward(payouts):
    Payout.objects.filter(pk=payouts[1].pk).update(state="paid")
    reward = f"reward:{payouts[1].reward_id}"
    assert found() == [(reward, "with_provider", 1, 0), (reward, "paid", 0, 1)]


def test_a_cent_is_another_amount_also_where_it_was_paid(payouts):
    services.compare_statement(
        account_id=payouts[1].account_id, name="s", header=["our number", "amount", "state"],
        rows=[[payouts[1].out_no, "10.01", "paid"], [payouts[2].out_no, "9.99", "paid"]],
        first_day=None, last_day=None, actor=CHECKER, now=NOW,
    )  # fmt: skip
    assert [(each[1], each[3]) for each in found()] == [("amount_differs", 1001), ("amount_differs", 999)]


def test_what_a_provider_says_otherwise_until_it_is_explained(payouts):
    services.compare_statement(
        account_id=payouts[0].account_id, name="s", header=["our number", "amount"], rows=[[payouts[0].out_no, "7.00"]],
        first_day=None, last_day=None, actor=CHECKER, now=NOW,
    )  # fmt: skip
    assert found() == [(f"payout:{payouts[0].out_no}", "amount_differs", 1000, 700)]
    [finding] = queries.list_findings()
    services.explain_finding(finding_id=finding.id, note="their fee", actor=CHECKER, now=NOW)
    assert found() == []


def test_every_kind_of_difference_of_every_check_has_words_in_both_languages():
    assert set(get_args(FindingKind)) | {"with_provider", "paid"} == set(PayoutCheck.figures)
    words = [text for check in list_checks() for text in check.figures.values()]
    with translation.override("zh-hans"):
        assert not [text for text in words if translation.gettext(text) == text or not text.strip()]


@pytest.mark.parametrize(("language", "words"), [("en", "we never sent it"), ("zh-hans", "我方从未发送")])
def test_the_reconciliation_says_what_differs_what_each_side_holds_for_paid_and_where_to_settle_it(language, words):
    account = make_account(adapter="manual")
    _budget, owed = owe()
    give_payees(owed, "manual")
    approve(account, owed)
    services.compare_statement(
        account_id=account.id, name="s", header=["our number", "amount", "state"],
        rows=[[Payout.objects.get().out_no, "10.00", "paid"]], first_day=None, last_day=None, actor=CHECKER, now=NOW,
    )  # fmt: skip
    reconcile(checks=[PayoutCheck()], now=NOW)
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(OPERATOR))
    page = client.get("/rewards/reconciliation").content.decode()
    assert words in page and "paid_unsent" not in page and 'href="/payouts/statements"' in page
    alarm = Alarm.objects.get()
    assert (alarm.expected, alarm.found, alarm.unit) == (0, 1000, "CNY/2") and page.count("¥10.00") == 2
    assert f"/rewards/reconciliation/{alarm.pk}/explain" not in page


def test_a_no_after_a_yes_is_a_difference_of_the_whole_sum(payouts):
    services.compare_statement(
        account_id=payouts[0].account_id, name="s", header=["our number", "amount", "state"],
        rows=[[payouts[0].out_no, "10.00", "failed"]], first_day=None, last_day=None, actor=CHECKER, now=NOW,
    )  # fmt: skip
    assert found() == [(f"payout:{payouts[0].out_no}", "no_after_yes", 1000, 0)]
