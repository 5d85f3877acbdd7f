"""What a new day does: pending points become active. Sets of lots, in pieces; `ending` has what ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from liebian.core.errors import Conflict
from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, Leg
from liebian.rewards.models import PointsLot
from liebian.rewards.rules import PointsAccounts
from liebian.rewards.services.points.desk import Desk, Holder, lock_holders
from liebian.rewards.services.points.held import change_held, group_by_asset

PIECE = 10_000
_COLUMNS = ("id", "customer_id", "asset", "remaining")
_ACTIVATE = "UPDATE rewards_points_lot AS t SET state = 'active'"


class _Due(NamedTuple):
    id: int
    customer_id: int
    asset: str
    remaining: int

    @property
    def holder(self) -> Holder:
        return self.asset, self.customer_id


def activate_points(*, at: datetime, now: datetime, limit: int = PIECE) -> int:
    """Pending points whose time has come by `at` can be spent, and pay what their customers owe. At most `limit` lots.

    Call until it returns 0. Writes PointsLot, PointsUse, ledger. Idempotent: an active lot is not pending.
    """
    with transaction.atomic():
        found = _move(at, limit, now)
        _pay_debts(found, at, now)
    return len(found)


def _pay_debts(found: Sequence[_Due], at: datetime, now: datetime) -> None:
    if not found:
        return
    desk = Desk([lot.holder for lot in found], now=now)
    first = {lot.holder: lot.id for lot in reversed(found)}
    for holder in desk.holders:
        desk.pay_debt(holder, f"activated:{first[holder]}", at)
    desk.close()


class _Moved(Exception):
    """Somebody took from a lot between the reading and the posting."""


def _move(at: datetime, limit: int, now: datetime) -> list[_Due]:
    """Post for the lots that are due, then change them: posting has locked their customers, so only before it can they have moved.

    That is rare, and found out: then the customers are locked first.
    """
    found = _read(at, limit)
    try:
        with transaction.atomic():
            return _post_and_change(found, at, now)
    except (_Moved, Conflict):
        with transaction.atomic():
            lock_holders(sorted({lot.holder for lot in found}), now)
            return _post_and_change(_read(at, limit, only={lot.id for lot in found}), at, now)


def _read(at: datetime, limit: int, *, only: Collection[int] | None = None) -> list[_Due]:
    due = PointsLot.objects.filter(state="pending", active_from__lte=at).order_by("active_from", "id")
    lots = (_Due(*row) for row in due.values_list(*_COLUMNS)[:limit])
    return [lot for lot in lots if only is None or lot.id in only]


def _post_and_change(lots: Sequence[_Due], at: datetime, now: datetime) -> list[_Due]:
    drafts = [_entry(asset, theirs, at) for asset, theirs in group_by_asset(lots).items()]
    post_many(entries=[draft for draft in drafts if draft], now=now)
    if change_held(_ACTIVATE, lots, state="pending") != len(lots):
        raise _Moved
    return list(lots)


def _entry(asset: str, lots: Sequence[_Due], at: datetime) -> EntryDraft | None:
    accounts, sums = PointsAccounts(asset), _by_customer(lots)
    active = accounts.active_of(sums)
    legs: list[Leg] = []
    for customer, amount in sums.items():
        if amount:
            legs += [Leg(accounts.pending(customer), -amount), Leg(active[customer], amount)]
    key = f"points:activated:{min(lots).id}"
    return EntryDraft(key, "points_activate", tuple(legs), at, memo={"lots": len(lots)}) if legs else None


def _by_customer(lots: Iterable[_Due]) -> dict[int, int]:
    sums: dict[int, int] = defaultdict(int)
    for lot in lots:
        sums[lot.customer_id] += lot.remaining
    return sums
