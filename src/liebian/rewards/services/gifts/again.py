"""Sending a gift again that was lost or came back: another piece, another shipment, its cost once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import F

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.ledger.types import EntryDraft, InsufficientFunds, Leg, move
from liebian.rewards.models import Parcel, Reward
from liebian.rewards.rules import BudgetAccounts
from liebian.rewards.services.kinds.gifts import accounts_of
from liebian.rewards.services.life import post_all
from liebian.rewards.services.limits import redraw_legs


def send_again(
    *, rewards: Sequence[Reward], budgets: Mapping[int, BudgetAccounts], reason: str, actor: int, now: datetime
) -> None:
    """The budget pays what it costs, a piece leaves the stock, and each has a new shipment to the last address that is known.

    What came back had given its place in the limits away and takes it again. All of them or none. Part of a transaction that has
    locked the budgets and moves the rewards on. Writes Parcel, Reward (attempt), ledger. Raises Conflict "resend_short".
    """
    drafts = [_draft(row, budgets[row.budget_id], reason, actor, now) for row in rewards]
    try:
        post_all(drafts, budgets, now)
    except InsufficientFunds:
        raise Conflict(
            "resend_short",
            _("The budget or the stock does not carry it. Nothing was changed; put money in or count pieces in first."),
        ) from None
    ids = [row.pk for row in rewards]
    addresses = dict(Parcel.objects.filter(reward__in=ids).order_by("id").values_list("reward_id", "address"))
    Reward.objects.filter(pk__in=ids).update(attempt=F("attempt") + 1)
    Parcel.objects.bulk_create(
        Parcel(
            reward=row,
            offer=row.offer,
            customer_id=row.customer_id,
            state="to_pack",
            address=addresses.get(row.pk),
            created_at=now,
        )
        for row in rewards
    )


def _draft(row: Reward, accounts: BudgetAccounts, reason: str, actor: int, now: datetime) -> EntryDraft:
    minor, units = row.cost_minor - row.clawed_minor, accounts_of(row)
    legs: tuple[Leg, ...] = move(accounts.available(row.qualification), accounts.payable(row.customer_id), minor)
    legs += move(units.left, units.packing, 1)
    if row.state == "returned":
        legs += redraw_legs(row, minor)
    memo = {"reward": row.pk, "programme": row.programme_id, "role": row.role, "reason": reason, "actor": actor}
    return EntryDraft(f"gift_again:{row.pk}:{row.attempt + 1}", "gift_again", legs, now, row.qualification, memo=memo)
