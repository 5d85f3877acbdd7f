"""Reads of `orders`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.db.models import Max, Q, Sum
from django.db.models.functions import TruncDate

from liebian.access.queries import get_organisation
from liebian.core import cursors, days, keyset
from liebian.core.columns import select_after, select_in
from liebian.core.days import day_start
from liebian.core.moments import EPOCH
from liebian.customers.types import OrderFacts
from liebian.orders.models import NumberCollision, Order, OrderChange, OrderLine, RefusedOrderEvent
from liebian.orders.types import (
    OPEN,
    STAGE,
    Line,
    LineChange,
    MonthRevenue,
    OrderMove,
    OrderPage,
    OrderView,
    PlacedOrder,
)
from liebian.orders.types import OrderChange as OrderChangeView

_MICRO = timedelta(microseconds=1)


def _view(row: Order) -> OrderView:
    assert row.ordered_at is not None
    return OrderView(
        id=row.pk, external_id=row.external_id, customer_id=row.customer_id, ordered_at=row.ordered_at,
        currency=row.currency, total_minor=row.total_minor, refunded_minor=row.refunded_minor, status=row.status,
        channel=row.channel, lines=tuple(Line(**line) for line in row.lines),
        coupons=tuple(row.coupons), store=row.store,
    )  # fmt: skip


def list_order_page(*, customer_id: int, before: str = "", limit: int = 6) -> OrderPage:
    """A customer's orders in keyset pages, newest first, ties by id. Raises Invalid "bad_cursor"."""
    rows = Order.objects.filter(customer_id=customer_id, ordered_at__isnull=False).order_by("-ordered_at", "-id")
    if before:
        micros, order_id = keyset.decode(before, size=2)
        if not (isinstance(micros, int) and isinstance(order_id, int)):
            raise keyset.bad_cursor()
        moment = EPOCH + micros * _MICRO
        rows = rows.filter(Q(ordered_at__lt=moment) | Q(ordered_at=moment, id__lt=order_id), ordered_at__lte=moment)
    found = [_view(row) for row in rows[: limit + 1]]
    last = found[limit - 1] if len(found) > limit else None
    earlier = keyset.encode((last.ordered_at - EPOCH) // _MICRO, last.id) if last else None
    return OrderPage(orders=tuple(found[:limit]), earlier=earlier)


def list_revenue_by_month(*, customer_id: int, currency: str, until: date, months: int = 12) -> list[MonthRevenue]:
    """The `months` calendar months that end with the month of `until`, oldest first, empty ones included."""
    starts = [_month_before(until, back) for back in range(months - 1, -1, -1)]
    rows = Order.objects.filter(
        customer_id=customer_id, currency=currency, ordered_at__gte=days.day_start(starts[0], settings.TIME_ZONE)
    )
    amounts, counts = dict.fromkeys(starts, 0), dict.fromkeys(starts, 0)
    for ordered_at, total, refunded, stands in rows.values_list(
        "ordered_at", "total_minor", "refunded_minor", "counts"
    ):
        month = days.day_of(ordered_at or EPOCH, settings.TIME_ZONE).replace(day=1)
        if month in amounts:
            amounts[month] += total - refunded
            counts[month] += stands
    return [MonthRevenue(month, amounts[month], counts[month]) for month in starts]


def _month_before(day: date, back: int) -> date:
    """First day of the month that lies `back` months before the day's.

    >>> _month_before(date(2026, 1, 31), 2).isoformat()
    '2025-11-01'
    """
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def find_order(external_id: str) -> OrderView | None:
    """The order of that number, in the spelling in which the shop sent it."""
    row = Order.objects.filter(external_id=external_id.strip(), ordered_at__isnull=False).first()
    return _view(row) if row else None


_CHANGE = (
    "id", "order_id", "external_id", "customer_id", "kind", "amount_minor", "n_orders", "currency", "channel", "at",
    "event_id", "store", "identifier",
)  # fmt: skip


def list_order_changes_after(position: int, limit: int) -> list[OrderChangeView]:
    """The next changes, in the order in which they were decided."""
    rows = select_after(OrderChange, (*_CHANGE, "coupons"), "id", position, limit=limit)
    return [
        OrderChangeView(**dict(zip(_CHANGE, row, strict=False)), coupons=tuple(msgspec.json.decode(row[-1])))
        for row in rows
    ]


def list_changes_of(order_ids: Iterable[int], *, upto: int) -> list[OrderMove]:
    """Every change of these orders up to a position, in the order in which they were decided."""
    columns = ("id", "order_id", "amount_minor", "n_orders", "currency", "channel", "at")
    rows = select_in(OrderChange, columns, "order_id", sorted(order_ids), where="id <= %s", given=[upto])
    return [OrderMove(*row) for row in sorted(rows)]


def find_owners_changed_since(at: datetime, *, upto: int) -> dict[int, int]:
    """Orders with a change that says a moment from `at` on, up to a position, and whose they were. Reads every change: for rare needs."""
    rows = OrderChange.objects.filter(at__gte=at, id__lte=upto)
    return dict(rows.values_list("order_id", "customer_id"))


def list_order_facts(customer_ids: Iterable[int]) -> list[OrderFacts]:
    """What the orders of each of these people amount to; people without orders included.

    An order in another currency than the organisation's shows that somebody bought; its amount cannot be added up.
    """
    own = get_organisation().currency
    orders: dict[int, list[tuple[int, int, datetime]]] = {key: [] for key in sorted(set(customer_ids))}
    columns = ("customer_id", "counts", "total_minor", "refunded_minor", "ordered_at", "currency")
    placed = select_in(Order, columns, "customer_id", list(orders), where="ordered_at IS NOT NULL")
    for owner, counts, total, refunded, at, currency in placed:
        orders[owner].append((counts, total - refunded if currency == own else 0, at))
    return [_facts_of(owner, found) for owner, found in orders.items()]


def _facts_of(customer_id: int, orders: list[tuple[int, int, datetime]]) -> OrderFacts:
    counted = [at for counts, _, at in orders if counts == 1]
    n, net = sum(counts for counts, _, _ in orders), sum(net for _, net, _ in orders)
    return OrderFacts(customer_id, n, net, min(counted, default=None), max(counted, default=None))


def list_placed(customer_ids: Iterable[int]) -> list[PlacedOrder]:
    """Every order that these people placed, refunded or not, with the events that first named it and that placed it."""
    rows = Order.objects.filter(customer_id__in=list(customer_ids), ordered_at__isnull=False).order_by("id")
    found = list(rows.values_list("id", "customer_id", "external_id", "ordered_at"))
    columns, ids = ("order_id", "event_id"), [order_id for order_id, *_ in found]
    placed = dict(select_in(OrderChange, columns, "order_id", ids, where="kind = 'paid'"))
    return [PlacedOrder(key, owner, number, placed.get(key, key), at) for key, owner, number, at in found if at]


def get_position() -> int:
    """The event up to which orders are read."""
    return cursors.position_of(STAGE)


def list_daily_revenue(*, first: date, end: date, zone: str, currency: str) -> dict[date, tuple[int, int]]:
    """(net revenue in minor units, net orders) of each business day in [first, end) on which anything changed."""
    rows = (
        OrderChange.objects.filter(at__gte=day_start(first, zone), at__lt=day_start(end, zone), currency=currency)
        .annotate(day=TruncDate("at", tzinfo=ZoneInfo(zone)))
        .values("day")
        .annotate(revenue=Sum("amount_minor"), n=Sum("n_orders"))
    )
    return {row["day"]: (row["revenue"], row["n"]) for row in rows}


def get_changes_end() -> int:
    """The last position of the log of changes."""
    return OrderChange.objects.aggregate(end=Max("id"))["end"] or 0


def count_changes(*, upto: int) -> int:
    return OrderChange.objects.filter(id__lte=upto).count()


def list_line_changes_after(position: int, limit: int) -> list[LineChange]:
    """The next changes of lines, in the order in which they were decided."""
    columns = (
        "id", "order_id", "customer_id", "at", "currency", "product_id", "name", "category", "quantity", "unit_minor",
    )  # fmt: skip
    rows = select_after(OrderLine, columns, "id", position, limit=limit)
    return [
        LineChange(key, order, customer, at, currency, Line(*line))
        for key, order, customer, at, currency, *line in rows
    ]


def get_lines_end() -> int:
    """The last position of the log of lines."""
    return OrderLine.objects.aggregate(end=Max("id"))["end"] or 0


def count_line_changes(*, upto: int) -> int:
    return OrderLine.objects.filter(id__lte=upto).count()


def count_refused_events() -> int:
    """Order events that could not be taken and wait for somebody to look."""
    return RefusedOrderEvent.objects.filter(state=OPEN).count()


def count_colliding_orders() -> int:
    """Orders whose number two sources placed for two customers, and about which nobody has decided."""
    return NumberCollision.objects.filter(state=OPEN).values("order_id").distinct().count()
