"""Acts of people on points: done alone and kept, or waiting for a second person. Owns the proposal; `points_reviews` carries it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.rewards.models import PointsProposal, Review
from liebian.rewards.queries.alone import why_points_wait
from liebian.rewards.services.review_steps import close_review, let_wait, line_up, rehearse
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

    @property
    def customer_ids(self) -> set[int]:
        receiver = self.details.get("receiver")
        return {self.customer_id} if receiver is None else {self.customer_id, receiver}


def check_not_erased(act: str, customer_ids: Iterable[int]) -> None:
    """What an erased customer has stays as it is; only what was missing can be forgiven. Raises Conflict "customer_erased"."""
    if act != "forgive" and customers.list_erased(customers.find_selves(list(customer_ids))):
        raise Conflict(
            "customer_erased",
            _("This customer was erased, so nobody gets or loses points here any more. Nothing was moved."),
        )


def take_or_ask(asked: Proposal, act: Callable[[Review], PointsOutcome], now: datetime) -> PointsOutcome:
    """Act at once, or let it wait for a second person where the policy asks for one, counting what went through alone within a day.

    What would be refused is refused now, also where it would wait: nobody is asked to agree to what cannot be done. Writes Review,
    PointsProposal, what the act writes, audit; nothing where it is refused. Idempotent by the key. Raises Conflict
    "idempotency_mismatch", "customer_erased" and what the act raises.
    """
    try:
        with transaction.atomic():
            line_up()
            review, is_new = _open_review(asked, now)
            if not is_new:
                return act(review) if review.state == "done" else _waiting(asked, review, repeated=True)
            check_not_erased(asked.act, asked.customer_ids)
            why = why_points_wait(
                amount=asked.amount, customer_ids=asked.customer_ids, actor=asked.actor, at=review.proposed_at
            )
            outcome = rehearse(lambda: act(review)) if why else act(review)
            if not outcome.accepted:
                raise _Refused(outcome)
            if why:
                let_wait(review, why, now)
                return _waiting(asked, review)
            close_review(review, "done", asked.actor, "", now)
            return outcome
    except _Refused as refused:
        return refused.outcome


class _Refused(Exception):
    def __init__(self, outcome: PointsOutcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def _waiting(asked: Proposal, review: Review, *, repeated: bool = False) -> PointsOutcome:
    return PointsOutcome(asked.key, 0, repeated=repeated, review_id=review.pk)


def _open_review(asked: Proposal, now: datetime) -> tuple[Review, bool]:
    """The review of this key, and whether it is new."""
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
