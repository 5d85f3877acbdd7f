"""Reading a log by cursor: lock, read behind it, write, move, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction

from liebian.core import clock
from liebian.core.models import Cursor


class Reading:
    """An open reading. Set `position` to what was consumed; the block's end stores it."""

    def __init__(self, position: int) -> None:
        self.start = position
        self.position = position


@contextmanager
def reading(name: str) -> Iterator[Reading]:
    """Hold the named cursor for one transaction. Everything written inside commits with the move, or not at all."""
    with transaction.atomic():
        Cursor.objects.get_or_create(name=name)
        row = Cursor.objects.select_for_update().get(name=name)
        state = Reading(row.position)
        yield state
        if state.position != row.position:
            Cursor.objects.filter(name=name).update(position=state.position, moved_at=clock.now())


def position_of(name: str) -> int:
    row = Cursor.objects.filter(name=name).values_list("position", flat=True).first()
    return row or 0


def drain(step: Callable[[], int]) -> int:
    """Call a stage's step until it consumes nothing; returns how much it consumed in all."""
    total = 0
    while done := step():
        total += done
    return total
