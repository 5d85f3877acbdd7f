"""Reads of the log and its sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from django.db import connections, router
from django.db.models import Max, Min

from liebian.core import crypto
from liebian.core.columns import select_after, select_in
from liebian.core.errors import NotFound
from liebian.core.moments import millis_of, moment_of
from liebian.core.prepared import cursor_of
from liebian.core.texts import mark as _
from liebian.events import archive
from liebian.events.hiding import NAMES, Said, show_ids
from liebian.events.models import Event, ImportJob, Quarantined, Source
from liebian.events.types import EventRecord, ImportView, LogRow, SourceView

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ("id", "source", "type", "name", "user_id", "anonymous_id", "at_ms", "received_ms", "body", "personal")
PERSONAL_CONTEXT = "event.personal"
QUARANTINE_CONTEXT = "event.quarantined"
REFUSED_CONTEXT = "event.refused"


def _record(row: tuple[Any, ...]) -> EventRecord:
    id_, source, type_, name, user_id, anonymous_id, at_ms, received_ms, body, personal = row
    return EventRecord(
        id=id_, source=source, type=type_, name=name, user_id=user_id, anonymous_id=anonymous_id,
        at=moment_of(at_ms), received_at=moment_of(received_ms),
        body=msgspec.json.decode(bytes(body)),
        personal=crypto.unseal(personal, context=PERSONAL_CONTEXT) if personal else {},  # type: ignore[arg-type]
    )  # fmt: skip


def list_events_after(position: int, limit: int) -> list[EventRecord]:
    """The next events in log order."""
    rows = Event.objects.filter(id__gt=position).order_by("id").values_list(*_COLUMNS)[:limit]
    return [_record(row) for row in rows]


def list_rows_after(position: int, limit: int) -> list[LogRow]:
    """The next events in log order, unopened: nothing is decoded or unsealed."""
    names = ", ".join(_COLUMNS)
    with connections[router.db_for_read(Event)].cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM events_event WHERE id > %s ORDER BY id LIMIT %s", [position, limit])  # noqa: S608
        return list(map(LogRow._make, cursor.fetchall()))


def list_rows_by_id(ids: Iterable[int]) -> list[LogRow]:
    """These events in log order, unopened."""
    rows = Event.objects.filter(id__in=list(ids)).order_by("id").values_list(*_COLUMNS)
    return list(map(LogRow._make, rows))


def open_body(row: LogRow) -> dict[str, Any]:
    """Traits, properties and context of an unopened event."""
    body: dict[str, Any] = msgspec.json.decode(bytes(row.body))
    return body


def open_personal(row: LogRow) -> dict[str, Any]:
    """The personal fields of an unopened event."""
    return crypto.unseal(row.personal, context=PERSONAL_CONTEXT) if row.personal else {}  # type: ignore[return-value]


def list_days_after(position: int, upto: int) -> list[EventRecord]:
    """The rows that start a business day, after `position` and up to `upto`, in log order. They belong to nobody."""
    return [_record(row) for row in select_after(Event, _COLUMNS, "id", position, upto=upto, where="type = 'day'")]


def list_events_by_id(ids: Iterable[int], *, owners: Iterable[int] = ()) -> dict[int, EventRecord]:
    """Events by id, wherever they live by now. `owners` are the customers they belong to: the lake finds by these first."""
    wanted = set(ids)
    found = {row[0]: _record(row) for row in select_in(Event, _COLUMNS, "id", sorted(wanted))}
    missing = wanted - set(found)
    if missing:
        places = [archive.LOG_COLUMNS.index(name) for name in _COLUMNS]
        for row in archive.find_retired(missing, owners):
            found[row[0]] = _record(tuple(row[place] for place in places))
    return found


def read_log_columns(*, after: int, upto: int, limit: int) -> pa.Table:
    """The next rows of the log as the lake's columns of events, without customer_id, in log order."""
    return archive.read_log(router.db_for_read(Event), after=after, upto=upto, limit=limit)


def show_hidden(rows: pa.Table) -> list[Said]:
    """What these rows of the lake say of their person, with the ids that were hidden there."""
    return [show_ids(Said(**row)) for row in rows.select(list(NAMES)).to_pylist()]


def count_events(*, after: int, upto: int) -> int:
    """Rows of the log in the database, after one and up to another."""
    return Event.objects.filter(id__gt=after, id__lte=upto).count()


def get_retired_upto() -> int:
    """Events up to this one live in the lake only; 0 while all are in the database."""
    return archive.retired_upto()


def stream_retired() -> Iterator[tuple[list[dict[str, Any]], list[int | None]]]:
    """All log rows that live in the lake only, by column, in pieces, with the customer each belongs to."""
    for rows, owners in archive.stream_retired():
        yield [dict(zip(archive.LOG_COLUMNS, row, strict=True)) for row in rows], owners


def find_retirable(*, received_before: datetime, now: datetime, upto: int, limit: int) -> int:
    """How far the log may leave the database: the last of the next `limit` rows before the first younger one. A row that says that it
    comes in later than `now` was stamped by a clock that was ahead, and goes with its neighbours.

    Never the newest row, from which the log's end is told.
    """
    start, border, newest = archive.retired_upto(), millis_of(received_before), millis_of(now)
    upto = min(upto, get_log_end() - 1)
    rows = Event.objects.filter(id__gt=start, id__lte=upto).order_by("id").values_list("id", "received_ms")[:limit]
    last = start
    for event_id, received_ms in rows.iterator():
        if border <= received_ms <= newest:
            break
        last = event_id
    return last


def list_received(ids: Iterable[int]) -> dict[int, int]:
    """When these events were received, in milliseconds."""
    return dict(Event.objects.filter(id__in=list(ids)).values_list("id", "received_ms"))


def count_after(position: int) -> int:
    """How many rows of the log lie behind a position."""
    return Event.objects.filter(id__gt=position).count()


def get_log_end() -> int:
    """The id of the newest row of the log, 0 when it is empty. Asked many times a second."""
    connection = connections[router.db_for_read(Event)]
    with cursor_of(connection) as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM events_event")
        return int(cursor.fetchone()[0])


def find_next_id(position: int) -> int | None:
    """The event that follows a position, unopened."""
    return Event.objects.filter(id__gt=position).order_by("id").values_list("id", flat=True).first()


def get_received_after(position: int) -> datetime | None:
    """When the event that follows a position came in."""
    received = Event.objects.filter(id__gt=position).order_by("id").values_list("received_ms", flat=True).first()
    return None if received is None else moment_of(received)


def get_received_upto(position: int) -> datetime | None:
    """When the event at a position came in, or the last one before it; None where that has left the database."""
    received = Event.objects.filter(id__lte=position).order_by("-id").values_list("received_ms", flat=True).first()
    return None if received is None else moment_of(received)


def find_oldest_received_at() -> datetime | None:
    """When the oldest event of the database came in."""
    received = Event.objects.order_by("id").values_list("received_ms", flat=True).first()
    return None if received is None else moment_of(received)


def get_newest_received_at() -> datetime | None:
    newest = Event.objects.order_by("-id").values_list("received_ms", flat=True).first()
    return None if newest is None else moment_of(newest)


def count_quarantined(*, limit: int = 1000) -> int:
    """How many messages wait in quarantine; beyond `limit` nobody counts them."""
    return Quarantined.objects.filter(state="waiting")[:limit].count()


def find_oldest_decided_at() -> datetime | None:
    """When the first of the messages was decided about that are kept of the quarantine though they wait no longer."""
    found: datetime | None = Quarantined.objects.exclude(state="waiting").aggregate(first=Min("changed_at"))["first"]
    return found


def source_view(source: Source) -> SourceView:
    return SourceView(
        source.pk, source.name, source.kind, source.write_key, source.is_enabled,
        tuple(source.allowed_origins), source.events_per_second, source.unknown_events,
    )  # fmt: skip


def find_source_by_key(write_key: str) -> SourceView | None:
    source = Source.objects.filter(write_key=write_key).first()
    return source_view(source) if source else None


def list_sources() -> list[SourceView]:
    return [source_view(source) for source in Source.objects.order_by("name")]


def _import_view(job: ImportJob) -> ImportView:
    return ImportView(**{field: getattr(job, field) for field in ImportView.__dataclass_fields__})


def get_import(job_id: int) -> ImportView:
    job = ImportJob.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound("import_not_found", _("There is no import %(job_id)s."), job_id=job_id)
    return _import_view(job)


def list_imports(*, limit: int = 50, before: int | None = None) -> list[ImportView]:
    """The newest first; `before` is the id of the last one of the page before."""
    rows = ImportJob.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_import_view(job) for job in rows[:limit]]


def list_last_received() -> dict[str, datetime]:
    """When each source was last heard, among the newest events."""
    end = get_log_end()
    rows = Event.objects.filter(id__gt=end - 100_000).values("source").annotate(newest=Max("received_ms"))
    return {row["source"]: moment_of(row["newest"]) for row in rows}
