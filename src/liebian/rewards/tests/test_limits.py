"""Nobody gets more than a limit allows, in no window and however many ask at once; what was never given may be given to others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.core.errors import Invalid
from liebian.ledger.queries import list_balances
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.rules import cost_of, units_within, window_start
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_coupon, make_grant, make_points
from liebian.rewards.types import GrantRequest, LimitRule, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
ZONE = "Asia/Shanghai"
TWO_A_DAY = LimitRule("two-a-day", "person", "day", "count", 2, ZONE)


@pytest.fixture(autouse=True)
def _always_zero():
    yield
    assert all(proof.holds for proof in prove_zero())


def ask(budget, number, *limits: LimitRule, at: datetime = NOW, offer=None, subjects=None) -> GrantRequest:
    grant = make_grant(budget, number, ("referrer", offer or make_points()))
    [side] = grant.sides
    return replace(grant, limits=limits, at=at, sides=(replace(side, subjects=subjects or {}),))


def decide(*grants: GrantRequest) -> list[RewardView]:
    return [outcome.reward for outcome in services.grant_pairs(grants=grants, now=NOW)]


def states(*grants: GrantRequest) -> list[str]:
    return [reward.reason or reward.state for reward in decide(*grants)]


def refund(number: int, part: int = 10) -> None:
    services.cancel_or_claw_back(
        qualification=f"order:{number}", refunded_minor=part, order_total_minor=10, at=NOW, now=NOW
    )


def test_a_person_gets_so_many_a_day_and_again_the_next():
    budget = make_budget(100_000)
    assert states(*(ask(budget, n, TWO_A_DAY) for n in range(3))) == ["held", "held", "window_cap"]
    assert states(ask(budget, 4, TWO_A_DAY)) == ["window_cap"]
    assert states(ask(budget, 5, TWO_A_DAY, at=NOW + timedelta(days=1))) == ["held"]


def test_a_decision_says_which_limit_and_what_is_left():
    budget = make_budget(100_000)
    [first] = decide(ask(budget, 1, TWO_A_DAY))
    [told] = first.trace["limits"]
    assert (told["limit"], told["subject"], told["start"], told["left"]) == ("two-a-day", "person:1", "2026-06-01", 1)
    decide(ask(budget, 2, TWO_A_DAY))
    [refused] = decide(ask(budget, 3, TWO_A_DAY))
    assert (refused.state, refused.trace["limits"][0]["left"]) == ("refused", 0)


@pytest.mark.parametrize(
    ("scope", "subjects", "reason"),
    [
        ("programme", {}, "programme_cap"),
        ("person", {}, "person_cap"),
        ("friend", {"friend": "1007"}, "friend_cap"),
        ("identifier", {"identifier": "device-9"}, "identifier_cap"),
        ("store", {"store": "sz-1"}, "store_cap"),
    ],
)
def test_limits_are_about_whom_they_name(scope, subjects, reason):
    budget = make_budget(100_000)
    rule = LimitRule("one", scope, "ever", "count", 1, ZONE)
    assert states(*(ask(budget, n, rule, subjects=subjects) for n in range(2))) == ["held", reason]
    if subjects:
        assert states(ask(budget, 3, rule, subjects={scope: "other"}), ask(budget, 4, rule)) == ["held", "held"]


def test_money_is_limited_as_well_and_clamped_where_it_may_be():
    budget = make_budget(100_000)
    refuse = LimitRule("money", "person", "month", "minor", 1500, ZONE)
    assert states(ask(budget, 1, refuse), ask(budget, 2, refuse)) == ["held", "window_cap"]
    clamp = replace(refuse, code="clamped", on_excess="clamp")
    [whole, part, none] = decide(*(ask(budget, n, clamp) for n in (3, 4, 5)))
    assert (whole.amount, part.amount, part.cost_minor, none.reason) == (1000, 500, 500, "window_cap")
    assert part.trace["clamped_from"] == 1000
    [coupon] = decide(ask(budget, 6, replace(clamp, code="third", amount=500), offer=make_coupon()))
    assert coupon.reason == "window_cap"


def test_a_limit_takes_nothing_from_the_budget_and_the_budget_nothing_from_a_limit():
    budget = make_budget(1000)
    one = LimitRule("one", "person", "ever", "count", 1, ZONE)
    assert states(ask(budget, 1, one, offer=make_points(cost=5000)), ask(budget, 2, one)) == ["campaign_budget", "held"]
    assert queries.get_budget(budget.id).available == 0


def test_the_other_side_is_given_where_one_is_at_its_limit():
    budget = make_budget(100_000)
    rule = LimitRule("none", "person", "ever", "count", 0, ZONE)
    grant = replace(make_grant(budget, 1, ("referrer", make_points()), ("referee", make_coupon())), limits=(rule,))
    friend = replace(grant.sides[1], subjects={"person": ""})
    assert states(replace(grant, sides=(grant.sides[0], friend))) == ["person_cap", "held"]


@pytest.mark.parametrize("way", ["refund", "reject"])
def test_what_was_never_issued_gives_its_place_back(way):
    budget = make_budget(100_000)
    money = LimitRule("money", "person", "ever", "minor", 2000, ZONE)
    first, _second = decide(*(ask(budget, n, TWO_A_DAY, money) for n in (1, 2)))
    if way == "refund":
        refund(1, 4)
        assert states(ask(budget, 3, TWO_A_DAY, money)) == ["window_cap"]
        refund(1)
    else:
        services.propose_review(
            act="reject", reward_ids=[first.id], reason="staff_or_test", note="", key="k", actor=1, day=HOLD, now=NOW
        )
    assert states(ask(budget, 4, TWO_A_DAY, money), ask(budget, 5, TWO_A_DAY, money)) == ["held", "window_cap"]


def test_what_was_issued_keeps_its_place_when_it_is_taken_back():
    budget = make_budget(100_000)
    decide(*(ask(budget, n, TWO_A_DAY) for n in (1, 2)))
    services.release_due(day=HOLD, now=NOW)
    refund(1)
    assert states(ask(budget, 3, TWO_A_DAY)) == ["window_cap"]


def test_a_limit_may_count_only_what_was_not_taken_back():
    budget = make_budget(100_000)
    two = replace(TWO_A_DAY, frees_taken_back=True)
    money = LimitRule("money", "person", "ever", "minor", 2000, ZONE, frees_taken_back=True)
    decide(*(ask(budget, n, two, money) for n in (1, 2)))
    services.release_due(day=HOLD, now=NOW)
    refund(1, 5)
    assert states(ask(budget, 3, two, money)) == ["window_cap"], "half of it is still there"
    refund(1)
    assert states(ask(budget, 4, two, money), ask(budget, 5, two, money)) == ["held", "window_cap"]


def test_a_changed_limit_holds_from_the_next_decision_on():
    budget = make_budget(100_000)
    decide(*(ask(budget, n, TWO_A_DAY) for n in (1, 2)))
    assert states(ask(budget, 3, replace(TWO_A_DAY, amount=1))) == ["window_cap"]
    assert states(*(ask(budget, n, replace(TWO_A_DAY, amount=3)) for n in (4, 5))) == ["held", "window_cap"]


def test_repeats_draw_nothing():
    budget = make_budget(100_000)
    grants = [ask(budget, n, TWO_A_DAY) for n in range(3)]
    assert states(*grants) == states(*grants) == ["held", "held", "window_cap"]


@pytest.mark.parametrize(
    "rule", [replace(TWO_A_DAY, amount=-1), replace(TWO_A_DAY, code=""), replace(TWO_A_DAY, period="hour")]
)
def test_a_limit_without_sense_is_refused(rule):
    with pytest.raises(Invalid):
        decide(ask(make_budget(1000), 1, rule))


@pytest.mark.parametrize(
    ("period", "at", "zone", "start"),
    [
        (
            "day",
            datetime(2026, 11, 2, 4, 59, tzinfo=UTC),
            "America/New_York",
            "2026-11-01",
        ),  # the 25th hour of that day
        ("day", datetime(2026, 11, 2, 5, tzinfo=UTC), "America/New_York", "2026-11-02"),
        ("week", datetime(2026, 6, 7, 15, 59, tzinfo=UTC), ZONE, "2026-06-01"),
        ("week", datetime(2026, 6, 7, 16, tzinfo=UTC), ZONE, "2026-06-08"),
        ("month", datetime(2028, 2, 29, 15, 59, tzinfo=UTC), ZONE, "2028-02-01"),
        ("year", datetime(2026, 12, 31, 16, tzinfo=UTC), ZONE, "2027-01-01"),
    ],
)
def test_windows_are_local_and_half_open(period, at, zone, start):
    assert str(window_start(period, at, zone)) == start


@given(st.integers(0, 5000), st.integers(1, 2000), st.integers(1, 3000))
def test_what_fits_is_the_most_that_fits(left: int, amount: int, cost: int):
    units = units_within(left, amount, cost)
    assert 0 <= units <= amount
    assert cost_of(units, amount, cost) <= left
    if left and units < amount:
        assert cost_of(units + 1, amount, cost) > left


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans(), st.integers(1, 10)), max_size=12),
    amount=st.integers(0, 3),
    money=st.integers(0, 3500),
    shards=st.sampled_from([1, 4]),
)
def test_no_history_exceeds_a_window(steps, amount, money, shards):
    with transaction.atomic():
        follow(steps, amount, money, shards)
        transaction.set_rollback(True)


def follow(steps, amount, money, shards) -> None:
    budget = make_budget(6000)
    services.set_shards(budget_id=budget.id, shards=shards, actor=None, now=NOW)
    count = replace(TWO_A_DAY, code="c", amount=amount)
    sums = LimitRule("m", "person", "week", "minor", money, ZONE, "clamp")
    for number, (person, day, is_refund, part) in enumerate(steps):
        if is_refund and number:
            refund(number - 1, part)
        grant = ask(budget, number, count, sums, at=NOW + timedelta(days=day))
        decide(replace(grant, sides=(replace(grant.sides[0], customer_id=person),)))
    rewards = queries.list_rewards(programme_id=9, limit=1000)
    assert len(rewards) == len(steps)
    live = [r for r in rewards if r.state == "held"]
    per_day = Counter((r.customer_id, r.created_at) for r in live)
    per_week = Counter()
    for r in live:
        per_week[r.customer_id, window_start("week", r.created_at, ZONE)] += r.kept_minor
    assert all(n <= amount for n in per_day.values())
    assert all(minor <= money for minor in per_week.values())
    assert queries.get_budget(budget.id).reserved == sum(r.kept_minor for r in live)


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize("shards", [1, 8])
@pytest.mark.parametrize("retries", [1, 20])
def test_however_many_ask_at_once_limits_and_budget_are_used_to_the_last_place(shards: int, retries: int):
    budget = make_budget(100 * 1000)
    services.set_shards(budget_id=budget.id, shards=shards, actor=None, now=NOW)
    points = make_points()
    hundred = LimitRule("hundred", "programme", "day", "count", 150, ZONE)
    grants = [ask(budget, n, hundred, offer=points) for n in range(200)]
    batches = [grants[n : n + 5] for n in range(0, 200, 5)] * retries
    run_threads(lambda batch: services.grant_pairs(grants=batch, now=NOW), batches, workers=8)
    rewards = queries.list_rewards(programme_id=9, limit=1000)
    assert Counter(r.state for r in rewards) == {"held": 100, "refused": 100}
    assert {r.reason for r in rewards if r.state == "refused"} == {"campaign_budget"}
    after = queries.get_budget(budget.id)
    assert (after.available, after.reserved) == (0, 100_000)
    assert list_balances(["allowance:9.hundred:9:2026-06-01"]) == {"allowance:9.hundred:9:2026-06-01": 50}
