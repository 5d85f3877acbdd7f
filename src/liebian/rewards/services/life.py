"""What all reward services share: locking budgets, moving rewards from state to state with a trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import Budget, Reward, RewardChange
from liebian.rewards.rules import BudgetAccounts, check_transition

_MOVE = """
UPDATE rewards_reward
SET state = %s, reason = %s, clawed_amount = %s, clawed_minor = %s, owed_minor = %s, is_on_hold = %s, is_by_hand = %s, changed_at = %s
WHERE id = %s AND state = %s AND clawed_amount = %s
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One reward's next state. `amount` and `minor` go to its history; what was clawed or is owed is added to its sums.

    `at` is the step's own time, where steps of different times are taken together. `by_hand` says that a person, a provider or a
    checkout took it, `actor` who; `on_hold` is whether it waits for somebody to let it go.
    """

    reward: Reward
    to_state: str
    reason: str = ""
    amount: int = 0
    minor: int = 0
    clawed_amount: int = 0
    clawed_minor: int = 0
    owed_minor: int = 0
    at: datetime | None = None
    by_hand: bool = False
    on_hold: bool = False
    actor: int | None = None
    note: str = ""


def lock_budgets(budget_ids: Iterable[int]) -> dict[int, BudgetAccounts]:
    """Locks the budgets in the order of their ids: everything that happens to one budget's rewards is one after another."""
    wanted = sorted(set(budget_ids))
    rows = Budget.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    found = {row.pk: BudgetAccounts(row.pk, row.currency, row.name) for row in rows}
    for budget_id in wanted:
        if budget_id not in found:
            raise NotFound("budget_not_found", _("There is no budget #%(number)s."), number=budget_id)
    return found


def move_rewards(steps: Sequence[Step], *, at: datetime) -> None:
    """Take every step or none: each row must still be in the state it was read in. Writes Reward and RewardChange."""
    if not steps:
        return
    rows = []
    for step in steps:
        old = step.reward
        check_transition(old.state, step.to_state)
        clawed = (old.clawed_amount + step.clawed_amount, old.clawed_minor + step.clawed_minor)
        owed = old.owed_minor + step.owed_minor
        moved_at = connection.ops.adapt_datetimefield_value(step.at or at)
        hand = (step.on_hold, step.by_hand or old.is_by_hand)
        rows.append((step.to_state, step.reason, *clawed, owed, *hand, moved_at, old.pk, old.state, old.clawed_amount))
    with connection.cursor() as cursor:
        cursor.executemany(_MOVE, rows)
        if cursor.rowcount != len(rows):
            raise Conflict(
                "reward_changed", _("A reward was changed by somebody else meanwhile. Nothing was moved; try again.")
            )
    RewardChange.objects.bulk_create(
        RewardChange(
            reward=step.reward,
            from_state=step.reward.state,
            to_state=step.to_state,
            reason=step.reason,
            amount=step.amount,
            minor=step.minor,
            actor=step.actor,
            note=step.note,
            at=step.at or at,
        )
        for step in steps
    )
