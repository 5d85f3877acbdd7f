"""Budgets with the balances of their accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.ledger.types import WORLD, BookView
from liebian.rewards.models import Budget, BudgetForecast
from liebian.rewards.rules import BudgetAccounts
from liebian.rewards.types import BudgetForecastView, BudgetPart, BudgetView, Closure


def get_budget(budget_id: int) -> BudgetView:
    found = list_budgets(ids=[budget_id])
    if not found:
        raise NotFound("budget_not_found", _("There is no budget #%(number)s."), number=budget_id)
    return found[0]


def list_budgets(*, ids: Iterable[int] | None = None) -> list[BudgetView]:
    """Budgets, newest first, with the balances of their accounts."""
    rows = Budget.objects.order_by("-id")
    if ids is not None:
        rows = rows.filter(id__in=list(ids))
    budgets = list(rows)
    codes = {row.pk: BudgetAccounts(row.pk, row.currency).available_pool.book for row in budgets}
    books = {book.code: book for book in ledger.list_books(codes=codes.values())}
    return [_view_budget(row, books.get(codes[row.pk])) for row in budgets]


def find_budget_forecast(budget_id: int) -> BudgetForecastView | None:
    """What the last night told of this budget."""
    row = BudgetForecast.objects.filter(pk=budget_id).first()
    return _view_forecast(row) if row else None


def list_budget_forecasts() -> list[tuple[BudgetView, BudgetForecastView | None]]:
    """Open budgets, newest first, with what the last night told of each."""
    rows = BudgetForecast.objects.in_bulk()
    budgets = [each for each in list_budgets() if not each.closed_at]
    return [(each, _view_forecast(rows[each.id]) if each.id in rows else None) for each in budgets]


def _view_forecast(row: BudgetForecast) -> BudgetForecastView:
    def day(days: int | None) -> date | None:
        return None if days is None else row.as_of + timedelta(days=max(days, 1) - 1)

    return BudgetForecastView(
        budget_id=row.pk,
        at=row.at,
        as_of=row.as_of,
        verdict=row.verdict,  # type: ignore[arg-type]
        left_minor=row.left_minor,
        per_week_minor=row.per_week_minor,
        used_up_on=day(row.days),
        soonest=day(row.soonest),
        latest=day(row.latest),
        days=row.days,
        used=tuple(row.used),
    )


def list_budget_parts(budget: BudgetView) -> list[BudgetPart]:
    accounts = BudgetAccounts(budget.id, budget.currency, shards=budget.shards)
    pairs = list(zip(accounts.available_pool.parts, accounts.reserved_pool.parts, strict=True))
    held = ledger.list_balances(part.code for pair in pairs for part in pair)
    return [BudgetPart(number, held[free.code], held[kept.code]) for number, (free, kept) in enumerate(pairs)]


def _view_budget(row: Budget, book: BookView | None) -> BudgetView:
    def held(kind: str) -> int:
        return book.balance_of(kind) if book else 0

    return BudgetView(
        id=row.pk,
        name=row.name,
        currency=row.currency,
        shards=row.shards,
        created_at=row.created_at,
        funded=-held(WORLD),
        available=held("budget"),
        reserved=held("reserved"),
        payable=held("payable"),
        paid_out=held("paid_out"),
        receivable=held("clawback_receivable"),
        written_off=held("written_off"),
        warn_at_minor=row.warn_at_minor,
        closed_at=row.closed_at,
        warn_days=row.warn_days,
        lasts_until=row.lasts_until,
        closures=tuple(_view_closure(each) for each in row.closures),
    )


def _view_closure(said: dict[str, Any]) -> Closure:
    start, end = datetime.fromisoformat(said["from"]), datetime.fromisoformat(said["until"])
    return Closure(start, end, said["reason"], said["actor"])
