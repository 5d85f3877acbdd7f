"""Budgets: a budget is a set of ledger accounts with a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from liebian.access.services import audit
from liebian.core.errors import Conflict, Invalid
from liebian.core.money import MAX_MINOR
from liebian.core.texts import mark as _
from liebian.ledger.services import open_accounts, post, reshard
from liebian.ledger.types import EntryDraft, move
from liebian.rewards.models import Budget
from liebian.rewards.queries import get_budget
from liebian.rewards.rules import BudgetAccounts
from liebian.rewards.services.life import lock_budgets, seize_budget
from liebian.rewards.types import BudgetView

MOST_SHARDS = 64


def create_budget(*, name: str, currency: str, now: datetime) -> BudgetView:
    """Open a budget with nothing in it. Writes Budget and its ledger accounts. Raises Invalid without a name or currency."""
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid("budget_name", _("Give the budget a name of at most 120 characters."))
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise Invalid("budget_currency", _("A currency is three capital letters, such as CNY."))
    with transaction.atomic():
        row = Budget.objects.create(name=name, currency=currency, created_at=now)
        accounts = BudgetAccounts(row.pk, currency, name)
        parts = [part for pool in accounts.pools for part in pool.parts]
        open_accounts(refs=[accounts.world, *parts, accounts.paid_out], now=now)
    return get_budget(row.pk)


def fund_budget(
    *, budget_id: int, amount_minor: int, idempotency_key: str, actor: int | None, now: datetime
) -> BudgetView:
    """Put money into a budget, asking nobody; people do it by `propose_funding`. Idempotent by (budget, idempotency_key).

    `actor` is the id of the user who did it, None for the system. Raises NotFound, Invalid "fund_amount",
    Conflict "idempotency_mismatch", "budget_closed".
    """
    check_amount(amount_minor)
    with transaction.atomic():
        accounts = lock_budgets([budget_id])[budget_id]
        check_open(accounts)
        draft = EntryDraft(
            key=f"fund:{budget_id}:{idempotency_key}",
            kind="fund",
            legs=move(accounts.world, accounts.available_pool.part(0), amount_minor),
            effective_at=now,
            subject=f"budget:{budget_id}",
            memo={"actor": actor},
        )
        post(entry=draft, now=now)
    return get_budget(budget_id)


def check_amount(amount_minor: int) -> None:
    if isinstance(amount_minor, bool) or not 0 < amount_minor <= MAX_MINOR:
        raise Invalid("fund_amount", _("The amount has to be more than zero. Nothing was moved."))


def check_open(accounts: BudgetAccounts) -> None:
    if accounts.closed_at is not None:
        raise Conflict("budget_closed", _("This budget is closed. Nothing was moved; choose another one."))


def set_shards(*, budget_id: int, shards: int, actor: int | None, now: datetime) -> BudgetView:
    """Split what a budget holds into so many parts, so that more can draw from it at the same time; moves money by entries.

    Writes Budget, ledger, audit. Idempotent. Raises NotFound, Invalid "budget_shards".
    """
    if isinstance(shards, bool) or not 1 <= shards <= MOST_SHARDS:
        raise Invalid("budget_shards", _("A budget has between 1 and %(most)s parts."), most=MOST_SHARDS)
    with transaction.atomic():
        before = seize_budget(budget_id)
        if before.shards == shards:
            return get_budget(budget_id)
        after = replace(before, shards=shards)
        for old, new in zip(before.pools, after.pools, strict=True):
            reshard(before=old, after=new, now=now)
        Budget.objects.filter(pk=budget_id).update(shards=shards)
        details = {"before": before.shards, "after": shards}
        audit.record_audit(
            actor_id=actor, action="budget_shards", subject=f"budget:{budget_id}", details=details, now=now
        )
    return get_budget(budget_id)


def share_out(*, budget_id: int, now: datetime) -> BudgetView:
    """Spread what a budget holds evenly over its parts. Writes ledger. Repeating it changes nothing. Raises NotFound."""
    with transaction.atomic():
        for pool in seize_budget(budget_id).pools:
            reshard(before=pool, after=pool, now=now)
    return get_budget(budget_id)


def set_budget_warning(*, budget_id: int, warn_at_minor: int | None, actor: int | None, now: datetime) -> BudgetView:
    """Say from how much on a budget is low; None for never. Writes Budget, audit. Idempotent. Raises NotFound, Invalid."""
    if warn_at_minor is not None and not 0 <= warn_at_minor <= MAX_MINOR:
        raise Invalid("budget_warning", _("The amount cannot be below zero."))
    with transaction.atomic():
        lock_budgets([budget_id])
        Budget.objects.filter(pk=budget_id).update(warn_at_minor=warn_at_minor)
        audit.record_audit(
            actor_id=actor,
            action="budget_warning",
            subject=f"budget:{budget_id}",
            details={"at": warn_at_minor},
            now=now,
        )
    return get_budget(budget_id)
