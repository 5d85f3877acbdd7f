"""Order events that could not be taken: which, why, and what became of them."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from liebian.customers import queries as customers
from liebian.events import queries as events
from liebian.events.types import EventRecord
from liebian.orders.models import RefusedOrderEvent
from liebian.orders.types import OPEN, Refusal


def count_refusals() -> list[tuple[str, str, int]]:
    """(state, reason, how many) of all refused order events."""
    rows = RefusedOrderEvent.objects.values_list("state", "code").annotate(n=Count("pk")).order_by("state", "code")
    return list(rows)


def list_refusals(*, state: str = OPEN, code: str = "", before: int | None = None, limit: int = 50) -> list[Refusal]:
    """The newest first; `before` is the event of the last one of the page before."""
    rows = RefusedOrderEvent.objects.filter(state=state, **({"code": code} if code else {}))
    if before is not None:
        rows = rows.filter(event_id__lt=before)
    found = list(rows.order_by("-event_id").values_list("event_id", "code", "state")[:limit])
    ids = [event_id for event_id, _, _ in found]
    told = events.list_events_by_id(ids, owners=customers.list_owners(ids).values())
    return [_refusal(*row, told.get(row[0])) for row in found]


def _refusal(event_id: int, code: str, state: str, event: EventRecord | None) -> Refusal:
    if event is None:
        return Refusal(event_id, code, state, "", "", None)
    return Refusal(event_id, code, state, event.name, event.source, event.received_at)


def selected(*, event_id: int | None = None, code: str = "") -> QuerySet[RefusedOrderEvent]:
    """Open refusals: the one of an event, or all of a reason. Nothing named means none."""
    rows = RefusedOrderEvent.objects.filter(state=OPEN)
    if event_id is not None:
        return rows.filter(event_id=event_id)
    return rows.filter(code=code) if code else rows.none()


def count_selected(*, event_id: int | None = None, code: str = "") -> int:
    return selected(event_id=event_id, code=code).count()
