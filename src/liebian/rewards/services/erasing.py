"""Rewards of people who were erased: what nobody got yet ends, and its money returns. What was given stays in the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from liebian.rewards.models import Reward
from liebian.rewards.services.gifts import erase_addresses
from liebian.rewards.services.life import Step, lock_budgets, move_rewards, post_all
from liebian.rewards.services.stock import draft_end
from liebian.rewards.types import RESERVED

ERASED = "deleted_identity"


def end_rewards(*, customer_ids: Sequence[int], actor: int | None, now: datetime) -> int:
    """End what these people wait for and forget where gifts of theirs go.

    What is decided and not issued is "rejected": reserved → the budget. Gifts that have not left return to the stock. Writes Reward,
    RewardChange, Parcel, ledger, audit. Idempotent: what has ended is left alone. Returns how many rewards and addresses there were.
    """
    waiting = Reward.objects.filter(customer_id__in=customer_ids, state__in=RESERVED)
    with transaction.atomic():
        budgets = lock_budgets(waiting.values_list("budget_id", flat=True))
        rows = list(waiting.filter(budget_id__in=budgets).select_related("offer").order_by("id"))
        drafts, steps = [], []
        for row in rows:
            drafts.append(draft_end(row, budgets[row.budget_id], key="erased", reason=ERASED, now=now))
            amount, money = row.amount - row.clawed_amount, row.cost_minor - row.clawed_minor
            steps.append(Step(row, "rejected", ERASED, amount, money, by_hand=True, actor=actor))
        post_all(drafts, budgets, now)
        move_rewards(steps, at=now)
        done = len(rows)
        for customer_id in customer_ids:
            done += erase_addresses(customer_id=customer_id, at=now, now=now, actor=actor)
    return done
