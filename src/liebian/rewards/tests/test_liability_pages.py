"""The page of what is owed shows the stock of a day, months with their breakage, the ledger at an instant, and takes a value."""

from __future__ import annotations

import pytest

from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_coupon, make_grant, make_points
from liebian.rewards.tests.points_shop import VIP, burn, day, earn, set_terms
from liebian.rewards.tests.test_pages import sign_in

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = "/rewards/liability"


def give() -> None:
    budget = make_budget(funded=100_000)
    sides = (("referrer", make_points()), ("referee", make_coupon()))
    services.grant_pairs(grants=[make_grant(budget, n, *sides) for n in (1, 2)], now=NOW)
    services.release_due(day=HOLD, now=NOW)
    services.grant_pairs(grants=[make_grant(budget, 3, *sides)], now=NOW)


def test_before_the_first_stock_it_says_when_it_is_taken():
    page = sign_in("viewer").get(PAGE).content.decode()
    assert "No stock was taken by that day" in page and "3:00" in page


def test_the_stock_of_a_day_is_shown_in_points_numbers_and_money():
    give()
    services.set_point_value(asset="POINTS/0", currency="CNY", minor_per_thousand=500, actor=1, now=NOW)
    services.take_stock(now=NOW)
    client = sign_in("viewer")
    page = client.get(f"{PAGE}?day=2026-06-05").content.decode()
    assert "2,000" in page and "¥10.00" in page  # 2,000 points at ¥5.00 a thousand
    assert "¥40.00" in page and "¥70.00" in page  # coupons at their face; 20.00 promised
    assert "stock of 1 Jun 2026" in page
    assert "No stock was taken" in client.get(f"{PAGE}?day=2026-05-31").content.decode()


def test_months_show_breakage_so_far_and_what_is_expected_or_why_not():
    set_terms(expiry="months", expiry_count=12)
    for month in range(1, 5):
        earn(f"e{month}", 1000, day(month, 1), customer=month)
        burn(f"b{month}", 300, day(month, 10), customer=month)
    services.take_stock(now=day(4, 20))
    client = sign_in("viewer")
    page = client.get(f"{PAGE}?asset={VIP}").content.decode()
    assert "2026-04" in page and "About 2,800 points will never be redeemed: 70.0%" in page
    rows = client.get(f"{PAGE}/file?what=months&asset={VIP}").content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("programme,month,earned") and rows[1] == f"{VIP},2026-01,1000,300,0,0,700,700,700,700,0.9"
    usual = sign_in("operator", "zh-hans").get(PAGE).content.decode()
    assert "三个完整月份" in usual


def test_the_stock_leaves_as_csv():
    give()
    services.take_stock(now=NOW)
    client = sign_in("viewer")
    answer = client.get(f"{PAGE}/file?day=2026-06-01")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert answer["Content-Disposition"] == 'attachment; filename="owed-2026-06-01.csv"'
    assert any(",coupons,CNY,fixed,60,30,2,2,40.00,CNY" in line for line in lines)
    assert client.get(f"{PAGE}/file?day=2020-01-01").content.decode("utf-8-sig").strip().count("\n") == 0


def test_the_ledger_answers_at_an_instant_and_nonsense_is_told():
    give()
    client = sign_in("viewer")
    page = client.get(f"{PAGE}?at=2026-06-30T00:00:00").content.decode()
    assert "¥20.00" in page and "2,000" in page
    before = client.get(f"{PAGE}?at=2026-06-30T00:00:00&known=2026-05-01T00:00").content.decode()
    assert "¥0.00" in before
    assert "Enter a valid date/time" in client.get(f"{PAGE}?at=yesterday").content.decode()
    assert client.get(f"{PAGE}?day=nonsense&asset=GOLD").status_code == 200


def test_who_may_move_money_says_what_points_are_worth():
    viewer, staff = sign_in("viewer"), sign_in("operator")
    assert viewer.post(f"{PAGE}/value", {"asset": "POINTS/0", "amount": "5"}).status_code == 403
    assert "A thousand points" not in viewer.get(PAGE).content.decode()
    for wrong in (
        {"asset": "POINTS/0", "amount": "-1"},
        {"asset": "GOLD", "amount": "1"},
        {"asset": "POINTS/0", "amount": "0.001"},
    ):
        assert staff.post(f"{PAGE}/value", wrong).status_code == 422
    assert staff.post(f"{PAGE}/value", {"asset": "POINTS/0", "amount": "5.50"}).status_code == 302
    found = queries.find_point_value("POINTS/0", day(12, 31, year=2099))
    assert found is not None and (found.minor_per_thousand, found.currency) == (550, "CNY")
    assert "¥5.50" in viewer.get(PAGE).content.decode()
