"""The steps of a replay: one share of the people at a time, then an evaluation of everybody by the stage itself.

Decides no membership, so that what was right keeps its history and what was wrong changes now.
"""

from __future__ import annotations

import math

from liebian.access import services as access
from liebian.core import clock, cursors
from liebian.events import queries as events
from liebian.segments.models import Progress, State
from liebian.segments.replay.share import Share
from liebian.segments.stage import progress as progress_rows
from liebian.segments.types import REPLAY, REPLAY_STEPS

PEOPLE_OF_A_SHARE = 50_000


def ask() -> None:
    """Let everything be counted again. While a replay is under way, that one is meant."""
    with cursors.reading(REPLAY) as reading:
        if not reading.position:
            reading.position = _fresh()


def replay_share() -> int:
    """Count the next share again and put it right; after the last one the stage evaluates everybody. Returns 0 when nobody asked.

    Writes State, Past, DueOrder, Progress and the cursor in one transaction, and an audit entry where something was wrong.
    Idempotent by the cursor. What is counted is counted beside the stage, which stands still only while the share is put right.
    """
    asked = cursors.position_of(REPLAY)
    shares, left = divmod(asked, REPLAY_STEPS)
    layout = progress_rows.read_all()
    if not left:
        return 0
    if not layout or shares % layout[0].shards or layout[0].day is None:
        return _move(asked, _fresh() if layout and layout[0].day else 0)
    if left == 1:  # for another reason than a new day: the stage evaluates everybody
        Progress.objects.update(rules="")
        return _move(asked, 0)
    share = Share(left - 2, shares)
    shard = layout[share.share % len(layout)]
    share.read_until(shard)
    with cursors.reading(REPLAY) as reading, cursors.reading(_cursor_name(shard)):
        row = progress_rows.read_locked(shard.shard)
        if reading.position != asked or row is None or row.shards != shard.shards or row.day is None:
            return 1  # somebody else was here, or it is shared out anew
        share.read_until(row)
        if events.get_retired_upto() != share.border:
            return 1  # what was read may miss what has left for the lake meanwhile
        wrong = share.put_right(share.count_orders(row.order_change_id, row.day))
        reading.position = asked - 1
        if wrong:
            _note(wrong)
    return 1


def _fresh() -> int:
    """Every shard gets whole shares, so that one cursor holds everybody in them."""
    shards = max(1, Progress.objects.count())
    each = math.ceil(State.objects.count() / PEOPLE_OF_A_SHARE / shards) or 1
    return shards * each * (REPLAY_STEPS + 1) + 1


def _move(asked: int, to: int) -> int:
    with cursors.reading(REPLAY) as reading:
        if reading.position == asked:
            reading.position = to
    return 1


def _note(wrong: int) -> None:
    now = clock.now()
    access.record_audit(
        actor_id=None, action="segments.put_right", subject="unit:segments", now=now, details={"people": wrong}
    )


def _cursor_name(progress: Progress) -> str:
    return "segments" if progress.shards == 1 else f"segments.{progress.shard}"
