"""Reads of reviews: what waits for a second person, what was decided, and what an act would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import Review, ReviewPolicy, Reward
from liebian.rewards.rules import NO_POLICY, fits
from liebian.rewards.types import (
    Act,
    PolicyView,
    ProposedBudgetAct,
    ProposedPoints,
    ReviewItemView,
    ReviewPreview,
    ReviewView,
)


def get_review_policy() -> PolicyView:
    row = ReviewPolicy.objects.first()
    return PolicyView(row.mode, row.currency, row.from_minor, row.from_points) if row else NO_POLICY  # type: ignore[arg-type]


def preview_review(act: Act, reward_ids: Sequence[int]) -> ReviewPreview:
    """What the act would do to these rewards as they are now."""
    found = list_fitting(act, reward_ids)
    sums: Counter[str] = Counter()
    for _customer, currency, minor in found:
        sums[currency] += minor
    return ReviewPreview(act, len(found), len(set(reward_ids)) - len(found), dict(sums))


def list_fitting(act: Act, reward_ids: Sequence[int]) -> list[tuple[int, str, int]]:
    """Customer, currency and money of each reward that the act fits."""
    rows = Reward.objects.filter(pk__in=reward_ids).values_list(
        "state", "is_on_hold", "reason", "cost_minor", "clawed_minor", "offer__currency", "claw_target", "clawed_amount", "customer_id"
    )  # fmt: skip
    return [
        (customer, currency, cost - clawed)
        for state, is_on_hold, reason, cost, clawed, currency, target, units, customer in rows
        if fits(act, state, is_on_hold=is_on_hold, reason=reason, is_refunded=target > units)
    ]


def _read() -> QuerySet[Review]:
    return Review.objects.select_related("points", "budget_act__budget", "budget_act__target")


def get_review(review_id: int) -> ReviewView:
    row = _read().filter(pk=review_id).first()
    if row is None:
        raise NotFound("review_not_found", _("There is no review #%(number)s."), number=review_id)
    items = row.items.order_by("id").values_list("reward_id", "outcome")
    return view_review(row, tuple(ReviewItemView(*item) for item in items))


def list_reviews(*, state: str = "", before: int | None = None, limit: int = 50) -> list[ReviewView]:
    """Newest first, without their items."""
    rows = _read().order_by("-id")
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [view_review(row, ()) for row in rows[:limit]]


def list_reviews_of(reward_id: int) -> list[ReviewView]:
    rows = _read().filter(items__reward_id=reward_id)
    return [view_review(row, ()) for row in rows.order_by("id")]


def list_waiting_corrections(customer_id: int, asset: str) -> list[ReviewView]:
    """What waits for a second person and is about a customer's points."""
    rows = _read().filter(points__customer_id=customer_id, points__asset=asset)
    return [view_review(row, ()) for row in rows.filter(state="waiting").order_by("id")]


def list_waiting_budget_acts(budget_id: int) -> list[ReviewView]:
    """What waits for a second person and would go into this budget, or out of it."""
    of_budget = Q(budget_act__budget_id=budget_id) | Q(budget_act__target_id=budget_id)
    rows = _read().filter(of_budget, state="waiting")
    return [view_review(row, ()) for row in rows.order_by("id")]


def count_waiting_reviews() -> int:
    return Review.objects.filter(state="waiting").count()


def view_review(row: Review, items: tuple[ReviewItemView, ...]) -> ReviewView:
    return ReviewView(
        id=row.pk,
        act=row.act,  # type: ignore[arg-type]
        reason=row.reason,
        note=row.note,
        state=row.state,  # type: ignore[arg-type]
        n_rewards=row.n_rewards,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_note=row.decision_note,
        items=items,
        points=_proposed(row),
        why_second=row.why_second,  # type: ignore[arg-type]
        budget_act=_budget_act(row),
    )


def _proposed(row: Review) -> ProposedPoints | None:
    asked = getattr(row, "points", None)
    if asked is None:
        return None
    return ProposedPoints(asked.customer_id, asked.asset, asked.amount, asked.details.get("receiver"))


def _budget_act(row: Review) -> ProposedBudgetAct | None:
    asked = getattr(row, "budget_act", None)
    if asked is None:
        return None
    budget, target = asked.budget, asked.target
    return ProposedBudgetAct(
        budget.pk, budget.name, budget.currency, asked.amount_minor, asked.target_id, target.name if target else ""
    )
