"""Reading a log by cursor: lock, read behind it, write, move, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from liebian.core import clock
from liebian.core.models import Cursor


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
    with transaction.atomic():
        row = _locked(name, wait)
        state = Reading(row.position)
        yield state
        if state.position != row.position:
            Cursor.objects.filter(name=name).update(position=state.position, moved_at=clock.now())


def _locked(name: str, wait: bool) -> Cursor:
    skips = not wait and connection.features.has_select_for_update_skip_locked
    row = Cursor.objects.select_for_update(skip_locked=skips).filter(name=name).first()
    if row is None:
        _row, is_new = Cursor.objects.get_or_create(name=name)
        if not is_new and skips:
            raise Busy(name)
        row = Cursor.objects.select_for_update().get(name=name)
    return row


def position_of(name: str) -> int:
    row = Cursor.objects.filter(name=name).values_list("position", flat=True).first()
    return row or 0


def positions_of(names: Iterable[str]) -> dict[str, int]:
    """Several positions in one query; a reader that never read stands at 0."""
    found = dict(Cursor.objects.filter(name__in=list(names)).values_list("name", "position"))
    return {name: found.get(name, 0) for name in names}


def drain(step: Callable[[], int]) -> int:
    """Call a stage's step until it consumes nothing; returns how much it consumed in all."""
    total = 0
    while done := step():
        total += done
    return total
