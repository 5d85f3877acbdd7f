"""Ends of months, days and quiet hours are those of the organisation's clock, also where it is put forward or back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from liebian.customers.models import Customer
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.queries.taxes import list_taxes
from liebian.payouts.rules import is_quiet
from liebian.payouts.tests.desk import CHECKER, approve, give_payees, make_account, make_cash, owe, payee_of
from liebian.rewards.tests.factories import NOW
from liebian.rewards.types import RewardView

DB = pytest.mark.django_db(databases="__all__")
LAST_OF_MAY = datetime(2026, 5, 31, 15, 59, 59, tzinfo=UTC)
FIRST_OF_JUNE = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)
WIDE = {"max_minor": 10_000_000, "day_minor": 10_000_000}


@pytest.mark.parametrize("start", [time(22), time(0)])
def test_the_first_moment_after_quiet_hours_is_not_quiet(start):
    end = datetime(2026, 6, 2, 0, tzinfo=UTC)
    moments = (end - timedelta(microseconds=1), end)
    assert [is_quiet(each, start, time(8), "Asia/Shanghai") for each in moments] == [True, False]


def test_quiet_hours_within_a_day_begin_with_their_first_moment():
    begin = datetime(2026, 6, 1, 16, tzinfo=UTC)
    moments = (begin - timedelta(microseconds=1), begin)
    assert [is_quiet(each, time(0), time(8), "Asia/Shanghai") for each in moments] == [False, True]


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-06-01T13:59:59.999999+00:00", False),
        ("2026-06-01T14:00:00+00:00", True),
        ("2026-06-01T23:59:59.999999+00:00", True),
        ("2026-06-02T00:00:00+00:00", False),
    ],
)
def test_quiet_hours_are_half_open(at, quiet):
    assert is_quiet(datetime.fromisoformat(at), time(22), time(8), "Asia/Shanghai") is quiet


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 8), (date(2026, 3, 29), 7), (date(2026, 10, 25), 9)], ids=str
)
def test_a_night_in_which_clocks_change_is_quiet_for_as_long_as_it_lasts(day, hours):
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    quarters = [noon - timedelta(minutes=15 * n) for n in range(96)]
    assert sum(is_quiet(each, time(23), time(7), "Europe/Berlin") for each in quarters) == 4 * hours


def taxes_of(rewards: list[RewardView], now: datetime) -> list[int]:
    return [
        each.tax_minor for each in queries.list_waiting(account_id=None, now=now, reward_ids=[r.id for r in rewards])
    ]


@DB
def test_the_tax_that_is_shown_takes_all_that_is_on_its_way_for_paid_now():
    account = make_account(adapter="manual", **WIDE)
    _budget, owed = owe(3, make_cash(300_000, "fees_withheld"))
    give_payees(owed, "manual")
    _merge(owed)
    assert taxes_of(owed, LAST_OF_MAY) == [44_000, 52_000, 48_000]
    approve(account, owed[:1], now=LAST_OF_MAY)
    assert taxes_of(owed[1:], LAST_OF_MAY) == [52_000, 48_000]
    assert taxes_of(owed[1:], FIRST_OF_JUNE) == [52_000, 48_000]
    services.record_result(
        payout_id=Payout.objects.get().pk, paid=True, reference="1", note="", actor=CHECKER, now=LAST_OF_MAY
    )
    assert taxes_of(owed[1:], LAST_OF_MAY) == [52_000, 48_000]
    assert taxes_of(owed[1:], FIRST_OF_JUNE) == [44_000, 52_000]


def _pay_on_both_sides_of_midnight():
    account = make_account(adapter="manual")
    _budget, owed = owe(2)
    give_payees(owed, "manual")
    approve(account, owed)
    for payout, at in zip(Payout.objects.order_by("id"), (LAST_OF_MAY, FIRST_OF_JUNE), strict=True):
        services.record_result(payout_id=payout.pk, paid=True, reference="1", note="", actor=CHECKER, now=at)
    return account


@DB
def test_what_is_paid_in_the_first_second_of_a_month_is_in_its_table():
    _pay_on_both_sides_of_midnight()
    may, june = (list_taxes(date(2026, month, 1)) for month in (5, 6))
    assert [row.paid_at for row in may] == [LAST_OF_MAY] and [row.paid_at for row in june] == [FIRST_OF_JUNE]


@DB
def test_a_statement_covers_its_last_day_to_the_end():
    account = _pay_on_both_sides_of_midnight()
    services.compare_statement(
        account_id=account.id, name="May", header=["our number"], rows=[], first_day=date(2026, 5, 1),
        last_day=date(2026, 5, 31), actor=CHECKER, now=NOW,
    )  # fmt: skip
    first, _second = Payout.objects.order_by("id")
    assert [(each.kind, each.out_no) for each in queries.list_findings()] == [("missing_in_statement", first.out_no)]


def _merge(owed: list[RewardView]) -> None:
    """All of them are one person's."""
    first, *others = [each.customer_id for each in owed]
    Customer.objects.filter(pk__in=others).update(merged_into=first)
    services.set_payee(customer_id=first, adapter="manual", details=payee_of(first), actor=1, now=NOW)
