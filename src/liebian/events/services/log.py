"""Writes to the log. A message that came back without an error is durable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import connections, transaction

from liebian.core import crypto, days, ids
from liebian.core.moments import millis_of
from liebian.events.queries import PERSONAL_CONTEXT
from liebian.events.rules import Draft, keys_before, parse_message
from liebian.events.services.counting import Counts, add_counts
from liebian.events.services.insert import Row, append_rows, find_keys, lock_log, take_keys
from liebian.events.types import DAY_STARTED, INTERNAL_SOURCE, Receipt


def log_alias() -> str:
    return "log" if "log" in settings.DATABASES else "default"


def record_events(messages: Iterable[dict[str, Any]], *, source: str, received_at: datetime) -> Receipt:
    """Append messages in their order. Writes the log and SourceDay, in one transaction of the log's database.

    Idempotent by (timestamp, source, messageId). Raises Invalid for the first message that cannot be kept; then
    nothing of the batch is written.
    """
    drafts = [parse_message(message, source=source, received_at=received_at) for message in messages]
    return insert_drafts(drafts, source=source, received_at=received_at)


def insert_drafts(drafts: list[Draft], *, source: str, received_at: datetime) -> Receipt:
    """Append parsed messages and count them for their source. Idempotent by their key; a repeat counts as one."""
    if not drafts:
        return Receipt(0, 0)
    received_ms = millis_of(received_at)
    alias = log_alias()
    with transaction.atomic(using=alias):
        connection = connections[alias]
        lock_log(connection)
        fresh = take_new(connection, [(draft.key, draft.is_dated) for draft in drafts])
        rows = [row_of(draft, source, received_ms) for draft in first_of_each(drafts, fresh)]
        append_rows(connection, rows)
        receipt = Receipt(accepted=len(fresh), duplicates=len(drafts) - len(fresh))
        if source != INTERNAL_SOURCE:
            add_counts(connection, _counted(source, received_at, receipt, sum(row[-1] is not None for row in rows)))
    return receipt


def _counted(source: str, received_at: datetime, receipt: Receipt, n_corrected: int) -> Counts:
    day = days.day_of(received_at, settings.TIME_ZONE)
    told = {"accepted": receipt.accepted, "duplicates": receipt.duplicates, "corrected": n_corrected}
    return Counts({(source, day, name): number for name, number in told.items()})


def take_new(connection: Any, keys: Iterable[tuple[bytes, bool]]) -> set[bytes]:
    """Claim the keys (key, is dated) that nobody has sent before, and return them. Part of the caller's transaction."""
    distinct = dict(keys)
    if undated := [key for key, is_dated in distinct.items() if not is_dated]:
        earlier = {before: key for key in undated for before in keys_before(key)}
        for before in find_keys(connection, list(earlier)):
            distinct.pop(earlier[before], None)
    return take_keys(connection, list(distinct))


def first_of_each(drafts: Iterable[Draft], fresh: set[bytes]) -> list[Draft]:
    """The drafts whose key was claimed, in their order; of equal keys the first."""
    left = set(fresh)
    kept = []
    for draft in drafts:
        if draft.key in left:
            left.discard(draft.key)
            kept.append(draft)
    return kept


def row_of(draft: Draft, source: str, received_ms: int) -> Row:
    """The draft as a row of the log, its personal fields sealed."""
    return (
        draft.key, source, draft.type, draft.name, draft.user_id, draft.anonymous_id, draft.at_ms, received_ms, draft.body,
        crypto.seal(draft.personal, context=PERSONAL_CONTEXT) if draft.personal else None,
        msgspec.json.encode(draft.corrections).decode() if draft.corrections else None,
    )  # fmt: skip


def record_day(*, day: date, now: datetime, again: int = 0) -> bool:
    """Write the row that starts a business day; every stage learns of the new day from it. Idempotent by day and `again`, which tells
    a day that is started once more from the one that a wrong clock started."""
    starts = days.day_start(day, settings.TIME_ZONE)
    message = {
        "type": "day", "event": DAY_STARTED, "messageId": ids.caused_by("day", day.isoformat(), *[again] * bool(again)),
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
