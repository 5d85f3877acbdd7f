"""The alarm of a difference that somebody has explained is gone at once, not with the next comparison."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from liebian.access.permissions import OPERATOR
from liebian.access.tests.factories import make_user
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.services.checks import PayoutCheck
from liebian.payouts.tests.desk import CHECKER, MAKER, approve, give_payees, make_account, owe
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import NOW
from liebian.rewards.types import Compared

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = NOW + timedelta(minutes=1)


def read_statement(account_id: int, *rows: list[str]) -> None:
    services.compare_statement(
        account_id=account_id, name="s", header=["our number", "amount", "state"], rows=rows, first_day=None, last_day=None,
        actor=CHECKER, now=NOW,
    )  # fmt: skip


def compare(now: datetime = NOW) -> list[str]:
    rewards.reconcile(checks=[PayoutCheck()], now=now)
    return alarms()


def alarms() -> list[str]:
    found = rewards_seen.list_alarms(states=["open"])
    assert rewards_seen.count_open_alarms() == len(found)
    return sorted(each.subject for each in found)


def explain(out_no: str, now: datetime = SOON) -> None:
    finding = next(each for each in queries.list_findings() if each.out_no == out_no)
    services.explain_finding(finding_id=finding.id, note="a fee", actor=CHECKER, now=now)


def test_it_is_gone_when_its_difference_is_explained_and_stays_gone():
    account = make_account(adapter="manual")
    read_statement(account.id, ["A", "1.00", "paid"], ["B", "2.00", "paid"])
    assert compare() == ["payout:A", "payout:B"]
    explain("A")
    assert alarms() == ["payout:B"] == compare(SOON)
    assert [each.subject for each in rewards_seen.list_alarms(states=["gone"])] == ["payout:A"]


def test_it_stays_while_another_account_still_differs_about_the_number():
    for name in ("One", "Two"):
        read_statement(make_account(adapter="manual", name=name).id, ["A", "1.00", "paid"])
    assert compare() == ["payout:A"]
    [alarm] = rewards_seen.list_alarms()
    assert alarm.found - alarm.expected == 200
    explain("A")
    assert alarms() == ["payout:A"] == compare(SOON)
    explain("A")
    assert alarms() == [] == compare(SOON)


def test_what_differs_anew_is_an_alarm_again():
    read_statement(make_account(adapter="manual", name="One").id, ["A", "1.00", "paid"])
    compare()
    explain("A")
    read_statement(make_account(adapter="manual", name="Two").id, ["A", "1.00", "paid"])
    assert compare(SOON + timedelta(minutes=1)) == ["payout:A"]


def test_money_that_two_recorded_is_no_alarm_any_more():
    account = make_account(adapter="manual")
    _budget, owed = owe()
    give_payees(owed, "manual")
    approve(account, owed)
    out_no = Payout.objects.get().out_no
    read_statement(account.id, [out_no, "10.00", "paid"])
    assert compare() == [f"payout:{out_no}"]
    [finding] = queries.list_findings()
    said = {"reference": "1", "note": "at the counter"}
    number = services.propose_recording(finding_id=finding.id, **said, actor=MAKER, now=NOW)
    assert alarms() == [f"payout:{out_no}"]
    services.decide_recording(recording_id=number, agree=True, note="", actor=CHECKER, now=SOON)
    assert alarms() == [] == compare(SOON)


class _WhileSomebodyExplains(PayoutCheck):
    def compare(self, now: datetime) -> Compared:
        found = super().compare(now)
        explain("A", now + timedelta(seconds=1))
        return found


def test_a_comparison_that_was_reading_meanwhile_does_not_bring_it_back():
    read_statement(make_account(adapter="manual").id, ["A", "1.00", "paid"], ["B", "1.00", "paid"])
    compare()
    rewards.reconcile(checks=[_WhileSomebodyExplains()], now=SOON)
    assert alarms() == ["payout:B"] == compare(SOON)


def test_the_page_of_the_reconciliation_and_the_menu_follow():
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(OPERATOR))
    read_statement(make_account(adapter="manual").id, ["A7", "1.00", "paid"])
    compare()
    assert "A7" in client.get("/rewards/reconciliation").content.decode()
    [finding] = queries.list_findings()
    client.post(f"/payouts/differences/{finding.id}", {"note": "a fee"})
    assert "A7" not in client.get("/rewards/reconciliation").content.decode()


def test_a_difference_is_an_alarm_as_soon_as_it_is_found_and_again_after_an_explanation():
    one, two = (make_account(adapter="manual", name=name).id for name in ("One", "Two"))
    read_statement(one, ["A", "1.00", "paid"], ["B", "2.00", "paid"])
    assert alarms() == ["payout:A", "payout:B"]
    explain("A")
    read_statement(one, ["A", "1.00", "paid"])
    assert alarms() == ["payout:B"]
    read_statement(two, ["A", "1.00", "paid"])
    assert alarms() == ["payout:A", "payout:B"] == compare(SOON)


class _WhileAStatementIsRead(PayoutCheck):
    def compare(self, now: datetime) -> Compared:
        found = super().compare(now)
        read_statement(make_account(adapter="manual").id, ["A", "1.00", "paid"])
        return found


def test_a_difference_that_is_found_while_all_is_compared_stays():
    rewards.reconcile(checks=[_WhileAStatementIsRead()], now=NOW - timedelta(minutes=1))
    assert alarms() == ["payout:A"] == compare(SOON)


def test_the_page_of_the_reconciliation_says_it_against_an_older_result(client: Client):
    client.force_login(make_user(OPERATOR))
    compare(NOW - timedelta(hours=1))
    read_statement(make_account(adapter="manual").id, ["A", "1.00", "paid"])
    page = client.get("/rewards/reconciliation", headers={"accept-language": "en"}).content.decode()
    assert "Something differs." in page and "Everything agrees." not in page
    assert page.count("Differs") == 1
