"""What all reward services share: locking budgets, moving rewards from state to state with a trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from django.db import connection

from liebian.core.arrays import ints_text
from liebian.core.errors import Conflict, NotFound
from liebian.core.prepared import cursor_of
from liebian.core.texts import mark as _
from liebian.ledger.services import post_each_pooled
from liebian.ledger.types import EntryDraft, InsufficientFunds
from liebian.rewards.models import Budget, Reward, RewardChange
from liebian.rewards.rules import BudgetAccounts, check_transition

_BUDGETS = 0x1EB1A  # the class of our advisory locks on budgets
_MOVE = """
UPDATE rewards_reward
SET state = %s, reason = %s, clawed_amount = %s, clawed_minor = %s, owed_minor = %s, is_on_hold = %s, is_by_hand = %s, changed_at = %s
WHERE id = %s AND state = %s AND clawed_amount = %s
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One reward's next state. `amount` and `minor` go to its history; what was clawed or is owed is added to its sums.

    `at` is the step's own time, where steps of different times are taken together. `by_hand` says that a person, a provider, a deadline or a
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
    rows = Budget.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    return _accounts_of(rows, wanted)


def share_budgets(budget_ids: Iterable[int]) -> dict[int, BudgetAccounts]:
    """The budgets, which keep their number of parts until the caller's transaction ends; others may grant at the same time."""
    wanted = sorted(set(budget_ids))
    if connection.vendor == "postgresql":
        with cursor_of(connection) as cursor:
            for budget_id in wanted:
                cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_BUDGETS, budget_id])
    return _accounts_of(Budget.objects.filter(pk__in=wanted), wanted)


def seize_budget(budget_id: int) -> BudgetAccounts:
    """The budget for oneself alone: nobody grants from it, releases or takes back until the caller's transaction ends."""
    accounts = lock_budgets([budget_id])[budget_id]
    if connection.vendor == "postgresql":
        with cursor_of(connection) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_BUDGETS, budget_id])
    return accounts


def claim_causes(causes: Iterable[str]) -> None:
    """Whoever decides the same cause at the same time waits here until the caller's transaction has ended."""
    if connection.vendor != "postgresql":
        return
    numbers = {int.from_bytes(blake2b(each.encode(), digest_size=8).digest(), signed=True) for each in causes}
    with cursor_of(connection) as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(n)) FROM (SELECT n FROM unnest(%s::bigint[]) n ORDER BY n) AS causes",
            [ints_text(sorted(numbers))],
        )


def post_all(drafts: Sequence[EntryDraft], budgets: Mapping[int, BudgetAccounts], now: datetime) -> None:
    """Post every entry or none, drawing from whichever part of a budget has it. Raises as the ledger's `post_many`."""
    pools = [pool for accounts in budgets.values() for pool in accounts.pools]
    for outcome in post_each_pooled(entries=drafts, pools=pools, now=now):
        if isinstance(outcome, InsufficientFunds):
            raise outcome


def attempt_key(kind: str, row: Reward) -> str:
    """The key of an entry that happens once to each time a reward is sent."""
    return f"{kind}:{row.pk}:{row.attempt}" if row.attempt else f"{kind}:{row.pk}"


def accounts_of(row: Budget) -> BudgetAccounts:
    over = tuple((datetime.fromisoformat(each["from"]), datetime.fromisoformat(each["until"])) for each in row.closures)
    return BudgetAccounts(row.pk, row.currency, row.name, row.shards, row.closed_at, over)


def _accounts_of(rows: Iterable[Budget], wanted: Sequence[int]) -> dict[int, BudgetAccounts]:
    found = {row.pk: accounts_of(row) for row in rows}
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
    with cursor_of(connection) as cursor:
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
            kind="taken_back" if step.clawed_amount else "",
            at=step.at or at,
        )
        for step in steps
    )
