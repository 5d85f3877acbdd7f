"""The canonical tables and their columns. Times are UTC, days are business days, money is in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from liebian_analytics.engines import Engine

_UTC = pa.timestamp("us", tz="UTC")

SCHEMAS: dict[str, pa.Schema] = {
    "order_facts": pa.schema(
        [
            ("customer_id", pa.int64()), ("order_id", pa.int64()), ("external_id", pa.string()), ("kind", pa.string()),
            ("at", _UTC), ("day", pa.date32()), ("amount_minor", pa.int64()), ("n_orders", pa.int8()),
            ("currency", pa.string()), ("channel", pa.string()), ("position", pa.int64()),
        ]
    ),
    "order_lines": pa.schema(
        [
            ("customer_id", pa.int64()), ("order_id", pa.int64()), ("at", _UTC), ("day", pa.date32()),
            ("product_id", pa.string()), ("product_name", pa.string()), ("category", pa.string()),
            ("quantity", pa.int64()), ("unit_minor", pa.int64()), ("amount_minor", pa.int64()), ("currency", pa.string()),
            ("position", pa.int64()),
        ]
    ),
    "events": pa.schema(
        [
            ("event_id", pa.int64()), ("customer_id", pa.int64()), ("type", pa.string()), ("name", pa.string()),
            ("at", _UTC), ("received_at", _UTC), ("day", pa.date32()), ("source", pa.string()), ("body", pa.string()),
        ]
    ),
    "customers": pa.schema(
        [
            ("customer_id", pa.int64()), ("is_known", pa.bool_()), ("first_seen_at", _UTC), ("known_at", _UTC),
            ("last_seen_at", _UTC), ("first_seen_day", pa.date32()), ("known_day", pa.date32()), ("channel", pa.string()),
            ("city", pa.string()), ("province", pa.string()), ("gender", pa.string()), ("occupation", pa.string()),
            ("birth_month", pa.int8()), ("referred_by", pa.int64()), ("attributes", pa.string()),
        ]
    ),
    "identities": pa.schema([("loser_id", pa.int64()), ("winner_id", pa.int64()), ("position", pa.int64())]),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableState:
    name: str
    version: int | None
    rows: int
    files: int
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class History:
    """Tables of the lake as lazy expressions of one engine, and which snapshots they are."""

    engine: Engine
    tables: dict[str, Any]
    snapshots: tuple[str, ...]

    def __getitem__(self, name: str) -> Any:
        return self.tables[name]
