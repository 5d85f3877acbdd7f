"""Order numbers that two sources placed for two customers: which sources, which orders, since when."""

from __future__ import annotations

from django.db.models import Count, Max, Min, QuerySet

from liebian.core.columns import select_in
from liebian.orders.models import NumberCollision, Order
from liebian.orders.types import OPEN, CollidingSources, Collision

_COLUMNS = (
    "event_id", "order_id", "at", "source", "customer_id", "first_event_id", "first_source", "first_customer_id",
)  # fmt: skip


def selected(*, event_id: int | None = None, sources: tuple[str, str] | None = None) -> QuerySet[NumberCollision]:
    """Open collisions: the one of an event, or all of two sources, the first one first. Nothing named means none."""
    rows = NumberCollision.objects.filter(state=OPEN)
    if event_id is not None:
        return rows.filter(event_id=event_id)
    return rows.filter(first_source=sources[0], source=sources[1]) if sources else rows.none()


def count_selected(*, event_id: int | None = None, sources: tuple[str, str] | None = None) -> int:
    return selected(event_id=event_id, sources=sources).count()


def list_colliding_sources() -> list[CollidingSources]:
    """Where order numbers collide and nobody has decided about it, the most orders first."""
    rows = NumberCollision.objects.filter(state=OPEN).values_list("first_source", "source")
    counted = rows.annotate(n=Count("order_id", distinct=True), since=Min("at"), latest=Max("at"))
    return [CollidingSources(*row) for row in counted.order_by("-n", "first_source", "source")]


def list_collisions(
    *, sources: tuple[str, str] | None = None, before: int | None = None, limit: int = 50
) -> list[Collision]:
    """Open ones, the newest first, of everybody or of two sources; `before` is the event of the last one of the page before."""
    rows = NumberCollision.objects.filter(state=OPEN) if sources is None else selected(sources=sources)
    if before is not None:
        rows = rows.filter(event_id__lt=before)
    found = list(rows.order_by("-event_id").values_list(*_COLUMNS)[:limit])
    numbers = dict(select_in(Order, ("id", "external_id"), "id", sorted({row[1] for row in found})))
    return [Collision(event_id, numbers[order_id], *rest) for event_id, order_id, *rest in found]
