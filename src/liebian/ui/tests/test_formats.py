from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.money import Money
from liebian.ui import formats


def test_numbers_are_grouped_and_carry_a_real_minus():
    assert formats.number(1234567) == "1,234,567"
    assert formats.number(-1234) == "−1,234"
    assert formats.number(0.5) == "0.5"
    assert formats.number(-0.04, 1) == "0.0"
    assert formats.number(None) == "—"


@given(st.integers(-(10**15), 10**15))
def test_a_grouped_number_reads_back(value):
    assert int(formats.number(value).replace(",", "").replace("−", "-")) == value


def test_money_is_written_from_minor_units():
    assert formats.money(123450, "CNY") == "¥1,234.50"
    assert formats.money(Money(-500, "JPY")) == "−JP¥500"
    assert formats.money(123450, "CNY", cents=False) == "¥1,234"
    assert formats.money(None, "CNY") == "—"


@pytest.mark.parametrize(
    ("language", "minor", "shown"),
    [
        ("zh-hans", 980_000_00 // 10, "¥9.8 万"),
        ("en", 980_000_00 // 10, "¥98.0k"),
        ("en", 123_45, "¥123"),
        ("en", -3_000_000_00, "−¥3.0m"),
    ],
)
def test_large_sums_are_short_in_the_language_of_the_page(language, minor, shown):
    with translation.override(language):
        assert formats.money_short(minor, "CNY") == shown


def test_a_span_with_a_negative_end_is_spelled_out():
    with translation.override("en"):
        assert formats.span("158", "458") == "158–458"
        assert formats.span("−49", "141") == "−49 to 141"
    with translation.override("zh-hans"):
        assert formats.span("−49", "141") == "−49 到 141"


def test_days_ago_counts_the_business_days_that_as_of_covers():
    as_of = datetime(2026, 6, 12, 16, 0, tzinfo=UTC)  # the first instant of 13 June in Shanghai, exclusive
    with translation.override("en"):
        assert formats.days_ago(date(2026, 6, 12), as_of) == "today"
        assert formats.days_ago(date(2026, 6, 11), as_of) == "1 day ago"
        assert formats.days_ago(datetime(2026, 6, 2, 16, 0, tzinfo=UTC), as_of) == "9 days ago"
        assert formats.days_ago(None, as_of) == "—"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (1, "1 second ago"),
        (38, "38 seconds ago"),
        (300, "5 minutes ago"),
        (7200, "2 hours ago"),
        (172800, "2 days ago"),
    ],
)
def test_freshness_reads_in_the_largest_whole_unit(seconds, shown):
    now = datetime(2026, 6, 12, tzinfo=UTC)
    with translation.override("en"):
        assert formats.ago(now - timedelta(seconds=seconds), now) == shown


def test_moments_are_shown_in_the_organisations_zone_and_the_pages_language():
    moment = datetime(2026, 6, 12, 16, 5, tzinfo=UTC)
    with translation.override("en"):
        assert formats.moment(moment) == "13 Jun 2026 00:05"
        assert formats.day(moment) == "13 Jun 2026"
        assert formats.clock_time(moment) == "00:05"
    with translation.override("zh-hans"):
        assert formats.moment(moment) == "2026年6月13日 00:05"


@given(st.floats(-1e9, 1e9), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_value_is_always_placed_on_its_scale(value, start, end):
    assert 0 <= formats.place(value, start, end) <= 100
