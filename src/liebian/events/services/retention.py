"""Old rows of the log leave the database once they are in the lake, and come back from there when somebody needs them all."""

from __future__ import annotations

from django.db import connections, transaction

from liebian.core.cursors import position_of
from liebian.events import archive
from liebian.events.models import Event
from liebian.events.services.log import log_alias
from liebian.events.types import RETIRED
from liebian.lake import queries as lake


def drop_retired() -> int:
    """Delete the rows of the log that the cursor of retired rows has passed; their keys stay and refuse repeats.

    Writes the log only. Idempotent: what is gone is gone. Returns how many rows went.
    """
    return Event.objects.filter(id__lte=position_of(RETIRED)).delete()[0]


def restore_log(*, upto: int, limit: int = 20_000) -> int:
    """Put the rows of the log that live in the lake only, up to `upto`, back beside the others; returns how many came.

    Writes the log only; a row that is there already stays as it is, so it can be run again after it was interrupted.
    Raises Unavailable when the lake cannot be read.
    """
    columns = ", ".join(f'"{name}"' for name in archive.LOG_COLUMNS)
    marks = ", ".join(["%s"] * len(archive.LOG_COLUMNS))
    sql = f"INSERT INTO events_event ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of our own
    done = 0
    for batch in lake.stream_rows("events", archive.LAKE_COLUMNS, below=("event_id", upto + 1), rows=limit):
        alias = log_alias()
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            rows = archive.log_rows(batch)
            cursor.executemany(sql, rows)
            done += len(rows)
    return done
