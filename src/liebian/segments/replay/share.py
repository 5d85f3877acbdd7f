"""A share of the people: their day facts counted from zero, beside the stage, and put in place where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Mod

from liebian.core.bulk import write_rows
from liebian.core.days import day_of
from liebian.customers import queries as customers
from liebian.events import queries as events
from liebian.lake import queries as lake
from liebian.orders import queries as orders
from liebian.segments.models import DueOrder, Membership, Past, Progress, State
from liebian.segments.stage import states
from liebian.segments.stage.facts import Gathered, contributions_of, number_facts
from liebian.segments.stage.reading import list_moves
from liebian.segments.stage.states import NOTHING

_AT_ONCE = 5_000


class Share:
    """The people whose id leaves `share` when divided by `shares`, and what the log says of them so far."""

    def __init__(self, share: int, shares: int) -> None:
        self.share, self.shares = share, shares
        self.border = events.get_retired_upto()
        self.facts: dict[int, bytes] = {}
        self._event_id, self._change_id = self.border, 0
        self._retired: dict[int, int] = {}
        self._owners: dict[int, int] = {}
        self._read_lake()

    def read_until(self, progress: Progress) -> None:
        """Events and orders up to where the stage is. Called again it goes on from there."""
        while self._event_id < progress.event_id:
            seen = customers.list_seen_events_after(
                self._event_id, _AT_ONCE, shard=self.share, shards=self.shares, horizon=progress.event_id
            )
            gathered = Gathered()
            gathered.add_events(seen.seen_id, seen.name, seen.at_ms)
            self._add(gathered)
            self._event_id = seen.upto
        while self._change_id < progress.order_change_id:
            page = orders.list_order_changes_after(self._change_id, _AT_ONCE)
            self._note_owners({row.order_id: row.customer_id for row in page if row.id <= progress.order_change_id})
            self._change_id = page[-1].id if page else progress.order_change_id

    def count_orders(self, upto: int, today: date) -> list[DueOrder]:
        """Add what all orders are worth when `today` counts. Returns those that are counted again on a later day."""
        due: dict[tuple[int, date], DueOrder] = {}
        for order_ids in _pieces(self._owners):
            gathered = Gathered()
            for order_id, found in list_moves(order_ids, upto).items():
                owner = self._owners[order_id]
                gathered.add_orders(owner, contributions_of(found, today), 1)
                for day in {day_of(move.at, settings.TIME_ZONE) for move in found}:
                    if day > today:
                        due[order_id, day] = DueOrder(order_id=order_id, seen_id=owner, day=day)
            self._add(gathered)
        return list(due.values())

    def put_right(self, due: list[DueOrder]) -> int:
        """Write what differs: facts as counted, the segments of each person as their intervals say. Returns how many people had
        other facts. The caller holds the shard, so that nobody writes beside."""
        _of_share(DueOrder.objects, "seen_id", self).delete()
        write_rows(due)
        inside = _open_segments(self)
        known = {*self.facts, *inside, *_of_share(State.objects, "customer_id", self).values_list("pk", flat=True)}
        return sum(self._put_right(ids, inside) for ids in _pieces(known))

    def _put_right(self, ids: list[int], inside: dict[int, bytes]) -> int:
        before = states.read_locked(ids)
        after, wrong = {}, []
        for key in ids:
            kept, facts = before.get(key, NOTHING), self.facts.get(key, b"")
            if kept.facts != facts:
                wrong.append(key)
                kept = kept._replace(recent=facts, past=b"")
            after[key] = kept._replace(bits=inside.get(key, b""))
        Past.objects.filter(pk__in=wrong).delete()
        states.write(before, after)
        return len(wrong)

    def _read_lake(self) -> None:
        """Events that have left the database."""
        if not self.border:
            return
        columns = ("event_id", "customer_id", "name", "at")
        for table in lake.stream_rows("events", columns, below=("event_id", self.border + 1)):
            owners = table["customer_id"].to_numpy(zero_copy_only=False)
            mine = np.flatnonzero(~np.isnan(owners) & (owners % self.shares == self.share))
            found = table.take(mine)
            seen_ids, at = found["customer_id"].to_pylist(), found["at"].cast("int64").to_numpy() // 1000
            gathered = Gathered()
            gathered.add_events(seen_ids, found["name"].to_pylist(), at)
            self._add(gathered)
            self._retired.update(zip(found["event_id"].to_pylist(), seen_ids, strict=True))

    def _note_owners(self, told: dict[int, int]) -> None:
        """Whose each order was when it was first named: of an order that left the database, the lake knows."""
        resolved = told | customers.find_seen_ids(told)
        for order_id, owner in resolved.items():
            owner = self._retired.get(order_id, owner)
            if owner % self.shares == self.share:
                self._owners[order_id] = owner

    def _add(self, gathered: Gathered) -> None:
        numbers = number_facts(set(gathered.keys))
        self.facts |= gathered.merged_into(lambda owner: self.facts.get(owner, b""), numbers)


def _pieces(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _open_segments(share: Share) -> dict[int, bytes]:
    inside: dict[int, int] = {}
    rows = _of_share(Membership.objects.filter(left_at__isnull=True), "customer_id", share)
    for customer_id, segment_id in rows.values_list("customer_id", "segment_id").iterator():
        inside[customer_id] = inside.get(customer_id, 0) | 1 << segment_id
    return {key: bits.to_bytes(bits.bit_length() // 8 + 1, "little").rstrip(b"\0") for key, bits in inside.items()}


def _of_share(rows: Any, field: str, share: Share) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.annotate(rest=Mod(field, share.shares)).filter(rest=share.share)
    return found
