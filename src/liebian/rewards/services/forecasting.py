"""When budgets are used up: told once a night from what went out of them, and how long they should last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from liebian_analytics.metrics.burn_rate import forecast_burn

from liebian.access.services import audit
from liebian.core.days import day_of, day_start
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.rewards.models import Budget, BudgetForecast
from liebian.rewards.queries import get_budget, list_budgets
from liebian.rewards.services.life import lock_budgets
from liebian.rewards.types import BudgetView

WEEKS = 12
"""What went out before them does not count."""
MOST_WARN_DAYS = 365
NOT_USED = ("fund", "budget_transfer", "budget_close", "rebalance")
"""Entries that change what is available without anything being promised or coming back."""


@dataclass(frozen=True, slots=True)
class _Used:
    """By day up to yesterday, from the first day on which something went out; and what went out today so far."""

    days: tuple[int, ...]
    today: int


def forecast_budgets(*, now: datetime) -> int:
    """Tell of every open budget when it is used up; how many. Writes BudgetForecast. A repeat replaces what was told."""
    as_of = day_of(now, settings.TIME_ZONE)
    budgets = [each for each in list_budgets() if not each.closed_at]
    used = _read_used(as_of, now)
    rows = [_forecast(each, used.get(f"budget:{each.id}", _Used((), 0)), as_of, now) for each in budgets]
    with transaction.atomic():
        BudgetForecast.objects.exclude(budget__in=[each.id for each in budgets]).delete()
        BudgetForecast.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["budget"],
            update_fields=["at", "as_of", "verdict", "left_minor", "per_week_minor", "days", "soonest", "latest", "used"],
        )  # fmt: skip
    return len(rows)


def _read_used(as_of: date, now: datetime) -> dict[str, _Used]:
    first = as_of - timedelta(weeks=WEEKS)
    flows = ledger.list_daily_flows(
        kind="budget", since=day_start(first, settings.TIME_ZONE), until=now, zone=settings.TIME_ZONE, without=NOT_USED
    )
    return {book: _Used(tuple(_fill(days, as_of)), -days.get(as_of, 0)) for book, days in flows.items()}


def _fill(days: dict[date, int], as_of: date) -> Iterator[int]:
    begun = [each for each, amount in days.items() if amount and each < as_of]
    day = min(begun, default=as_of)
    while day < as_of:
        yield -days.get(day, 0)
        day += timedelta(days=1)


def _forecast(budget: BudgetView, used: _Used, as_of: date, now: datetime) -> BudgetForecast:
    left = budget.available + used.today
    found = forecast_burn(used.days, left if budget.available else 0)
    low, high = found.interval.low, found.interval.high
    return BudgetForecast(
        budget_id=budget.id,
        at=now,
        as_of=as_of,
        verdict=found.verdict,
        left_minor=budget.available,
        per_week_minor=None if found.per_week is None else round(found.per_week),
        days=found.days,
        soonest=None if low is None else int(low),
        latest=None if high is None else int(high),
        used=list(used.days),
    )


def set_budget_horizon(
    *, budget_id: int, warn_days: int | None, lasts_until: date | None, actor: int | None, now: datetime
) -> BudgetView:
    """Say until when a budget should last, and how many days before it is used up one is warned; None for not at all.

    Writes Budget, audit. Idempotent. Raises NotFound, Invalid "budget_warn_days".
    """
    if warn_days is not None and not 1 <= warn_days <= MOST_WARN_DAYS:
        raise Invalid("budget_warn_days", _("Warn between 1 and %(most)s days before."), most=MOST_WARN_DAYS)
    with transaction.atomic():
        lock_budgets([budget_id])
        Budget.objects.filter(pk=budget_id).update(warn_days=warn_days, lasts_until=lasts_until)
        details = {"warn_days": warn_days, "lasts_until": lasts_until.isoformat() if lasts_until else None}
        audit.record_audit(
            actor_id=actor, action="budget_horizon", subject=f"budget:{budget_id}", details=details, now=now
        )
    return get_budget(budget_id)


def stretch_budget(*, budget_id: int, until: date) -> None:
    """A programme that draws from this budget runs until that day: it should last as long. Writes Budget. Idempotent. Raises NotFound."""
    with transaction.atomic():
        lock_budgets([budget_id])
        Budget.objects.filter(pk=budget_id, lasts_until=None).update(lasts_until=until)
        Budget.objects.filter(pk=budget_id, lasts_until__lt=until).update(lasts_until=until)
