"""The stage of referrals: people's events, orders and new days, in the order of the log, become touches, bindings and rewards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from liebian.core import cursors
from liebian.core.columns import select_after
from liebian.customers import queries as customers
from liebian.events import queries as events
from liebian.orders import queries as orders
from liebian.referrals.models import Programme
from liebian.referrals.services.batch import ReferralBatch
from liebian.referrals.services.lives import Lives
from liebian.referrals.services.merging import BEGINNING, first_merge_of, follow_merges
from liebian.referrals.services.outbox import announce_outcomes
from liebian.referrals.types import EVENT_NAMES, SIGNED_UP
from liebian.rewards import queries as reward_queries
from liebian.rewards import services as rewards

if TYPE_CHECKING:
    from liebian.customers.types import CustomerEvent
    from liebian.events.types import EventRecord
    from liebian.orders.types import OrderChange

STAGE = "referrals"
ORDERS = "referrals.orders"
POINTS_MERGES = "referrals.merges.points"
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Portion:
    """A stretch of the log that both logs below have passed: (start, upto]."""

    start: int
    upto: int
    orders_start: int
    orders_upto: int
    found: list[CustomerEvent]
    changes: list[OrderChange]
    days: list[EventRecord]
    has_programmes: bool

    @property
    def first_day(self) -> EventRecord | None:
        """The row of a day, where it comes before everything else."""
        return self.days[0] if self.days and not self.found and not self.changes else None


def advance(*, limit: int = BATCH) -> int:
    """One step: the next stretch of the log, then what it led to is told to the log.

    Writes Touch, Referral, Qualification, ReferralDecision, Outcome, and rewards through their services, in one
    transaction with the cursors; idempotent by these. Points that end with a new day may be very many: they end before its
    row is consumed, in transactions of their own. Outcomes are told after it, idempotent by their cause. Reads only what the
    log held up to each event, so any size of step leads to the same result. Returns how much was consumed.
    """
    try:
        with cursors.reading(STAGE, wait=False) as reading, cursors.reading_along(ORDERS) as order_reading:
            consumed = _merge_points() + follow_merges(upto=reading.start + 1)
            portion = _read(limit, reading.start, order_reading.start)
            ending = portion.first_day if portion is not None else None
            if portion is not None and (ending is None or not reward_queries.has_ended_points(at=ending.at)):
                ending = None
                consumed += _consume(portion)
                reading.position, order_reading.position = portion.upto, portion.orders_upto
    except cursors.Busy:
        return 0
    if ending is not None:
        return consumed + rewards.expire_many_points(at=ending.at, now=ending.at)
    return consumed + announce_outcomes()


def _read(limit: int, start: int, orders_start: int) -> _Portion | None:
    horizon = orders.get_position()  # orders read what customers wrote, so this is behind both
    if horizon <= start and orders.get_changes_end() <= orders_start:
        return None
    found, upto = customers.list_customer_events_after(start, limit, names=EVENT_NAMES, horizon=horizon)
    changes = [c for c in orders.list_order_changes_after(orders_start, limit) if c.event_id <= horizon]
    if len(changes) == limit:
        upto = min(upto, changes[-1].event_id)
    has_programmes = _has_programmes()
    if has_programmes:
        found, changes = _as_of_then(found, changes)
        upto = _before_merges(upto, found, changes)
    days = events.list_days_after(start, upto)
    upto = _cut(upto, days, [*(item.event.id for item in found), *(change.event_id for change in changes)])
    changes = [change for change in changes if change.event_id <= upto]
    return _Portion(
        start=start, upto=upto, orders_start=orders_start, orders_upto=changes[-1].id if changes else orders_start,
        found=[item for item in found if item.event.id <= upto], changes=changes, days=[day for day in days if day.id <= upto],
        has_programmes=has_programmes,
    )  # fmt: skip


def _as_of_then(
    found: list[CustomerEvent], changes: list[OrderChange]
) -> tuple[list[CustomerEvent], list[OrderChange]]:
    """The same with the people of that place in the log, whoever they turned out to be since."""
    seen = customers.list_owners({item.event.id for item in found} | {change.order_id for change in changes})
    lives = Lives(seen.values())
    then = [replace(item, customer_id=seen.get(item.event.id, item.customer_id)) for item in found]
    owners = {change.id: seen.get(change.order_id, change.customer_id) for change in changes}
    return then, [replace(each, customer_id=lives.at(owners[each.id], each.event_id)) for each in changes]


def _before_merges(upto: int, found: list[CustomerEvent], changes: list[OrderChange]) -> int:
    """A stretch ends before the event by which somebody of whom referrals know turned out to be somebody else."""
    people = {item.customer_id for item in found if item.event.name == SIGNED_UP}
    merged = first_merge_of(people | {change.customer_id for change in changes}, upto=upto)
    return upto if merged is None else merged - 1


def _cut(upto: int, days: list[EventRecord], others: list[int]) -> int:
    """A stretch ends before the row of a day, or is that row."""
    if not days:
        return upto
    return days[0].id - 1 if min(others, default=upto) < days[0].id else days[0].id


def _consume(portion: _Portion) -> int:
    """Most stretches hold nothing that concerns referrals; they cost the reading only."""
    if portion.found or portion.days or (portion.changes and portion.has_programmes):
        ReferralBatch(portion.found, portion.changes, portion.days).run()
    return portion.upto - portion.start


def _has_programmes() -> bool:
    return bool(select_after(Programme, ["id"], "id", 0, limit=1, where="status <> 'draft'"))


def _merge_points() -> int:
    """Points follow by a position of their own, which began later than the other."""
    if not customers.list_merges_after(POINTS_MERGES, 1):
        return 0
    with cursors.reading(POINTS_MERGES) as reading:
        merges = customers.list_merges_after(reading.start)
        people = {who for merge in merges for who in (merge.loser_id, merge.winner_id)}
        told = events.list_events_by_id({merge.event_id for merge in merges}, owners=people)
        at = max((event.at for event in told.values()), default=BEGINNING)
        rewards.merge_points(merges=merges, at=at, now=at)
        reading.position = merges[-1].position
    return len(merges)
