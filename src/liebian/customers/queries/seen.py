"""The log with people as columns, for stages that count: the ids that people had when their events were resolved, and the
map from these to the people who stand today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

from liebian.core import cursors
from liebian.core.columns import select_in
from liebian.customers.models import Customer
from liebian.customers.types import STAGE, SeenEvents

_COLUMNS = "event_id, customer_id, type, name, at_ms, received_ms"


def list_seen_events_after(position: int, limit: int, *, shard: int = 0, shards: int = 1) -> SeenEvents:
    """The next events in log order, of one shard of seen ids, and the position up to which this shard is now read."""
    end = cursors.position_of(STAGE)
    mine = "" if shards == 1 else " AND customer_id %% %s = %s"
    sql = f"SELECT {_COLUMNS} FROM customers_customerevent WHERE event_id > %s AND event_id <= %s{mine} ORDER BY event_id LIMIT %s"  # noqa: S608
    values = [position, end, *([] if shards == 1 else [shards, shard]), limit]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    event_id, seen_id, type_, name, at_ms, received_ms = zip(*rows, strict=True) if rows else ((),) * 6
    upto = rows[-1][0] if len(rows) == limit else max(end, position)
    return SeenEvents(event_id, seen_id, type_, name, at_ms, received_ms, upto)


def find_final_ids(ids: Iterable[int]) -> dict[int, int]:
    """Who stands today for each id that was merged away; ids that stand themselves are left out."""
    found = select_in(Customer, ("id", "merged_into"), "id", sorted(set(ids)), where="merged_into IS NOT NULL")
    return dict(found)


def list_merged_into(final_ids: Iterable[int]) -> dict[int, list[int]]:
    """The ids that were merged into each of these people, ascending; people without any are left out."""
    merged: dict[int, list[int]] = defaultdict(list)
    for loser, winner in select_in(Customer, ("id", "merged_into"), "merged_into", sorted(set(final_ids))):
        merged[winner].append(loser)
    return {winner: sorted(losers) for winner, losers in merged.items()}
