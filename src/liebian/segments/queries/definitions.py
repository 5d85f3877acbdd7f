"""Segments as saved, and how large they were."""

from __future__ import annotations

from datetime import date, timedelta

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.segments.models import Segment, SegmentCount
from liebian.segments.types import DaySize, SegmentView


def view_segment(row: Segment) -> SegmentView:
    return SegmentView(
        id=row.pk,
        name=row.name,
        rule=row.rule,
        version=row.version,
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
        archived_at=row.archived_at,
    )


def list_segments(*, archived: bool = False) -> list[SegmentView]:
    """Segments in use (or the archived ones), last changed first."""
    rows = Segment.objects.filter(archived_at__isnull=not archived).order_by("-changed_at", "-id")
    return [view_segment(row) for row in rows]


def find_segment(segment_id: int) -> SegmentView | None:
    row = Segment.objects.filter(pk=segment_id).first()
    return view_segment(row) if row else None


def get_segment(segment_id: int) -> SegmentView:
    found = find_segment(segment_id)
    if found is None:
        raise NotFound(
            "no_such_segment",
            _("There is no segment %(segment_id)s. The list is under Segments."),
            segment_id=segment_id,
        )
    return found


def list_sizes(*, as_of: date, days: int = 30) -> dict[int, list[DaySize]]:
    """Per segment its counted sizes of the days before `as_of`, oldest first."""
    rows = SegmentCount.objects.filter(day__gt=as_of - timedelta(days=days), day__lte=as_of).order_by(
        "segment_id", "day"
    )
    found: dict[int, list[DaySize]] = {}
    for row in rows:
        found.setdefault(row.segment_id, []).append(DaySize(row.day, row.size))
    return found
