"""Tax of rewards of money: the law's numbers, and properties that hold for every sum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.rewards.rules import gross_of, tax_of
from liebian.rewards.rules.offers import check_offer
from liebian.rewards.types import OfferDraft

SUMS = st.integers(1, 10**10)


@pytest.mark.parametrize(
    ("month", "tax"),
    [(80_000, 0), (100_000, 4_000), (400_000, 64_000), (500_000, 80_000), (3_000_000, 520_000), (10_000_000, 2_500_000)],
)  # fmt: skip
def test_fees_of_one_month(month, tax):
    """¥800, 1,000, 4,000, 5,000, 30,000 and 100,000: deduction ¥800 or 20 %, then 20, 30 or 40 % with the quick deductions."""
    assert tax_of("fees_withheld", month) == tax


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=6))
def test_fees_in_parts_are_taxed_as_the_month_they_add_up_to(parts):
    gross = tax = 0
    for part in parts:
        tax += tax_of("fees_withheld", part, month_gross=gross, month_tax=tax)
        gross += part
    assert tax == tax_of("fees_withheld", gross)


@given(SUMS)
def test_paid_on_top_the_customer_gets_the_whole_face(face):
    gross = gross_of("incidental_on_top", face)
    assert gross - tax_of("incidental_on_top", gross) == face
    assert gross - 1 - tax_of("incidental_on_top", gross - 1) < face


@given(SUMS)
def test_withheld_it_costs_its_face_and_a_fifth_is_tax(face):
    assert gross_of("incidental_withheld", face) == face
    assert abs(5 * tax_of("incidental_withheld", face) - face) <= 2.5


@pytest.mark.parametrize(
    ("kind", "face", "cost"),
    [("cash", 0, 1), ("cash", 1000, 900), ("red_packet", 99, 99), ("red_packet", 20_001, 20_001)],
)
def test_terms_of_money_that_make_no_sense(kind, face, cost):
    with pytest.raises(Invalid):
        check_offer(OfferDraft(kind=kind, name="x", currency="CNY", cost_minor=cost, face_minor=face))


def test_tax_of_fees_is_rounded_half_up_to_the_cent():
    assert [tax_of("fees_withheld", 80_000 + taxable) for taxable in (2, 3)] == [0, 1]
