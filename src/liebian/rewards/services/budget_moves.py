"""Money between budgets, the end of a budget and its return. What is reserved or paid out stays where it is."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.access.services import audit
from liebian.core.errors import Conflict, Invalid
from liebian.core.texts import mark as _
from liebian.ledger.types import EntryDraft, InsufficientFunds, Leg, move
from liebian.rewards.models import Budget
from liebian.rewards.queries import get_budget
from liebian.rewards.rules import BudgetAccounts
from liebian.rewards.services.budgets import check_amount, check_open
from liebian.rewards.services.life import lock_budgets, post_all, seize_budget
from liebian.rewards.types import BudgetView

MOST_REASON = 500


def transfer_budget(
    *, source_id: int, target_id: int, amount_minor: int, idempotency_key: str, actor: int | None, now: datetime
) -> BudgetView:
    """Move what one budget has available into another one; answers the source. Writes ledger.

    Idempotent by (source, idempotency_key). Raises NotFound, Invalid "fund_amount", "transfer_same", "transfer_currency", Conflict
    "budget_closed", "budget_short", "idempotency_mismatch".
    """
    check_amount(amount_minor)
    with transaction.atomic():
        budgets = lock_budgets([source_id, target_id])
        source, target = budgets[source_id], budgets[target_id]
        _check_pair(source, target)
        check_open(source)
        legs = (*_out(source, amount_minor), *_into(target, amount_minor))
        key = f"transfer:{source_id}:{idempotency_key}"
        _post(
            EntryDraft(key, "budget_transfer", legs, now, f"budget:{source_id}", memo=_memo(actor, target)), source, now
        )
    return get_budget(source_id)


def close_budget(
    *, budget_id: int, target_id: int | None, idempotency_key: str, actor: int | None, now: datetime
) -> BudgetView:
    """Promise nothing more, and take out what is available, to another budget where one is named. What is reserved is still paid.

    What comes back later can be taken out in the same way. Writes Budget, ledger, audit. Idempotent: closing again takes out
    what has come back since. Raises NotFound, Invalid "transfer_same", "transfer_currency", Conflict "budget_closed" (the other one).
    """
    with transaction.atomic():
        budgets = lock_budgets([budget_id, *([target_id] if target_id else [])])
        source, target = seize_budget(budget_id), budgets[target_id] if target_id else None
        if target is not None:
            _check_pair(source, target)
        left = get_budget(budget_id).available
        if left:
            legs = (*_out(source, left), *(_into(target, left) if target else ()))
            key = f"close:{budget_id}:{idempotency_key}"
            _post(
                EntryDraft(key, "budget_close", legs, now, f"budget:{budget_id}", memo=_memo(actor, target)),
                source,
                now,
            )
        Budget.objects.filter(pk=budget_id, closed_at__isnull=True).update(closed_at=now)
        details = {"taken_out": left, "to": target_id}
        audit.record_audit(
            actor_id=actor, action="budget_close", subject=f"budget:{budget_id}", details=details, now=now
        )
    return get_budget(budget_id)


def reopen_budget(*, budget_id: int, reason: str, actor: int | None, now: datetime) -> BudgetView:
    """Let a closed budget promise again what happens from now on. What happened while it was closed stays refused, also when it is
    told only now. Money that was taken out does not come back by itself.

    Writes Budget, audit. Idempotent: an open budget stays as it is. Raises NotFound, Invalid "reopen_reason".
    """
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON:
        raise Invalid(
            "reopen_reason", _("Say why it is opened again, in at most %(most)s characters."), most=MOST_REASON
        )
    with transaction.atomic():
        seize_budget(budget_id)
        row = Budget.objects.get(pk=budget_id)
        if row.closed_at is not None:
            closed = {"from": row.closed_at.isoformat(), "until": now.isoformat(), "reason": reason, "actor": actor}
            Budget.objects.filter(pk=budget_id).update(closed_at=None, closures=[*row.closures, closed])
            audit.record_audit(
                actor_id=actor, action="budget_reopen", subject=f"budget:{budget_id}", reason=reason, now=now
            )
    return get_budget(budget_id)


def _check_pair(source: BudgetAccounts, target: BudgetAccounts) -> None:
    if source.budget_id == target.budget_id:
        raise Invalid("transfer_same", _("Choose another budget than the one that the money comes from."))
    if source.currency != target.currency:
        raise Invalid("transfer_currency", _("Both budgets have to be in the same currency."))
    check_open(target)


def _out(accounts: BudgetAccounts, amount: int) -> tuple[Leg, ...]:
    return move(accounts.available_pool.part(0), accounts.world, amount)


def _into(accounts: BudgetAccounts, amount: int) -> tuple[Leg, ...]:
    return move(accounts.world, accounts.available_pool.part(0), amount)


def _memo(actor: int | None, target: BudgetAccounts | None) -> dict[str, int | None]:
    return {"actor": actor, "to": target.budget_id if target else None}


def _post(entry: EntryDraft, source: BudgetAccounts, now: datetime) -> None:
    try:
        post_all([entry], {source.budget_id: source}, now)
    except InsufficientFunds:
        raise Conflict(
            "budget_short", _("The budget does not have so much available. Nothing was moved; choose a smaller amount.")
        ) from None
