"""Tax of rewards of money: the law's numbers, and properties that hold for every sum."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.rewards.rules import gross_of, tax_laws, tax_of
from liebian.rewards.rules.offers import check_offer
from liebian.rewards.tests.factories import TODAY
from liebian.rewards.types import OfferDraft

NEW_YEAR = date(2027, 1, 1)
OLD_YEAR = NEW_YEAR - timedelta(1)
SUMS = st.integers(1, 10**10)


@pytest.mark.parametrize(
    ("month", "tax"),
    [(80_000, 0), (100_000, 4_000), (400_000, 64_000), (500_000, 80_000), (3_000_000, 520_000), (10_000_000, 2_500_000)],
)  # fmt: skip
def test_fees_of_one_month(month, tax):
    """¥800, 1,000, 4,000, 5,000, 30,000 and 100,000: deduction ¥800 or 20 %, then 20, 30 or 40 % with the quick deductions."""
    assert tax_of("fees_withheld", month, on=TODAY) == tax


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=6))
def test_fees_in_parts_are_taxed_as_the_month_they_add_up_to(parts):
    gross = tax = 0
    for part in parts:
        tax += tax_of("fees_withheld", part, month_gross=gross, month_tax=tax, on=TODAY)
        gross += part
    assert tax == tax_of("fees_withheld", gross, on=TODAY)


@given(SUMS)
def test_paid_on_top_the_customer_gets_the_whole_face(face):
    gross = gross_of("incidental_on_top", face, on=TODAY)
    assert gross - tax_of("incidental_on_top", gross, on=TODAY) == face
    assert gross - 1 - tax_of("incidental_on_top", gross - 1, on=TODAY) < face


@given(SUMS)
def test_withheld_it_costs_its_face_and_a_fifth_is_tax(face):
    assert gross_of("incidental_withheld", face, on=TODAY) == face
    assert abs(5 * tax_of("incidental_withheld", face, on=TODAY) - face) <= 2.5


@pytest.mark.parametrize(
    ("kind", "face", "cost"),
    [("cash", 0, 1), ("cash", 1000, 900), ("red_packet", 99, 99), ("red_packet", 20_001, 20_001)],
)
def test_terms_of_money_that_make_no_sense(kind, face, cost):
    with pytest.raises(Invalid):
        check_offer(OfferDraft(kind=kind, name="x", currency="CNY", cost_minor=cost, face_minor=face), on=TODAY)


def test_tax_of_fees_is_rounded_half_up_to_the_cent():
    assert [tax_of("fees_withheld", 80_000 + taxable, on=TODAY) for taxable in (2, 3)] == [0, 1]


@pytest.fixture
def new_law(monkeypatch):
    """From the new year on incidental income bears a quarter, and fees have one band of 10 %."""
    last = tax_laws.LAWS[-1]
    band = replace(last.fee_bands[-1], percent=10)
    law = replace(last, valid_from=NEW_YEAR, incidental_percent=25, fee_bands=(band,))
    monkeypatch.setattr(tax_laws, "LAWS", (*tax_laws.LAWS, law))


@pytest.mark.parametrize(
    ("rule", "gross", "before", "after"),
    [
        ("incidental_withheld", 10_000, 2_000, 2_500),
        ("fees_withheld", 5_000_000, 1_000_000, 400_000),
        ("none", 1, 0, 0),
    ],
)
@pytest.mark.usefixtures("new_law")
def test_what_is_paid_bears_the_tax_of_its_day(rule, gross, before, after):
    assert [tax_of(rule, gross, on=day) for day in (OLD_YEAR, NEW_YEAR)] == [before, after]


@pytest.mark.usefixtures("new_law")
def test_paid_on_top_a_reward_costs_what_the_law_of_its_day_asks():
    assert [gross_of("incidental_on_top", 8_000, on=day) for day in (OLD_YEAR, NEW_YEAR)] == [10_000, 10_667]
    draft = OfferDraft(kind="cash", name="x", currency="CNY", cost_minor=10_000, face_minor=8_000, tax="incidental_on_top")  # fmt: skip
    check_offer(draft, on=OLD_YEAR)
    with pytest.raises(Invalid):
        check_offer(draft, on=NEW_YEAR)


@pytest.mark.usefixtures("new_law")
def test_before_the_first_law_that_is_known_that_one_holds():
    assert tax_laws.tax_law_on(date(1999, 1, 1)) is tax_laws.LAWS[0]


def test_laws_follow_each_other_and_begin_with_a_month_because_fees_are_taxed_by_it():
    days = [law.valid_from for law in tax_laws.LAWS]
    assert days == sorted(set(days)) and {day.day for day in days} == {1}


def test_bands_go_down_to_nothing_and_a_tax_never_falls_where_one_ends():
    for law in tax_laws.LAWS:
        starts = [band.over_minor for band in law.fee_bands]
        assert starts == sorted(set(starts), reverse=True) and starts[-1] == 0
        for higher, lower in zip(law.fee_bands, law.fee_bands[1:], strict=False):
            ends = [higher.over_minor * band.percent // 100 - band.quick_minor for band in (higher, lower)]
            assert ends[0] == ends[1]
