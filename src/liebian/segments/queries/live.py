"""Who is in a segment now, as the stage keeps it, and how far that follows the log."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from django.db.models import Count

from liebian.core import cursors
from liebian.customers import queries as customers
from liebian.events import queries as events
from liebian.lake import queries as lake
from liebian.segments.models import Membership, Progress, State
from liebian.segments.queries.definitions import get_segment, list_segments
from liebian.segments.queries.members import Ids, list_members
from liebian.segments.types import REPLAY, REPLAY_STEPS, Drift, Freshness, SegmentView

_SHOWN = 5


def get_freshness() -> Freshness | None:
    """How far memberships follow the log; None until the stage has read its first event."""
    rows = list(Progress.objects.all())
    if not rows or any(row.day is None for row in rows):
        return None
    last = min(rows, key=lambda row: row.event_id)
    return Freshness(
        day=min(row.day for row in rows if row.day),
        at=events.get_received_upto(last.event_id) or last.at,
        position=last.event_id,
        n_behind=events.count_after(last.event_id),
        is_sweeping=any(row.sweep_after is not None for row in rows),
    )


def find_counted_until(now: datetime) -> datetime:
    """Up to when a count by rule holds what arrived: until the first event that the lake does not have yet, or until now."""
    return events.get_received_after(lake.get_position("events", "customers")) or now


def get_position() -> int:
    """The event up to which memberships are decided."""
    return min(Progress.objects.values_list("event_id", flat=True), default=0)


def find_replay() -> tuple[int, int] | None:
    """(shares done, shares in all) while everybody's day facts are counted again."""
    shares, left = divmod(cursors.position_of(REPLAY), REPLAY_STEPS)
    return (shares + 1 - left, shares) if left else None


def list_live_members(segment_id: int) -> Ids:
    """Ids of the people in a segment now, ascending. Raises NotFound for an unknown segment."""
    get_segment(segment_id)
    rows = Membership.objects.filter(segment_id=segment_id, left_at=None).order_by("customer_id")
    return np.fromiter(rows.values_list("customer_id", flat=True), np.int64)


def count_live() -> dict[int, int]:
    """Size of every segment in use now."""
    rows = Membership.objects.filter(left_at=None).values("segment_id").annotate(n=Count("id"))
    sizes = {row["segment_id"]: row["n"] for row in rows}
    return {segment.id: sizes.get(segment.id, 0) for segment in list_segments()}


def list_live_segments(customer_id: int) -> list[SegmentView]:
    """The segments in use that a customer is in now."""
    final = customers.find_final_ids([customer_id]).get(customer_id, customer_id)
    packed = State.objects.filter(pk=final).values_list("bits", flat=True).first() or b""
    inside = set(np.flatnonzero(np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")).tolist())
    return [segment for segment in list_segments() if segment.id in inside]


def compare_with_lake() -> list[Drift]:
    """Live membership of every segment in use against an evaluation of the lake for the same business day.

    Equal when the lake holds everything that memberships follow; differences then are drift.
    """
    fresh = get_freshness()
    if fresh is None:
        return []
    found = []
    for segment in list_segments():
        live, lake = list_live_members(segment.id), list_members(segment.id, fresh.day + timedelta(days=1))
        more, less = np.setdiff1d(live, lake), np.setdiff1d(lake, live)
        found.append(
            Drift(
                segment.id,
                segment.name,
                len(live),
                len(lake),
                tuple(more[:_SHOWN].tolist()),
                tuple(less[:_SHOWN].tolist()),
            )
        )
    return found
