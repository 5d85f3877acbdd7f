"""What is kept of each person between steps: day facts, recent ones and those of long ago, and the segments they are in.

Reads and writes sets. Does not own what the facts mean nor who is in what. A person's past is only written by who holds the lock
on their state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection
from liebian_analytics.rules.packed import folded, joined

from liebian.core.arrays import ints_text
from liebian.core.columns import insert_tuples, select_in
from liebian.core.prepared import cursor_of
from liebian.segments.models import Past, State

MOST_RECENT = 64  # records that are written anew with each event of a person


class Kept(NamedTuple):
    recent: bytes = b""
    past: bytes = b""
    bits: bytes = b""

    @property
    def facts(self) -> bytes:
        return joined(self.past, self.recent)


NOTHING = Kept()
_OPEN = """
INSERT INTO segments_state (customer_id, facts, bits)
SELECT id, '', '' FROM unnest(%s::bigint[]) AS id WHERE NOT EXISTS (SELECT FROM segments_state AS s WHERE s.customer_id = id)
ORDER BY id ON CONFLICT DO NOTHING
"""
# One statement: where nothing is locked, a record on its way from the one to the other is in exactly one of them.
_BOTH = """
SELECT s.customer_id, s.facts, p.facts, s.bits FROM segments_state AS s LEFT JOIN segments_past AS p ON p.customer_id = s.customer_id
WHERE s.customer_id = ANY(%s::bigint[])
"""


def read_locked(ids: list[int]) -> dict[int, Kept]:
    """The states of these people, locked in ascending order; whoever has none gets an empty one first, where others may too."""
    if connection.vendor == "postgresql" and ids:
        with cursor_of(connection) as cursor:
            cursor.execute(_OPEN, [ints_text(ids)])
    return _read_apart(ids, lock=True)


def read(ids: Collection[int]) -> dict[int, Kept]:
    """The states of these people, as they are at one moment."""
    if connection.vendor == "postgresql":
        with cursor_of(connection) as cursor:
            cursor.execute(_BOTH, [ints_text(sorted(ids))])
            rows = cursor.fetchall()
        return {key: Kept(bytes(recent), bytes(past or b""), bytes(bits)) for key, recent, past, bits in rows}
    return _read_apart(ids)


def _read_apart(ids: Collection[int], *, lock: bool = False) -> dict[int, Kept]:
    """First states, then pasts: right where nobody can write between."""
    asked = sorted(ids)
    found = list(select_in(State, ("customer_id", "facts", "bits"), "customer_id", asked, lock=lock))
    pasts = dict(select_in(Past, ("customer_id", "facts"), "customer_id", asked))
    return {key: Kept(recent, pasts.get(key, b""), bits) for key, recent, bits in found}


def write(before: Mapping[int, Kept], after: Mapping[int, Kept]) -> list[int]:
    """What changed; the ids, ascending. Recent facts that have become many go over to the past. Writes State and Past."""
    changed = sorted(key for key, kept in after.items() if kept != before.get(key, NOTHING))
    states, pasts = [], []
    for key in changed:
        kept = after[key]
        past, recent = folded(kept.past, kept.recent, MOST_RECENT)
        states.append((key, recent, kept.bits))
        if past != kept.past:
            pasts.append((key, past))
    insert_tuples(State, ("customer_id", "facts", "bits"), states, update=("facts", "bits"))
    insert_tuples(Past, ("customer_id", "facts"), pasts, update=("facts",))
    return changed
