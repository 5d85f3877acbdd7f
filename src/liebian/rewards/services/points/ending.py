"""Points end, in pieces of many lots: one transaction and one entry for a piece, whoever the customers are.

Lots that end together are taken in the order of their customers, so that what a piece changes lies close together. Nothing depends on when this
comes by: every act knows the ends of lots by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from django.db import connection, transaction

from liebian.core.arrays import ints_text
from liebian.core.errors import Conflict
from liebian.ledger.services import post_wide
from liebian.ledger.types import WideDraft
from liebian.rewards.models import PointsWallet
from liebian.rewards.rules import PointsAccounts
from liebian.rewards.services.points.desk import lock_holders
from liebian.rewards.services.points.held import change_held, group_by_asset

PIECE = 10_000
SECONDS = 1.0  # after which no further piece begins: others wait for whoever calls
_FIRST, _QUICK, _SLOW = 2_000, 0.25, 0.75
_Place = tuple[str, int, int]
_DUE = """
SELECT customer_id, id, asset, remaining, expired FROM rewards_points_lot
WHERE state = 'active' AND remaining > 0 AND expires_at <= %s AND (expires_at, customer_id, id) > (%s, %s, %s)
ORDER BY expires_at, customer_id, id LIMIT %s
"""
_END_OF = "SELECT CAST(expires_at AS text) FROM rewards_points_lot WHERE id = %s"
_END = "UPDATE rewards_points_lot AS t SET expired = expired + remaining, remaining = 0, state = 'expired'"
_END_IDLE = """
UPDATE rewards_points_lot AS t SET expires_at = w.idle_at FROM rewards_points_wallet AS w
WHERE w.id IN ({ids}) AND w.idle_at <= %s AND t.customer_id = w.customer_id AND t.asset = w.asset AND t.state = 'active'
AND t.remaining > 0 AND t.active_from < w.idle_at AND (t.expires_at IS NULL OR t.expires_at > w.idle_at)
"""
_KEEP_IDLE = (
    "UPDATE rewards_points_wallet SET lapsed_at = idle_at, idle_at = NULL WHERE id IN ({ids}) AND idle_at <= %s"
)


class _Due(NamedTuple):
    customer_id: int
    id: int
    asset: str
    remaining: int
    expired: int


class _Moved(Exception):
    """Somebody took from a lot between the reading and the posting."""


def expire_points(*, at: datetime, now: datetime, limit: int = PIECE) -> int:
    """Points whose end has come by `at` are gone: at most `limit` lots, one entry for all customers of a programme.

    Call until it returns 0. Writes PointsLot, PointsWallet, ledger. Idempotent: an ended lot has nothing left.
    """
    return _end_idle(at, now, limit) + len(_end(at, now, limit, _beginning()))


def expire_many_points(*, at: datetime, now: datetime, piece: int = PIECE, seconds: float = SECONDS) -> int:
    """As `expire_points`, as many pieces as begin within `seconds`, each in its own transaction and behind the one before.

    Call until it returns 0. Pieces grow up to `piece` lots while they are quick and shrink where they are slow.
    """
    done, behind, size, began = 0, _beginning(), min(_FIRST, piece), monotonic()
    before = began
    while True:
        done += _end_idle(at, now, size)
        ended = _end(at, now, size, behind)
        done += len(ended)
        after = monotonic()
        if not ended or after - began >= seconds:
            return done
        behind, size, before = _place_of(ended[-1]), _next_size(size, after - before, piece), after


def _next_size(size: int, took: float, most: int) -> int:
    if took < _QUICK:
        return min(2 * size, most)
    return max(size // 2, 1) if took > _SLOW else size


def _beginning() -> _Place:
    return ("-infinity" if connection.vendor == "postgresql" else ""), 0, 0


def _place_of(lot: _Due) -> _Place:
    with connection.cursor() as cursor:
        cursor.execute(_END_OF, [lot.id])
        return cursor.fetchone()[0], lot.customer_id, lot.id


def _end(at: datetime, now: datetime, limit: int, behind: _Place) -> list[_Due]:
    """Post for the lots that are due, then end them: posting has locked their customers, so only before it can they have moved.

    That is rare, and found out: then the customers are locked first.
    """
    found = _read(at, limit, behind)
    try:
        with transaction.atomic():
            return _post_and_end(found, at, now)
    except (_Moved, Conflict):
        with transaction.atomic():
            lock_holders(sorted({(lot.asset, lot.customer_id) for lot in found}), now)
            return _post_and_end(_read(at, limit, behind, only={lot.id for lot in found}), at, now)


def _read(at: datetime, limit: int, behind: _Place, *, only: Collection[int] | None = None) -> list[_Due]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [connection.ops.adapt_datetimefield_value(at), *behind, limit])
        lots = map(_Due._make, cursor.fetchall())
        return [lot for lot in lots if only is None or lot.id in only]


def _post_and_end(lots: Sequence[_Due], at: datetime, now: datetime) -> list[_Due]:
    for asset, theirs in group_by_asset(lots).items():
        sums: dict[int, int] = defaultdict(int)
        for lot in theirs:
            sums[lot.customer_id] += lot.remaining
        accounts, first = PointsAccounts(asset), min(theirs, key=lambda lot: lot.id)
        codes = accounts.active_codes(sums)
        draft = WideDraft(
            key=f"points:expired:{first.id}:{first.expired}",
            kind="points_expire",
            account_kind="points",
            taken={code: sums[who] for who, code in codes.items()},
            target=accounts.breakage,
            effective_at=at,
            memo={"lots": len(theirs)},
        )
        post_wide(entry=draft, now=now)
    if change_held(_END, lots, state="active") != len(lots):
        raise _Moved
    return list(lots)


def _end_idle(at: datetime, now: datetime, limit: int) -> int:
    """Customers who did nothing for too long, found by the end of their silence: their lots end at that moment."""
    idle = PointsWallet.objects.filter(idle_at__lte=at).order_by("idle_at", "id")
    wallets = list(idle.values_list("id", "asset", "customer_id")[:limit])
    if not wallets:
        return 0
    with transaction.atomic():
        lock_holders(sorted({(asset, customer) for _, asset, customer in wallets}), now)
        end_silences([key for key, _, _ in wallets], at)
    return len(wallets)


def end_silences(wallet_ids: Sequence[int], at: datetime) -> None:
    """Of these wallets, those whose silence has become too long by `at`. The customers are locked by the caller."""
    run_on_wallets(wallet_ids, (_END_IDLE, _KEEP_IDLE), connection.ops.adapt_datetimefield_value(at))


def run_on_wallets(wallet_ids: Sequence[int], statements: Sequence[str], *given: Any) -> None:
    """Statements about a set of wallets: "{ids}" stands for it, and comes first."""
    is_postgres = connection.vendor == "postgresql"
    among = "SELECT unnest(%s::bigint[])" if is_postgres else "SELECT value FROM json_each(%s)"
    ids = ints_text(wallet_ids) if is_postgres else str(list(wallet_ids))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(ids=among), [ids, *given])
