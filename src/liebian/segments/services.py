"""Writes of segments: definitions, the stage that keeps memberships, and the daily sizes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from liebian.core.days import day_of
from liebian.core.errors import Conflict, Invalid
from liebian.core.texts import mark as _
from liebian.segments import queries
from liebian.segments.models import Segment, SegmentCount
from liebian.segments.queries.definitions import view_segment
from liebian.segments.types import SegmentView

MAX_NAME = 80
BATCH = 2000


def advance(*, limit: int = BATCH, shard: int = 0, shards: int = 1) -> int:
    """One step of the segments stage: the next events, order changes and merges become memberships.

    Writes day facts, memberships and the stage's progress in one transaction, of which the progress is also what makes a
    repeat harmless; then the next people of a running sweep in another. People are shared out by the id under which they
    were seen; a new number of shards takes over once the old ones stand at one place. Returns how much was worked on, 0
    when nothing waits.
    """
    from liebian.segments.stage import step

    return step.advance(limit, shard, shards)


def ask_replay() -> None:
    """Let the worker count everybody's day facts from the log again and put right what differs. Idempotent: while a replay is
    under way, that one is meant. Writes the cursor of the replay."""
    from liebian.segments.replay import steps

    steps.ask()


def replay_share() -> int:
    """One step of the replay that was asked for; see `liebian.segments.replay.steps`."""
    from liebian.segments.replay import steps

    return steps.replay_share()


def save_segment(
    *,
    name: str,
    rule: Mapping[str, Any] | str | bytes,
    now: datetime,
    segment_id: int | None = None,
    by: int | None = None,
    based_on_version: int | None = None,
) -> SegmentView:
    """Make a segment, or give an existing one a new name or rule; a new rule is the next version.

    Writes Segment. Saving the same name and rule again changes nothing. Raises Invalid for a missing name or a rule that
    cannot be used, NotFound for an unknown segment, Conflict when the name is taken or somebody saved in between.
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME:
        raise Invalid("segment_name", _("Give the segment a name of at most %(limit)s letters."), limit=MAX_NAME)
    tree = canonical(rule)
    try:
        with transaction.atomic():
            if segment_id is None:
                row = Segment(created_at=now, created_by=by, version=0)
            else:
                queries.get_segment(segment_id)
                row = Segment.objects.select_for_update().get(pk=segment_id)
            return view_segment(_write(row, name, tree, now, by, based_on_version))
    except IntegrityError as error:
        raise Conflict(
            "segment_name_taken", _("There is already a segment called '%(name)s'. Choose another name."), name=name
        ) from error


def canonical(rule: Mapping[str, Any] | str | bytes) -> dict[str, Any]:
    """The rule as it is kept: checked, with what has a default left to it."""
    from liebian_analytics.rules.parse import to_json

    tree: dict[str, Any] = msgspec.json.decode(to_json(queries.parse(rule)))
    return tree


def _write(
    row: Segment, name: str, tree: dict[str, Any], now: datetime, by: int | None, based_on_version: int | None
) -> Segment:
    if (row.name, row.rule) == (name, tree):
        return row
    if row.pk and based_on_version is not None and row.version != based_on_version:
        raise Conflict(
            "segment_changed",
            _(
                "Somebody saved version %(version)s while you were editing version %(based_on)s. "
                "Your conditions are kept here; open the segment in a second window to compare."
            ),
            version=row.version,
            based_on=based_on_version,
        )
    if row.rule != tree:
        row.version += 1
    row.name, row.rule, row.changed_at, row.changed_by = name, tree, now, by
    row.save()
    return row


def archive_segment(*, segment_id: int, now: datetime) -> SegmentView:
    """Take a segment out of use; its history stays and its name is free. Idempotent by the segment."""
    queries.get_segment(segment_id)
    Segment.objects.filter(pk=segment_id, archived_at__isnull=True).update(archived_at=now)
    return queries.get_segment(segment_id)


def record_sizes(*, now: datetime) -> int:
    """Keep today's size of every segment in use, for the worker once a day. Returns how many were written.

    Writes SegmentCount; idempotent by (segment, day): a later count of the same day stands.
    """
    day = day_of(now, settings.TIME_ZONE)
    versions = {segment.id: segment.version for segment in queries.list_segments()}
    counted = set(SegmentCount.objects.filter(day=day).values_list("segment_id", "version"))
    if not set(versions.items()) - counted:
        return 0
    sizes = queries.count_segments(day)
    rows = [
        SegmentCount(segment_id=key, day=day, version=versions[key], size=size)
        for key, size in sizes.items()
        if key in versions
    ]
    SegmentCount.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["segment", "day"], update_fields=["version", "size"]
    )
    return len(rows)
