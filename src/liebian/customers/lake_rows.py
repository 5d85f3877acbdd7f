"""People and events as rows of the lake: everything but personal fields."""

from __future__ import annotations

from typing import Any

import msgspec

from liebian.core import days
from liebian.customers.models import Customer
from liebian.customers.types import CustomerEvent, Merge

_COLUMNS = (
    "id", "is_known", "first_seen_at", "known_at", "last_seen_at", "channel", "city", "province", "gender", "occupation",
    "birth_month", "referred_by", "attributes",
)  # fmt: skip


def event_rows(found: list[CustomerEvent], zone: str) -> list[dict[str, Any]]:
    return [
        {
            "event_id": item.event.id, "customer_id": item.customer_id, "type": item.event.type, "name": item.event.name,
            "at": item.event.at, "received_at": item.event.received_at, "day": days.day_of(item.event.at, zone),
            "source": item.event.source, "body": msgspec.json.encode(item.event.body).decode(),
        }
        for item in found
    ]  # fmt: skip


def identity_rows(merges: list[Merge]) -> list[dict[str, Any]]:
    return [{"loser_id": m.loser_id, "winner_id": m.winner_id, "position": m.position} for m in merges]


def customer_rows(zone: str) -> list[dict[str, Any]]:
    rows = []
    for values in (
        Customer.objects.filter(merged_into__isnull=True).order_by("id").values_list(*_COLUMNS).iterator(5000)
    ):
        row = dict(zip(_COLUMNS, values, strict=True))
        row["customer_id"] = row.pop("id")
        row["first_seen_day"] = days.day_of(row["first_seen_at"], zone)
        row["known_day"] = days.day_of(row["known_at"], zone) if row["known_at"] else None
        row["attributes"] = msgspec.json.encode(row["attributes"]).decode()
        rows.append(row)
    return rows
