"""The decisions themselves: every combination of facts, and the acceptance vectors of the domain reference."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import Conflict
from liebian.referrals.rules import (
    BindingFacts,
    OrderFacts,
    Terms,
    decide_binding,
    decide_qualification,
    landing_state,
    may_become,
    pay_from,
    publishing_checks,
    same_contact,
    status_at,
)
from liebian.referrals.tests.shop import DRAFT
from liebian.referrals.types import StatusAt

T0 = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
RUNNING = (StatusAt(T0 - timedelta(days=3), "running"),)
TERMS = Terms(1, date(2026, 6, 1), date(2026, 7, 1), "Asia/Shanghai", "CNY", 9900, 7, RUNNING)


def facts(**changes: Any) -> BindingFacts:
    return BindingFacts(**{"code": "ABC2345", "at": T0, "referee_id": 2, "referrer_id": 1, "terms": TERMS, **changes})


def order(**changes: Any) -> OrderFacts:
    known = {
        "external_id": "o1",
        "at": T0,
        "amount_minor": 9900,
        "currency": "CNY",
        "bound_at": T0,
        "ordered_before_binding": False,
    }
    return OrderFacts(**{**known, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"terms": None}, "code_not_found"),
        ({"at": T0 - timedelta(days=1)}, "not_started"),
        ({"at": datetime(2026, 5, 31, 16, 0, tzinfo=UTC)}, ""),
        ({"at": datetime(2026, 6, 30, 15, 59, 59, 999999, tzinfo=UTC)}, ""),
        ({"at": datetime(2026, 6, 30, 16, 0, tzinfo=UTC)}, "code_expired"),
        ({"at": T0 - timedelta(days=4)}, "programme_not_running"),
        ({"referee_id": 1}, "self_referral"),
        ({"referee_contacts": same_contact("+8613800138000", None), "referrer_contacts": same_contact("+8613800138000", "a@b.cn")}, "self_referral"),
        ({"referee_contacts": same_contact(None, "li.n+2@gmail.com"), "referrer_contacts": same_contact(None, "lin@googlemail.com")}, "self_referral"),
        ({"lines": {1: 2}}, "referral_ring"),
        ({"lines": {1: 7, 7: 8, 8: 2}}, "referral_ring"),
        ({"lines": {1: 7, 7: 8, 2: 9}}, ""),
        ({"lines": {1: 7, 7: 8, 8: 7}}, ""),
        ({"ordered_before": True}, "already_customer"),
        ({"bound_to": 3}, "already_referred"),
        ({"bound_to": 1}, ""),
        ({"consented": False}, "consent_missing"),
        ({"referee_id": 1, "ordered_before": True}, "self_referral"),
    ],
)  # fmt: skip
def test_who_is_bound(changes: dict[str, Any], reason: str) -> None:
    assert decide_binding(facts(**changes)).reason == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"amount_minor": 9899}, "below_min_order"),
        ({"currency": "USD"}, "condition_failed"),
        ({"ordered_before_binding": True}, "already_customer"),
        ({"at": T0 - timedelta(seconds=1)}, "already_customer"),
        ({"older_referral": 5}, "other_touch_won"),
        ({"at": datetime(2026, 6, 30, 16, 0, tzinfo=UTC)}, "outside_window"),
    ],
)
def test_which_order_counts(changes: dict[str, Any], reason: str) -> None:
    assert decide_qualification(order(**changes), TERMS).reason == reason


@given(
    ordered=st.booleans(), bound=st.sampled_from([None, 1, 3]), consent=st.booleans(), person=st.sampled_from([1, 2]),
    lines=st.dictionaries(st.integers(1, 5), st.integers(1, 5)), hours=st.integers(-100, 900),
)  # fmt: skip
def test_every_question_is_kept_and_one_no_is_enough(
    ordered: bool, bound: int | None, consent: bool, person: int, lines: dict[int, int], hours: int
) -> None:
    decision = decide_binding(
        facts(
            ordered_before=ordered,
            bound_to=bound,
            consented=consent,
            referee_id=person,
            lines=lines,
            at=T0 + timedelta(hours=hours),
        )
    )
    assert decision.accepted == all(check.passed for check in decision.checks)
    assert len(decision.checks) == 9
    assert decision.reason == next((c["check"] for c in decision.trace if not c["passed"]), "")
    assert "+86" not in str(decision.trace)


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(["running", "paused", "ended"])), max_size=6),
    st.integers(-10, 1010),
)
def test_an_event_is_judged_by_the_status_of_its_own_time(changes: list[tuple[int, Any]], minute: int) -> None:
    history = [StatusAt(T0 + timedelta(minutes=at), status) for at, status in sorted(changes, key=lambda each: each[0])]
    expected = "draft"
    for each in history:
        if each.at <= T0 + timedelta(minutes=minute):
            expected = each.status
    assert status_at(history, T0 + timedelta(minutes=minute)) == expected


def test_a_programme_moves_only_along_its_life() -> None:
    allowed = {
        ("draft", "running"),
        ("running", "paused"),
        ("running", "ended"),
        ("paused", "running"),
        ("paused", "ended"),
    }
    for old in ("draft", "running", "paused", "ended"):
        for new in ("draft", "running", "paused", "ended"):
            if (old, new) in allowed:
                may_become(old, new)
            else:
                with pytest.raises(Conflict, match="cannot become"):
                    may_become(old, new)


def test_days_are_those_of_the_programmes_zone_also_across_a_clock_change() -> None:
    assert pay_from(datetime(2026, 10, 31, 3, 59, tzinfo=UTC), "America/New_York", 2) == date(2026, 11, 1)
    assert pay_from(datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "Asia/Shanghai", 0) == date(2027, 1, 1)


def test_a_landing_page_closes_with_the_window_or_the_budget() -> None:
    assert landing_state(None, T0, pairs_left=9) == "code_not_found"
    assert landing_state(TERMS, T0, pairs_left=1) == ""
    assert landing_state(TERMS, T0, pairs_left=0) == "campaign_budget"
    assert landing_state(TERMS, T0 + timedelta(days=40), pairs_left=0) == "code_expired"


def codes(level: str, **changes: Any) -> set[str]:
    found = publishing_checks({**DRAFT, **changes}, fundable_minor=5_000_000, people=1000, today=date(2026, 6, 1))
    return {finding.code for finding in found if finding.level == level}


def test_a_whole_draft_passes() -> None:
    assert codes("block", holdout_percent=10) == set()
    assert {
        "MLM_DEPTH",
        "WX_SHALLOW_TRIGGER",
        "NO_THIRD_PARTY_CONTACT",
        "DISCLOSE_REWARD",
        "BUDGET",
        "HOLDOUT",
    } <= codes("pass", holdout_percent=10)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": " "}, "NAME_MISSING"),
        ({"segment_id": None}, "SEGMENT_MISSING"),
        ({"friend_cost_minor": 0}, "OFFERS_MISSING"),
        ({"referrer_cost_minor": 6_000_000}, "BUDGET_UNFUNDED"),
        ({"ends_on": "2026-06-01"}, "PERIOD_INVALID"),
        ({"starts_on": None}, "PERIOD_MISSING"),
        ({"starts_on": "2026-01-01", "ends_on": "2026-06-01"}, "PERIOD_PAST"),
        ({"hold_days": 91}, "HOLD_DAYS"),
        ({"rules_en": ""}, "TEXTS_MISSING"),
        ({"contact": ""}, "PROMO_DISCLOSURE"),
        ({"message_zh": "转发领好礼"}, "WX_INDUCED_SHARE"),
        ({"message_en": "Share to win a teapot"}, "WX_INDUCED_SHARE"),
    ],
)
def test_what_blocks_publishing(changes: dict[str, Any], code: str) -> None:
    assert code in codes("block", **changes)


def test_what_is_only_a_warning() -> None:
    assert {"HOLDOUT_SMALL", "HOLD_ZERO", "COMMISSION_HIGH"} <= codes("warn", holdout_percent=1, hold_days=0)
