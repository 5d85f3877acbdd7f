"""Acts on points that wait for a second person. Owns the proposal; `points_reviews` carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.rewards.models import PointsProposal, Review
from liebian.rewards.queries.reviews import get_review_policy
from liebian.rewards.rules import needs_second_for_points
from liebian.rewards.services.review_steps import record_review
from liebian.rewards.types import PointsAct, PointsOutcome


@dataclass(frozen=True, slots=True)
class Proposal:
    """Above zero the customer gets points or is let off, below it they lose some. `details` is what the act needs besides."""

    act: PointsAct
    customer_id: int
    asset: str
    amount: int
    note: str
    key: str
    actor: int
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def needs_second(amount: int) -> bool:
    return needs_second_for_points(get_review_policy(), amount)


def open_review(asked: Proposal, now: datetime) -> tuple[Review, bool]:
    """The review of this key, and whether it is new; nobody has been asked yet. Writes Review, PointsProposal.

    The caller owns the transaction. Raises Conflict "idempotency_mismatch".
    """
    review, is_new = Review.objects.get_or_create(
        idempotency_key=asked.key,
        defaults={
            "act": asked.act,
            "reason": asked.reason,
            "note": asked.note,
            "state": "waiting",
            "n_rewards": 0,
            "proposed_by": asked.actor,
            "proposed_at": now,
        },
    )
    if is_new:
        PointsProposal.objects.create(
            review=review,
            customer_id=asked.customer_id,
            asset=asked.asset,
            amount=asked.amount,
            details=dict(asked.details),
        )
    else:
        _check_same(review, asked)
    return review, is_new


def ask_second(asked: Proposal, now: datetime) -> PointsOutcome | None:
    """Let it wait for a second person where the policy asks for one; None where it does not and the key is new.

    Writes Review, PointsProposal, audit. Idempotent by the key. The caller owns the transaction. Raises Conflict "idempotency_mismatch".
    """
    if not needs_second(asked.amount) and not Review.objects.filter(idempotency_key=asked.key).exists():
        return None
    review, is_new = open_review(asked, now)
    if is_new:
        record_review(review, "propose", asked.actor, now)
    return PointsOutcome(asked.key, 0, repeated=not is_new, review_id=review.pk)


def _check_same(review: Review, asked: Proposal) -> None:
    known = (
        PointsProposal.objects.filter(review=review).values_list("customer_id", "asset", "amount", "details").first()
    )
    wanted = (asked.customer_id, asked.asset, asked.amount, dict(asked.details))
    if (known, review.act, review.reason) != (wanted, asked.act, asked.reason):
        raise Conflict(
            "idempotency_mismatch",
            _("This was already sent once with other figures. Nothing was moved; open the page again and start over."),
        )
