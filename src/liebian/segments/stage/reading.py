"""What one step reads ahead of its transaction: events, order changes and merges up to one position of the log."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from liebian.core.days import day_end, day_of
from liebian.core.moments import moment_of
from liebian.customers import queries as customers
from liebian.customers.types import Merge, SeenEvents
from liebian.events import queries as events
from liebian.orders import queries as orders
from liebian.orders.types import OrderChange, OrderMove
from liebian.segments.models import DueOrder, Progress
from liebian.segments.stage.facts import Gathered, contributions_of

_MANY = 5000


@dataclass(frozen=True, slots=True)
class Portion:
    """The next piece of the log for one shard. `new_day` is set where the piece is the row that starts a day."""

    upto: int
    seen: SeenEvents
    n_seen: int
    changes: list[OrderChange]
    merges: list[Merge]
    at: datetime | None
    new_day: date | None = None

    @property
    def size(self) -> int:
        return self.n_seen + len(self.changes) + len(self.merges)


def read_ahead(progress: Progress, limit: int, ceiling: int | None) -> Portion:
    """The next piece: never past the order stage, never over the start of a day, which is a piece of its own."""
    end = orders.get_position() if ceiling is None else min(ceiling, orders.get_position())
    seen = customers.list_seen_events_after(
        progress.event_id, limit, shard=progress.shard, shards=progress.shards, horizon=end
    )
    upto = seen.upto
    merges = customers.list_merges_after(progress.merge_id, limit)
    days = events.list_days_after(progress.event_id, upto)
    start = days[0] if days else None
    if start is not None:
        upto = start.id - 1
    changes = _changes_until(progress.order_change_id, upto)
    n_seen = sum(event_id <= upto for event_id in seen.event_id)
    if start is not None and not (n_seen or changes or merges):
        if progress.sweep_after is not None:  # the day before is not finished: it waits one step
            return Portion(progress.event_id, seen, 0, [], [], None)
        day = day_of(start.at, settings.TIME_ZONE)
        return Portion(start.id, seen, 0, [], [], start.received_at, day)
    at = moment_of(seen.received_ms[n_seen - 1]) if n_seen else None
    return Portion(upto, seen, n_seen, changes, merges, at)


def _changes_until(position: int, event_id: int) -> list[OrderChange]:
    found: list[OrderChange] = []
    while True:
        page = orders.list_order_changes_after(found[-1].id if found else position, _MANY)
        for change in page:
            if change.event_id > event_id:
                return found
            found.append(change)
        if len(page) < _MANY:
            return found


def first_day() -> date | None:
    """The business day on which the log begins."""
    first = events.list_events_after(0, 1)
    return day_of(first[0].received_at, settings.TIME_ZONE) if first else None


def gather(progress: Progress, portion: Portion, today: date) -> tuple[Gathered, set[int], list[DueOrder]]:
    """Additions of the portion, the seen ids it concerns, and the orders to count again on a later day."""
    gathered, n = Gathered(), portion.n_seen
    gathered.add_events(portion.seen.seen_id[:n], portion.seen.name[:n], portion.seen.at_ms[:n])
    changed = set(portion.seen.seen_id[:n])
    changed.update(merge.loser_id for merge in portion.merges if _is_mine(progress, merge.loser_id))
    owner_of = _owners(progress, portion.changes)
    upto = portion.changes[-1].id if portion.changes else progress.order_change_id
    due: dict[tuple[int, date], DueOrder] = {}
    for order_id, moves in list_moves(owner_of, upto).items():
        old = [move for move in moves if move.id <= progress.order_change_id]
        gathered.add_orders(owner_of[order_id], contributions_of(old, today), -1)
        gathered.add_orders(owner_of[order_id], contributions_of(moves, today), 1)
        for move in moves[len(old) :]:
            day = day_of(move.at, settings.TIME_ZONE)
            if day > today:
                due[order_id, day] = DueOrder(order_id=order_id, seen_id=owner_of[order_id], day=day)
    return gathered, changed | set(owner_of.values()), list(due.values())


def gather_due(progress: Progress, before: date, today: date) -> tuple[Gathered, set[int]]:
    """Additions of orders with a change whose day has come between two days of the log."""
    gathered = Gathered()
    rows = DueOrder.objects.filter(day__gt=before, day__lte=today).order_by("order_id")
    owner_of = {
        order_id: seen_id
        for order_id, seen_id in rows.values_list("order_id", "seen_id")
        if _is_mine(progress, seen_id)
    }
    for order_id, moves in list_moves(owner_of, progress.order_change_id).items():
        gathered.add_orders(owner_of[order_id], contributions_of(moves, before), -1)
        gathered.add_orders(owner_of[order_id], contributions_of(moves, today), 1)
    return gathered, set(owner_of.values())


def gather_back(progress: Progress, before: date, today: date) -> tuple[Gathered, set[int], list[DueOrder]]:
    """The other way: orders with a change whose day has come and is to come again, taken back to what counts today."""
    gathered, due = Gathered(), []
    found = orders.find_owners_changed_since(day_end(today, settings.TIME_ZONE), upto=progress.order_change_id)
    owner_of = {
        order_id: seen_id
        for order_id, seen_id in (found | customers.find_seen_ids(found)).items()
        if _is_mine(progress, seen_id)
    }
    for order_id, moves in list_moves(owner_of, progress.order_change_id).items():
        gathered.add_orders(owner_of[order_id], contributions_of(moves, before), -1)
        gathered.add_orders(owner_of[order_id], contributions_of(moves, today), 1)
        again = {day for move in moves if today < (day := day_of(move.at, settings.TIME_ZONE)) <= before}
        due += [DueOrder(order_id=order_id, seen_id=owner_of[order_id], day=day) for day in again]
    return gathered, set(owner_of.values()), due


def _is_mine(progress: Progress, seen_id: int) -> bool:
    return seen_id % progress.shards == progress.shard


def _owners(progress: Progress, changes: list[OrderChange]) -> dict[int, int]:
    """Whose each changed order was when it was first named; orders of other shards are left out."""
    owners = {change.order_id: change.customer_id for change in changes}
    owners |= customers.find_seen_ids(owners) if owners else {}
    return {order_id: owner for order_id, owner in owners.items() if _is_mine(progress, owner)}


def list_moves(order_ids: Collection[int], upto: int) -> dict[int, list[OrderMove]]:
    """What happened to each of these orders up to a position of the log of changes."""
    moves: dict[int, list[OrderMove]] = {order_id: [] for order_id in order_ids}
    if order_ids:
        for move in orders.list_changes_of(order_ids, upto=upto):
            moves[move.order_id].append(move)
    return moves
