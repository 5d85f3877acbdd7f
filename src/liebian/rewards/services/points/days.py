"""What a new day does: pending points become active, points that ended are gone. Sets of lots, in pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from liebian.core.arrays import ints_text
from liebian.core.columns import CHUNK, select_in
from liebian.ledger.services import lock_balances, post_many
from liebian.ledger.types import AccountRef, EntryDraft, Leg
from liebian.rewards.models import PointsLot, PointsWallet
from liebian.rewards.rules import PointsAccounts
from liebian.rewards.services.points.desk import Desk, Holder

PIECE = 10_000
_COLUMNS = ("id", "customer_id", "asset", "remaining", "expired")
_EXPIRE = "UPDATE rewards_points_lot SET expired = expired + remaining, remaining = 0, state = 'expired' WHERE id"
_ACTIVATE = "UPDATE rewards_points_lot SET state = 'active' WHERE id"


class _Due(NamedTuple):
    id: int
    customer_id: int
    asset: str
    remaining: int
    expired: int

    @property
    def holder(self) -> Holder:
        return self.asset, self.customer_id


def expire_points(*, at: datetime, now: datetime, limit: int = PIECE) -> int:
    """Points whose end has come by `at` are gone: at most `limit` lots, one entry for all customers of a programme.

    Call until it returns 0. Reservations whose time is over have to be let go before, see `expire_reservations`. Writes PointsLot,
    PointsWallet, ledger. Idempotent: an ended lot has nothing left.
    """
    lapsed = _lapse(at, now, limit)
    due = PointsLot.objects.filter(state="active", remaining__gt=0, expires_at__lte=at).order_by("expires_at", "id")
    with transaction.atomic():
        found = _lock(
            [_Due(*row) for row in due.values_list(*_COLUMNS)[:limit]], "state = 'active' AND remaining > 0", now
        )
        _update(_EXPIRE, [lot.id for lot in found])
        entries = []
        for asset, lots in _by_asset(found).items():
            accounts, first = PointsAccounts(asset), min(lots)
            sums = _by_customer(lots)
            legs = [Leg(accounts.active(customer), -amount) for customer, amount in sums.items()]
            legs.append(Leg(accounts.breakage, sum(sums.values())))
            key = f"points:expired:{first.id}:{first.expired}"
            entries.append(EntryDraft(key, "points_expire", tuple(legs), at, memo={"lots": len(lots)}))
        post_many(entries=entries, now=now)
    return len(found) + lapsed


def activate_points(*, at: datetime, now: datetime, limit: int = PIECE) -> int:
    """Pending points whose time has come by `at` can be spent, and pay what their customers owe. At most `limit` lots.

    Call until it returns 0. Writes PointsLot, PointsUse, ledger. Idempotent: an active lot is not pending.
    """
    due = PointsLot.objects.filter(state="pending", active_from__lte=at).order_by("active_from", "id")
    with transaction.atomic():
        found = _lock([_Due(*row) for row in due.values_list(*_COLUMNS)[:limit]], "state = 'pending'", now)
        _update(_ACTIVATE, [lot.id for lot in found])
        entries = []
        for asset, lots in _by_asset(found).items():
            accounts, sums = PointsAccounts(asset), _by_customer(lots)
            legs: list[Leg] = []
            for customer, amount in sums.items():
                if amount:
                    legs += [Leg(accounts.pending(customer), -amount), Leg(accounts.active(customer), amount)]
            if legs:
                key = f"points:activated:{min(lots).id}"
                entries.append(EntryDraft(key, "points_activate", tuple(legs), at, memo={"lots": len(lots)}))
        post_many(entries=entries, now=now)
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


def _lapse(at: datetime, now: datetime, limit: int) -> int:
    """Customers who did nothing for too long: their lots end at that moment."""
    idle = PointsWallet.objects.filter(idle_at__lte=at).order_by("idle_at", "id")
    wallets = list(idle.values_list("asset", "customer_id")[:limit])
    if not wallets:
        return 0
    with transaction.atomic():
        desk = Desk(wallets, now=now)
        for holder in desk.holders:
            desk.lapse(holder, at)
        desk.close()
    return len(wallets)


def _lock(found: Sequence[_Due], still: str, now: datetime) -> list[_Due]:
    """Those that are still so once their customers are locked."""
    if not found:
        return []
    refs: dict[Holder, AccountRef] = {lot.holder: PointsAccounts(lot.asset).active(lot.customer_id) for lot in found}
    lock_balances(refs=list(refs.values()), now=now)
    if connection.vendor != "postgresql":
        return list(found)  # the only writer has seen what there is
    return [_Due(*row) for row in select_in(PointsLot, _COLUMNS, "id", [lot.id for lot in found], where=still)]


def _update(statement: str, ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{statement} = ANY(%s::bigint[])", [ints_text(ids)])
            return
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            cursor.execute(f"{statement} IN ({', '.join(['%s'] * len(part))})", part)


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
