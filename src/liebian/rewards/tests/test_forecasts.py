"""A budget's forecast follows what went out of it, warns before the end that was set, and says so when it cannot tell."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from liebian.core.errors import Invalid
from liebian.rewards import queries, services
from liebian.rewards.services.checks import ForecastCheck
from liebian.rewards.tests.factories import NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.test_pages import sign_in
from liebian.rewards.types import BudgetForecastView, BudgetView

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = timedelta(days=1)


def spend(budget: BudgetView, n_days: int, per_day: int = 1, start: datetime = NOW) -> datetime:
    """So many rewards of 10.00 a day; answers the moment of the day after."""
    offer, number = make_points(), 0
    for day in range(n_days):
        at = start + day * DAY
        grants = []
        for _ in range(per_day):
            number += 1
            grant = make_grant(budget, number + 1000 * budget.id, ("referrer", offer))
            grants.append(grant.__class__(**{**{f: getattr(grant, f) for f in grant.__dataclass_fields__}, "at": at}))
        services.grant_pairs(grants=grants, now=at)
    return start + n_days * DAY


def tell(budget: BudgetView, now: datetime) -> BudgetForecastView:
    services.forecast_budgets(now=now)
    found = queries.find_budget_forecast(budget.id)
    assert found is not None
    return found


def short(now: datetime) -> list[tuple[str, int, int]]:
    return [(each.subject, each.expected, each.found) for each in ForecastCheck().compare(now).differences]


def test_a_steady_budget_is_used_up_on_the_day_that_follows_from_its_rate():
    budget = make_budget(50_000)
    found = tell(budget, spend(budget, 35))
    assert (found.verdict, found.per_week_minor, found.left_minor, found.days) == ("ok", 7000, 15_000, 15)
    assert found.used == (1000,) * 35 and found.used_up_on == date(2026, 7, 20)
    assert found.soonest == found.latest == found.used_up_on


def test_what_is_put_in_moved_or_split_is_not_used_and_what_comes_back_is_deducted():
    budget, other = make_budget(50_000), make_budget(1000)
    now = spend(budget, 35)
    services.set_shards(budget_id=budget.id, shards=3, actor=1, now=now)
    services.fund_budget(budget_id=budget.id, amount_minor=5000, idempotency_key="2", actor=1, now=now - DAY)
    services.transfer_budget(
        source_id=budget.id, target_id=other.id, amount_minor=2000, idempotency_key="1", actor=1, now=now - DAY
    )
    cause = f"order:{1000 * budget.id + 1}"
    services.cancel_or_claw_back(
        qualification=cause, refunded_minor=1, order_total_minor=1, at=now - DAY, now=now - DAY
    )
    found = tell(budget, now)
    assert (found.used[-1], sum(found.used), found.left_minor) == (0, 34_000, 19_000)
    assert tell(other, now).verdict == "too_few"


def test_what_went_out_today_does_not_count_twice():
    budget = make_budget(50_000)
    now = spend(budget, 36) - DAY + timedelta(hours=3)
    assert (tell(budget, now).days, tell(budget, now).left_minor) == (15, 14_000)


def test_too_little_is_said_and_an_empty_budget_is_gone():
    budget = make_budget(3000)
    now = spend(budget, 2)
    assert (tell(budget, now).verdict, tell(budget, now).used_up_on) == ("too_few", None)
    now = spend(make_budget(1000), 1, start=now)
    services.close_budget(budget_id=budget.id, target_id=None, idempotency_key="c", actor=1, now=now)
    services.forecast_budgets(now=now)
    assert queries.find_budget_forecast(budget.id) is None
    assert [each.verdict for _, each in queries.list_budget_forecasts() if each] == ["gone"]


def test_a_forecast_before_the_end_or_within_the_days_of_the_warning_is_an_alarm():
    budget = make_budget(50_000)
    now = spend(budget, 35)
    subject = f"budget:{budget.id}"

    def want(warn_days: int | None = None, until: date | None = None) -> list[tuple[str, int, int]]:
        services.set_budget_horizon(budget_id=budget.id, warn_days=warn_days, lasts_until=until, actor=1, now=now)
        return short(now)

    assert want() == []
    assert want(warn_days=14) == [] and want(until=date(2026, 7, 20)) == []
    assert want(warn_days=15) == [(subject, 3, 2)]
    assert want(until=date(2026, 7, 21)) == [(subject, 3, 2)]
    with pytest.raises(Invalid) as refused:
        want(warn_days=0)
    assert refused.value.code == "budget_warn_days"


def test_an_explained_warning_stays_quiet_for_the_week():
    budget = make_budget(50_000)
    now = spend(budget, 35)
    services.set_budget_horizon(budget_id=budget.id, warn_days=None, lasts_until=date(2026, 8, 30), actor=1, now=now)
    services.reconcile(checks=[ForecastCheck()], now=now)
    [alarm] = queries.list_alarms()
    services.explain_alarm(alarm_id=alarm.id, note="More money comes on Monday", actor=1, now=now)
    spend(budget, 1, start=now)
    services.reconcile(checks=[ForecastCheck()], now=now + DAY)
    assert queries.count_open_alarms() == 0


def test_a_programme_stretches_its_budget_and_never_shortens_it():
    budget = make_budget()
    for day, wanted in (
        (date(2026, 8, 1), date(2026, 8, 1)),
        (date(2026, 7, 1), date(2026, 8, 1)),
        (date(2026, 9, 1), date(2026, 9, 1)),
    ):
        services.stretch_budget(budget_id=budget.id, until=day)
        assert queries.get_budget(budget.id).lasts_until == wanted


def test_the_page_tells_the_day_the_weeks_and_what_it_cannot_tell():
    budget = make_budget(50_000)
    address = f"/ledger/budgets/{budget.id}"
    staff = sign_in("operator")
    assert "told every night" in staff.get(address).content.decode()
    now = spend(budget, 35)
    tell(budget, now)
    page = staff.get(address).content.decode()
    assert "Used up around 20 Jul 2026" in page and "¥70.00 a week" in page and "used-by-week" in page
    assert staff.post(f"{address}/warning", {"amount": "", "warn_days": "400"}).status_code == 422
    staff.post(f"{address}/warning", {"amount": "", "warn_days": "20", "lasts_until": "2026-12-31"})
    page = staff.get(address).content.decode()
    assert "It should last until 31 Dec 2026" in page and 'value="20"' in page
    services.reconcile(checks=[ForecastCheck()], now=now)
    assert address in staff.get("/rewards/reconciliation").content.decode()
    young = make_budget(50_000)
    tell(young, spend(young, 1, start=now))
    assert "四个整周" in sign_in("viewer", "zh-hans").get(f"/ledger/budgets/{young.id}").content.decode()
