"""Repaired messages on their way from the quarantine to the log. Part of the caller's transaction of the log's database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connections

from liebian.core.moments import millis_of
from liebian.events.rules import Draft
from liebian.events.services.insert import append_rows, lock_log
from liebian.events.services.log import log_alias, row_of, take_new


@dataclass(frozen=True, slots=True)
class Repaired:
    """A message that passes now: as it goes to the log, under the key that it had from the start. `keeps_id` says that its
    messageId is the one it came with."""

    key: bytes
    source: str
    draft: Draft
    keeps_id: bool = True


def insert_repaired(repaired: Sequence[Repaired], *, received_at: datetime) -> int:
    """Append repaired messages to the log, received now, happened then.

    Their keys are in events_key since they arrived, so the caller makes sure that each comes once: by its row's leaving
    `waiting` in the same transaction. With another time a message has another key, under which its sender may have sent it
    again, mended: that key is claimed as well, and what is in the log already is not appended. Returns how many were.
    """
    received_ms = millis_of(received_at)
    connection = connections[log_alias()]
    lock_log(connection)
    renewed = [one.draft for one in repaired if _is_renewed(one)]
    fresh = take_new(connection, [(draft.key, draft.is_dated) for draft in renewed])
    rows = []
    for one in repaired:
        if _is_renewed(one) and one.draft.key not in fresh:
            continue
        fresh.discard(one.draft.key)
        rows.append(row_of(replace(one.draft, key=one.key), one.source, received_ms))
    if rows:
        append_rows(connection, rows)
    return len(rows)


def _is_renewed(one: Repaired) -> bool:
    return one.keeps_id and one.draft.key != one.key
