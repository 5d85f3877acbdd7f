"""Repaired messages on their way from the quarantine to the log. Part of the caller's transaction of the log's database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connections

from liebian.core.moments import millis_of
from liebian.events.rules import Draft
from liebian.events.services.insert import append_rows, lock_log
from liebian.events.services.log import log_alias, row_of


@dataclass(frozen=True, slots=True)
class Repaired:
    """A message that passes now: as it goes to the log, under the key that it had from the start."""

    key: bytes
    source: str
    draft: Draft


def insert_repaired(repaired: Sequence[Repaired], *, received_at: datetime) -> int:
    """Append repaired messages to the log, received now, happened then.

    Their keys are in events_key since they arrived, so the caller makes sure that each comes once: by its row's leaving
    `waiting` in the same transaction.
    """
    received_ms = millis_of(received_at)
    rows = [row_of(replace(one.draft, key=one.key), one.source, received_ms) for one in repaired]
    connection = connections[log_alias()]
    lock_log(connection)
    if rows:
        append_rows(connection, rows)
    return len(rows)
