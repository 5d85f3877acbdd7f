"""Parcels on their way: packed, shipped, delivered, lost, or back. Many at once; what does not fit is told, the rest is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from liebian.access.services import record_audit
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger.services import post_many
from liebian.ledger.types import AccountRef, EntryDraft, move
from liebian.rewards.models import Parcel
from liebian.rewards.rules import PARCEL_TO, GiftAccounts, refuse_act
from liebian.rewards.services.issuing import mark_awaiting, mark_issued, return_unissued, write_off_unissued
from liebian.rewards.services.life import attempt_key, lock_budgets
from liebian.rewards.types import MOST_PARCELS, ParcelAct, ParcelOutcome, ShipmentLine

Ends = Callable[[GiftAccounts], tuple[AccountRef, AccountRef]]
_UNITS: dict[ParcelAct, tuple[str, Ends]] = {
    "ship": ("gift_shipped", lambda gift: (gift.packing, gift.shipped)),
    "deliver": ("gift_delivered", lambda gift: (gift.shipped, gift.given)),
    "lose": ("gift_lost", lambda gift: (gift.shipped, gift.lost)),
    "return": ("gift_returned", lambda gift: (gift.shipped, gift.left)),
}


@dataclass(frozen=True, slots=True)
class _Acting:
    act: ParcelAct
    reward_ids: Sequence[int]
    actor: int
    at: datetime
    now: datetime


def move_parcels(
    *, act: ParcelAct, lines: Sequence[ShipmentLine], actor: int, at: datetime, now: datetime
) -> list[ParcelOutcome]:
    """Say what became of parcels; answers one outcome per line, in order, with the reason where nothing was changed.

    pack: it is in its box. ship: the carrier has it; needs a carrier and a tracking number, and from now on it cannot be stopped.
    deliver: the customer has it; what was refunded meanwhile is owed. lose: nobody has it, its cost is written off. return: it is
    back in the stock, its money in the budget.
    Writes Parcel, Reward, RewardChange, ledger, audit. Idempotent: a parcel that has moved on is left alone. Raises Invalid "parcels_many".
    """
    if len(lines) > MOST_PARCELS:
        raise Invalid("parcels_many", _("At most %(most)s shipments at once."), most=MOST_PARCELS)
    wanted = Parcel.objects.filter(pk__in={line.parcel_id for line in lines})
    with transaction.atomic():
        lock_budgets(wanted.values_list("reward__budget_id", flat=True))
        parcels = {row.pk: row for row in wanted.select_related("reward", "offer")}
        outcomes, taken = _sort_out(act, lines, parcels)
        rows = [_written(parcels[line.parcel_id], act, line, at) for line in taken]
        if rows:
            _post(act, rows, at, now)
            Parcel.objects.bulk_update(rows, ["state", "carrier", "tracking", "packed_at", "shipped_at", "closed_at"])
            _REWARDS[act](_Acting(act, [row.reward_id for row in rows], actor, at, now))
            details = {"act": act, "parcels": [row.pk for row in rows]}
            record_audit(actor_id=actor, action="parcels.moved", subject="parcels", details=details, now=now)
    return outcomes


def _sort_out(
    act: ParcelAct, lines: Sequence[ShipmentLine], parcels: dict[int, Parcel]
) -> tuple[list[ParcelOutcome], list[ShipmentLine]]:
    outcomes, taken, seen = [], [], set()
    for line in lines:
        row = parcels.get(line.parcel_id)
        if row is None:
            reason = "parcel_unknown"
        elif line.parcel_id in seen:
            reason = "twice_in_file"
        else:
            has_address = row.address is not None
            reason = refuse_act(act, row.state, has_address=has_address, carrier=line.carrier, tracking=line.tracking)
        if not reason:
            taken.append(line)
        seen.add(line.parcel_id)
        outcomes.append(ParcelOutcome(line.parcel_id, reason, line.row))
    return outcomes, taken


def _written(row: Parcel, act: ParcelAct, line: ShipmentLine, at: datetime) -> Parcel:
    row.state = PARCEL_TO[act]
    if act == "pack":
        row.packed_at = at
    elif act == "ship":
        row.carrier, row.tracking, row.shipped_at = line.carrier, line.tracking, at
        row.packed_at = row.packed_at or at
    else:
        row.closed_at = at
    return row


def _post(act: ParcelAct, rows: Sequence[Parcel], at: datetime, now: datetime) -> None:
    if act not in _UNITS:
        return
    kind, ends = _UNITS[act]
    entries = [
        EntryDraft(
            attempt_key(kind, row.reward),
            kind,
            move(*ends(GiftAccounts(row.offer_id, row.offer.name)), 1),
            at,
            row.reward.qualification,
            memo={"reward": row.reward_id, "parcel": row.pk},
        )
        for row in rows
    ]
    post_many(entries=entries, now=now)


def _ship(acting: _Acting) -> None:
    mark_awaiting(reward_ids=acting.reward_ids, at=acting.at, now=acting.now, reason="parcel_shipped")


def _deliver(acting: _Acting) -> None:
    mark_issued(reward_ids=acting.reward_ids, at=acting.at, now=acting.now, actor=acting.actor)


def _lose(acting: _Acting) -> None:
    write_off_unissued(
        reward_ids=acting.reward_ids, reason="parcel_lost", at=acting.at, now=acting.now, actor=acting.actor
    )


def _return(acting: _Acting) -> None:
    return_unissued(
        reward_ids=acting.reward_ids, reason="parcel_returned", at=acting.at, now=acting.now, actor=acting.actor
    )


_REWARDS: dict[ParcelAct, Callable[[_Acting], None]] = {
    "pack": lambda _acting: None, "ship": _ship, "deliver": _deliver, "lose": _lose, "return": _return,
}  # fmt: skip
