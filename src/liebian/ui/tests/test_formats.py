from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Conflict, Invalid
from liebian.core.money import Money, to_minor
from liebian.core.texts import Term
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


def test_an_error_speaks_the_language_of_the_page():
    with pytest.raises(Invalid) as caught:
        to_minor("a lot", "CNY")
    with translation.override("zh-hans"):
        assert formats.error_text(caught.value) == "「a lot」不是金额。"
        assert str(caught.value) == "'a lot' is not an amount of money."
    with translation.override("en"):
        assert formats.error_text(caught.value) == str(caught.value)


def test_a_term_is_translated_and_a_typed_word_is_not():
    msgid = "A programme that is %(old)s cannot become %(new)s."
    with translation.override("zh-hans"):
        assert formats.error_text(Conflict("x", msgid, old=Term("draft"), new="draft")) == (
            "活动现在是「草稿」，不能变为「draft」。"
        )


def test_a_list_is_joined_as_the_language_does():
    error = Invalid("x", "This password is too easy to guess: %(reasons)s. Choose another one.", reasons=[
        Term("it has only digits"), Term("it has fewer than %(min_length)s characters", min_length=10),
    ])  # fmt: skip
    with translation.override("zh-hans"):
        assert formats.error_text(error) == "这个密码太容易猜到：只有数字、不到 10 个字符。请换一个。"
    assert error.message == (
        "This password is too easy to guess: it has only digits, it has fewer than 10 characters. Choose another one."
    )


def test_a_text_without_a_translation_is_still_said():
    with translation.override("zh-hans"):
        assert (
            formats.error_text(Invalid("x", "Nobody wrote this %(where)s.", where="down")) == "Nobody wrote this down."
        )
