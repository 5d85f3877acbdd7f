"""Rows that enter the quarantine and leave it for the log. Part of the caller's transaction of the log's database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connections

from liebian.core import crypto
from liebian.events.checking.types import Correction, Violation
from liebian.events.inbox.quarantine import SEAL_CONTEXT
from liebian.events.queries import PERSONAL_CONTEXT
from liebian.events.rules import Draft
from liebian.events.services.log import _LOG_LOCK, log_alias

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSERT = (
    "INSERT INTO events_event (key, source, type, name, user_id, anonymous_id, at_ms, received_ms, body, personal, corrections) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_QUARANTINE = (
    "INSERT INTO events_quarantined (key, source, type, name, received_ms, code, reasons, message, state) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'waiting') ON CONFLICT (key) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Repaired:
    """A message that passes now: as it goes to the log, under the key that it had from the start."""

    key: bytes
    source: str
    draft: Draft
    corrections: Sequence[Correction] = ()


def quarantine_row(
    *, key: bytes, source: str, type: str, name: str, received_at: datetime, violations: Sequence[Violation],
    message: dict[str, Any],
) -> tuple[Any, ...]:  # fmt: skip
    """A row for `quarantine_rows`, the message sealed whole. Its code is that of the first violation."""
    return (
        key, source, type, name, _millis(received_at), violations[0].code,
        json.dumps([one.as_dict() for one in violations]), crypto.seal(message, context=SEAL_CONTEXT),
    )  # fmt: skip


def quarantine_rows(cursor: Any, rows: Sequence[tuple[Any, ...]]) -> None:
    """Keep messages that may not enter the log. Idempotent by key; put the same keys into events_key in this transaction."""
    if rows:
        cursor.executemany(_QUARANTINE, rows)


def insert_repaired(repaired: Sequence[Repaired], *, received_at: datetime) -> int:
    """Append repaired messages to the log, received now, happened then.

    Their keys are in events_key since they arrived, so the caller makes sure that each comes once: by its row's leaving
    `waiting` in the same transaction.
    """
    rows = [
        (
            bytes(one.key), one.source, one.draft.type, one.draft.name, one.draft.user_id, one.draft.anonymous_id,
            _millis(one.draft.at), _millis(received_at), one.draft.body,
            crypto.seal(one.draft.personal, context=PERSONAL_CONTEXT) if one.draft.personal else None,
            json.dumps([found.as_dict() for found in one.corrections]) if one.corrections else None,
        )
        for one in repaired
    ]  # fmt: skip
    connection = connections[log_alias()]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOG_LOCK])
        if rows:
            cursor.executemany(_INSERT, rows)
    return len(rows)


def _millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
