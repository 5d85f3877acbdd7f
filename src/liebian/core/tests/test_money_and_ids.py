"""Money is exact, codes are unambiguous, draws are stable."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.core.ids import ALPHABET, bucket_of, code_from
from liebian.core.money import MAX_MINOR, Money, exponent, to_minor


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_minor_units_survive_the_way_through_a_decimal(minor, currency):
    assert to_minor(str(Decimal(minor).scaleb(-exponent(currency))), currency) == minor


@given(st.integers(0, 10**7))
def test_floats_are_read_as_they_are_written(cents):
    assert to_minor(cents / 100, "CNY") == cents


@pytest.mark.parametrize("amount", ["1e999999", "-1e999999", "1e400", "NaN", "Infinity", "", "ten"])
def test_what_no_account_can_hold_is_no_amount(amount):
    with pytest.raises(Invalid) as refused:
        to_minor(amount, "CNY")
    assert refused.value.code == "bad_amount"


def test_currencies_do_not_mix():
    with pytest.raises(Invalid, match="CNY"):
        Money(1, "GBP") + Money(1, "CNY")


@given(st.lists(st.integers(), min_size=1, max_size=3))
def test_codes_hold_only_letters_that_nobody_confuses(cause):
    code = code_from(*cause)
    assert len(code) == 7
    assert set(code) <= set(ALPHABET)
    assert not set(code) & set("01OIL")


def test_a_tenth_of_the_people_fall_below_a_tenth():
    share = sum(bucket_of("salt", person) < 0.1 for person in range(20_000)) / 20_000
    assert 0.09 < share < 0.11


@given(st.text(max_size=10), st.integers())
def test_the_draw_of_a_person_is_theirs_for_good(salt, person):
    assert bucket_of(salt, person) == bucket_of(salt, person)
    assert 0 <= bucket_of(salt, person) < 1
