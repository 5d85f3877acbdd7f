"""Releasing: when a new day begins, rewards whose hold is over are issued."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from liebian.core.ids import code_from
from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, Leg, move
from liebian.rewards.models import Coupon, Reward
from liebian.rewards.queries import list_rewards
from liebian.rewards.rules import (
    BudgetAccounts,
    coupon_account,
    coupon_world,
    expires_on,
    points_account,
    points_world,
)
from liebian.rewards.services.life import Step, lock_budgets, move_rewards
from liebian.rewards.types import RewardView

CODE_LENGTH = 10


def release_due(*, day: date, now: datetime, limit: int = 500) -> list[RewardView]:
    """Issue held rewards whose `hold_until` has come by `day`, at most `limit`; call until it returns nothing.

    Posts reserved → paid_out, and points or a coupon to the customer. Writes Reward, RewardChange, Coupon, ledger.
    Idempotent: an issued reward is no longer held.
    """
    due = Reward.objects.filter(state="held", hold_until__lte=day).order_by("hold_until", "id")
    picked = list(due.values_list("id", "budget_id")[:limit])
    if not picked:
        return []
    with transaction.atomic():
        budgets = lock_budgets(budget_id for _, budget_id in picked)
        ids = [reward_id for reward_id, _ in picked]
        rewards = list(Reward.objects.filter(pk__in=ids, state="held").select_related("offer").order_by("id"))
        post_many(entries=[_draft(row, budgets[row.budget_id], now) for row in rewards], now=now)
        Coupon.objects.bulk_create(_make_coupon(row, day, now) for row in rewards if row.offer.kind == "coupon")
        move_rewards([_step(row) for row in rewards], at=now)
    return list_rewards(ids=[row.pk for row in rewards])[::-1]


def _draft(row: Reward, accounts: BudgetAccounts, now: datetime) -> EntryDraft:
    return EntryDraft(
        key=f"release:{row.pk}",
        kind="release",
        legs=(*move(accounts.reserved, accounts.paid_out, row.cost_minor - row.clawed_minor), *_units(row)),
        effective_at=now,
        subject=row.qualification,
        memo={"reward": row.pk, "programme": row.programme_id, "role": row.role},
    )


def _units(row: Reward) -> tuple[Leg, ...]:
    if row.offer.kind == "points":
        return move(points_world(), points_account(row.customer_id), row.amount - row.clawed_amount)
    name = row.offer.name
    return move(coupon_world(row.offer_id, name), coupon_account(row.offer_id, name, row.customer_id), 1)


def _make_coupon(row: Reward, day: date, now: datetime) -> Coupon:
    return Coupon(
        code=code_from("coupon", row.qualification, row.rule, row.role, length=CODE_LENGTH),
        reward=row,
        offer=row.offer,
        customer_id=row.customer_id,
        state="issued",
        issued_at=now,
        expires_on=expires_on(day, row.offer.valid_days),
        changed_at=now,
    )


def _step(row: Reward) -> Step:
    return Step(
        row, "issued", reason=row.reason, amount=row.amount - row.clawed_amount, minor=row.cost_minor - row.clawed_minor
    )
