"""One step of the stage: the next piece of the log, or the next people of a sweep, in one transaction each.

A sweep evaluates everybody: after the row that starts a day, and when rules or tiers have changed. It goes in chunks: with
each piece of the log, which already counts the new day, some more people are evaluated.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db import transaction

from liebian.core import cursors
from liebian.core.bulk import write_rows
from liebian.customers import queries as customers
from liebian.segments.models import DueOrder, Progress
from liebian.segments.stage import progress as progress_rows
from liebian.segments.stage.facts import Gathered, number_facts
from liebian.segments.stage.memberships import Moment, bring_up_to_date, has_open_memberships
from liebian.segments.stage.people import MergedMeanwhile
from liebian.segments.stage.reading import Portion, first_day, gather, gather_back, gather_due, read_ahead
from liebian.segments.stage.rules import RuleSet, load_rules

CHUNK = 500  # people of a sweep at a time while nothing else waits
# Together with a piece of the log, which waits for them: few where it is large, because the log is behind then.
MOST_BESIDE, BOTH, SHARE_BESIDE = 40, 110, 0.1
_DAWN = datetime(1970, 1, 1, tzinfo=UTC)


def advance(limit: int, shard: int, shards: int) -> int:
    """One step of one shard; see `liebian.segments.services.advance`."""
    rows = progress_rows.read_all()
    if not rows:
        if shard:
            return 0
        _lay_out(shards, [])
        rows = progress_rows.read_all()
    if rows[0].shards != shards:
        return _change_layout(rows, limit, shards) if shard == 0 else 0
    return _step(rows[shard], limit, None)


def _lay_out(shards: int, rows: list[Progress]) -> None:
    """One row per shard, each where the old ones stand; nothing if one of those has moved on meanwhile."""
    like = rows[0] if rows else Progress()
    fresh = [
        Progress(
            shard=shard, shards=shards, event_id=like.event_id, order_change_id=like.order_change_id,
            merge_id=like.merge_id, day=like.day, at=like.at, rules=like.rules,
        )
        for shard in range(shards)
    ]  # fmt: skip
    with transaction.atomic():
        locked = list(Progress.objects.select_for_update().order_by("shard"))
        if [_place(row) for row in locked] != [_place(row) for row in rows]:
            return
        Progress.objects.all().delete()
        write_rows(fresh, ignore=True)  # where there was no row to lock, another worker may lay out at the same time


def _place(row: Progress) -> tuple[object, ...]:
    return (row.shards, row.event_id, row.order_change_id, row.merge_id, row.day, row.sweep_after, row.rules)


def _change_layout(rows: list[Progress], limit: int, shards: int) -> int:
    """Bring the shards of the old number to one place, then share out anew. The first of the new shards does this."""
    if len({_place(row) for row in rows}) == 1 and rows[0].sweep_after is None:
        _lay_out(shards, rows)
    else:
        ceiling = max(row.event_id for row in rows)
        for row in rows:
            _step(row, limit, ceiling)
    return 1


def _step(progress: Progress, limit: int, ceiling: int | None) -> int:
    rules = load_rules()
    portion = read_ahead(progress, limit, ceiling)
    today = progress.day or first_day()
    if today is None:
        return 0
    try:
        done, reached = _consume(progress, portion, rules, today)
        return done + (0 if reached.sweep_after is None or portion.size else _sweep(reached, rules))
    except MergedMeanwhile:  # by another process: what was read is old, the next step reads anew
        return 1
    except cursors.Busy:  # another worker has this shard
        return 0


def _consume(progress: Progress, portion: Portion, rules: RuleSet, today: date) -> tuple[int, Progress]:
    """How much was consumed, and how far the shard is now."""
    moved = portion.upto > progress.event_id or portion.size
    if not moved and rules.signature == progress.rules:
        return 0, progress
    due: list[DueOrder] = []
    if portion.new_day is None:
        gathered, changed, due = gather(progress, portion, today)
    elif portion.new_day > today:
        gathered, changed = gather_due(progress, today, portion.new_day)
    elif portion.new_day < today:  # the clock that started `today` was wrong
        gathered, changed, due = gather_back(progress, today, portion.new_day)
    else:
        gathered, changed = Gathered(), set()
    numbers = number_facts(set(gathered.keys))
    with cursors.reading(_cursor_of(progress), wait=False) as reading:
        row = progress_rows.read_locked(progress.shard)
        if row is None or _place(row) != _place(progress):
            return 1, progress  # another process was faster; what we read is behind us
        _move(row, portion, rules, today)
        beside = _next_of_sweep(row, share_beside(portion.size)) if portion.size else []
        if changed or beside:
            bring_up_to_date(changed.union(beside), gathered, numbers, rules, _moment(row))
        if portion.new_day is not None:
            DueOrder.objects.filter(day__lte=row.day, seen_id__in=changed).delete()
        write_rows(due)
        progress_rows.store(row)
        reading.position = row.event_id
    return max(portion.upto - progress.event_id, portion.size), row


def _cursor_of(progress: Progress) -> str:
    return "segments" if progress.shards == 1 else f"segments.{progress.shard}"


def _move(row: Progress, portion: Portion, rules: RuleSet, today: date) -> None:
    row.event_id = portion.upto
    row.order_change_id = portion.changes[-1].id if portion.changes else row.order_change_id
    row.merge_id = portion.merges[-1].position if portion.merges else row.merge_id
    row.at = portion.at or row.at
    starts = portion.new_day is not None and portion.new_day != today
    row.day = portion.new_day if starts else today
    if rules.signature != row.rules or starts:
        row.sweep_after, row.rules = 0, rules.signature
    if row.sweep_after is not None and not rules.rules and not has_open_memberships():
        row.sweep_after = None


def _moment(row: Progress) -> Moment:
    assert row.day is not None
    return Moment(row.day, row.at or _DAWN, row.event_id)


def _sweep(progress: Progress, rules: RuleSet) -> int:
    """The next people of a running sweep, when the log has nothing new."""
    with cursors.reading(_cursor_of(progress), wait=False):
        row = progress_rows.read_locked(progress.shard)
        if row is None or row.sweep_after is None or row.rules != rules.signature:
            return 1
        ids = _next_of_sweep(row, CHUNK)
        if ids:
            bring_up_to_date(ids, Gathered(), {}, rules, _moment(row))
        progress_rows.store(row)
    return max(len(ids), 1)


def share_beside(size: int) -> int:
    """How many people of a sweep go with a piece of the log of so many events."""
    return max(1, round(SHARE_BESIDE * size), min(MOST_BESIDE, BOTH - size))


def _next_of_sweep(row: Progress, chunk: int) -> list[int]:
    """The next people of a sweep, which has passed them with this; nobody where none is running."""
    if row.sweep_after is None:
        return []
    ids = customers.list_known_ids_after(row.sweep_after, chunk, shard=row.shard, shards=row.shards)
    row.sweep_after = ids[-1] if len(ids) == chunk else None
    return ids
