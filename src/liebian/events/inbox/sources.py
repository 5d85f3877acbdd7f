"""Reads of sources with their limits and what they sent by day."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db.models import Max, Q

from liebian.core.days import day_of
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.events.inbox.live import Filter, list_arrivals
from liebian.events.inbox.types import QUARANTINED, REFUSED, Arrival, DayCounts, LastHeard, SourceDetail
from liebian.events.models import Source, SourceDay
from liebian.events.queries import list_last_received
from liebian.events.types import INTERNAL_SOURCE

_COUNTS = ("accepted", "duplicates", "corrected", "quarantined", "refused", "throttled")


def source_detail(row: Source) -> SourceDetail:
    return SourceDetail(
        id=row.pk, name=row.name, kind=row.kind, write_key=row.write_key, is_enabled=row.is_enabled,
        created_at=row.created_at, allowed_origins=tuple(row.allowed_origins), events_per_second=row.events_per_second,
        unknown_events=row.unknown_events,
    )  # fmt: skip


def list_source_details() -> list[SourceDetail]:
    """Every source but the product itself, by name."""
    return [source_detail(row) for row in Source.objects.exclude(name=INTERNAL_SOURCE).order_by("name")]


def get_source(source_id: int) -> SourceDetail:
    row = Source.objects.filter(pk=source_id).exclude(name=INTERNAL_SOURCE).first()
    if row is None:
        raise NotFound("source_not_found", _("There is no such source."))
    return source_detail(row)


def list_days(*, until: date, days: int) -> dict[str, list[DayCounts]]:
    """By source, the counts of that many business days up to and with `until`; days without a row count nothing."""
    first = until - timedelta(days=days - 1)
    rows = SourceDay.objects.filter(day__gte=first, day__lte=until).values_list("source", "day", *_COUNTS)
    found = {(source, day): DayCounts(day, *counts) for source, day, *counts in rows}
    every_day = [first + timedelta(days=offset) for offset in range(days)]
    return {source: [found.get((source, day), DayCounts(day)) for day in every_day] for source, _day in found}


def list_last_heard() -> dict[str, LastHeard]:
    """By source, when its last event came in, also when that event has long left the database. Sources that never sent
    are not there."""
    days = SourceDay.objects.filter(Q(accepted__gt=0) | Q(duplicates__gt=0) | Q(quarantined__gt=0))
    heard = {source: LastHeard(day) for source, day in days.values_list("source").annotate(last=Max("day"))}
    for source, at in list_last_received().items():
        day = day_of(at, settings.TIME_ZONE)
        if source not in heard or heard[source].day <= day:
            heard[source] = LastHeard(day, at)
    return heard


def list_problems(source: str, *, limit: int = 5) -> list[Arrival]:
    """The newest messages of a source that wait in quarantine or were refused, newest first."""
    found = [
        one for kind in (QUARANTINED, REFUSED) for one in list_arrivals(Filter(source=source, kind=kind), limit=limit)
    ]
    return sorted(found, key=lambda one: one.received_at, reverse=True)[:limit]


def add_up(days: list[DayCounts], day: date) -> DayCounts:
    """The sum of several days' counts, dated `day`."""
    return DayCounts(day, *(sum(getattr(one, name) for one in days) for name in _COUNTS))
