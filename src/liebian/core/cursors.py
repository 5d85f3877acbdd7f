"""Reading a log by cursor: lock, read behind it, write, move, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from liebian.core import clock
from liebian.core.models import Cursor
from liebian.core.prepared import cursor_of

# Every stage asks several times in every step, and composing these anew costs more than running them.
_POSITION = "SELECT position FROM core_cursor WHERE name = %s"
_MOVE = "UPDATE core_cursor SET position = %s, moved_at = %s WHERE name = %s"


class Reading:
    """An open reading. Set `position` to what was consumed; the block's end stores it."""

    def __init__(self, position: int) -> None:
        self.start = position
        self.position = position


class Busy(Exception):
    """Another worker holds the cursor: there is nothing to do here now."""


@contextmanager
def reading(name: str, *, wait: bool = True) -> Iterator[Reading]:
    """Hold the named cursor for one transaction. Everything written inside commits with the move, or not at all.

    Raises Busy at once when `wait` is False and another transaction holds the cursor (PostgreSQL). On SQLite the one
    writer holds them all.
    """
    with transaction.atomic(), _held(name, wait) as state:
        yield state


@contextmanager
def reading_along(name: str) -> Iterator[Reading]:
    """Hold another cursor in the transaction of a reading that is open. It is moved with it, or not at all."""
    with _held(name, wait=True) as state:
        yield state


@contextmanager
def _held(name: str, wait: bool) -> Iterator[Reading]:
    state = Reading(_locked(name, wait))
    yield state
    if state.position != state.start:
        moved_at = connection.ops.adapt_datetimefield_value(clock.now())
        with cursor_of(connection) as cursor:
            cursor.execute(_MOVE, [state.position, moved_at, name])


def _locked(name: str, wait: bool) -> int:
    skips = not wait and connection.features.has_select_for_update_skip_locked
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    position = _ask(_POSITION + lock + (" SKIP LOCKED" if skips else ""), name)
    if position is None:
        _row, is_new = Cursor.objects.get_or_create(name=name)
        if not is_new and skips:
            raise Busy(name)
        position = _ask(_POSITION + lock, name)
    return position or 0


def _ask(sql: str, name: str) -> int | None:
    with cursor_of(connection) as cursor:
        cursor.execute(sql, [name])
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def position_of(name: str) -> int:
    return _ask(_POSITION, name) or 0


def positions_of(names: Iterable[str]) -> dict[str, int]:
    """Several positions in one query; a reader that never read stands at 0."""
    found = dict(Cursor.objects.filter(name__in=list(names)).values_list("name", "position"))
    return {name: found.get(name, 0) for name in names}


def sum_of_positions() -> int:
    """Changes whenever any cursor moves."""
    with cursor_of(connection) as cursor:
        cursor.execute("SELECT COALESCE(SUM(position), 0) FROM core_cursor")
        return int(cursor.fetchone()[0])


def drain(step: Callable[[], int]) -> int:
    """Call a stage's step until it consumes nothing; returns how much it consumed in all."""
    total = 0
    while done := step():
        total += done
    return total
