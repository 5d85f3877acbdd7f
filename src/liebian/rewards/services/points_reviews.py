"""Corrections of a customer's points, alone or agreed by a second person. Who may correct is decided at the edge."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.rewards.models import PointsProposal, Review
from liebian.rewards.queries.reviews import get_review, get_review_policy
from liebian.rewards.rules import check_adjustment, check_amount, check_asset, needs_second_for_points
from liebian.rewards.services.points.moving import adjust_points
from liebian.rewards.services.review_steps import close_review, record_review
from liebian.rewards.types import PointsAdjustment, ReviewView


def propose_adjustment(
    *, customer_id: int, amount: int, asset: str, reason: str, note: str, key: str, actor: int, now: datetime
) -> ReviewView:
    """Give points (above zero) or take some; where the policy asks for it, only once a second person has agreed.

    Writes Review, PointsProposal, what `adjust_points` writes, audit. Idempotent by `key`. Raises Invalid "review_reason", "points_note",
    "points_amount", Conflict "points_short" (nothing is written then), "idempotency_mismatch".
    """
    check_amount(abs(amount), key)
    check_asset(asset)
    check_adjustment(reason, note)
    with transaction.atomic():
        review, is_new = Review.objects.get_or_create(
            idempotency_key=key,
            defaults={
                "act": "adjust",
                "reason": reason,
                "note": note,
                "state": "waiting",
                "n_rewards": 0,
                "proposed_by": actor,
                "proposed_at": now,
            },
        )
        if not is_new:
            _check_same(review, reason, (customer_id, asset, amount))
            return get_review(review.pk)
        PointsProposal.objects.create(review=review, customer_id=customer_id, asset=asset, amount=amount)
        if needs_second_for_points(get_review_policy(), amount):
            record_review(review, "propose", actor, now)
        else:
            carry_out_proposal(review, now)
            close_review(review, "done", actor, "", now)
    return get_review(review.pk)


def carry_out_proposal(review: Review, now: datetime) -> None:
    """Move the points, as whoever proposed it. Writes as `adjust_points`. Idempotent by the review. Raises Conflict "points_short"."""
    asked = PointsProposal.objects.get(review=review)
    adjustment = PointsAdjustment(
        key=f"review:{review.pk}",
        customer_id=asked.customer_id,
        amount=asked.amount,
        at=now,
        note=review.note,
        actor=review.proposed_by,
        asset=asked.asset,
        reason=review.reason,
    )
    [outcome] = adjust_points(adjustments=[adjustment], now=now)
    if not outcome.accepted:
        raise Conflict("points_short", _("The customer has fewer points than that. Nothing was moved."))


def _check_same(review: Review, reason: str, wanted: tuple[int, str, int]) -> None:
    asked = PointsProposal.objects.filter(review=review).values_list("customer_id", "asset", "amount").first()
    if (asked, review.reason) != (wanted, reason):
        raise Conflict(
            "idempotency_mismatch",
            _("This was already sent once with other figures. Nothing was moved; open the page again and start over."),
        )
