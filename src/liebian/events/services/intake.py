"""One commit of the way in: deliveries of many requests, what is quarantined of them, counters, refusals.

Writes the log, quarantine, SourceDay and RefusedRequest, in one transaction of the log's database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from django.db import connections, transaction

from liebian.core import crypto
from liebian.events.queries import QUARANTINE_CONTEXT, REFUSED_CONTEXT
from liebian.events.rules import Draft
from liebian.events.services.counting import Counts, add_counts
from liebian.events.services.insert import Row, append_quarantined, append_rows, lock_log
from liebian.events.services.log import log_alias, row_of, take_new
from liebian.events.types import KEPT_REFUSALS, Outcome

_ADD_REFUSAL = "INSERT INTO events_refusedrequest (source, received_ms, status, code, details, excerpt) VALUES (%s, %s, %s, %s, %s, %s)"
_PRUNE = "DELETE FROM events_refusedrequest WHERE id <= (SELECT max(id) FROM events_refusedrequest) - %s"
_PG_WAIT = "SET LOCAL lock_timeout = '2s'"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A message that decodes and cannot enter the log. `message` is whole, as it was sent."""

    key: bytes
    is_dated: bool
    type: str
    name: str
    code: str
    reasons: list[dict[str, Any]]
    message: Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one request brings."""

    source: str
    day: date
    received_ms: int
    drafts: list[Draft]
    misfits: list[Misfit] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.drafts) + len(self.misfits)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was turned away. `excerpt` is the beginning of its body."""

    source: str
    day: date
    received_ms: int
    status: int
    code: str
    details: dict[str, Any]
    excerpt: bytes


def write_deliveries(
    deliveries: Sequence[Delivery], *, counts: Counts | None = None, refusals: Sequence[Refusal] = ()
) -> list[Outcome]:
    """Append all in one commit; the outcomes are in the order of the deliveries. Idempotent by the keys of the messages.

    `counts` and `refusals` are what waits to be written along. Rows are made before the transaction begins, so that the
    lock is held for the writing alone.
    """
    rows = [[row_of(draft, one.source, one.received_ms) for draft in one.drafts] for one in deliveries]
    misfits = [[_quarantine_row(misfit, one) for misfit in one.misfits] for one in deliveries]
    notes = [_refusal_row(refusal) for refusal in refusals]
    alias = log_alias()
    with transaction.atomic(using=alias):
        connection = connections[alias]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(_PG_WAIT)
        lock_log(connection)
        fresh = take_new(connection, [(item.key, item.is_dated) for one in deliveries for item in _items(one)])
        outcomes, kept, quarantined = _sort_out(deliveries, rows, misfits, fresh)
        append_rows(connection, kept)
        if quarantined:
            append_quarantined(connection, quarantined)
        _write_notes(connection, counts, notes)
    return outcomes


def _items(delivery: Delivery) -> list[Draft | Misfit]:
    return [*delivery.drafts, *delivery.misfits] if delivery.misfits else delivery.drafts  # type: ignore[return-value]


def _sort_out(
    deliveries: Sequence[Delivery], rows: list[list[Row]], misfits: list[list[Row]], fresh: set[bytes]
) -> tuple[list[Outcome], list[Row], list[Row]]:
    """Of equal keys the first delivery has the row, the others have a repeat."""
    outcomes: list[Outcome] = []
    kept: list[Row] = []
    quarantined: list[Row] = []
    for one, own_rows, own_misfits in zip(deliveries, rows, misfits, strict=True):
        new = _claim(own_rows, fresh)
        put_aside = _claim(own_misfits, fresh)
        kept += new
        quarantined += put_aside
        corrected = sum(row[-1] is not None for row in new)
        outcomes.append(Outcome(len(new), len(one) - len(new) - len(put_aside), len(put_aside), corrected))
    return outcomes, kept, quarantined


def _claim(rows: list[Row], fresh: set[bytes]) -> list[Row]:
    """The rows whose key nobody has taken; each takes its key."""
    claimed = []
    for row in rows:
        if row[0] in fresh:
            fresh.discard(row[0])
            claimed.append(row)
    return claimed


def _quarantine_row(misfit: Misfit, delivery: Delivery) -> Row:
    return (
        misfit.key, delivery.source, misfit.type, misfit.name, delivery.received_ms, misfit.code,
        msgspec.json.encode(misfit.reasons).decode(), crypto.seal(misfit.message, context=QUARANTINE_CONTEXT), "waiting", None,
    )  # fmt: skip


def _refusal_row(refusal: Refusal) -> Row:
    return (
        refusal.source, refusal.received_ms, refusal.status, refusal.code, msgspec.json.encode(refusal.details).decode(),
        crypto.seal(refusal.excerpt.decode(errors="replace"), context=REFUSED_CONTEXT) if refusal.excerpt else None,
    )  # fmt: skip


def _write_notes(connection: Any, counts: Counts | None, notes: list[Row]) -> None:
    if counts:
        add_counts(connection, counts)
    if notes:
        with connection.cursor() as cursor:
            cursor.executemany(_ADD_REFUSAL, notes)
            cursor.execute(_PRUNE, [KEPT_REFUSALS])
