"""What leaves the database with time: rows of the log once they are in the lake, messages of the quarantine once they are decided about."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from liebian.core.cursors import position_of
from liebian.core.moments import millis_of
from liebian.events.models import Event, Quarantined
from liebian.events.types import RETIRED

_AT_ONCE = 5_000


def drop_retired() -> int:
    """Delete the rows of the log that the cursor of retired rows has passed; their keys stay and refuse repeats.

    Writes the log only. Idempotent: what is gone is gone. Returns how many rows went.
    """
    return Event.objects.filter(id__lte=position_of(RETIRED)).delete()[0]


def drop_decided(*, before: datetime) -> int:
    """Delete messages of the quarantine that were repaired, dismissed or emptied before a moment; their keys stay and refuse repeats.

    Writes Quarantined, some thousand rows at a time. Idempotent. Returns how many rows went.
    """
    decided = Q(changed_at__lt=before) | Q(changed_at=None, received_ms__lt=millis_of(before))
    rows = Quarantined.objects.exclude(state="waiting").filter(decided).order_by("pk")
    return Quarantined.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:_AT_ONCE])).delete()[0]
