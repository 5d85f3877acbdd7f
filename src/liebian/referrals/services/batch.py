"""One stretch of the log against programmes, people and orders: decided in the order of the log, written as sets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db import connection

from liebian.core.durability import commit_durably
from liebian.customers.types import CustomerEvent
from liebian.events.types import EventRecord
from liebian.orders.types import OrderChange
from liebian.referrals.models import Outcome, Touch
from liebian.referrals.rules import decide_binding, reward_key
from liebian.referrals.services.binding import Binder
from liebian.referrals.services.coupons import CouponDesk
from liebian.referrals.services.granting import Granter
from liebian.referrals.services.known import Known
from liebian.referrals.types import OPENED, SHARED, SIGNED_UP, VIEWED
from liebian.rewards import services as rewards

_KINDS = {OPENED: "opened", SHARED: "shared", VIEWED: "viewed"}
_DONE = ("refunded", "cancelled", "corrected")


class ReferralBatch:
    """Works through the items; what must be in the database before the next one counts is written at that point."""

    def __init__(self, found: list[CustomerEvent], changes: list[OrderChange], days: list[EventRecord]) -> None:
        self.items = _in_order(found, changes, days)
        self.known = Known(found, changes)
        self.binder = Binder(self.known)
        self.granter = Granter(self.known, self.binder)
        self.desk = CouponDesk(self.known)
        self.touches: list[Touch] = []

    def run(self) -> None:
        for item in self.items:
            if isinstance(item, CustomerEvent):
                self._take_event(item)
            elif isinstance(item, OrderChange):
                self._take_order(item)
            else:
                self._start_day(item)
        self.granter.flush()
        self.desk.flush()
        Touch.objects.bulk_create(self.touches, batch_size=1000, ignore_conflicts=True)
        Outcome.objects.bulk_create(self.known.outcomes, batch_size=1000, ignore_conflicts=True)

    def _take_event(self, item: CustomerEvent) -> None:
        if item.event.name == SIGNED_UP:
            facts = self.known.binding_facts(item)
            self.binder.take(item, facts, decide_binding(facts))
            return
        participation = self.known.participation_of(item)
        if participation is not None:
            self.touches.append(
                Touch(
                    event_id=item.event.id, programme_id=participation.programme_id, participation_id=participation.id,
                    kind=_KINDS[item.event.name], customer_id=item.customer_id,
                    channel=str(item.event.properties.get("channel") or "")[:60], at=item.event.at,
                )
            )  # fmt: skip

    def _take_order(self, change: OrderChange) -> None:
        self.desk.take(change)
        if change.kind == "paid":
            for referral in self.known.bound_referrals(change.customer_id):
                self.granter.take(change, referral)
        elif change.kind in _DONE:
            self._take_back(change)

    def _take_back(self, change: OrderChange) -> None:
        for row in self.known.qualifications_of(change.order_id):
            if row.outcome != "refused" and change.currency != self.known.programmes[row.programme_id].currency:
                continue
            row.net_minor += change.amount_minor
            if row.outcome != "qualified":
                self.granter.keep(row)
                continue
            self.granter.flush()
            back = max(row.amount_minor - row.net_minor, 0)
            whole = back >= row.amount_minor
            if whole:
                row.outcome, row.reason = "reversed", "order_refunded"
                self.binder.reverse(row.referral_id, "order_refunded", change)
            self.granter.keep(row)
            self.granter.flush()
            self.desk.flush()
            commit_durably(connection)
            rewards.cancel_or_claw_back(
                qualification=reward_key(row.programme_id, row.order_external_id), refunded_minor=back,
                order_total_minor=row.amount_minor, at=change.at, now=change.at,
            )  # fmt: skip

    def _start_day(self, item: EventRecord) -> None:
        self.granter.flush()
        self.desk.flush()
        day = date.fromisoformat(str(item.properties["day"]))
        _drain(day, item.at)


def _drain(day: date, at: datetime) -> None:
    commit_durably(connection)
    while rewards.release_due(day=day, now=at):
        pass
    while rewards.expire_reservations(at=at, now=at):
        pass
    while rewards.activate_points(at=at, now=at):
        pass
    while rewards.expire_points(at=at, now=at):
        pass
    while rewards.expire_coupons(day=day, now=at):
        pass


def _in_order(
    found: list[CustomerEvent], changes: list[OrderChange], days: list[EventRecord]
) -> Iterator[CustomerEvent | OrderChange | EventRecord]:
    keyed: list[tuple[int, CustomerEvent | OrderChange | EventRecord]] = [
        *((item.event.id, item) for item in found),
        *((change.event_id, change) for change in changes),
        *((day.id, day) for day in days),
    ]
    keyed.sort(key=lambda pair: pair[0])
    return (item for _, item in keyed)
