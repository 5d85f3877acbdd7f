"""Everything that happened with one person, newest first, in keyset pages. Personal fields of events stay behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Q, QuerySet

from liebian.core import keyset
from liebian.customers.models import CustomerEvent, IdentityChange
from liebian.customers.queries.seen import list_merged_into
from liebian.customers.types import Change, TimelineItem, TimelinePage
from liebian.events import queries as events
from liebian.events.types import DAY_STARTED

KINDS = ("all", "orders", "interactions", "referral", "identity")
_ORDERS = Q(type="track", name__startswith="Order ")
_REFERRAL = Q(type="track") & (
    Q(name__startswith="Referral ") | Q(name__startswith="Reward ") | Q(name__startswith="Coupon ")
)
_INTERACTIONS = Q(type__in=["page", "screen", "track"]) & ~_ORDERS & ~_REFERRAL


def list_timeline(*, customer_id: int, kind: str = "all", before: str = "", limit: int = 20) -> TimelinePage:
    """One page in the order of time, ties by id. Raises Invalid "bad_cursor"."""
    own_ids = _all_ids_of(customer_id)
    rows = _of_kind(CustomerEvent.objects.filter(customer_id__in=own_ids), kind, own_ids)
    if before:
        at_ms, event_id = keyset.decode(before, size=2)
        if not (isinstance(at_ms, int) and isinstance(event_id, int)):
            raise keyset.bad_cursor()
        rows = rows.filter(Q(at_ms__lt=at_ms) | Q(at_ms=at_ms, event_id__lt=event_id), at_ms__lte=at_ms)
    keys = list(rows.order_by("-at_ms", "-event_id").values_list("at_ms", "event_id")[: limit + 1])
    shown = keys[:limit]
    return TimelinePage(
        items=_items([event_id for _, event_id in shown], own_ids),
        earlier=keyset.encode(*shown[-1]) if len(keys) > limit else None,
    )


def _of_kind(rows: QuerySet[CustomerEvent], kind: str, own_ids: set[int]) -> QuerySet[CustomerEvent]:
    rows = rows.exclude(name=DAY_STARTED)
    if kind == "identity":
        changed = IdentityChange.objects.filter(customer_id__in=own_ids).values("event_id")
        return rows.filter(Q(type__in=["identify", "alias", "group"]) | Q(event_id__in=changed))
    wanted = {"orders": _ORDERS, "referral": _REFERRAL, "interactions": _INTERACTIONS}.get(kind)
    return rows.filter(wanted) if wanted is not None else rows


def _all_ids_of(customer_id: int) -> set[int]:
    """The person and everybody who turned out to be them."""
    return {customer_id, *list_merged_into([customer_id]).get(customer_id, ())}


def _items(event_ids: list[int], own_ids: Iterable[int]) -> tuple[TimelineItem, ...]:
    records = events.list_events_by_id(event_ids)
    changes: dict[int, list[Change]] = defaultdict(list)
    rows = IdentityChange.objects.filter(event_id__in=event_ids, customer_id__in=list(own_ids)).order_by("id")
    for row in rows:
        changes[row.event_id].append(Change(row.kind, row.customer_id, row.other_id, row.identifier_kind))
    return tuple(
        TimelineItem(
            event=replace(record, personal={}), told=tuple(record.personal), changes=tuple(changes.get(record.id, ()))
        )
        for event_id in event_ids
        if (record := records.get(event_id))
    )
