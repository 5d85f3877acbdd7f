"""What every review goes through, whatever it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from liebian.access.services import audit
from liebian.customers.services import leave_out_words
from liebian.rewards.models import BudgetProposal, PointsProposal, Review, ReviewPolicy
from liebian.rewards.types import WhySecond

Outcome = TypeVar("Outcome")
MOST_NAMED = 50


class _Rehearsed(Exception):
    """Raised out of a savepoint, so that nothing is left of what was only tried."""


def rehearse(act: Callable[[], Outcome]) -> Outcome:
    """What the act would answer, or raise, now; nothing of it stays."""
    try:
        with transaction.atomic():
            outcome = act()
            raise _Rehearsed
    except _Rehearsed:
        return outcome


def line_up() -> None:
    """Acts whose sums count come one after another until the end of the transaction, so that no two read the same sum."""
    ReviewPolicy.objects.select_for_update().filter(mode="from").first()


def let_wait(review: Review, why: WhySecond, now: datetime) -> None:
    review.why_second = why
    review.save(update_fields=["why_second"])
    record_review(review, "propose", review.proposed_by, now)


def close_review(review: Review, state: str, actor: int, note: str, now: datetime) -> None:
    review.state, review.decided_by, review.decided_at, review.decision_note = state, actor, now, note
    review.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    record_review(review, state, actor, now)


def record_review(review: Review, action: str, actor: int, now: datetime) -> None:
    audit.record_audit(
        actor_id=actor,
        action=f"reward_review_{action}",
        subject=f"review:{review.pk}",
        reason=leave_out_words(review.note, customer_ids=_about(review)),
        details={"act": review.act, "code": review.reason, **_extent(review)},
        now=now,
    )


def _about(review: Review) -> list[int]:
    """Whom a review is about, as many of them as a note can name."""
    of_points = PointsProposal.objects.filter(review=review).values_list("customer_id", flat=True)
    of_rewards = review.items.order_by("pk").values_list("reward__customer_id", flat=True)[:MOST_NAMED]
    return sorted({*of_points, *of_rewards})


def _extent(review: Review) -> dict[str, Any]:
    asked_of_budget = BudgetProposal.objects.select_related("budget").filter(review=review).first()
    if asked_of_budget is not None:
        return {
            "budget": asked_of_budget.budget_id,
            "minor": asked_of_budget.amount_minor,
            "currency": asked_of_budget.budget.currency,
            "to": asked_of_budget.target_id,
        }
    asked = PointsProposal.objects.filter(review=review).first()
    if asked is None:
        return {"rewards": review.n_rewards}
    return {"customer": asked.customer_id, "asset": asked.asset, "points": asked.amount}
