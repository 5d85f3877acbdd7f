"""Writes of `orders`: the order stage, and publishing its log to the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pyarrow as pa
from django.db import connection

from liebian.access import queries as access
from liebian.access import services as organisation
from liebian.core import cursors
from liebian.core.columns import update_tuples
from liebian.core.durability import settle
from liebian.customers import queries as customers
from liebian.customers import services as customer_facts
from liebian.customers.types import CustomerEvent
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
    try:
        with cursors.reading(STAGE, wait=False) as reading:
            found, upto = customers.list_customer_events_after(reading.start, limit, names=EVENT_NAMES)
            take(found)
            reading.position = max(upto, reading.start)
        return reading.position - reading.start + follow_merges()
    except cursors.Busy:
        return 0


def take(found: list[CustomerEvent]) -> None:
    """Let these events change orders, products and the facts of customers. Part of a transaction."""
    if not found:
        return
    currency = access.get_organisation().currency
    batch = OrderBatch(found, currency or DEFAULT_CURRENCY)
    batch.run()
    batch.save()
    customer_facts.set_order_facts(list_order_facts(batch.customer_ids))
    if currency is None and (used := batch.main_currency()):
        organisation.set_currency(currency=used)


def take_aside(event_ids: Iterable[int]) -> int:
    """Take events that were set aside before, those among them that orders have passed and that are about orders.

    Part of a transaction. A repeat states the same orders anew, which changes nothing.
    """
    passed = cursors.position_of(STAGE)
    owners = customers.list_owners([event_id for event_id in event_ids if event_id <= passed])
    found = [item for item in customers.list_customer_events(owners) if item.event.name in EVENT_NAMES]
    take(sorted(found, key=lambda item: item.event.id))
    return len(found)


def follow_merges() -> int:
    """Give the orders of people who were merged away to the people they are. Idempotent by cursor."""
    if not customers.list_merges_after(MERGES, 1):
        return 0
    with cursors.reading(MERGES, wait=False) as reading:
        merges = customers.list_merges_after(reading.start)
        finals = customers.find_final_ids([merge.loser_id for merge in merges])
        moves = [(winner, loser) for loser, winner in sorted(finals.items())]
        owning = set(models.Order.objects.filter(customer_id__in=list(finals)).values_list("customer_id", flat=True))
        moves = [(winner, loser) for winner, loser in moves if loser in owning]
        for model in (models.Order, models.OrderChange):
            update_tuples(model, ("customer_id",), moves, key="customer_id")
        customer_facts.set_order_facts(list_order_facts({person for move in moves for person in move}))
        reading.position = merges[-1].position if merges else reading.start
    return len(merges)


def publish(*, limit: int = 100_000) -> int:
    """Append the next order changes, their lines and day facts to the lake; returns how many changes were published.

    Idempotent by the position in the lake's own commits: each table knows how far it got.
    """
    rows_of = {"order_facts": fact_rows, "order_lines": line_rows, "day_facts": day_rows}
    return max(_publish(table, rows, limit) for table, rows in rows_of.items())


def _publish(table: str, rows_of: Callable[[list[OrderChange]], pa.Table], limit: int) -> int:
    changes = list_order_changes_after(get_position(table, READER), limit)
    if changes:
        settle(connection)  # the lake never holds what the database could still lose
        lake.append_rows(table=table, rows=rows_of(changes), reader=READER, position=changes[-1].id)
    return len(changes)
