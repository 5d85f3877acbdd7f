"""Commits that need not have reached the disk yet, and the point at which they must have.

What stages write follows from the log. After a crash of the database server they write it again, so their commits need not wait for
the disk. The server loses commits from the end only: whoever commits durably after having seen one of them has it made
durable as well. What leaves the database without such a commit asks `settle` first, and what moves money is committed durably.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

from django.db import connections
from django.db.backends.signals import connection_created

_LAG = "SET synchronous_commit TO off"
_DURABLE = "SELECT pg_logical_emit_message(true, 'liebian', 'settled')"  # a commit that holds nothing but itself

_relaxed: WeakSet[Any] = WeakSet()


@contextmanager
def lagging_commits() -> Iterator[None]:
    """Inside, commits to PostgreSQL return before they are on the disk. SQLite's are as they were.

    What is open is closed at both ends, so that no connection takes this with it.
    """
    _close()
    connection_created.connect(_relax, dispatch_uid=_LAG)
    try:
        yield
    finally:
        connection_created.disconnect(dispatch_uid=_LAG)
        _close()


def _close() -> None:
    for connection in connections.all():
        connection.close()
        if close_pool := getattr(connection, "close_pool", None):
            close_pool()


def _relax(connection: Any, **_: Any) -> None:
    raw = connection.connection  # a pool hands it out again and again
    if connection.vendor == "postgresql" and raw not in _relaxed:
        with connection.cursor() as cursor:
            cursor.execute(_LAG)
        _relaxed.add(raw)


def commit_durably(connection: Any) -> None:
    """Let the commit of the open transaction wait for the disk after all."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO on")


def settle(connection: Any) -> None:
    """Return when everything that was committed so far, by whomever, is on the disk. Not inside of a transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_DURABLE)
