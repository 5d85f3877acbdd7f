"""Amounts in currencies of two, three and no decimals: read, refused and said as they are."""

from __future__ import annotations

import pytest
from django.utils import translation

from liebian.referrals.forms.limits import LimitsForm
from liebian.referrals.forms.wizard import RewardsForm
from liebian.referrals.words import money

SAID = {"referrer_kind": "points", "referrer_points": 100, "friend_kind": "coupon", "friend_valid_days": 30}


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1500, "CNY", "¥15"), (1505, "CNY", "¥15.05"), (1500, "KWD", "KWD 1.500"), (2000, "KWD", "KWD 2"),
     (1505, "JPY", "JP¥1,505")],
)  # fmt: skip
def test_cents_are_left_out_only_where_there_are_none(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


@pytest.mark.parametrize(
    ("typed", "currency", "minor"), [("1.505", "KWD", 1505), ("1.5", "CNY", 150), ("1505", "JPY", 1505)]
)
def test_an_amount_is_read_with_all_decimals_of_its_currency(typed: str, currency: str, minor: int) -> None:
    form = RewardsForm({**SAID, "referrer_cost": typed, "friend_face": typed}, currency=currency, offers=[])
    assert form.is_valid(), form.errors
    draft = form.to_draft()
    assert (draft["referrer_cost_minor"], draft["friend_face_minor"]) == (minor, minor)
    again = RewardsForm(None, currency=currency, offers=[]).from_draft(draft)
    assert form.from_draft(draft)["friend_face"] == again["friend_face"] == typed


@pytest.mark.parametrize(("typed", "currency"), [("1.505", "CNY"), ("1.5", "JPY")])
@pytest.mark.parametrize(("language", "words"), [("en", "does not fit the currency"), ("zh-hans", "金额不符合该币种")])
def test_more_decimals_than_the_currency_has_are_refused_not_rounded(
    typed: str, currency: str, language: str, words: str
) -> None:
    with translation.override(language):
        form = RewardsForm({**SAID, "referrer_cost": typed, "friend_face": typed}, currency=currency, offers=[])
        assert set(form.errors) == {"referrer_cost", "friend_face"}
        assert words in str(form.errors["friend_face"])


def test_a_limit_in_fils_is_taken() -> None:
    row = {"rows": "1", "scope_0": "person", "amount_0": "1.505", "measure_0": "minor", "period_0": "month"}
    form = LimitsForm({**row, "on_excess_0": "refuse"}, currency="KWD")
    assert form.is_valid(), form.errors
    assert form.to_draft()["limits"][0]["amount"] == 1505
