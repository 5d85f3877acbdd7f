"""The log as columns: out to the lake, and rows of the log made again from there. Sealed bytes pass through as they are; ids that name
somebody are hidden on the way (`hiding`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db import connections

from liebian.core import days
from liebian.core.cursors import position_of
from liebian.core.moments import moment_of
from liebian.events.hiding import MARK, NAMES, Said, hide_ids, show_ids
from liebian.events.types import RETIRED
from liebian.lake import queries as lake
from liebian.lake.types import SCHEMAS

LOG_COLUMNS = (
    "id", "key", "source", "type", "name", "user_id", "anonymous_id", "at_ms", "received_ms", "body", "personal",
    "corrections",
)  # fmt: skip
LAKE_COLUMNS = (
    "event_id", "key", "source", "type", "name", "user_id", "anonymous_id", "at", "received_at", "body",
    "personal_sealed", "corrections",
)  # fmt: skip
_UTC = pa.timestamp("us", tz="UTC")
_QUARTER_MS = 15 * 60 * 1000  # no time zone changes its day within a quarter of an hour


def retired_upto() -> int:
    """Log rows up to this one are in the lake only."""
    return position_of(RETIRED)


def read_log(alias: str, *, after: int, upto: int, limit: int) -> pa.Table:
    """The next rows of the log as the lake's columns of events, without customer_id, in log order."""
    columns = ", ".join(f'"{name}"' for name in LOG_COLUMNS)
    with connections[alias].cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM events_event WHERE id > %s AND id <= %s ORDER BY id LIMIT %s",  # noqa: S608
            [after, upto, limit],
        )
        rows = cursor.fetchall()
    found = dict(zip(LOG_COLUMNS, zip(*rows, strict=True) if rows else [()] * len(LOG_COLUMNS), strict=True))
    at_ms = np.array(found["at_ms"], dtype=np.int64)
    columns_by_name: dict[str, Any] = {
        "event_id": found["id"], "type": found["type"], "name": found["name"], "user_id": found["user_id"],
        "anonymous_id": found["anonymous_id"], "at": _moments(at_ms),
        "received_at": _moments(np.array(found["received_ms"], dtype=np.int64)), "day": days_of(at_ms),
        "source": found["source"], "body": pa.array(found["body"], pa.binary()).cast(pa.string()),
        "personal_sealed": found["personal"], "corrections": [_text(value) for value in found["corrections"]],
        "key": found["key"],
    }  # fmt: skip
    fields = [field for field in SCHEMAS["events"] if field.name != "customer_id"]
    return hide_ids(
        pa.table([_array(columns_by_name[field.name], field.type) for field in fields], schema=pa.schema(fields))
    )


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _moments(millis: np.ndarray) -> pa.Array:
    return pa.array(millis * 1000).cast(pa.timestamp("us")).cast(_UTC)


def days_of(millis: np.ndarray) -> pa.Array:
    """The business day of each moment."""
    quarters, places = np.unique(millis // _QUARTER_MS, return_inverse=True)
    found: list[date] = [days.day_of(moment_of(int(q) * _QUARTER_MS), settings.TIME_ZONE) for q in quarters]
    return pa.array(found, pa.date32()).take(pa.array(places.reshape(-1)))


def find_retired(ids: Iterable[int], owners: Iterable[int]) -> list[tuple[Any, ...]]:
    """Log rows that live in the lake only, in the order of `LOG_COLUMNS`. `owners` are the customers to look at first."""
    border = retired_upto()
    wanted = {number for number in ids if number <= border}
    if not wanted:
        return []
    rows, owners = [], set(owners)
    if owners:
        located = lake.locate_rows("events", owners, ["event_id"])
        places = np.flatnonzero(np.isin(located.keys["event_id"].to_numpy(), list(wanted)))
        rows = log_rows(located.take(places.tolist(), LAKE_COLUMNS))
        wanted -= {row[0] for row in rows}
    return rows + (log_rows(lake.find_rows("events", "event_id", wanted, LAKE_COLUMNS)) if wanted else [])


def find_corrections(event_id: int) -> list[dict[str, Any]]:
    """What was corrected in an event that lives in the lake only."""
    rows = find_retired([event_id], ())
    said = rows[0][LOG_COLUMNS.index("corrections")] if rows else None
    return msgspec.json.decode(said) if said else []


def stream_retired() -> Iterator[tuple[list[tuple[Any, ...]], list[int | None]]]:
    """All log rows that live in the lake only, in pieces, with the customer each belongs to."""
    for table in lake.stream_rows("events", (*LAKE_COLUMNS, "customer_id"), below=("event_id", retired_upto() + 1)):
        yield log_rows(table), table["customer_id"].to_pylist()


def log_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    """Rows of the lake's events as the log had them."""
    columns: list[Iterable[Any]] = []
    table = _shown(table)
    change: dict[str, Callable[[Any], Any]] = {
        "at": _millis, "received_at": _millis, "body": lambda column: [text.encode() for text in column.to_pylist()],
    }  # fmt: skip
    for name in LAKE_COLUMNS:
        columns.append(change.get(name, lambda column: column.to_pylist())(table[name]))
    return list(zip(*columns, strict=True))


def _shown(table: pa.Table) -> pa.Table:
    mask = pc.fill_null(pc.starts_with(table["personal_sealed"], MARK), False).combine_chunks()
    said = [show_ids(Said(**row)) for row in table.select(list(NAMES)).filter(mask).to_pylist()]
    for place, name in enumerate(NAMES if said else ()):
        kind, at = table.schema.field(name).type, table.schema.get_field_index(name)
        shown = pa.array([each[place] for each in said], kind)
        table = table.set_column(at, name, pc.replace_with_mask(table[name].combine_chunks(), mask, shown))
    return table


def _millis(column: pa.ChunkedArray) -> list[int]:
    found: list[int] = pc.divide(column.cast(pa.int64()), 1000).to_pylist()
    return found
