"""One batch of order events against the orders they name, in memory, saved as sets."""

from __future__ import annotations

from collections import Counter

from liebian.core.bulk import write_rows
from liebian.core.errors import Invalid
from liebian.core.money import to_minor
from liebian.customers.types import CustomerEvent
from liebian.orders.models import Order, OrderChange, Product, RefusedOrderEvent
from liebian.orders.rules import State, apply_placed, apply_refund, order_id_of, parse_placed
from liebian.orders.types import COMPLETED, REFUNDED, Line

_ORDER_COLUMNS = [
    "customer_id", "ordered_at", "currency", "total_minor", "refunded_minor", "is_cancelled", "counts", "status", "channel", "lines", "refunds",
    "coupons",
]  # fmt: skip


class OrderBatch:
    """`currency` is meant where an event names none."""

    def __init__(self, batch: list[CustomerEvent], currency: str) -> None:
        self.batch = batch
        self.currency = currency
        named = {str(item.event.properties.get("order_id") or "").strip() for item in batch}
        rows = Order.objects.filter(external_id__in=named)
        self.states: dict[str, State] = {row.external_id: _state(row) for row in rows}
        self.changed: dict[str, State] = {}
        self.changes: list[OrderChange] = []
        self.refused: list[RefusedOrderEvent] = []
        self.products: dict[str, Line] = {}
        self.customer_ids: set[int] = set()

    def run(self) -> None:
        for item in self.batch:
            try:
                self._apply(item)
            except Invalid as error:
                self.refused.append(RefusedOrderEvent(event_id=item.event.id, code=error.code, message=error.message))

    def _apply(self, item: CustomerEvent) -> None:
        event, properties = item.event, item.event.properties
        placed = parse_placed(properties, self.currency) if event.name == COMPLETED else None
        external_id = order_id_of(properties)
        state = self.states.get(external_id) or State(
            external_id=external_id, customer_id=item.customer_id, id=event.id
        )
        before, counted, known = state.net_minor, state.counts, state.ordered_at is not None
        named = state.coupons
        if placed is not None:
            apply_placed(state, placed, event.at)
            self.products.update({line.product_id: line for line in placed.lines if line.product_id})
            kind = "corrected" if known else "paid"
        elif event.name == REFUNDED:
            amount = properties.get("total")
            currency = state.currency or str(properties.get("currency") or self.currency)
            refund_id = str(properties.get("refund_id") or event.id)[:100]
            apply_refund(state, refund_id, None if amount is None else to_minor(amount, currency))
            kind = "refunded"
        else:
            state.is_cancelled = True
            kind = "cancelled"
        self.states[external_id] = self.changed[external_id] = state
        self.customer_ids.add(state.customer_id)
        delta, n_delta = state.net_minor - before, state.counts - counted
        fresh = [code for code in state.coupons if code not in named] if state.counts else []
        if delta or n_delta or fresh or (kind == "paid" and not known):
            self._log(item, state, kind, delta, n_delta, fresh)

    def _log(self, item: CustomerEvent, state: State, kind: str, delta: int, n_delta: int, coupons: list[str]) -> None:
        self.changes.append(
            OrderChange(
                order_id=state.id, external_id=state.external_id, customer_id=state.customer_id, kind=kind,
                amount_minor=delta, n_orders=n_delta, currency=state.currency, channel=state.channel,
                at=item.event.at, event_id=item.event.id, coupons=coupons,
            )
        )  # fmt: skip

    def main_currency(self) -> str | None:
        """The currency of most orders of this batch."""
        counts = Counter(change.currency for change in self.changes)
        return counts.most_common(1)[0][0] if counts else None

    def save(self) -> None:
        rows = [_row(state) for state in self.changed.values()]
        write_rows(rows, update=_ORDER_COLUMNS)
        write_rows(self.changes)
        write_rows(self.refused, ignore=True)
        self._save_new_products()

    def _save_new_products(self) -> None:
        known = set(Product.objects.filter(external_id__in=list(self.products)).values_list("external_id", flat=True))
        fresh = [
            Product(external_id=key, name=line.name, category=line.category)
            for key, line in self.products.items()
            if key not in known
        ]
        Product.objects.bulk_create(fresh, batch_size=1000, ignore_conflicts=True)


def _state(row: Order) -> State:
    return State(
        external_id=row.external_id, customer_id=row.customer_id, id=row.pk, ordered_at=row.ordered_at,
        currency=row.currency, total_minor=row.total_minor, channel=row.channel, is_cancelled=row.is_cancelled,
        lines=tuple(Line(**line) for line in row.lines), refunds=dict(row.refunds),
        coupons=tuple(row.coupons),
    )  # fmt: skip


def _row(state: State) -> Order:
    return Order(
        id=state.id, external_id=state.external_id, customer_id=state.customer_id, ordered_at=state.ordered_at,
        currency=state.currency, total_minor=state.total_minor, refunded_minor=state.refunded_minor,
        is_cancelled=state.is_cancelled, counts=state.counts, status=state.status, channel=state.channel,
        lines=[{name: getattr(line, name) for name in Line.__slots__} for line in state.lines], refunds=state.refunds,
        coupons=list(state.coupons),
    )  # fmt: skip
