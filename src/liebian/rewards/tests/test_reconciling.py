"""Every night each counter is compared with the ledger; what differs is an alarm until it is gone or somebody explains it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.test import override_settings

from liebian.core.errors import Conflict, Invalid
from liebian.ledger.models import Account, KeptSum
from liebian.ledger.queries import count_unproven
from liebian.ledger.services import proving
from liebian.rewards import queries, services
from liebian.rewards.models import Coupon, CouponCode, PointsLot, Reward
from liebian.rewards.services.reconciling import MOST_ALARMS
from liebian.rewards.tests.coupon_shop import issue, make_offer
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.types import Compared, Difference, LimitRule

pytestmark = pytest.mark.django_db
NIGHT = datetime.fromisoformat("2026-06-02T03:00:00+08:00")
LIMIT = LimitRule("day", "person", "day", "minor", 5000, "Asia/Shanghai")


def check(now: datetime = NOW) -> dict[str, int]:
    services.reconcile(checks=services.list_checks(), now=now)
    runs = queries.list_last_runs()
    assert not [run.error for run in runs.values() if run.error]
    words = {each.code: each.figures for each in services.list_checks()}
    assert not [(each.check, each.what) for each in queries.list_alarms() if each.what not in words[each.check]]
    return {code: run.n_differences for code, run in runs.items() if run.n_differences}


def give_rewards(*limits: LimitRule) -> None:
    budget, offer = make_budget(funded=100_000), make_points()
    grants = [make_grant(budget, n, ("referrer", offer), ("referee", offer)) for n in range(3)]
    services.grant_pairs(grants=[replace(each, limits=limits) for each in grants], now=NOW)
    services.cancel_or_claw_back(qualification="order:0", refunded_minor=1, order_total_minor=3, at=NOW, now=NOW)
    services.release_due(day=HOLD, now=NOW)
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW)


def test_nothing_differs_after_grants_refunds_limits_and_coupons():
    give_rewards(LIMIT)
    pooled = make_offer(codes="pool")
    pool = services.create_pool(offer_id=pooled.id, name="P", kind="rewards", low_at=0, now=NOW)
    services.generate_codes(pool_id=pool.id, n_codes=5, prefix="", length=10, idempotency_key="1", now=NOW)
    assert len(issue(pooled, 2, make_budget(funded=5000), start=50)) == 2
    assert check() == {}
    runs = queries.list_last_runs()
    assert all(runs[check.code].n_compared for check in services.CHECKS)


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda: Reward.objects.filter(state="issued").update(cost_minor=1001), "budgets"),
        (lambda: PointsLot.objects.update(remaining=1, reserved=0), "points"),
        (lambda: Account.objects.filter(kind="allowance_used").update(balance=1), "limits"),
        (lambda: Account.objects.filter(kind="paid_out").update(balance=1), "ledger"),
        (lambda: KeptSum.objects.filter(kind="points").update(balance=1), "sums"),
    ],
)
def test_a_counter_that_drifted_is_an_alarm_with_its_amounts(break_it: Callable[[], int], code: str):
    give_rewards(LIMIT)
    assert check() == {}
    break_it()
    assert code in check()
    alarms = [each for each in queries.list_alarms() if each.check == code]
    assert alarms and all(each.expected != each.found and each.state == "open" for each in alarms)


@pytest.mark.parametrize("much", ["SEGMENT_ENTRIES", "DUE_POSTINGS"])
def test_the_ledger_is_proven_before_the_night_where_much_was_posted(much: str, monkeypatch: pytest.MonkeyPatch):
    give_rewards()
    assert services.prove_ahead(now=NOW) == 0
    monkeypatch.setattr(proving, much, 2)
    Account.objects.filter(kind="paid_out").update(balance=1)
    assert (services.prove_ahead(now=NOW), count_unproven(), services.prove_ahead(now=NOW)) == (1, 0, 0)
    assert {each.check for each in queries.list_alarms()} == {"ledger"}


def test_codes_and_coupons_that_drifted_are_alarms():
    pooled = make_offer(codes="pool")
    pool = services.create_pool(offer_id=pooled.id, name="P", kind="rewards", low_at=0, now=NOW)
    services.generate_codes(pool_id=pool.id, n_codes=5, prefix="", length=10, idempotency_key="1", now=NOW)
    issue(pooled, 2)
    CouponCode.objects.filter(cause__isnull=True).first().delete()  # type: ignore[union-attr]
    Coupon.objects.filter(pk=Coupon.objects.first().pk).update(state="void")  # type: ignore[union-attr]
    assert check() == {"coupons": 2, "liability": 1}


def test_an_alarm_is_gone_when_its_difference_is():
    give_rewards()
    Reward.objects.filter(state="issued").update(cost_minor=1001)
    check()
    assert queries.count_open_alarms() == 1
    Reward.objects.filter(state="issued").update(cost_minor=1000)
    assert check() == {}
    assert (queries.count_open_alarms(), queries.list_alarms()) == (0, [])
    assert [each.state for each in queries.list_alarms(states=["gone"])] == ["gone"]


def test_an_explained_alarm_is_quiet_until_it_changes():
    give_rewards()
    rewards = Reward.objects.filter(state="issued")
    rewards.update(cost_minor=1001)
    check()
    [alarm] = queries.list_alarms()
    services.explain_alarm(alarm_id=alarm.id, note="Migrated by hand", actor=1, now=NOW)
    check()
    assert ([each.state for each in queries.list_alarms()], queries.count_open_alarms()) == (["explained"], 0)
    rewards.update(cost_minor=1002)
    check()
    [again] = queries.list_alarms()
    assert (again.state, again.note, again.id) == ("open", "Migrated by hand", alarm.id)


def test_an_explanation_needs_words_and_a_difference_that_is_there():
    give_rewards()
    Reward.objects.filter(state="issued").update(cost_minor=1001)
    check()
    [alarm] = queries.list_alarms()
    with pytest.raises(Invalid) as refused:
        services.explain_alarm(alarm_id=alarm.id, note="  ", actor=1, now=NOW)
    assert refused.value.code == "alarm_note"
    Reward.objects.filter(state="issued").update(cost_minor=1000)
    check()
    with pytest.raises(Conflict) as late:
        services.explain_alarm(alarm_id=alarm.id, note="Late", actor=1, now=NOW)
    assert late.value.code == "alarm_gone"


def test_the_night_runs_once_from_its_hour_on():
    before, second = NIGHT - timedelta(seconds=1), NIGHT + timedelta(hours=5)
    n_checks = len(services.list_checks())
    nights = (before, NIGHT, second, NIGHT + timedelta(days=1))
    assert [services.reconcile_night(now=each) for each in nights] == [0, n_checks, 0, n_checks]


class _Many:
    code, title, writes = "many", "Many", False
    figures, page = {"amount": "the amount"}, ""

    def __init__(self, subjects: range) -> None:
        self.subjects = subjects

    def compare(self, now: datetime) -> Compared:
        found = tuple(Difference(f"thing:{number:05}", "amount", 1, 0, "CNY/2") for number in self.subjects)
        return Compared(len(found), found)


def test_a_known_alarm_is_gone_only_when_its_difference_is():
    known = range(900, 910)
    services.reconcile(checks=[_Many(known)], now=NOW)
    services.reconcile(checks=[_Many(range(910))], now=NOW)
    open_ones = {each.subject for each in queries.list_alarms(limit=1000)}
    assert {f"thing:{number:05}" for number in known} <= open_ones and len(open_ones) == MOST_ALARMS
    assert queries.list_alarms(states=["gone"]) == []
    services.reconcile(checks=[_Many(range(901, 910))], now=NOW)
    assert "thing:00900" in {each.subject for each in queries.list_alarms(states=["gone"], limit=1000)}


class _Statements:
    code, title, writes = "statements", "Statements", False
    figures, page = {"amount": "the amount"}, ""

    def compare(self, now: datetime) -> Compared:
        return Compared(2, (Difference("statement:1", "amount", 100, 90, "CNY/2"),))


class _Broken:
    code, title, writes = "broken", "Broken", False
    figures, page = {}, ""

    def compare(self, now: datetime) -> Compared:
        raise RuntimeError("no connection")


ABOVE = (_Statements(), _Broken())


def test_a_context_above_brings_its_own_checks_and_one_that_fails_stops_none():
    names = ["liebian.rewards.tests.test_reconciling.ABOVE", "liebian.rewards.services.CHECKS"]
    with override_settings(RECONCILIATION_CHECKS=names):
        services.reconcile(checks=services.list_checks()[::-1], now=NOW)
    runs = queries.list_last_runs()
    assert {code for code, run in runs.items() if not run.holds} == {"statements", "broken"}
    assert runs["broken"].error == "RuntimeError: no connection"
    assert queries.count_open_alarms() == 2
