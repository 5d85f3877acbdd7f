"""Delivery: what became of rewards that somebody has to hand over — a transfer, a parcel, a code by message."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db import transaction

from liebian.ledger.types import AccountRef, EntryDraft, Leg, move
from liebian.rewards.models import Reward
from liebian.rewards.queries import list_rewards
from liebian.rewards.rules import BudgetAccounts
from liebian.rewards.services.life import Step, attempt_key, lock_budgets, move_rewards, post_all
from liebian.rewards.services.limits import redraw_legs
from liebian.rewards.services.refunds import take_back_planned
from liebian.rewards.services.stock import unissued_legs
from liebian.rewards.types import PAYABLE, RewardView

Target = Callable[[BudgetAccounts, Reward], AccountRef]


def mark_issued(
    *, reward_ids: Collection[int], at: datetime, now: datetime, actor: int | None = None
) -> list[RewardView]:
    """The customers have them: payable → paid_out, "issued". What was refunded meanwhile is taken back at once.

    Writes Reward, RewardChange, ledger. Idempotent: a reward that is no longer being delivered is left alone.
    """
    with transaction.atomic():
        rows = _deliver(reward_ids, "issued", "", lambda accounts, _row: accounts.paid_out, at, now, actor)
        take_back_planned(reward_ids=[row.pk for row in rows], at=at, now=now)
    return list_rewards(ids=[row.pk for row in rows])[::-1]


def mark_awaiting(
    *, reward_ids: Collection[int], at: datetime, now: datetime, reason: str = "awaiting_recipient", again: bool = False
) -> list[RewardView]:
    """They left, and only others can end it: the recipients by confirming or taking the parcel, a provider by its answer.

    Writes Reward, RewardChange. Idempotent: only "issuing" moves; with `again`, what left already gets the reason, too.
    """
    with transaction.atomic():
        rows = _lock(reward_ids, PAYABLE if again else ("issuing",))[1]
        rows = [row for row in rows if (row.state, row.reason) != ("awaiting_recipient", reason)]
        steps = [Step(row, "awaiting_recipient", reason=reason, at=at, by_hand=True) for row in rows]
        move_rewards(steps, at=now)
    return list_rewards(ids=[row.pk for row in rows])[::-1]


def return_unissued(
    *, reward_ids: Collection[int], reason: str, at: datetime, now: datetime, actor: int | None = None
) -> list[RewardView]:
    """Nobody got them and nobody will: payable → the budget, "returned" with the reason.

    Writes Reward, RewardChange, ledger. Idempotent: a reward that is no longer being delivered is left alone.
    """
    with transaction.atomic():
        rows = _deliver(reward_ids, "returned", reason, _available, at, now, actor)
    return list_rewards(ids=[row.pk for row in rows])[::-1]


def write_off_unissued(
    *, reward_ids: Collection[int], reason: str, at: datetime, now: datetime, actor: int | None = None
) -> list[RewardView]:
    """They left, nobody got them, and what they cost is spent: payable → written off.

    Writes Reward, RewardChange, ledger. Idempotent: only "awaiting_recipient" moves.
    """
    with transaction.atomic():
        left = Reward.objects.filter(pk__in=list(reward_ids), state="awaiting_recipient")
        ids = list(left.values_list("id", flat=True))
        rows = _deliver(ids, "written_off", reason, lambda accounts, _row: accounts.written_off, at, now, actor)
    return list_rewards(ids=[row.pk for row in rows])[::-1]


def call_back(*, reward_ids: Collection[int], reason: str, at: datetime, now: datetime) -> list[RewardView]:
    """Whoever had them did not deliver them, and they can be sent again: "issuing". What was refunded meanwhile is taken back at once.

    Writes Reward, RewardChange, ledger. Idempotent: only "awaiting_recipient" moves.
    """
    with transaction.atomic():
        rows = _lock(reward_ids, ("awaiting_recipient",))[1]
        move_rewards([Step(row, "issuing", reason=reason, at=at, by_hand=True) for row in rows], at=now)
        take_back_planned(reward_ids=[row.pk for row in rows], at=at, now=now)
    return list_rewards(ids=[row.pk for row in rows])[::-1]


def mark_issued_late(*, reward_ids: Collection[int], at: datetime, now: datetime) -> list[RewardView]:
    """They were given up and arrived after all: the budget → paid_out, "issued". What was refunded meanwhile is taken back at once.

    Writes Reward, RewardChange, ledger. Idempotent: only "returned" moves. Raises InsufficientFunds when the budget has given the money to
    others by now: nothing moves then.
    """
    with transaction.atomic():
        budgets, rows = _lock(reward_ids, ("returned",))
        drafts = []
        for row in rows:
            accounts = budgets[row.budget_id]
            minor = row.cost_minor - row.clawed_minor
            legs = move(_available(accounts, row), accounts.paid_out, minor) + redraw_legs(row, minor)
            memo = {"reward": row.pk, "programme": row.programme_id, "role": row.role, "reason": "paid_after_all"}
            drafts.append(EntryDraft(f"issued_late:{row.pk}", "issued_late", legs, at, row.qualification, memo=memo))
        post_all(drafts, budgets, now)
        money = [(row, row.cost_minor - row.clawed_minor) for row in rows]
        steps = [Step(row, "issued", "paid_after_all", _left(row), minor, at=at, by_hand=True) for row, minor in money]
        move_rewards(steps, at=now)
        take_back_planned(reward_ids=[row.pk for row in rows], at=at, now=now)
    return list_rewards(ids=[row.pk for row in rows])[::-1]


def _deliver(
    reward_ids: Collection[int],
    state: str,
    reason: str,
    target: Target,
    at: datetime,
    now: datetime,
    actor: int | None,
) -> list[Reward]:
    budgets, rows = _lock(reward_ids, PAYABLE)
    drafts = []
    for row in rows:
        accounts = budgets[row.budget_id]
        left = row.cost_minor - row.clawed_minor
        legs: tuple[Leg, ...] = move(accounts.payable(row.customer_id), target(accounts, row), left)
        if state == "returned":
            legs += unissued_legs(row, left, whole=True)
        memo = {"reward": row.pk, "programme": row.programme_id, "role": row.role, "reason": reason}
        drafts.append(EntryDraft(attempt_key(state, row), state, legs, at, row.qualification, memo=memo))
    post_all(drafts, budgets, now)
    steps = [
        Step(row, state, reason, _left(row), row.cost_minor - row.clawed_minor, at=at, by_hand=True, actor=actor)
        for row in rows
    ]
    move_rewards(steps, at=now)
    return rows


def _available(accounts: BudgetAccounts, row: Reward) -> AccountRef:
    return accounts.available(row.qualification)


def _left(row: Reward) -> int:
    return row.amount - row.clawed_amount


def _lock(
    reward_ids: Collection[int], states: Sequence[str] | frozenset[str]
) -> tuple[dict[int, BudgetAccounts], list[Reward]]:
    wanted = Reward.objects.filter(pk__in=list(reward_ids), state__in=states)
    budgets = lock_budgets(wanted.values_list("budget_id", flat=True))
    return budgets, list(wanted.select_related("offer").order_by("id"))
