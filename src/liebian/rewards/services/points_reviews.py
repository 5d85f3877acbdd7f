"""Points that people give, take or pass on, agreed by a second person; corrections also alone. Who may do it is decided at the edge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.rewards.models import PointsProposal, Review
from liebian.rewards.queries.reviews import get_review
from liebian.rewards.rules import check_adjustment, check_amount, check_asset
from liebian.rewards.services.points import by_hand
from liebian.rewards.services.points.moving import adjust_points
from liebian.rewards.services.points.proposals import Proposal, check_not_erased, take_or_ask
from liebian.rewards.types import PointsAdjustment, PointsOutcome, ReviewView


def propose_adjustment(
    *, customer_id: int, amount: int, asset: str, reason: str, note: str, key: str, actor: int, now: datetime
) -> ReviewView:
    """Give points (above zero) or take some; where the policy asks for it, only once a second person has agreed.

    Writes as `take_or_ask` and `adjust_points`. Idempotent by `key`. Raises Invalid "review_reason", "points_note",
    "points_amount", Conflict "points_short" (nothing is written then), "idempotency_mismatch".
    """
    check_amount(abs(amount), key)
    check_asset(asset)
    check_adjustment(reason, note)
    asked = Proposal("adjust", customer_id, asset, amount, note, key, actor, reason)
    with transaction.atomic():
        outcome = take_or_ask(asked, lambda review: _adjust(review, review.points, now), now)
        _check_done(outcome)
        return get_review(Review.objects.get(idempotency_key=key).pk)


def carry_out_proposal(review: Review, now: datetime) -> None:
    """Move the points, as whoever proposed it. Writes as the act does. Idempotent by the review.

    Raises Conflict "points_short", "points_stay", "customer_erased".
    """
    asked = PointsProposal.objects.get(review=review)
    receiver = asked.details.get("receiver", asked.customer_id)
    check_not_erased(review.act, {asked.customer_id, receiver})
    _check_done(_ACTS[review.act](review, asked, now))


def _check_done(outcome: PointsOutcome) -> None:
    if outcome.reason == "points_short":
        raise Conflict("points_short", _("The customer has fewer points than that. Nothing was moved."))
    if not outcome.accepted:
        raise Conflict("points_stay", _("The terms or what the customer owes no longer allow it. Nothing was moved."))


def _adjust(review: Review, asked: PointsProposal, now: datetime) -> PointsOutcome:
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
    return adjust_points(adjustments=[adjustment], now=now)[0]


_ACTS: dict[str, Callable[[Review, PointsProposal, datetime], PointsOutcome]] = {
    "adjust": _adjust,
    "transfer": by_hand.carry_out_transfer,
    "take_back": by_hand.carry_out_taking,
    "owe": by_hand.carry_out_shortage,
    "forgive": by_hand.carry_out_shortage,
}
