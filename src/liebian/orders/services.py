"""Writes of `orders`: the order stage, and publishing its log to the lake."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from liebian.access import queries as access
from liebian.access import services as organisation
from liebian.core import cursors
from liebian.customers import queries as customers
from liebian.customers import services as customer_facts
from liebian.lake import services as lake
from liebian.lake.queries import get_position
from liebian.orders import models
from liebian.orders.batch import OrderBatch
from liebian.orders.lake_rows import day_rows, fact_rows, line_rows
from liebian.orders.queries import list_order_changes_after, list_order_facts
from liebian.orders.types import DEFAULT_CURRENCY, EVENT_NAMES, STAGE, OrderChange

MERGES = "orders.merges"
READER = "orders"
BATCH = 2000


def advance(*, limit: int = BATCH) -> int:
    """One step of the order stage: the next order events change orders, the log of changes, the facts of customers.

    The organisation counts in the currency of its first orders until it says otherwise. Idempotent by the stage's cursor,
    which moves in the same transaction. Returns how far the log was read.
    """
    found, upto = customers.list_customer_events_after(cursors.position_of(STAGE), limit, names=EVENT_NAMES)
    if upto == cursors.position_of(STAGE):
        return follow_merges()
    with cursors.reading(STAGE) as reading:
        start = reading.start
        currency = access.get_organisation().currency
        batch = OrderBatch([item for item in found if item.event.id > start], currency or DEFAULT_CURRENCY)
        batch.run()
        batch.save()
        customer_facts.set_order_facts(list_order_facts(batch.customer_ids))
        if currency is None and (used := batch.main_currency()):
            organisation.set_currency(currency=used)
        reading.position = max(upto, start)
    return upto - start + follow_merges()


def follow_merges() -> int:
    """Give the orders of people who were merged away to the people they are. Idempotent by cursor."""
    if not customers.list_merges_after(cursors.position_of(MERGES), 1):
        return 0
    with cursors.reading(MERGES) as reading:
        merges = customers.list_merges_after(reading.start)
        changed: set[int] = set()
        for merge in merges:
            for model in (models.Order, models.OrderChange):
                if model.objects.filter(customer_id=merge.loser_id).update(customer_id=merge.winner_id):
                    changed.update((merge.loser_id, merge.winner_id))
            reading.position = merge.position
        customer_facts.set_order_facts(list_order_facts(changed))
    return len(merges)


def publish(*, limit: int = 20_000) -> int:
    """Append the next order changes, their lines and day facts to the lake; returns how many changes were published.

    Idempotent by the position in the lake's own commits: each table knows how far it got.
    """
    rows_of = {"order_facts": fact_rows, "order_lines": line_rows, "day_facts": day_rows}
    return max(_publish(table, rows, limit) for table, rows in rows_of.items())


def _publish(table: str, rows_of: Callable[[list[OrderChange]], pa.Table], limit: int) -> int:
    changes = list_order_changes_after(get_position(table, READER), limit)
    if changes:
        lake.append_rows(table=table, rows=rows_of(changes), reader=READER, position=changes[-1].id)
    return len(changes)
