"""The insert into the log, as fast as each database allows.

Owns the two tables `events_key` (what has been seen) and `events_event` (the log) at the moment of writing. Does not open
or commit the transaction: the caller does.

One statement carries many rows. `executemany` would take and give back the interpreter's lock for each row, which beside a
busy thread costs milliseconds a row. PostgreSQL takes keys as one array and rows by COPY, both in binary: as text the client
alone spends seven times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec
import psycopg

COLUMNS = (
    "key", "source", "type", "name", "user_id", "anonymous_id", "at_ms", "received_ms", "body", "personal", "corrections",
)  # fmt: skip
QUARANTINE_COLUMNS = (
    "key", "source", "type", "name", "received_ms", "code", "reasons", "message", "state", "changed_at",
)  # fmt: skip
Row = tuple[Any, ...]
_PG_TYPES = ("bytea", "text", "text", "text", "text", "text", "int8", "int8", "bytea", "bytea", "jsonb")
_NAMES = ", ".join(COLUMNS)
_LARGEST = 1024  # rows of one statement: 11 values each, within every SQLite's limit of 32,766
_LOG_LOCK = 7_301_001  # PostgreSQL: ids become visible in their order only if inserts do not overlap

_PG_KEYS = "INSERT INTO events_key (key) SELECT unnest(%b::bytea[]) ON CONFLICT DO NOTHING RETURNING key"
_PG_SEEN = "SELECT key FROM events_key WHERE key = ANY(%b::bytea[])"
_PG_ROWS = f"COPY events_event ({_NAMES}) FROM STDIN (FORMAT BINARY)"


def lock_log(connection: Any) -> None:
    """Until the end of the transaction nobody else appends. SQLite's write transactions exclude each other as they are."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOG_LOCK])


def take_keys(connection: Any, keys: Sequence[bytes]) -> set[bytes]:
    """Write those of the distinct keys that are new, and return them. Optimistic: mostly all are."""
    if not keys:
        return set()
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            return _pg_take_keys(connection, keys)
        return _sqlite_take_keys(connection, keys)


def _sqlite_take_keys(connection: Any, keys: Sequence[bytes]) -> set[bytes]:
    raw = connection.connection
    raw.execute("SAVEPOINT keys")
    if _sqlite_insert(raw, _sqlite_keys, [(key,) for key in keys]) == len(keys):
        raw.execute("RELEASE keys")
        return set(keys)
    raw.execute("ROLLBACK TO keys")
    raw.execute("RELEASE keys")
    fresh = set(keys) - find_keys(connection, keys)
    _sqlite_insert(raw, _sqlite_keys, [(key,) for key in keys if key in fresh])
    return fresh


def find_keys(connection: Any, keys: Sequence[bytes]) -> set[bytes]:
    """Those of the keys that have been seen."""
    if not keys:
        return set()
    with connection.wrap_database_errors:
        return (
            _pg_find_keys(connection, keys)
            if connection.vendor == "postgresql"
            else _sqlite_find_keys(connection, keys)
        )


def _pg_find_keys(connection: Any, keys: Sequence[bytes]) -> set[bytes]:
    with psycopg.Cursor(connection.connection) as cursor:
        return {row[0] for row in cursor.execute(_PG_SEEN, [list(keys)], prepare=True, binary=True)}


def _sqlite_find_keys(connection: Any, keys: Sequence[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for start in range(0, len(keys), _LARGEST):
        part = keys[start : start + _LARGEST]
        marks = ", ".join("?" * len(part))
        rows = connection.connection.execute(f"SELECT key FROM events_key WHERE key IN ({marks})", part)  # noqa: S608
        found.update(row[0] for row in rows.fetchall())
    return found


def append_rows(connection: Any, rows: Sequence[Row]) -> None:
    """Append rows of COLUMNS in their order."""
    if not rows:
        return
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            _pg_append(connection, rows)
        else:
            _sqlite_insert(connection.connection, _sqlite_rows, rows)


def _pg_take_keys(connection: Any, keys: Sequence[bytes]) -> set[bytes]:
    with psycopg.Cursor(connection.connection) as cursor:
        return {row[0] for row in cursor.execute(_PG_KEYS, [list(keys)], prepare=True, binary=True)}


def _sqlite_insert(raw: Any, statement: Any, rows: Sequence[Row]) -> int:
    """Returns how many rows went in. The sizes are powers of two, so that few statements stay prepared."""
    return sum(raw.execute(statement(len(part)), list(_flat(part))).rowcount for part in _parts(rows))


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start, size = 0, _LARGEST
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def _flat(rows: Iterable[Row]) -> Iterator[Any]:
    return chain.from_iterable(rows)


@cache
def _sqlite_keys(n_rows: int) -> str:
    return f"INSERT OR IGNORE INTO events_key (key) VALUES {', '.join(['(?)'] * n_rows)}"  # noqa: S608


@cache
def _sqlite_rows(n_rows: int) -> str:
    marks = f"({', '.join('?' * len(COLUMNS))})"
    return f"INSERT INTO events_event ({_NAMES}) VALUES {', '.join([marks] * n_rows)}"  # noqa: S608


def _pg_append(connection: Any, rows: Sequence[Row]) -> None:
    """COPY is the cheapest for both sides and fails on a repeat; there is none, as the keys have been claimed."""
    with psycopg.Cursor(connection.connection) as cursor, cursor.copy(_PG_ROWS) as copy:
        copy.set_types(_PG_TYPES)
        for row in rows:
            copy.write_row(row if row[-1] is None else (*row[:-1], msgspec.json.decode(row[-1])))


def append_quarantined(connection: Any, rows: Sequence[Row]) -> None:
    """Keep rows of QUARANTINE_COLUMNS until somebody repairs or dismisses them."""
    marks = ", ".join(["%s"] * len(QUARANTINE_COLUMNS))
    sql = f"INSERT INTO events_quarantined ({', '.join(QUARANTINE_COLUMNS)}) VALUES ({marks})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
