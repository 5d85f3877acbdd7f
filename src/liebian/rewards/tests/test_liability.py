"""The stock of the day is what the ledger holds, months of earning add up, and breakage is told from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from liebian.core.errors import Invalid
from liebian.ledger.models import Account
from liebian.rewards import queries, services
from liebian.rewards.models import Coupon, PointsLot, Reward
from liebian.rewards.services.checks import LiabilityCheck
from liebian.rewards.tests.coupon_shop import issue, make_offer
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_coupon, make_grant, make_points
from liebian.rewards.tests.points_shop import VIP, burn, claw, day, earn, restore, set_terms, start_day, transfer
from liebian.rewards.tests.test_reconciling import give_rewards
from liebian.rewards.types import Difference, PointsAdjustment

pytestmark = pytest.mark.django_db


def differences(now: datetime) -> tuple[Difference, ...]:
    return LiabilityCheck().compare(now).differences


def live() -> None:
    """Everything that can happen to points, over half a year."""
    set_terms(expiry="months", expiry_count=3, may_transfer=True, transfer_fee_bp=1000, shortage="debt", late_restore="grace", grace_days=20)  # fmt: skip
    for month in (1, 2, 3, 4):
        earn(f"a{month}", 1000, day(month, 5))
        earn(f"b{month}", 500, day(month, 20), customer=2, active_from=day(month, 27))
        start_day(day(month, 28))
    burn("1", 700, day(2, 10))
    burn("2", 300, day(3, 10), until=day(3, 12))
    services.use_reserved(amounts={"2": 200}, at=day(3, 11), now=day(3, 11))
    burn("3", 150, day(4, 29), until=day(7, 1))
    transfer("t", 400, day(3, 20))
    claw("a2", 1000, day(4, 21))
    claw("b1", 200, day(4, 22))
    adjustment = PointsAdjustment("down", 1, -50, day(4, 23), "Wrong till", 1, VIP)
    services.adjust_points(adjustments=[adjustment], now=day(4, 23))
    start_day(day(6, 1))
    restore("1", 600, day(6, 2))
    earn("late", 40, day(6, 3))


def test_the_stock_is_what_the_ledger_holds_after_everything_that_can_happen_to_points():
    live()
    now = day(6, 4)
    assert differences(now) == ()
    months = {each.month.month: each for each in queries.list_points_months(VIP)}
    assert sorted(months) == [1, 2, 3, 4, 6]
    assert all(m.earned == m.n_redeemed + m.expired + m.taken_back + m.open for m in months.values())
    assert all(min(m.earned, m.expired, m.taken_back, m.open, *m.redeemed.values()) >= 0 for m in months.values())
    assert (months[1].earned, months[6].earned, sum(m.taken_back for m in months.values())) == (1500, 40, 1250)


def test_lines_say_what_ends_when_and_how_old_it_is():
    set_terms(expiry="days", expiry_count=60)
    earn("1", 100, day(1, 5))
    earn("2", 30, day(2, 20))
    earn("3", 7, day(2, 24), active_from=day(3, 30))
    burn("b", 20, day(2, 25), until=day(3, 25))
    services.take_stock(now=day(3, 1))
    stock = queries.find_stock(date(2026, 3, 1))
    assert stock is not None
    assert sorted((line.kind, line.ends, line.age, line.n, line.amount) for line in stock.lines) == [
        ("points_active", "30", "90", 1, 80), ("points_active", "60", "30", 1, 30), ("points_pending", "90", "30", 1, 7),
        ("points_reserved", "30", "90", 1, 20),
    ]  # fmt: skip


def test_points_end_with_silence_where_they_do():
    set_terms(expiry="inactivity", expiry_count=80)
    earn("1", 100, day(1, 5))
    services.take_stock(now=day(2, 20))
    [line] = queries.find_stock(date(2026, 2, 20)).lines  # type: ignore[union-attr]
    assert (line.ends, line.amount) == ("60", 100)


def test_coupons_and_promises_are_counted_with_their_money():
    budget = make_budget(funded=100_000)
    sides = (("referrer", make_points()), ("referee", make_coupon()))
    services.grant_pairs(grants=[make_grant(budget, n, *sides) for n in (1, 2)], now=NOW)
    services.take_stock(now=NOW)
    promised = {line.what: line for line in queries.find_stock(NOW.date()).lines}  # type: ignore[union-attr]
    assert {what: (line.kind, line.n, line.minor) for what, line in promised.items()} == {
        "points": ("promised", 2, 2000),
        "coupon": ("promised", 2, 2000),
    }
    services.release_due(day=HOLD, now=NOW)
    issue(make_offer(effect="percent", percent_bp=1000, cap_minor=700), 1, start=50)
    assert differences(NOW) == ()
    lines = {(line.kind, line.what): line for line in queries.find_stock(NOW.date()).lines}  # type: ignore[union-attr]
    assert (lines["coupons", "fixed"].amount, lines["coupons", "fixed"].minor) == (2, 4000)
    assert lines["coupons", "percent"].minor == 700 and lines["points_active", ""].amount == 2000


@pytest.mark.parametrize(
    ("break_it", "what"),
    [
        (lambda: PointsLot.objects.filter(pk=PointsLot.objects.first().pk).update(remaining=1), "points_active"),  # type: ignore[union-attr]
        (lambda: PointsLot.objects.filter(pk=PointsLot.objects.first().pk).update(remaining=1), "months_open"),  # type: ignore[union-attr]
        (lambda: Account.objects.filter(kind="reserved").update(balance=1), "promised"),
        (lambda: Reward.objects.filter(state="issued").update(state="issuing"), "payable"),
        (lambda: Coupon.objects.filter(pk=Coupon.objects.first().pk).update(state="void"), "coupons"),  # type: ignore[union-attr]
    ],
)
def test_a_figure_that_drifted_is_a_difference(break_it: Callable[[], int], what: str):
    give_rewards()
    issue(make_offer(), 1, start=50)
    assert differences(NOW) == ()
    break_it()
    assert what in {each.what for each in differences(NOW)}


def test_a_stock_taken_again_replaces_the_days_and_an_older_day_answers_for_itself():
    earn("1", 100, day(3, 5))
    for at in (day(3, 6), day(3, 6, 8)):
        services.take_stock(now=at)
    burn("b", 60, day(3, 7))
    services.take_stock(now=day(3, 8))
    amounts = [sum(line.amount for line in queries.find_stock(date(2026, 3, n)).lines) for n in (6, 7, 8)]  # type: ignore[union-attr]
    assert amounts == [100, 100, 40] and queries.find_stock(date(2026, 3, 5)) is None


def test_the_ledger_answers_for_any_instant_and_as_it_was_known():
    live()
    now, early = day(6, 4), day(3, 1)
    [points] = queries.list_owed_as_of(now)
    kinds = {each.kind: each.balance for each in Account.objects.filter(asset=VIP, kind__startswith="points_")}
    services.take_stock(now=now)
    assert points.owed == sum(m.open for m in queries.list_points_months(VIP))
    assert points.owed_back == kinds.get("points_debt", 0)
    assert [each.owed for each in queries.list_owed_as_of(early)] == [2300]
    assert [each.owed for each in queries.list_owed_as_of(early, day(2, 6))] == [2500]


def test_promised_and_payable_money_is_owed_at_an_instant():
    budget = make_budget(funded=100_000)
    grants = [make_grant(budget, n, ("referrer", make_points())) for n in (1, 2)]
    services.grant_pairs(grants=grants, now=NOW)
    later = NOW + timedelta(seconds=1)
    assert [(each.unit, each.owed) for each in queries.list_owed_as_of(later) if each.unit == "CNY/2"] == [
        ("CNY/2", 2000)
    ]
    assert [each.owed for each in queries.list_owed_as_of(NOW) if each.unit == "CNY/2"] == [0]


def test_a_point_is_worth_what_was_said_at_the_time():
    def say(value: int, at: datetime, currency: str = "CNY") -> None:
        services.set_point_value(asset=VIP, currency=currency, minor_per_thousand=value, actor=1, now=at)

    say(1000, day(2, 1))
    say(1000, day(2, 2))
    say(2000, day(4, 1))
    earn("1", 1500, day(2, 5))
    for at in (day(3, 1), day(4, 2)):
        services.take_stock(now=at)
    worth = [queries.find_stock(each).lines[0].minor for each in (date(2026, 3, 1), date(2026, 4, 2))]  # type: ignore[union-attr]
    assert worth == [1500, 3000]
    assert queries.find_point_value(VIP, day(1, 1)) is None
    for value, currency, code in ((-1, "CNY", "points_value"), (1, "yuan", "budget_currency")):
        with pytest.raises(Invalid) as refused:
            say(value, day(5, 1), currency)
        assert refused.value.code == code


def test_breakage_is_told_from_months_that_are_over():
    set_terms(expiry="months", expiry_count=12)
    for month in range(1, 7):
        earn(f"e{month}", 1000, day(month, 1), customer=month)
        for age, share in enumerate((200, 100, 50)):
            if month + age <= 6:
                burn(f"b{month}-{age}", share, day(month + age, 10), customer=month)
    services.take_stock(now=day(7, 1))
    months = queries.list_points_months(VIP)
    found = queries.forecast_breakage(months, date(2026, 7, 1))
    assert found.verdict == "ok" and found.n_ages == 6
    assert found.total.rate == pytest.approx(0.65)
    assert queries.forecast_breakage(months[:2], date(2026, 3, 1)).verdict == "too_few"


def test_months_are_those_of_the_organisation():
    earn("1", 100, datetime(2026, 3, 31, 16, 30, tzinfo=UTC))
    services.take_stock(now=day(5, 1))
    assert [each.month for each in queries.list_points_months(VIP)] == [date(2026, 4, 1)]
