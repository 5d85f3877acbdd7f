"""What a new day does: pending points become active, points that ended are gone. Sets of lots, in pieces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from liebian.core.arrays import ints_text
from liebian.core.errors import Conflict
from liebian.ledger.services import post_many
from liebian.ledger.types import EntryDraft, Leg
from liebian.rewards.models import PointsLot, PointsWallet
from liebian.rewards.rules import PointsAccounts
from liebian.rewards.services.points.desk import Desk, Holder, lock_holders

PIECE = 10_000
_COLUMNS = ("id", "customer_id", "asset", "remaining", "expired")
_EXPIRE = ("active", "expired = expired + remaining, remaining = 0, state = 'expired'")
_ACTIVATE = ("pending", "state = 'active'")
Change = tuple[str, str]  # the state that lots must be in, and what becomes of them
Entries = Callable[[str, Sequence["_Due"]], EntryDraft | None]


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

    Call until it returns 0. Writes PointsLot, PointsWallet, ledger. Idempotent: an ended lot has nothing left.
    """

    def entry(asset: str, lots: Sequence[_Due]) -> EntryDraft:
        accounts, first, sums = PointsAccounts(asset), min(lots), _by_customer(lots)
        active = accounts.active_of(sums)
        legs = [Leg(active[customer], -amount) for customer, amount in sums.items()]
        legs.append(Leg(accounts.breakage, sum(sums.values())))
        key = f"points:expired:{first.id}:{first.expired}"
        return EntryDraft(key, "points_expire", tuple(legs), at, memo={"lots": len(lots)})

    lapsed = _lapse(at, now, limit)
    due = PointsLot.objects.filter(state="active", remaining__gt=0, expires_at__lte=at).order_by("expires_at", "id")
    return lapsed + len(_move(due, limit, _EXPIRE, entry, now))


def activate_points(*, at: datetime, now: datetime, limit: int = PIECE) -> int:
    """Pending points whose time has come by `at` can be spent, and pay what their customers owe. At most `limit` lots.

    Call until it returns 0. Writes PointsLot, PointsUse, ledger. Idempotent: an active lot is not pending.
    """

    def entry(asset: str, lots: Sequence[_Due]) -> EntryDraft | None:
        accounts, sums = PointsAccounts(asset), _by_customer(lots)
        active = accounts.active_of(sums)
        legs: list[Leg] = []
        for customer, amount in sums.items():
            if amount:
                legs += [Leg(accounts.pending(customer), -amount), Leg(active[customer], amount)]
        key = f"points:activated:{min(lots).id}"
        return EntryDraft(key, "points_activate", tuple(legs), at, memo={"lots": len(lots)}) if legs else None

    due = PointsLot.objects.filter(state="pending", active_from__lte=at).order_by("active_from", "id")
    with transaction.atomic():
        found = _move(due, limit, _ACTIVATE, entry, now)
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


class _Moved(Exception):
    """Somebody took from a lot between the reading and the posting."""


def _move(due: QuerySet[PointsLot], limit: int, change: Change, entry: Entries, now: datetime) -> list[_Due]:
    """Post for the lots that are due, then change them: posting has locked their customers, so only before it can they have moved.

    That is rare, and found out: then the customers are locked first.
    """
    try:
        with transaction.atomic():
            return _post_and_change(due, limit, change, entry, now)
    except (_Moved, Conflict):
        with transaction.atomic():
            found = _read(due, limit)
            lock_holders(sorted({lot.holder for lot in found}), now)
            chosen = due.filter(customer_id__in={lot.customer_id for lot in found})
            return _post_and_change(chosen, limit, change, entry, now, ids={lot.id for lot in found})


def _post_and_change(
    due: QuerySet[PointsLot],
    limit: int,
    change: Change,
    entry: Entries,
    now: datetime,
    ids: Collection[int] | None = None,
) -> list[_Due]:
    found = [lot for lot in _read(due, limit) if ids is None or lot.id in ids]
    drafts = [entry(asset, lots) for asset, lots in _by_asset(found).items()]
    post_many(entries=[draft for draft in drafts if draft], now=now)
    if _change(change, found) != len(found):
        raise _Moved
    return found


def _read(due: QuerySet[PointsLot], limit: int) -> list[_Due]:
    return [_Due(*row) for row in due.values_list(*_COLUMNS)[:limit]]


def _change(change: Change, lots: Sequence[_Due]) -> int:
    """Change lots that are and hold what they were and held when they were read; answers how many did."""
    state, made = change
    head = f"UPDATE rewards_points_lot AS t SET {made}"  # noqa: S608 - one of the two above
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"{head} FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, held) "
                "WHERE t.id = v.id AND t.remaining = v.held AND t.state = %s",
                [ints_text([lot.id for lot in lots]), ints_text([lot.remaining for lot in lots]), state],
            )
        else:
            pairs = [(lot.id, lot.remaining, state) for lot in lots]
            cursor.executemany(f"{head} WHERE id = %s AND remaining = %s AND state = %s", pairs)
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
