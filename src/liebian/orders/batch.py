"""One batch of order events against the orders they name, in memory, saved as sets."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import msgspec

from liebian.core.bulk import write_rows
from liebian.core.columns import insert_tuples, select_in, update_tuples
from liebian.core.crypto import index_of
from liebian.core.errors import Invalid
from liebian.customers import queries as customers
from liebian.customers.types import CustomerEvent
from liebian.orders.models import NumberCollision, Order, OrderChange, OrderLine, Product, RefusedOrderEvent
from liebian.orders.rules import (
    Placed,
    Placing,
    Refund,
    State,
    apply_placed,
    apply_refund,
    apply_statement,
    currency_of,
    identifier_of,
    net_lines,
    order_id_of,
    parse_placed,
    parse_updated,
    products_of,
    refunded_of,
)
from liebian.orders.types import COMPLETED, ORDER_NAMES, REFUNDED, UPDATED, Line, SeenProduct

_ORDER_COLUMNS = [
    "customer_id", "ordered_at", "currency", "total_minor", "refunded_minor", "is_cancelled", "counts", "status", "channel", "lines", "refunds",
    "coupons", "checkout_id", "discount_minor", "store", "identifier", "stated_at",
    "placed_event", "placed_source", "placed_by",
]  # fmt: skip


class _Standing(NamedTuple):
    """What an order is worth at a moment."""

    currency: str
    net_minor: int
    counts: int
    lines: tuple[Line, ...]


def _standing(state: State) -> _Standing:
    return _Standing(state.currency, state.net_minor, state.counts, state.standing_lines)


class OrderBatch:
    """`currency` is meant where neither an event nor its order names one. `again` says that the events were refused before."""

    def __init__(self, batch: list[CustomerEvent], currency: str, *, again: bool = False) -> None:
        self.again = again
        self.batch = batch
        self.currency = currency
        named = {str(i.event.properties.get("order_id") or "").strip() for i in batch if i.event.name in ORDER_NAMES}
        rows = select_in(Order, ("id", "external_id", *_ORDER_COLUMNS), "external_id", sorted(named))
        self.states: dict[str, State] = {row[1]: _state(row) for row in rows}
        self.changed: dict[str, State] = {}
        self.changes: list[OrderChange] = []
        self.lines: list[OrderLine] = []
        self.collisions: list[NumberCollision] = []
        self.refused: dict[int, str] = {}
        self.products: dict[str, SeenProduct] = {}
        self.customer_ids: set[int] = set()

    def run(self) -> None:
        for item in self.batch:
            self._see_products(item.event.properties)
            if item.event.name not in ORDER_NAMES:
                continue
            try:
                self._apply(item)
            except Invalid as error:
                self.refused[item.event.id] = error.code

    def _see_products(self, properties: dict[str, Any]) -> None:
        for seen in products_of(properties, self.currency):
            self.products[seen.external_id] = _told_together(self.products.get(seen.external_id), seen)

    def _apply(self, item: CustomerEvent) -> None:
        event, properties = item.event, item.event.properties
        external_id = order_id_of(properties)
        state = self.states.get(external_id) or State(
            external_id=external_id, customer_id=item.customer_id, id=event.id
        )
        placed = self._placed(item, state.currency or self.currency)
        before, known = _standing(state), state.ordered_at is not None
        named, foreign = state.coupons, state.foreign_refunds
        if placed is not None:
            (apply_placed if event.name == COMPLETED else apply_statement)(state, placed, event.at)
            state.identifier = state.identifier or _hash_identifier(event.body)
            kind = "corrected" if known else "paid"
            self._note_placing(state, item)
        elif event.name == REFUNDED:
            self._refund(state, item)
            kind = "refunded"
        else:
            state.is_cancelled = True
            kind = "cancelled"
        if state.foreign_refunds > (0 if self.again else foreign):
            self.refused[event.id] = "refund_currency"
        self.states[external_id] = self.changed[external_id] = state
        self.customer_ids.add(state.customer_id)
        fresh = [code for code in state.coupons if code not in named] if state.counts else []
        self._log_difference(item, state, kind, before, fresh, is_first=event.name == COMPLETED and not known)

    def _note_placing(self, state: State, item: CustomerEvent) -> None:
        """Only who says for whom it is counts: a page often tells of its visitor's order before the shop names the customer.

        Whoever is named is known, and two who are known are never merged: other ids are other people.
        """
        event = item.event
        if event.name != COMPLETED or not customers.names_somebody(event):
            return
        first = state.placing = state.placing or Placing(event.id, event.source, item.customer_id)
        if first.source != event.source and first.customer_id != item.customer_id:
            self.collisions.append(
                NumberCollision(
                    event_id=event.id, order_id=state.id, at=event.received_at, source=event.source, customer_id=item.customer_id,
                    first_event_id=first.event_id, first_source=first.source, first_customer_id=first.customer_id,
                )
            )  # fmt: skip

    def _refund(self, state: State, item: CustomerEvent) -> None:
        properties = item.event.properties
        said = currency_of(properties)
        amount = refunded_of(properties, said or state.currency or self.currency)
        apply_refund(state, str(properties.get("refund_id") or item.event.id)[:100], amount, said)

    def _log_difference(
        self, item: CustomerEvent, state: State, kind: str, before: _Standing, fresh: list[str], *, is_first: bool
    ) -> None:
        """A change of currency takes back all of the old before it adds all of the new."""
        after = _standing(state)
        if before.currency and before.currency != after.currency:
            if before.net_minor or before.counts:
                self._log(item, state, kind, -before.net_minor, -before.counts, [], currency=before.currency)
            self._log_lines(item, state, before.lines, (), before.currency)
            before = _Standing(after.currency, 0, 0, ())
        delta, n_delta = after.net_minor - before.net_minor, after.counts - before.counts
        if delta or n_delta or fresh or is_first:
            self._log(item, state, kind, delta, n_delta, fresh, currency=after.currency)
        self._log_lines(item, state, before.lines, after.lines, after.currency)

    def _log_lines(
        self, item: CustomerEvent, state: State, before: tuple[Line, ...], after: tuple[Line, ...], currency: str
    ) -> None:
        if before is after:
            return
        self.lines += [
            OrderLine(
                order_id=state.id, customer_id=state.customer_id, at=item.event.at, event_id=item.event.id,
                currency=currency, product_id=line.product_id, name=line.name, category=line.category,
                quantity=line.quantity, unit_minor=line.unit_minor,
            )
            for line in net_lines(before, after)
        ]  # fmt: skip

    def _log(
        self,
        item: CustomerEvent,
        state: State,
        kind: str,
        delta: int,
        n_delta: int,
        coupons: list[str],
        *,
        currency: str,
    ) -> None:
        self.changes.append(
            OrderChange(
                order_id=state.id, external_id=state.external_id, customer_id=state.customer_id, kind=kind,
                amount_minor=delta, n_orders=n_delta, currency=currency, channel=state.channel,
                at=item.event.at, event_id=item.event.id, coupons=coupons, store=state.store, identifier=state.identifier,
            )
        )  # fmt: skip

    @staticmethod
    def _placed(item: CustomerEvent, currency: str) -> Placed | None:
        if item.event.name == COMPLETED:
            return parse_placed(item.event.properties, currency)
        return parse_updated(item.event.properties, currency) if item.event.name == UPDATED else None

    def main_currency(self) -> str | None:
        """The currency of most orders of this batch."""
        counts = Counter(change.currency for change in self.changes)
        return counts.most_common(1)[0][0] if counts else None

    def save(self) -> None:
        rows = [_row(state) for state in self.changed.values()]
        write_rows(rows, update=_ORDER_COLUMNS)
        write_rows(self.changes)
        write_rows(self.lines)
        refused = [RefusedOrderEvent(event_id=key, code=code) for key, code in self.refused.items()]
        write_rows(refused, update=["code"])
        write_rows(self.collisions, ignore=True)
        self._save_products()

    def _save_products(self) -> None:
        """What was told last stands; what was not told stays."""
        if not self.products:
            return
        known = {row[1]: row for row in select_in(Product, ("id", *_PRODUCT), "external_id", sorted(self.products))}
        fresh, changed = [], []
        for key, seen in self.products.items():
            before = SeenProduct(*known[key][1:]) if key in known else None
            after = _told_together(before, seen)
            row = (after.external_id, after.name, *_rest(after))
            if before is None:
                fresh.append(row)
            elif after != before:
                changed.append((*row, known[key][0]))
        insert_tuples(Product, _PRODUCT, fresh)
        update_tuples(Product, _PRODUCT, changed)


_PRODUCT = ("external_id", "name", "category", "price_minor", "currency")


def _rest(seen: SeenProduct) -> tuple[str, int | None, str]:
    return seen.category, seen.price_minor, seen.currency


def _told_together(before: SeenProduct | None, now: SeenProduct) -> SeenProduct:
    if before is None:
        return now
    price, currency = (
        (before.price_minor, before.currency) if now.price_minor is None else (now.price_minor, now.currency)
    )
    return SeenProduct(now.external_id, now.name or before.name, now.category or before.category, price, currency)


def _hash_identifier(body: dict[str, Any]) -> str:
    """Enough to know it again, and nothing of it."""
    properties, context = (body.get(name) for name in ("properties", "context"))
    said = identifier_of(
        properties if isinstance(properties, dict) else {}, context if isinstance(context, dict) else {}
    )
    return index_of("order.identifier", said).hex() if said else ""


def _state(row: tuple[Any, ...]) -> State:
    told = dict(zip(("id", "external_id", *_ORDER_COLUMNS), row, strict=True))
    lines, refunds, coupons = (msgspec.json.decode(told[name]) for name in ("lines", "refunds", "coupons"))
    return State(
        external_id=told["external_id"], customer_id=told["customer_id"], id=told["id"], ordered_at=told["ordered_at"],
        currency=told["currency"], total_minor=told["total_minor"], channel=told["channel"], is_cancelled=told["is_cancelled"],
        lines=tuple(Line(**line) for line in lines), refunds=_refunds(refunds, told["currency"]), coupons=tuple(coupons),
        checkout_id=told["checkout_id"], discount_minor=told["discount_minor"], stated_at=told["stated_at"],
        store=told["store"], identifier=told["identifier"], placing=_placing(told),
    )  # fmt: skip


def _placing(told: dict[str, Any]) -> Placing | None:
    event_id = told["placed_event"]
    return None if event_id is None else Placing(event_id, told["placed_source"], told["placed_by"])


def _refunds(stored: dict[str, Any], currency: str) -> dict[str, Refund]:
    """Rows of before refunds had a currency hold amounts of the order's own."""
    return {key: Refund(*each) if isinstance(each, list) else Refund(each, currency) for key, each in stored.items()}


def _row(state: State) -> Order:
    event_id, source, customer_id = state.placing or (None, "", None)
    return Order(
        id=state.id, external_id=state.external_id, customer_id=state.customer_id, ordered_at=state.ordered_at,
        currency=state.currency, total_minor=state.total_minor, refunded_minor=state.refunded_minor,
        is_cancelled=state.is_cancelled, counts=state.counts, status=state.status, channel=state.channel,
        lines=[{name: getattr(line, name) for name in Line.__slots__} for line in state.lines], refunds=state.refunds,
        coupons=list(state.coupons), checkout_id=state.checkout_id, discount_minor=state.discount_minor,
        stated_at=state.stated_at, store=state.store, identifier=state.identifier,
        placed_event=event_id, placed_source=source, placed_by=customer_id,
    )  # fmt: skip
