"""Budgets that are expected to be used up before they should be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from liebian.core.texts import mark as _
from liebian.rewards.queries import list_budget_forecasts
from liebian.rewards.services.forecasting import forecast_budgets
from liebian.rewards.types import Compared, Difference

WEEK = 7


class ForecastCheck:
    """Whole weeks are compared, so that an explained alarm is not open again every night."""

    code = "forecasts"
    title = _("Budgets: when they are used up")
    figures = {"weeks_left": _("weeks that it should last, and is expected to")}
    page = ""
    writes = True

    def compare(self, now: datetime) -> Compared:
        return Compared(forecast_budgets(now=now), tuple(_list_short()))


def _list_short() -> Iterator[Difference]:
    for budget, forecast in list_budget_forecasts():
        if forecast is not None and forecast.is_short(budget):
            wanted = -(-forecast.wanted_days(budget) // WEEK)
            yield Difference(f"budget:{budget.id}", "weeks_left", wanted, (forecast.days or 0) // WEEK)
