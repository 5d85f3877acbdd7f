"""Old rows of the log leave the database once they are in the lake."""

from __future__ import annotations

from liebian.core.cursors import position_of
from liebian.events.models import Event
from liebian.events.types import RETIRED


def drop_retired() -> int:
    """Delete the rows of the log that the cursor of retired rows has passed; their keys stay and refuse repeats.

    Writes the log only. Idempotent: what is gone is gone. Returns how many rows went.
    """
    return Event.objects.filter(id__lte=position_of(RETIRED)).delete()[0]
