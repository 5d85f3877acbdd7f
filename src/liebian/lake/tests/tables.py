"""Small histories for the tests of everything that reads the lake: rows in, published tables out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from liebian.lake import services
from liebian.lake.queries import get_position
from liebian.lake.types import SCHEMAS

READER = "tests"


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(4), tzinfo=UTC)


def paid(customer_id: int, order_id: int, day: date, amount_minor: int, **changes: Any) -> dict[str, Any]:
    row = {
        "customer_id": customer_id, "order_id": order_id, "external_id": f"A{order_id}", "kind": "paid", "at": at_noon(day),
        "day": day, "amount_minor": amount_minor, "n_orders": 1, "currency": "CNY", "channel": "store",
    }  # fmt: skip
    return row | changes


def refunded(customer_id: int, order_id: int, day: date, amount_minor: int, *, whole: bool = False) -> dict[str, Any]:
    return paid(customer_id, order_id, day, -amount_minor, kind="refunded", n_orders=-1 if whole else 0)


def person(customer_id: int, day: date, **changes: Any) -> dict[str, Any]:
    at = at_noon(day)
    row = {
        "customer_id": customer_id, "is_known": True, "first_seen_at": at, "known_at": at, "last_seen_at": at,
        "first_seen_day": day, "known_day": day, "channel": "store", "city": "", "province": "", "gender": "",
        "occupation": "", "birth_month": None, "referred_by": None, "attributes": "{}",
    }  # fmt: skip
    return row | changes


def event(customer_id: int, event_id: int, day: date, name: str) -> dict[str, Any]:
    at = at_noon(day)
    return {
        "event_id": event_id, "customer_id": customer_id, "type": "track", "name": name, "at": at,
        "received_at": at + timedelta(seconds=1), "day": day, "source": "tests", "body": "{}",
    }  # fmt: skip


def publish(table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows to a table of the lake."""
    position = get_position(table, READER) + max(len(rows), 1)
    columns = SCHEMAS[table].names
    filled = [{name: row.get(name, position if name == "position" else None) for name in columns} for row in rows]
    arrow = pa.Table.from_pylist(filled, schema=SCHEMAS[table])
    services.append_rows(table=table, rows=arrow, reader=READER, position=position)
