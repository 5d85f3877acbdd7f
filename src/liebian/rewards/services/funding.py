"""Money that a person puts into a budget: at once and kept, or agreed by a second person. Who may do it is decided at the edge."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.rewards.models import FundingProposal, Review
from liebian.rewards.queries import get_budget
from liebian.rewards.queries.alone import why_funding_waits
from liebian.rewards.queries.reviews import get_review
from liebian.rewards.services.budgets import check_amount, fund_budget
from liebian.rewards.services.review_steps import close_review, let_wait, line_up, rehearse
from liebian.rewards.types import BudgetView, ReviewView


def propose_funding(*, budget_id: int, amount_minor: int, key: str, actor: int, now: datetime) -> ReviewView:
    """Put money into a budget; where the policy asks for it, only once a second person has agreed.

    What one person did alone with money within a day counts with it, and what was put into this budget alone. What would be refused is
    refused now, also where it would wait. Writes Review, FundingProposal, what `fund_budget` does, audit. Idempotent by `key`. Raises as
    `fund_budget`, Conflict "idempotency_mismatch".
    """
    check_amount(amount_minor)
    with transaction.atomic():
        line_up()
        budget = get_budget(budget_id)
        review, is_new = Review.objects.get_or_create(
            idempotency_key=key,
            defaults={"act": "fund", "state": "waiting", "n_rewards": 0, "proposed_by": actor, "proposed_at": now},
        )
        if not is_new:
            _check_same(review, budget_id, amount_minor)
            return get_review(review.pk)
        FundingProposal.objects.create(review=review, budget_id=budget_id, amount_minor=amount_minor)
        why = why_funding_waits(
            budget_id=budget_id, currency=budget.currency, amount_minor=amount_minor, actor=actor, at=now
        )
        if why:
            rehearse(lambda: carry_out_funding(review, now))
            let_wait(review, why, now)
        else:
            carry_out_funding(review, now)
            close_review(review, "done", actor, "", now)
    return get_review(review.pk)


def carry_out_funding(review: Review, now: datetime) -> BudgetView:
    """Put the money in, as whoever proposed it. Writes as `fund_budget`. Idempotent by the review. Raises Conflict "budget_closed"."""
    asked = FundingProposal.objects.get(review=review)
    return fund_budget(
        budget_id=asked.budget_id,
        amount_minor=asked.amount_minor,
        idempotency_key=review.idempotency_key,
        actor=review.proposed_by,
        now=now,
    )


def _check_same(review: Review, budget_id: int, amount_minor: int) -> None:
    known = FundingProposal.objects.filter(review=review).values_list("budget_id", "amount_minor").first()
    if known != (budget_id, amount_minor):
        raise Conflict(
            "idempotency_mismatch",
            _("This was already sent once with other figures. Nothing was moved; open the page again and start over."),
        )
