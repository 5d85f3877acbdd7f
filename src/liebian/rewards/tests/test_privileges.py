"""Privileges: whole days in the organisation's zone, one after the other, taken back as far as they have not begun."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.days import day_start
from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.rules import chain, count_open
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.types import BudgetView, OfferDraft, OfferView, PrivilegeTerms, PrivilegeView, RewardView, Span

DB = pytest.mark.django_db(databases="__all__")
GOLD = PrivilegeTerms("level", "gold")


def make_privilege(days: int = 30, terms: PrivilegeTerms = GOLD, cost: int = 3000) -> OfferView:
    draft = OfferDraft("privilege", "Gold month", "CNY", cost, valid_days=days, privilege=terms)
    return services.create_offer(draft=draft, now=NOW)


def give(budget: BudgetView, offer: OfferView, number: int, day: date) -> RewardView:
    """To customer 1, for order `number`, on a business day."""
    [outcome] = services.grant_pairs(grants=[make_grant(budget, number, ("referrer", offer))], now=NOW)
    services.release_due(day=max(day, HOLD), now=day_start(day, "Asia/Shanghai"))
    return queries.get_reward(outcome.reward.id)


def refund(number: int, on: date, part: int = 10) -> None:
    now = day_start(on, "Asia/Shanghai") + timedelta(hours=12)
    services.cancel_or_claw_back(
        qualification=f"order:{number}", refunded_minor=part, order_total_minor=10, at=now, now=now
    )


def seen(on: date | None = None) -> list[tuple[str, date, date]]:
    return [(each.subject, each.starts_on, each.ends_on) for each in queries.list_privileges([1], on=on)]


def after(days: int) -> date:
    return HOLD + timedelta(days=days)


@pytest.fixture
def budget(db) -> BudgetView:
    return make_budget(funded=12_000)


@DB
def test_it_holds_from_the_day_of_issue_to_the_end_of_its_last_day(budget):
    reward = give(budget, make_privilege(), 1, HOLD)
    assert (reward.state, reward.amount) == ("issued", 30)
    assert seen() == [("gold", HOLD, after(30))]
    assert seen(after(29)) and not seen(after(30)) and not seen(after(-1))
    last = datetime(2026, 7, 7, 15, 59, 59, 999999, tzinfo=UTC)
    assert queries.list_privileges_at([1], at=last)
    assert not queries.list_privileges_at([1], at=last + timedelta(microseconds=1))
    assert [each.customer_id for each in queries.list_holders("level", "gold", on=after(3))] == [1]
    assert queries.list_holders("priority", on=after(3)) == []


@DB
def test_a_second_one_is_appended_and_another_subject_runs_beside(budget):
    gold = make_privilege()
    give(budget, gold, 1, HOLD)
    give(budget, gold, 2, after(10))
    give(budget, make_privilege(7, PrivilegeTerms("level", "silver")), 3, after(10))
    assert seen() == [("gold", HOLD, after(30)), ("silver", after(10), after(17)), ("gold", after(30), after(60))]
    give(budget, gold, 4, after(70))
    assert seen()[-1] == ("gold", after(70), after(100))


@DB
@pytest.mark.parametrize(
    ("on", "part", "ends", "owed"), [(9, 10, 10, 1000), (-1, 10, 0, 0), (9, 5, 15, 0), (29, 10, 30, 3000)]
)
def test_a_refund_takes_days_that_have_not_begun_and_the_others_are_owed(budget, on, part, ends, owed):
    reward = give(budget, make_privilege(), 1, HOLD)
    for _ in range(2):
        refund(1, after(on), part)
    left = queries.find_privilege_of(reward.id)
    assert left is not None and left.ends_on == after(ends)
    assert queries.get_reward(reward.id).owed_minor == owed
    kept = queries.get_budget(budget.id)
    assert kept.receivable == owed and kept.paid_out == (1500 if part == 5 else 0)
    assert all(proof.holds for proof in prove_zero())


@DB
def test_what_was_appended_moves_up_when_the_first_is_taken_back(budget):
    gold = make_privilege()
    give(budget, gold, 1, HOLD)
    give(budget, gold, 2, after(5))
    refund(1, after(9))
    assert seen() == [("gold", HOLD, after(10)), ("gold", after(10), after(40))]
    refund(2, after(14))
    assert seen() == [("gold", HOLD, after(10)), ("gold", after(10), after(15))]


@DB
@pytest.mark.parametrize(
    ("terms", "days"),
    [(None, 30), (PrivilegeTerms("level"), 30), (PrivilegeTerms("priority", "x"), 30), (GOLD, 0), (GOLD, 3651),
     (PrivilegeTerms("access", "x" * 61), 1)],
)  # fmt: skip
def test_terms_that_make_no_sense_are_refused(terms, days):
    with pytest.raises(LiebianError) as refused:
        make_privilege(days, terms)
    assert refused.value.code in ("offer_privilege", "offer_subject")


@DB
@pytest.mark.parametrize(
    ("issued", "days", "ends_at"),
    [
        (date(2027, 3, 27), 1, datetime(2027, 3, 27, 23, tzinfo=UTC)),
        (date(2027, 3, 27), 2, datetime(2027, 3, 28, 22, tzinfo=UTC)),
        (date(2027, 10, 30), 2, datetime(2027, 10, 31, 23, tzinfo=UTC)),
        (date(2027, 1, 31), 28, datetime(2027, 2, 27, 23, tzinfo=UTC)),
    ],
)
def test_days_are_days_of_the_zone_also_when_its_clocks_change(settings, budget, issued, days, ends_at):
    settings.TIME_ZONE = "Europe/Berlin"
    reward = give(budget, make_privilege(days), 1, issued)
    view: PrivilegeView | None = queries.find_privilege_of(reward.id)
    assert view is not None and (view.starts_on, view.ends_at) == (issued, ends_at)


STEPS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 60), st.integers(0, 3), st.integers(0, 60)), min_size=1, max_size=12
)


@given(steps=STEPS)
def test_days_are_never_lost_never_twice_and_never_taken_once_they_have_begun(steps):
    """Each step: some days pass, one more is issued, and of an earlier one as many as asked and open are taken."""
    today, spans, begun = date(2026, 1, 1), [], set()
    for passed, days, which, asked in steps:
        today += timedelta(days=passed)
        ends = [end for _start, end in chain(spans)]
        spans.append(Span(today, days))
        start = chain(spans)[-1][0]
        assert start == max([today, *ends])
        begun |= {(n, day) for n, period in enumerate(chain(spans)) for day in _days(period) if day <= today}
        place = which % len(spans)
        starts_on, ends_on = chain(spans)[place]
        taken = min(asked, count_open(starts_on, ends_on, today))
        old = spans[place]
        spans[place] = Span(old.issued_on, old.days, old.taken + taken)
        held = [(n, day) for n, period in enumerate(chain(spans)) for day in _days(period)]
        assert begun <= set(held)
        assert len({day for _n, day in held}) == len(held) == sum(span.days - span.taken for span in spans)


def _days(period: tuple[date, date]) -> list[date]:
    start, end = period
    return [start + timedelta(days=n) for n in range((end - start).days)]
