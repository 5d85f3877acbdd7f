"""Writes of `orders`: the order stage, and publishing its log to the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import pyarrow as pa
from django.db import connection, transaction
from django.db.models import QuerySet

from liebian.access import queries as access
from liebian.access import services as organisation
from liebian.core import cursors
from liebian.core.columns import update_tuples
from liebian.core.durability import settle
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.customers import services as customer_facts
from liebian.customers.types import CustomerEvent
from liebian.lake import services as lake
from liebian.lake.queries import get_position
from liebian.orders import collisions, models
from liebian.orders.batch import OrderBatch
from liebian.orders.lake_rows import day_rows, fact_rows, line_rows
from liebian.orders.queries import (
    list_line_changes_after,
    list_order_changes_after,
    list_order_facts,
)
from liebian.orders.refusals import selected
from liebian.orders.types import (
    DEFAULT_CURRENCY,
    DISMISSED,
    EVENT_NAMES,
    STAGE,
    TAKEN,
    OrderChange,
    TakenAgain,
)

MERGES = "orders.merges"
READER, LINE_READER = "orders", "orders.lines"
BATCH = 2000
MAX_AT_ONCE = 1000


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


def take(found: list[CustomerEvent], *, again: bool = False) -> set[int]:
    """Let these events change orders, products and the facts of customers; returns which of them were refused.

    Part of a transaction.
    """
    if not found:
        return set()
    currency = access.get_organisation().currency
    batch = OrderBatch(found, currency or DEFAULT_CURRENCY, again=again)
    batch.run()
    batch.save()
    if currency is None and (used := batch.main_currency()):
        organisation.set_currency(currency=used)
    customer_facts.set_order_facts(list_order_facts(batch.customer_ids))
    return set(batch.refused)


def take_aside(event_ids: Iterable[int]) -> int:
    """Take events that were set aside before, those among them that orders have passed and that are about orders.

    Part of a transaction. A repeat states the same orders anew, which changes nothing.
    """
    passed = cursors.position_of(STAGE)
    owners = customers.list_owners([event_id for event_id in event_ids if event_id <= passed])
    found = [item for item in customers.list_customer_events(owners) if item.event.name in EVENT_NAMES]
    take(sorted(found, key=lambda item: item.event.id))
    return len(found)


def take_refused_again(*, event_id: int | None = None, code: str = "", actor_id: int, now: datetime) -> TakenAgain:
    """Try refused events once more, one or those of a reason, at most a thousand at once: what can be taken is taken.

    Writes what the stage writes, RefusedOrderEvent.state and an audit entry in one transaction. Idempotent: only open ones
    are tried.
    """
    with cursors.reading(STAGE):
        ids = list(selected(event_id=event_id, code=code).order_by("event_id").values_list("pk", flat=True))
        tried = ids[:MAX_AT_ONCE]
        found = customers.list_customer_events(customers.list_owners(tried))
        refused = take(sorted(found, key=lambda item: item.event.id), again=True)
        taken = [item.event.id for item in found if item.event.id not in refused]
        models.RefusedOrderEvent.objects.filter(pk__in=taken).update(state=TAKEN, changed_at=now)
        if taken:
            details = {"taken": len(taken), "refused": len(tried) - len(taken)}
            organisation.record_audit(
                actor_id=actor_id,
                action="orders.refused_taken",
                subject=_subject(event_id, code),
                details=details,
                now=now,
            )
    return TakenAgain(len(taken), len(tried) - len(taken), len(ids) - len(tried))


def dismiss_refused(*, event_id: int | None = None, code: str = "", reason: str, actor_id: int, now: datetime) -> int:
    """Decide that these events, one or all of a reason, stay out of the orders; returns how many.

    Writes RefusedOrderEvent.state and an audit entry with the reason. Idempotent. Raises Invalid "reason_missing".
    """
    return _dismiss(
        selected(event_id=event_id, code=code), action="orders.refused_dismissed", subject=_subject(event_id, code),
        reason=reason, actor_id=actor_id, now=now,
    )  # fmt: skip


def dismiss_collisions(
    *, event_id: int | None = None, sources: tuple[str, str] | None = None, reason: str, actor_id: int, now: datetime
) -> int:
    """Decide that these collisions, the one of an event or all of two sources, need nobody; returns how many.

    Writes NumberCollision.state and an audit entry with the reason. Idempotent. Raises Invalid "reason_missing".
    """
    subject = f"event:{event_id}" if event_id is not None else f"sources:{' > '.join(sources or ())}"
    return _dismiss(
        collisions.selected(event_id=event_id, sources=sources), action="orders.collisions_dismissed", subject=subject,
        reason=reason, actor_id=actor_id, now=now,
    )  # fmt: skip


def _dismiss(rows: QuerySet[Any], *, action: str, subject: str, reason: str, actor_id: int, now: datetime) -> int:
    if not reason.strip():
        raise Invalid("reason_missing", _("Say in a few words why they are not wanted."), field="reason")
    with transaction.atomic():
        count = rows.update(state=DISMISSED, changed_at=now)
        if count:
            organisation.record_audit(
                actor_id=actor_id, action=action, subject=subject, reason=reason, details={"events": count}, now=now
            )
    return count


def _subject(event_id: int | None, code: str) -> str:
    return f"event:{event_id}" if event_id is not None else f"reason:{code[:60]}"


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
    """Append the next order changes, their lines and day facts to the lake; returns how many rows of a log were published.

    Idempotent by the position in the lake's own commits: each table knows how far it got.
    """
    changes = [_publish_changes(table, rows_of, limit) for table, rows_of in _OF_CHANGES.items()]
    return max(*changes, _publish_lines(limit))


_OF_CHANGES: dict[str, Callable[[list[OrderChange]], pa.Table]] = {"order_facts": fact_rows, "day_facts": day_rows}


def _publish_changes(table: str, rows_of: Callable[[list[OrderChange]], pa.Table], limit: int) -> int:
    changes = list_order_changes_after(get_position(table, READER), limit)
    if changes:
        _append(table, rows_of(changes), READER, changes[-1].id)
    return len(changes)


def _publish_lines(limit: int) -> int:
    """Lines that were published by the positions of order changes, as they stood then, give way to the log of lines."""
    position = get_position("order_lines", LINE_READER)
    lines = list_line_changes_after(position, limit)
    if lines:
        if position == 0 and get_position("order_lines", READER):
            lake.empty_table(table="order_lines")
        _append("order_lines", line_rows(lines), LINE_READER, lines[-1].id)
    return len(lines)


def _append(table: str, rows: pa.Table, reader: str, position: int) -> None:
    settle(connection)  # the lake never holds what the database could still lose
    lake.append_rows(table=table, rows=rows, reader=reader, position=position)
