"""Money that a person puts into a budget, moves to another one or takes out by closing it: at once and kept, or agreed by a second person.

Who may do it is decided at the edge. Does not own what the acts do to the ledger (`budgets`, `budget_moves`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.rewards.models import BudgetProposal, Review
from liebian.rewards.queries import get_budget
from liebian.rewards.queries.alone import why_budget_act_waits
from liebian.rewards.queries.reviews import get_review
from liebian.rewards.services.budget_moves import close_budget, transfer_budget
from liebian.rewards.services.budgets import check_amount, fund_budget
from liebian.rewards.services.life import lock_budgets, seize_budget
from liebian.rewards.services.review_steps import close_review, let_wait, line_up, rehearse
from liebian.rewards.types import BudgetAct, ReviewView


@dataclass(frozen=True, slots=True)
class _Asked:
    """Without an amount: whatever is available when it is carried out."""

    act: BudgetAct
    budget_id: int
    target_id: int | None = None
    amount_minor: int | None = None


def propose_funding(*, budget_id: int, amount_minor: int, key: str, actor: int, now: datetime) -> ReviewView:
    """Put money into a budget. Writes, waits and raises as `_propose`, writes and raises as `fund_budget`."""
    check_amount(amount_minor)
    return _propose(_Asked("fund", budget_id, amount_minor=amount_minor), key, actor, now)


def propose_budget_transfer(
    *, source_id: int, target_id: int, amount_minor: int, key: str, actor: int, now: datetime
) -> ReviewView:
    """Move money from one budget to another. Writes, waits and raises as `_propose`, writes and raises as `transfer_budget`."""
    check_amount(amount_minor)
    return _propose(_Asked("budget_move", source_id, target_id, amount_minor), key, actor, now)


def propose_budget_close(*, budget_id: int, target_id: int | None, key: str, actor: int, now: datetime) -> ReviewView:
    """Close a budget and take out what it has available. Writes, waits and raises as `_propose`, writes and raises as `close_budget`."""
    return _propose(_Asked("budget_close", budget_id, target_id), key, actor, now)


def carry_out_budget_act(review: Review, now: datetime) -> None:
    """Do it as whoever proposed it. Writes as the act itself. Idempotent by the review. Raises Conflict "budget_closed", Conflict
    "budget_short"."""
    _ACTS[review.act](BudgetProposal.objects.get(review=review), now)  # type: ignore[index]


def _propose(asked: _Asked, key: str, actor: int, now: datetime) -> ReviewView:
    """Where the policy asks for it, nothing moves until a second person has agreed.

    What one person did alone with money within a day counts with it, and what was put alone into, or taken out of, the budgets.
    What would be refused is refused now, also where it would wait. Writes Review, BudgetProposal, audit. Idempotent by `key`. Raises
    NotFound, Conflict "idempotency_mismatch".
    """
    with transaction.atomic():
        line_up()
        involved = [each for each in (asked.budget_id, asked.target_id) if each is not None]
        lock_budgets(involved)
        review, is_new = Review.objects.get_or_create(
            idempotency_key=key,
            defaults={"act": asked.act, "state": "waiting", "n_rewards": 0, "proposed_by": actor, "proposed_at": now},
        )
        if not is_new:
            _check_same(review, asked)
            return get_review(review.pk)
        amount = _available(asked.budget_id) if asked.amount_minor is None else asked.amount_minor
        BudgetProposal.objects.create(
            review=review, budget_id=asked.budget_id, target_id=asked.target_id, amount_minor=amount
        )
        currency = get_budget(asked.budget_id).currency
        why = why_budget_act_waits(budget_ids=involved, currency=currency, amount_minor=amount, actor=actor, at=now)
        if why:
            rehearse(lambda: carry_out_budget_act(review, now))
            let_wait(review, why, now)
        else:
            carry_out_budget_act(review, now)
            close_review(review, "done", actor, "", now)
    return get_review(review.pk)


def _fund(asked: BudgetProposal, now: datetime) -> None:
    fund_budget(
        budget_id=asked.budget_id,
        amount_minor=asked.amount_minor,
        idempotency_key=asked.review.idempotency_key,
        actor=asked.review.proposed_by,
        now=now,
    )


def _move(asked: BudgetProposal, now: datetime) -> None:
    transfer_budget(
        source_id=asked.budget_id,
        target_id=asked.target_id or 0,
        amount_minor=asked.amount_minor,
        idempotency_key=asked.review.idempotency_key,
        actor=asked.review.proposed_by,
        now=now,
    )


def _close(asked: BudgetProposal, now: datetime) -> None:
    """What is kept is what was taken out in the end."""
    lock_budgets([each for each in (asked.budget_id, asked.target_id) if each is not None])
    asked.amount_minor = _available(asked.budget_id)
    asked.save(update_fields=["amount_minor"])
    close_budget(
        budget_id=asked.budget_id,
        target_id=asked.target_id,
        idempotency_key=asked.review.idempotency_key,
        actor=asked.review.proposed_by,
        now=now,
    )


_ACTS: Mapping[BudgetAct, Callable[[BudgetProposal, datetime], None]] = {
    "fund": _fund,
    "budget_move": _move,
    "budget_close": _close,
}


BUDGET_ACTS = frozenset(_ACTS)


def _available(budget_id: int) -> int:
    seize_budget(budget_id)
    return get_budget(budget_id).available


def _check_same(review: Review, asked: _Asked) -> None:
    known = BudgetProposal.objects.filter(review=review).first()
    same = known is not None and (review.act, known.budget_id, known.target_id) == (
        asked.act,
        asked.budget_id,
        asked.target_id,
    )
    if not (known and same and asked.amount_minor in (None, known.amount_minor)):
        raise Conflict(
            "idempotency_mismatch",
            _("This was already sent once with other figures. Nothing was moved; open the page again and start over."),
        )
