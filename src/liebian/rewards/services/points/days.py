"""What a new day does: pending points become active. Sets of lots, in pieces; `ending` has what ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from liebian.core.arrays import ints_text
from liebian.core.errors import Conflict
from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, Leg
from liebian.rewards.models import PointsLot
from liebian.rewards.rules import PointsAccounts
from liebian.rewards.services.points.desk import Desk, Holder, lock_holders

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
    drafts = [_entry(asset, theirs, at) for asset, theirs in _by_asset(lots).items()]
    post_many(entries=[draft for draft in drafts if draft], now=now)
    if _change(lots) != len(lots):
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


def _change(lots: Iterable[_Due]) -> int:
    """Activate lots that hold what they held when they were read; answers how many did."""
    pairs = sorted((lot.id, lot.remaining) for lot in lots)
    if not pairs:
        return 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"{_ACTIVATE} FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, held) "
                "WHERE t.id = v.id AND t.remaining = v.held AND t.state = 'pending'",
                [ints_text([key for key, _ in pairs]), ints_text([held for _, held in pairs])],
            )
        else:
            cursor.executemany(f"{_ACTIVATE} WHERE id = %s AND remaining = %s AND state = 'pending'", pairs)
        return max(int(cursor.rowcount), 0)


def _by_asset(lots: Iterable[_Due]) -> dict[str, list[_Due]]:
    parts: dict[str, list[_Due]] = defaultdict(list)
    for lot in lots:
        parts[lot.asset].append(lot)
    return parts


def _by_customer(lots: Iterable[_Due]) -> dict[int, int]:
    sums: dict[int, int] = defaultdict(int)
    for lot in lots:
        sums[lot.customer_id] += lot.remaining
    return sums
