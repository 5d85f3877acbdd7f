"""Statements that come again and again. PostgreSQL parses and plans each of them once a minute, not every time.

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
PLANS_LAST = 60.0  # seconds: a table that grew meanwhile may want another plan, also where nobody takes statistics
_planned: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


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
    since = _planned.get(raw)
    if since is not None and now - since < PLANS_LAST:
        return
    raw.prepared_max = MOST
    if since is not None and not raw.broken:
        raw.execute("DISCARD PLANS")
    _planned[raw] = now


@cache
def _cursor_class() -> Any:
    import psycopg

    class PreparedCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            return super().execute(query, params, **{**options, "prepare": True})

    return PreparedCursor
