"""Rewards that wait for people have an end: what nobody decides about is not paid, what nobody claims goes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from liebian.access.services import audit
from liebian.rewards.models import DeadlineRow, Parcel, Reward
from liebian.rewards.queries.deadlines import get_deadlines
from liebian.rewards.rules import check_deadlines
from liebian.rewards.services.issuing import return_unissued
from liebian.rewards.services.kinds.gifts import unpack
from liebian.rewards.services.life import Step, lock_budgets, move_rewards, post_all
from liebian.rewards.services.stock import EMPTY, draft_end
from liebian.rewards.types import NOT_DECIDED, PACKING, Deadlines

NOT_CLAIMED = "not_claimed"
_UNDECIDED = Q(state="pending") | Q(state="held", is_on_hold=True) & ~Q(reason=EMPTY)


def set_deadlines(*, deadlines: Deadlines, actor: int, now: datetime) -> None:
    """Say how long a reward waits for people. Writes DeadlineRow, audit. Idempotent. Raises Invalid "deadline"."""
    check_deadlines(deadlines)
    said = {"decide_days": deadlines.decide_days, "claim_days": deadlines.claim_days}
    with transaction.atomic():
        DeadlineRow.objects.update_or_create(pk=1, defaults={**said, "changed_at": now})
        audit.record_audit(actor_id=actor, action="reward_deadlines", subject="rewards", details=said, now=now)


def end_undecided(*, now: datetime, limit: int = 200) -> int:
    """End what waited for a person's decision for too long, at most `limit`; call until it returns 0: reserved → the budget, "expired".

    A reward on hold until there is stock again waits for nobody. Writes Reward, RewardChange, ledger. Idempotent.
    """
    days = get_deadlines().decide_days
    if not days:
        return 0
    due = Reward.objects.filter(_UNDECIDED, changed_at__lte=now - timedelta(days=days))
    picked = list(due.order_by("changed_at", "id").values_list("id", "budget_id")[:limit])
    with transaction.atomic():
        budgets = lock_budgets(budget_id for _, budget_id in picked)
        rows = list(due.filter(pk__in=[pk for pk, _ in picked]).select_related("offer").order_by("id"))
        drafts = [
            draft_end(row, budgets[row.budget_id], key="not-decided", reason=NOT_DECIDED, now=now) for row in rows
        ]
        post_all(drafts, budgets, now)
        move_rewards([_step(row) for row in rows], at=now)
    return len(rows)


def return_unclaimed_gifts(*, now: datetime, limit: int = 200) -> int:
    """Take back gifts that waited for an address for too long: payable → the budget, the unit to the stock, "returned".

    Call until it returns 0. Writes Parcel, Reward, RewardChange, ledger. Idempotent.
    """
    days = get_deadlines().claim_days
    if not days:
        return 0
    waiting = Parcel.objects.filter(state__in=PACKING, address__isnull=True, created_at__lte=now - timedelta(days=days))
    picked = list(waiting.order_by("created_at", "id").values_list("reward_id", "reward__budget_id")[:limit])
    with transaction.atomic():
        lock_budgets(budget_id for _, budget_id in picked)
        still = _still(waiting.filter(reward_id__in=[pk for pk, _ in picked]).values_list("reward_id", flat=True))
        return_unissued(reward_ids=[row.pk for row in still], reason=NOT_CLAIMED, at=now, now=now)
        unpack(still, now=now)
    return len(still)


def _still(reward_ids: Iterable[int]) -> list[Reward]:
    rows = Reward.objects.filter(pk__in=list(reward_ids), state="issuing")
    return list(rows.select_related("offer").order_by("id"))


def _step(row: Reward) -> Step:
    left = row.cost_minor - row.clawed_minor
    return Step(row, "expired", NOT_DECIDED, row.amount - row.clawed_amount, left, by_hand=True)
