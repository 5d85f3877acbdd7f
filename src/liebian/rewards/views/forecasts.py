"""When a budget is used up, in words and as the weeks from which it was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from liebian.rewards.types import BudgetForecastView, BudgetView
from liebian.ui.charts import Chart, Series, bars
from liebian.ui.charts import money as money_unit
from liebian.ui.formats import day, money


@dataclass(frozen=True)
class ForecastPanel:
    """`tone` is empty where nothing is wrong. `span` says the interval, where there is one."""

    view: BudgetForecastView
    finding: str
    span: str
    tone: str
    chart: Chart | None


def show_forecast(budget: BudgetView, view: BudgetForecastView | None) -> ForecastPanel | None:
    if view is None or budget.closed_at:
        return None
    is_short = view.is_short(budget)
    tone = "bad" if view.verdict == "gone" else "warn" if is_short else ""
    return ForecastPanel(view, _say(view), _say_span(view), tone, _draw(budget, view))


def _say(view: BudgetForecastView) -> str:
    if view.verdict == "ok" and view.used_up_on:
        return _("Used up around %(day)s if it goes on like this.") % {"day": day(view.used_up_on)}
    return {
        "gone": _("Nothing is available any more."),
        "idle": _("Nothing went out in the last weeks, so it lasts."),
        "far": _("At this rate it lasts for more than two years."),
    }.get(view.verdict, _("Too little has gone out so far to tell when it is used up: four whole weeks are needed."))


def _say_span(view: BudgetForecastView) -> str:
    if view.verdict not in ("ok", "far") or view.soonest is None:
        return ""
    if view.latest is None:
        return _("In nineteen of twenty cases not before %(day)s.") % {"day": day(view.soonest)}
    texts = {"from": day(view.soonest), "to": day(view.latest)}
    return _("In nine of ten cases between %(from)s and %(to)s.") % texts


def _draw(budget: BudgetView, view: BudgetForecastView) -> Chart | None:
    n_weeks = len(view.used) // 7
    if not n_weeks:
        return None
    days = view.used[len(view.used) - 7 * n_weeks :]
    sums = [sum(days[7 * week : 7 * week + 7]) for week in range(n_weeks)]
    labels = [day(view.as_of - timedelta(weeks=n_weeks - week)) for week in range(n_weeks)]
    per_week = "" if view.per_week_minor is None else money(view.per_week_minor, budget.currency)
    return bars(
        _("%(amount)s a week") % {"amount": per_week} if per_week else _("What went out by week"),
        _("What was promised by week, less what came back"),
        labels,
        [Series(_("Went out"), sums)],
        label_name=_("Week from"),
        unit=money_unit(budget.currency),
    )
