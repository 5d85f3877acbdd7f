"""Fees are taxed by the month in which they are paid, whenever they were proposed: determined when sent, told apart where it comes otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from liebian.access.permissions import OPERATOR
from liebian.access.tests.factories import make_user
from liebian.customers.models import Customer
from liebian.ledger.tests.support import run_threads
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.queries import TaxDifference, list_tax_differences, list_taxes
from liebian.payouts.services.sending import start_sending
from liebian.payouts.tests.desk import (
    CHECKER,
    approve,
    give_payees,
    make_account,
    make_cash,
    owe,
    payee_of,
    reward_state,
    where,
)
from liebian.rewards.rules import tax_laws
from liebian.rewards.tests.factories import NOW
from liebian.rewards.types import RewardView

DB = pytest.mark.django_db(databases="__all__")
FIRST_OF_JUNE = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)  # midnight in Shanghai
LAST_OF_MAY = FIRST_OF_JUNE - timedelta(microseconds=1)
WIDE = {"max_minor": 10_000_000, "day_minor": 100_000_000, "most_a_day": 100}
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def merge(owed: Sequence[RewardView]) -> int:
    """All of them are one person's, who says once where the money goes."""
    first, *others = [each.customer_id for each in owed]
    Customer.objects.filter(pk__in=others).update(merged_into=first)
    return first


def owe_fees(n: int, face: int = 300_000, adapter: str = "manual") -> list[RewardView]:
    _budget, owed = owe(n, make_cash(face, "fees_withheld"))
    give_payees(owed, adapter)
    person = merge(owed)
    services.set_payee(customer_id=person, adapter=adapter, details=payee_of(person), actor=1, now=NOW)
    return owed


def send_and_pay(payout: Payout, sent: datetime, paid: datetime) -> None:
    start_sending(payout.pk, now=sent)
    services.record_result(payout_id=payout.pk, paid=True, reference="1", note="", actor=CHECKER, now=paid)


def payouts() -> list[Payout]:
    return list(Payout.objects.order_by("id"))


def taxes(month: date) -> list[int]:
    return [row.tax_minor for row in list_taxes(month)]


def differences(month: date) -> list[TaxDifference]:
    return list_tax_differences(list_taxes(month))


@DB
def test_proposed_in_may_and_sent_in_june_it_is_taxed_anew_and_says_so():
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(2)
    approve(account, owed, now=LAST_OF_MAY)
    first, second = payouts()
    assert (first.tax_minor, second.tax_minor) == (44_000, 52_000)
    send_and_pay(first, LAST_OF_MAY, LAST_OF_MAY)
    send_and_pay(second, FIRST_OF_JUNE, FIRST_OF_JUNE)
    second.refresh_from_db()
    assert (second.gross_minor, second.tax_minor, second.net_minor) == (300_000, 44_000, 256_000)
    assert (taxes(MAY), taxes(JUNE)) == ([44_000], [44_000]) and not differences(MAY) + differences(JUNE)
    [told] = [each for each in queries.list_payout_changes(second.pk) if each.to_state == "sending"]
    assert (told.reason, told.note) == ("tax_changed", "520.00 → 440.00 CNY")
    assert not [each for each in queries.list_payout_changes(first.pk) if each.reason]
    assert reward_state(owed[1])[0] == "issued"


@DB
def test_the_bank_gets_the_sum_after_the_tax_of_its_month():
    account, owed = make_account(adapter="bank_file", **WIDE), owe_fees(2, adapter="bank_file")
    batch = approve(account, owed, now=LAST_OF_MAY)
    first = payouts()[0]
    send_and_pay(first, LAST_OF_MAY, LAST_OF_MAY)
    [transfer] = services.hand_over(batch_id=batch.id, actor=CHECKER, now=FIRST_OF_JUNE)
    assert transfer.net_minor == 256_000
    assert services.hand_over(batch_id=batch.id, actor=CHECKER, now=FIRST_OF_JUNE) == [transfer]


@DB
@pytest.mark.parametrize(("sent", "tax"), [(LAST_OF_MAY, 52_000), (FIRST_OF_JUNE, 44_000)])
def test_months_change_at_midnight_of_the_organisation(sent, tax):
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(2)
    approve(account, owed, now=NOW - timedelta(days=20))
    first, second = payouts()
    send_and_pay(first, LAST_OF_MAY - timedelta(days=10), LAST_OF_MAY - timedelta(days=10))
    start_sending(second.pk, now=sent)
    second.refresh_from_db()
    assert second.tax_minor == tax


@DB
@pytest.mark.parametrize(("minutes", "tax"), [(-1, 52_000), (0, 44_000)])
def test_also_in_a_zone_whose_month_ends_in_a_day_of_25_hours(settings, minutes, tax):
    settings.TIME_ZONE = "America/New_York"
    december = datetime(2026, 12, 1, 5, tzinfo=UTC)
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(2)
    approve(account, owed)
    first, second = payouts()
    november = datetime(2026, 11, 1, 4, tzinfo=UTC)  # while clocks are still forward
    send_and_pay(first, november, november)
    start_sending(second.pk, now=december + timedelta(minutes=minutes))
    second.refresh_from_db()
    assert second.tax_minor == tax
    assert taxes(date(2026, 11, 1)) == [44_000] and not taxes(date(2026, 10, 1))


@DB
def test_sent_in_may_and_paid_in_june_the_difference_is_shown_and_taken_up_by_the_next():
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(3)
    approve(account, owed, now=LAST_OF_MAY)
    first, second, third = payouts()
    send_and_pay(first, LAST_OF_MAY, LAST_OF_MAY)
    send_and_pay(second, LAST_OF_MAY, FIRST_OF_JUNE)
    assert (taxes(MAY), taxes(JUNE)) == ([44_000], [52_000]) and not differences(MAY)
    person = owed[0].customer_id
    assert differences(JUNE) == [TaxDifference(person, "CNY", 300_000, 52_000, 44_000)]
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(OPERATOR))
    page = client.get("/payouts/taxes", {"month": "2026-06"}).content.decode()
    assert "More or less was withheld" in page and "¥520.00" in page and "¥440.00" in page and "¥80.00" in page
    assert "More or less" not in client.get("/payouts/taxes", {"month": "2026-05"}).content.decode()
    send_and_pay(third, FIRST_OF_JUNE, FIRST_OF_JUNE)
    assert taxes(JUNE) == [52_000, 44_000] and not differences(JUNE)


@DB
def test_what_failed_does_not_count_and_what_was_withheld_for_it_is_shown():
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(2)
    approve(account, owed, now=NOW)
    first, second = payouts()
    start_sending(first.pk, now=NOW)
    start_sending(second.pk, now=NOW)
    services.record_result(payout_id=first.pk, paid=False, reference="", note="", actor=CHECKER, now=NOW)
    services.record_result(payout_id=second.pk, paid=True, reference="1", note="", actor=CHECKER, now=NOW)
    assert [(each.withheld_minor, each.due_minor) for each in differences(JUNE)] == [(52_000, 44_000)]


@DB
def test_fees_of_ids_that_were_merged_later_are_one_persons():
    account = make_account(adapter="manual", **WIDE)
    _budget, owed = owe(2, make_cash(300_000, "fees_withheld"))
    give_payees(owed, "manual")
    approve(account, owed, now=NOW)
    first, second = payouts()
    assert (first.tax_minor, second.tax_minor) == (44_000, 44_000)
    send_and_pay(second, NOW, NOW)
    merge(owed)
    start_sending(first.pk, now=NOW)
    first.refresh_from_db()
    assert first.tax_minor == 52_000


@DB
def test_incidental_income_is_no_part_of_the_months_fees():
    account = make_account(adapter="manual", **WIDE)
    _first, gifts = owe(2, make_cash(400_000, "incidental_withheld"))
    _second, fees = owe(1, make_cash(300_000, "fees_withheld"), start=3)
    give_payees([*gifts, *fees], "manual")
    merge([*gifts, *fees])
    approve(account, gifts[:1], now=NOW)
    send_and_pay(payouts()[0], NOW, NOW)
    approve(account, [gifts[1], *fees], key="2", now=NOW)
    assert [each.tax_minor for each in payouts()] == [80_000, 80_000, 44_000]


@DB
def test_fees_in_another_currency_are_another_months_sum():
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(2)
    approve(account, owed[:1])
    send_and_pay(payouts()[0], NOW, NOW)
    Payout.objects.update(currency="USD")
    assert [each.tax_minor for each in queries.list_waiting(account_id=None, now=NOW)] == [44_000]
    [row] = list_taxes(JUNE)
    assert list_tax_differences([row, replace(row, currency="CNY")]) == []


@DB
def test_incidental_income_is_taxed_by_each_receipt_whatever_the_month():
    account = make_account(adapter="manual", **WIDE)
    _budget, owed = owe(2, make_cash(8_000, "incidental_on_top"))
    give_payees(owed, "manual")
    merge(owed)
    approve(account, owed, now=LAST_OF_MAY)
    for payout in payouts():
        send_and_pay(payout, FIRST_OF_JUNE, FIRST_OF_JUNE)
    assert taxes(JUNE) == [2_000, 2_000] and not differences(JUNE)


@DB
def test_the_account_holds_its_limits_against_what_is_really_sent():
    account = make_account(adapter="manual", **WIDE | {"max_minor": 256_000, "day_minor": 256_000})
    owed = owe_fees(2)
    approve(account, owed, now=LAST_OF_MAY)
    first, second = payouts()
    send_and_pay(first, LAST_OF_MAY, LAST_OF_MAY)
    assert start_sending(second.pk, now=FIRST_OF_JUNE) is not None
    second.refresh_from_db()
    assert second.net_minor == 256_000


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_fees_of_one_person_sent_at_once_are_taxed_together():
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(6)
    approve(account, owed, now=NOW)
    Payout.objects.update(tax_minor=0, net_minor=300_000)
    run_threads(lambda key: start_sending(key, now=NOW), [each.pk for each in payouts()], workers=6)
    assert sum(each.tax_minor for each in payouts()) == 288_000  # 20 % of 18,000 less a fifth


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_payouts_to_one_payee_sent_at_once_keep_the_limit_of_the_day():
    account = make_account(adapter="manual", **WIDE | {"most_a_day": 2})
    _budget, owed = owe(6)
    for each in owed:
        services.set_payee(customer_id=each.customer_id, adapter="manual", details=payee_of(7), actor=1, now=NOW)
    approve(account, owed, now=NOW)
    run_threads(lambda key: start_sending(key, now=NOW), [each.pk for each in payouts()], workers=6)
    assert sorted(each.state for each in payouts()) == ["ready"] * 4 + ["sending"] * 2


@DB
@pytest.mark.parametrize(
    ("said", "paid_at"),
    [
        ("2026-05-31T23:59:59+08:00", datetime(2026, 5, 31, 15, 59, 59, tzinfo=UTC)),
        ("2026-07-01T00:00:00+08:00", FIRST_OF_JUNE + timedelta(minutes=5)),
        ("2026-05-01T00:00:00+08:00", FIRST_OF_JUNE - timedelta(hours=1)),
        ("2026-05-31T23:59:59", FIRST_OF_JUNE + timedelta(minutes=5)),
        ("nonsense", FIRST_OF_JUNE + timedelta(minutes=5)),
    ],
    ids=["just before midnight", "in the future", "before it was sent", "without a zone", "nonsense"],
)
def test_it_was_paid_when_the_provider_says_within_reason(wechat, said, paid_at):
    account = make_account(wechat)
    budget, owed = owe()
    give_payees(owed)
    sent = FIRST_OF_JUNE - timedelta(hours=1)
    approve(account, owed, now=sent)
    services.work_payouts(sent)
    wechat.set_state(Payout.objects.get().out_no, "SUCCESS", update_time=said)
    services.work_payouts(FIRST_OF_JUNE + timedelta(minutes=5))
    assert Payout.objects.get().paid_at == paid_at and where(budget) == (0, 0, 1000)


@pytest.fixture
def new_law(monkeypatch):
    """From the new year on incidental income bears a quarter, and fees 10 %."""
    last = tax_laws.LAWS[-1]
    bands = (replace(last.fee_bands[-1], percent=10),)
    law = replace(last, valid_from=date(2027, 1, 1), incidental_percent=25, fee_bands=bands)
    monkeypatch.setattr(tax_laws, "LAWS", (*tax_laws.LAWS, law))


NEW_YEAR = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)  # midnight in Shanghai
NEW_YEARS_EVE = NEW_YEAR - timedelta(microseconds=1)
DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)


@DB
@pytest.mark.usefixtures("new_law")
def test_what_was_paid_last_year_keeps_the_law_of_last_year():
    account, owed = make_account(adapter="manual", **WIDE), owe_fees(2)
    approve(account, owed, now=NEW_YEARS_EVE)
    first, second = payouts()
    send_and_pay(first, NEW_YEARS_EVE, NEW_YEARS_EVE)
    send_and_pay(second, NEW_YEAR, NEW_YEAR)
    assert (taxes(DECEMBER), taxes(JANUARY)) == ([44_000], [22_000])
    assert (differences(DECEMBER), differences(JANUARY)) == ([], [])


@DB
@pytest.mark.usefixtures("new_law")
@pytest.mark.parametrize(
    ("rule", "withheld", "due"), [("incidental_withheld", 60_000, 75_000), ("fees_withheld", 44_000, 22_000)]
)
def test_sent_by_the_old_law_and_paid_under_the_new_one_it_is_shown(rule, withheld, due):
    account = make_account(adapter="manual", **WIDE)
    _budget, [reward] = owe(1, make_cash(300_000, rule))
    give_payees([reward], "manual")
    approve(account, [reward], now=NEW_YEARS_EVE)
    send_and_pay(payouts()[0], NEW_YEARS_EVE, NEW_YEAR)
    assert differences(JANUARY) == [TaxDifference(reward.customer_id, "CNY", 300_000, withheld, due)]


@DB
@pytest.mark.usefixtures("new_law")
def test_the_page_shows_the_law_of_its_month():
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(make_user(OPERATOR))
    old, new = (client.get(f"/payouts/taxes?month={month}").content.decode() for month in ("2026-12", "2027-01"))
    assert "每次收入的 20%" in old and "¥50,000.00" in old and "2018 年第 61 号" in old
    assert "每次收入的 25%" in new and "¥50,000.00" not in new
