"""Writes to the log. A message that came back without an error is durable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from liebian.core import crypto, days, ids
from liebian.events.queries import PERSONAL_CONTEXT
from liebian.events.rules import Draft, parse_message
from liebian.events.types import DAY_STARTED, INTERNAL_SOURCE, Receipt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSERT = (
    "INSERT INTO events_event (key, source, type, name, user_id, anonymous_id, at_ms, received_ms, body, personal) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_LOG_LOCK = 7_301_001  # PostgreSQL: ids become visible in their order only if inserts do not overlap


def log_alias() -> str:
    return "log" if "log" in settings.DATABASES else "default"


def record_events(messages: Iterable[dict[str, Any]], *, source: str, received_at: datetime) -> Receipt:
    """Append messages in their order. Writes the log only, in one transaction of the log's database.

    Idempotent by (timestamp, source, messageId). Raises Invalid for the first message that cannot be kept; then
    nothing of the batch is written.
    """
    drafts = [parse_message(message, source=source, received_at=received_at) for message in messages]
    return insert_drafts(drafts, source=source, received_at=received_at)


def insert_drafts(drafts: list[Draft], *, source: str, received_at: datetime) -> Receipt:
    """Append parsed messages. Idempotent by their key."""
    if not drafts:
        return Receipt(0, 0)
    received_ms = _millis(received_at)
    rows = [
        (
            draft.key, source, draft.type, draft.name, draft.user_id, draft.anonymous_id, _millis(draft.at), received_ms,
            draft.body, crypto.seal(draft.personal, context=PERSONAL_CONTEXT) if draft.personal else None,
        )
        for draft in drafts
    ]  # fmt: skip
    alias = log_alias()
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        if connections[alias].vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOG_LOCK])
        fresh = _keep_new(cursor, {row[0]: row for row in reversed(rows)})
        cursor.executemany("INSERT INTO events_key (key) VALUES (%s)", [(row[0],) for row in fresh])
        cursor.executemany(_INSERT, fresh)
    return Receipt(accepted=len(fresh), duplicates=len(rows) - len(fresh))


def _keep_new(cursor: Any, rows: dict[bytes, tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows whose key is not in the log yet, in their order; of equal keys in one batch the first."""
    keys = list(rows)
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        cursor.execute(f"SELECT key FROM events_key WHERE key IN ({', '.join(['%s'] * len(part))})", part)  # noqa: S608
        for (key,) in cursor.fetchall():
            del rows[bytes(key)]
    return [rows[key] for key in reversed(keys) if key in rows]


def record_day(*, day: date, now: datetime) -> bool:
    """Write the row that starts a business day; every stage learns of the new day from it. Idempotent by day."""
    starts = days.day_start(day, settings.TIME_ZONE)
    message = {
        "type": "day", "event": DAY_STARTED, "messageId": ids.caused_by("day", day.isoformat()),
        "timestamp": starts, "properties": {"day": day.isoformat()},
    }  # fmt: skip
    return record_events([message], source=INTERNAL_SOURCE, received_at=max(now, starts)).accepted == 1


def record_outcomes(outcomes: Sequence[dict[str, Any]]) -> Receipt:
    """Report what the product did, as events of its own. Each has `cause` (tuple), `event`, `customer_id`, `at`, `properties`.

    Writes the log; idempotent by (event, cause, at).
    """
    if not outcomes:
        return Receipt(0, 0)
    messages = [
        {
            "type": "track", "event": outcome["event"], "customerId": outcome["customer_id"], "timestamp": outcome["at"],
            "messageId": ids.caused_by(outcome["event"], *outcome["cause"]), "properties": outcome["properties"],
        }
        for outcome in outcomes
    ]  # fmt: skip
    return record_events(messages, source=INTERNAL_SOURCE, received_at=max(outcome["at"] for outcome in outcomes))


def _millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
