"""When points end, in which order they go, what multipliers make of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.rewards.rules import PointsAccounts, check_asset, check_terms, expiry_of, idle_end, multiply_points
from liebian.rewards.rules.points import add_months
from liebian.rewards.types import Multiplier, PointsTerms

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"


def end(start: str, expiry: str, count: int = 0, least: int = 0, zone: str = SHANGHAI) -> str:
    found = expiry_of(PointsTerms(zone, expiry, count, least), datetime.fromisoformat(start))
    return found.isoformat()[:16] if found else ""


@pytest.mark.parametrize(
    ("start", "expiry", "count", "least", "expected"),
    [
        ("2026-03-01T00:00Z", "year_end", 0, 0, "2026-12-31T16:00"),
        ("2026-12-31T15:59Z", "year_end", 0, 0, "2026-12-31T16:00"),
        ("2026-12-31T16:00Z", "year_end", 0, 0, "2027-12-31T16:00"),
        ("2026-12-10T00:00Z", "year_end", 0, 30, "2027-12-31T16:00"),
        ("2026-02-01T00:00Z", "month_end", 0, 0, "2026-02-28T16:00"),
        ("2028-02-01T00:00Z", "month_end", 0, 0, "2028-02-29T16:00"),
        ("2026-01-20T00:00Z", "month_end", 0, 15, "2026-02-28T16:00"),
        ("2026-01-31T00:00Z", "months", 1, 0, "2026-02-28T16:00"),
        ("2028-02-29T00:00Z", "months", 12, 0, "2029-02-28T16:00"),
        ("2026-01-01T00:00Z", "days", 30, 0, "2026-01-31T16:00"),
        ("2026-01-01T00:00Z", "never", 0, 0, ""),
        ("2026-01-01T00:00Z", "inactivity", 30, 0, ""),
    ],
)
def test_ends_are_local_day_ends(start, expiry, count, least, expected):
    assert end(start, expiry, count, least) == expected


def test_days_of_23_and_25_hours_are_days():
    assert end("2026-10-31T12:00Z", "days", 1, zone=NEW_YORK) == "2026-11-02T05:00"
    assert end("2026-03-07T12:00Z", "days", 1, zone=NEW_YORK) == "2026-03-09T04:00"


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
TERMS = st.builds(
    PointsTerms,
    zone=st.sampled_from([SHANGHAI, NEW_YORK, "Europe/London", "Australia/Lord_Howe"]),
    expiry=st.sampled_from(["days", "months", "month_end", "year_end"]),
    expiry_count=st.integers(1, 24),
    min_days=st.integers(0, 40),
)


@given(TERMS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_every_end_is_a_local_midnight_later_than_the_start_and_later_starts_do_not_end_sooner(terms, start, later):
    first, second = expiry_of(terms, start), expiry_of(terms, start + later)
    assert first and second and start < first <= second
    local = first.astimezone(ZoneInfo(terms.zone))
    assert (local.hour, local.minute) == (0, 0)


def test_silence_is_counted_in_whole_local_days():
    terms = PointsTerms(SHANGHAI, "inactivity", 30)
    assert idle_end(terms, datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert idle_end(PointsTerms(SHANGHAI), datetime(2026, 1, 1, tzinfo=UTC)) is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 240))
def test_months_are_added_without_leaving_the_month(start, months):
    found = add_months(start, months)
    assert (found.year * 12 + found.month) - (start.year * 12 + start.month) == months
    assert found.day == start.day or (found.day < start.day and (found + timedelta(days=1)).day == 1)


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(0, 50_000), max_size=4),
    st.sampled_from(["add", "highest", "multiply"]),
    st.sampled_from([0, 10_000, 30_000]),
)
def test_multipliers_are_whole_numbers_and_bounded(amount, factors, stacking, most):
    found = multiply_points(amount, [Multiplier("x", bp) for bp in factors], stacking, most)
    assert isinstance(found, int) and found >= 0
    if most:
        assert found <= amount * most // 10_000
    if not factors:
        assert found == amount


@pytest.mark.parametrize("asset", ["", "CNY/2", "POINTS", "POINTS:/0", "POINTS:a:b/0", "POINTS:积分/0", "POINTS:a/2"])
def test_only_units_of_points_are_points(asset):
    with pytest.raises(Invalid):
        check_asset(asset)


@pytest.mark.parametrize(
    "terms",
    [
        PointsTerms("Mars/Olympus"),
        PointsTerms(SHANGHAI, "days"),
        PointsTerms(SHANGHAI, "months", 5000),
        PointsTerms(SHANGHAI, late_restore="grace"),
        PointsTerms(SHANGHAI, transfer_fee_bp=10_001),
    ],
)
def test_terms_that_make_no_sense_are_refused(terms):
    with pytest.raises(Invalid):
        check_terms(terms)


def test_programmes_have_accounts_of_their_own():
    assert PointsAccounts().active(7).code == "points:7"
    assert PointsAccounts("POINTS:vip/0").active(7).code == "points:7:vip"
    assert PointsAccounts("POINTS:vip/0").world.code == "world:POINTS:vip/0"
