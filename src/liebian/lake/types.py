"""The canonical tables: their columns, their order inside a file, and how rows of one thing come together.

Times are UTC, days are business days, money is in minor units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

if TYPE_CHECKING:
    from liebian_analytics.engines import Engine

HIDDEN = "liebian.hidden"  # noted in a table that has no file from before ids that name somebody were hidden
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
            ("user_id", pa.string()), ("anonymous_id", pa.string()), ("at", _UTC), ("received_at", _UTC),
            ("day", pa.date32()), ("source", pa.string()), ("body", pa.string()), ("personal_sealed", pa.binary()),
            ("corrections", pa.string()), ("key", pa.binary()),
        ]
    ),
    "day_facts": pa.schema(
        [
            ("customer_id", pa.int64()), ("day", pa.date32()), ("kind", pa.string()), ("name", pa.string()),
            ("currency", pa.string()), ("count", pa.int64()), ("amount_minor", pa.int64()), ("position", pa.int64()),
        ]
    ),
    "customers": pa.schema(
        [
            ("customer_id", pa.int64()), ("is_known", pa.bool_()), ("first_seen_at", _UTC), ("known_at", _UTC),
            ("last_seen_at", _UTC), ("first_seen_day", pa.date32()), ("known_day", pa.date32()), ("channel", pa.string()),
            ("city", pa.string()), ("province", pa.string()), ("gender", pa.string()), ("occupation", pa.string()),
            ("birth_month", pa.int8()), ("referred_by", pa.int64()), ("attributes", pa.string()),
            ("merged_into", pa.int64()), ("position", pa.int64()),
        ]
    ),
    "identities": pa.schema([("loser_id", pa.int64()), ("winner_id", pa.int64()), ("position", pa.int64())]),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of a table lie in its files.

    `order` is the order inside a file, its first column the one that buckets go by. `folds` says what becomes of rows
    of one thing when a bucket is rewritten: all of them stay, only the `latest` stays, or they are added up (`sum`).
    """

    order: tuple[str, ...]
    first_buckets: int = 16
    folds: Literal["all", "latest", "sum"] = "all"
    unique: str | None = None

    @property
    def owner(self) -> str:
        return self.order[0]


LAYOUTS: dict[str, Layout] = {
    "order_facts": Layout(("customer_id", "at", "position"), unique="position"),
    "order_lines": Layout(("customer_id", "at", "position"), unique="position"),
    "events": Layout(("customer_id", "at", "event_id"), unique="event_id"),
    "day_facts": Layout(("customer_id", "day", "kind", "name", "currency", "position"), folds="sum"),
    "customers": Layout(("customer_id", "position"), folds="latest"),
    "identities": Layout(("loser_id", "position"), first_buckets=1, unique="position"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table: `fresh` from one commit, a `run` of one bucket, or the `base` of one bucket."""

    path: str
    kind: str
    buckets: int
    bucket: int
    rows: int
    size: int
    low: dict[str, int] = field(default_factory=dict)
    high: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of a table: exactly these files. `url` is the table's own."""

    table: str
    url: str
    id: str
    version: int
    parts: tuple[Part, ...]

    @property
    def key(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def files(self) -> list[str]:
        return [f"{self.url}/{part.path}" for part in self.parts]


@dataclass(frozen=True, slots=True)
class TableState:
    name: str
    version: int | None
    rows: int
    files: int
    published_at: datetime | None
    size: int = 0
    buckets: int = 0
    runs: int = 0
    fresh: int = 0
    positions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a table's history; `act` is append, fold, rewrite, split or create."""

    version: int
    at: datetime
    act: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many rows a log has after a position of `column`."""

    column: str
    after: int
    rows: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that `verify` found wrong with a table."""

    table: str
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class History:
    """Tables of the lake as lazy expressions of one engine, and which snapshots they are."""

    engine: Engine
    tables: dict[str, Any]
    snapshots: tuple[str, ...]

    def __getitem__(self, name: str) -> Any:
        return self.tables[name]
