"""Day facts and memberships of a batch of people: read, changed and written as sets, in one order of rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection
from liebian_analytics.rules.packed import Packed

from liebian.core.columns import insert_tuples
from liebian.core.prepared import cursor_of
from liebian.customers import queries as customers
from liebian.segments.models import Membership
from liebian.segments.stage import states
from liebian.segments.stage.facts import Gathered, Key
from liebian.segments.stage.people import match
from liebian.segments.stage.rules import RuleSet
from liebian.segments.stage.states import NOTHING, Kept


@dataclass(frozen=True, slots=True)
class Moment:
    """What every change of a step is dated by: a business day that counts, and the log row that decided."""

    today: date
    at: datetime
    position: int


def bring_up_to_date(
    changed: Collection[int], gathered: Gathered, numbers: dict[Key, int], rules: RuleSet, moment: Moment
) -> None:
    """Add facts to the people who were seen, then decide the memberships of whom they are today.

    `changed` are seen ids, those without new facts too. Writes State, Past and Membership; the caller owns the transaction.
    Raises MergedMeanwhile when another process merged one of them since they were read.

    Blobs are written before anybody is evaluated, and all rows are locked in one ascending order first: of several
    processes the last to evaluate a person sees every blob of theirs.
    """
    final_of = customers.find_final_ids(changed)
    finals = sorted({final_of.get(key, key) for key in changed})
    taken_in = customers.list_merged_into(finals)
    written = sorted({*changed, *finals})
    kept = states.read_locked(written)
    if others := {key for keys in taken_in.values() for key in keys if key not in kept}:
        kept |= states.read(others)
    before = dict(kept)
    _add_facts(kept, gathered, numbers)
    _decide(kept, finals, taken_in, rules, moment)
    for loser in final_of:  # whoever is somebody else today is in nothing
        if loser in kept:
            kept[loser] = kept[loser]._replace(bits=b"")
    changed = states.write(before, kept)
    moved = [key for key in changed if kept[key].bits != before.get(key, NOTHING).bits]
    _write_intervals(moved, [before.get(key, NOTHING).bits for key in moved], [kept[key].bits for key in moved], moment)


def _add_facts(kept: dict[int, Kept], gathered: Gathered, numbers: dict[Key, int]) -> None:
    for owner, blob in gathered.merged_into(lambda key: kept.get(key, NOTHING).recent, numbers).items():
        kept[owner] = kept.get(owner, NOTHING)._replace(recent=blob)


def _decide(
    kept: dict[int, Kept],
    finals: list[int],
    taken_in: dict[int, list[int]],
    rules: RuleSet,
    moment: Moment,
) -> None:
    blobs, places = [kept.get(key, NOTHING).facts for key in finals], list(range(len(finals)))
    for place, key in enumerate(finals):
        for other in taken_in.get(key, ()):
            if other in kept:
                blobs.append(kept[other].facts)
                places.append(place)
    packed = Packed.of(blobs, places if len(blobs) > len(finals) else None, len(finals))
    matched = match(finals, packed, rules, moment.today)
    width = (max(rules.segment_ids) // 8 + 1) if rules.segment_ids else 0
    bits = np.zeros((len(finals), width * 8), bool)
    bits[:, list(rules.segment_ids)] = matched
    rows = np.packbits(bits, axis=1, bitorder="little").tobytes() if width else b""
    for place, key in enumerate(finals):
        kept[key] = kept.get(key, NOTHING)._replace(bits=rows[place * width : (place + 1) * width].rstrip(b"\0"))


def _write_intervals(ids: list[int], old: list[bytes], new: list[bytes], moment: Moment) -> None:
    if not ids:
        return
    width = max(map(len, [*old, *new]))
    was, is_now = _bits(old, width), _bits(new, width)
    _close([(segment, ids[row]) for row, segment in _pairs(was & ~is_now)], moment)
    entered = [(segment, ids[row], moment.at, moment.position) for row, segment in _pairs(is_now & ~was)]
    insert_tuples(Membership, ("segment_id", "customer_id", "entered_at", "entered_by"), entered)


def _close(left: list[tuple[int, int]], moment: Moment) -> None:
    if not left:
        return
    change = "UPDATE segments_membership AS m SET left_at = %s, left_by = %s"
    at = connection.ops.adapt_datetimefield_value(moment.at)
    with cursor_of(connection) as cursor:
        if connection.vendor == "postgresql":
            which = "FROM unnest(%s::bigint[], %s::bigint[]) AS v(segment_id, customer_id) WHERE m.segment_id = v.segment_id AND m.customer_id = v.customer_id"
            cursor.execute(
                f"{change} {which} AND m.left_at IS NULL", [at, moment.position, *map(list, zip(*left, strict=True))]
            )
        else:
            cursor.executemany(
                f"{change} WHERE segment_id = %s AND customer_id = %s AND left_at IS NULL",
                [(at, moment.position, segment, customer) for segment, customer in left],
            )


def _bits(rows: list[bytes], width: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    packed = np.frombuffer(b"".join(row.ljust(width, b"\0") for row in rows), np.uint8).reshape(len(rows), width)
    return np.unpackbits(packed, axis=1, bitorder="little").astype(bool)


def _pairs(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> Iterable[tuple[int, int]]:
    rows, columns = np.nonzero(mask)
    return zip(rows.tolist(), columns.tolist(), strict=True)


def has_open_memberships() -> bool:
    return Membership.objects.filter(left_at__isnull=True).exists()
