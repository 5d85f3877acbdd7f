"""Budgets with the balances of their accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.ledger.types import WORLD, BookView
from liebian.rewards.models import Budget
from liebian.rewards.rules import BudgetAccounts
from liebian.rewards.types import BudgetPart, BudgetView, Closure


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
        closures=tuple(_view_closure(each) for each in row.closures),
    )


def _view_closure(said: dict[str, Any]) -> Closure:
    start, end = datetime.fromisoformat(said["from"]), datetime.fromisoformat(said["until"])
    return Closure(start, end, said["reason"], said["actor"])
