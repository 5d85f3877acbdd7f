"""Releasing: when a new day begins, rewards whose hold is over are issued, or given to whoever delivers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from liebian.ledger.types import EntryDraft, Leg, move
from liebian.rewards.models import Reward
from liebian.rewards.queries import list_rewards
from liebian.rewards.rules import BudgetAccounts
from liebian.rewards.services.coupon_pools import take_codes
from liebian.rewards.services.gift_stock import take_gifts, wake_waiting
from liebian.rewards.services.kinds import by_kind, kind_of
from liebian.rewards.services.life import Step, lock_budgets, move_rewards, post_all
from liebian.rewards.types import RewardView

_READY = ("held", "approved")


def release_due(*, day: date, now: datetime, limit: int = 500) -> list[RewardView]:
    """Issue held and approved rewards whose `hold_until` has come by `day`, at most `limit`; call until it returns nothing.

    Posts reserved → paid_out and what the customer gets; where somebody has to deliver it, reserved → payable and the reward is
    "issuing". Rewards that a person put on hold or has yet to approve stay. Writes Reward, RewardChange, what its kind keeps, ledger.
    Idempotent: an issued reward is no longer held. A coupon for which no code is left is put on hold until its pool is filled, a gift of
    which nothing is left until there is some again.
    """
    wake_waiting(now=now)
    due = Reward.objects.filter(state__in=_READY, hold_until__lte=day, is_on_hold=False).order_by("hold_until", "id")
    return release_rewards(reward_ids=due.values_list("id", flat=True)[:limit], day=day, now=now)


def release_rewards(*, reward_ids: Iterable[int], day: date, now: datetime) -> list[RewardView]:
    """As `release_due`, for those of the rewards given that are ready."""
    ready = Reward.objects.filter(state__in=_READY, hold_until__lte=day, is_on_hold=False)
    picked = list(ready.filter(pk__in=list(reward_ids)).values_list("id", "budget_id"))
    if not picked:
        return []
    with transaction.atomic():
        budgets = lock_budgets(budget_id for _, budget_id in picked)
        rows = ready.filter(pk__in=[reward_id for reward_id, _ in picked]).select_related("offer").order_by("id")
        rewards = take_gifts(rewards=take_codes(rewards=list(rows), now=now), now=now)
        post_all([_draft(row, budgets[row.budget_id], now) for row in rewards], budgets, now)
        for kind, part in by_kind(rewards):
            kind.write_issued(part, day=day, now=now)
        move_rewards([_step(row) for row in rewards], at=now)
    return list_rewards(ids=[row.pk for row in rewards])[::-1]


def _draft(row: Reward, accounts: BudgetAccounts, now: datetime) -> EntryDraft:
    return EntryDraft(
        key=f"release:{row.pk}",
        kind="release",
        legs=(*_money(row, accounts), *kind_of(row).issue_legs(row)),
        effective_at=now,
        subject=row.qualification,
        memo={"reward": row.pk, "programme": row.programme_id, "role": row.role},
    )


def _money(row: Reward, accounts: BudgetAccounts) -> Sequence[Leg]:
    target = accounts.payable(row.customer_id) if kind_of(row).delivery else accounts.paid_out
    return move(accounts.reserved(row.qualification), target, row.cost_minor - row.clawed_minor)


def _step(row: Reward) -> Step:
    return Step(
        row,
        "issuing" if kind_of(row).delivery else "issued",
        reason=row.reason,
        amount=row.amount - row.clawed_amount,
        minor=row.cost_minor - row.clawed_minor,
    )
