"""Statements that come again and again. PostgreSQL parses and plans each of them now and then, not every time.

Owns the cursor for them. Does not own their texts, which must not hold values: a text that changes is another statement.
A plan is made without looking at the values, so such a statement reads a few rows by an index, or a stretch by its key.
"""

from __future__ import annotations

import time
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper

MOST = 500  # statements that one connection keeps
# Seconds: a table that grew meanwhile may want another plan, also where nobody takes statistics. A young connection may have
# planned for tables that were still empty.
FIRST_PLANS_LAST, PLANS_LAST = 1.0, 60.0
_planned: WeakKeyDictionary[Any, tuple[float, float]] = WeakKeyDictionary()  # since when, for how long


def cursor_of(connection: BaseDatabaseWrapper) -> Any:
    """A cursor for a `with` block. What watches statements sees these as well. SQLite keeps its own statements."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors:  # a server that is away is told as Django tells it
        _renew_plans(raw)
    make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return make(_cursor_class()(raw))


def _renew_plans(raw: Any) -> None:
    now = time.monotonic()
    if raw not in _planned:
        raw.prepared_max = MOST
        _planned[raw] = now, min(FIRST_PLANS_LAST, PLANS_LAST)
        return
    since, lasts = _planned[raw]
    if now - since >= lasts:
        if not raw.broken:
            raw.execute("DISCARD PLANS")
        _planned[raw] = now, min(2 * lasts, PLANS_LAST)


@cache
def _cursor_class() -> Any:
    import psycopg

    class PreparedCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            return super().execute(query, params, **{**options, "prepare": True})

    return PreparedCursor
