"""Random but plausible histories, and a digest of everything that the stages make of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from liebian.core import cursors
from liebian.customers import services as customers
from liebian.customers.models import Customer, CustomerEvent, CustomerSeen, Identifier, IdentityChange
from liebian.customers.queries import find_final_ids
from liebian.events.models import Event, EventKey
from liebian.events.services import record_events
from liebian.orders import services as orders
from liebian.orders.lake_rows import fact_rows, line_rows
from liebian.orders.models import NumberCollision, Order, OrderChange, OrderLine, Product, RefusedOrderEvent
from liebian.orders.queries import list_line_changes_after, list_order_changes_after

START = datetime(2026, 3, 1, tzinfo=UTC)
CURRENCIES = st.sampled_from(["CNY", "CNY", "USD"])
PRODUCTS = st.lists(
    st.fixed_dictionaries(
        {
            "product_id": st.sampled_from(["p1", "p2"]),
            "price": st.integers(1, 3),
            "quantity": st.sampled_from([1, "2", 3, 1, 2, 0]),
        }
    ),
    max_size=3,
)


@st.composite
def messages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to 40 messages of few people with few orders: sign-ins, repeats, corrections, refunds, late arrivals."""
    people = st.sampled_from(["u1", "u2", "u3"])
    devices = st.sampled_from(["a1", "a2", "a3"])
    phones = st.sampled_from(["13800138000", "13900139000"])
    found = []
    for number in range(draw(st.integers(1, 40))):
        kind = draw(
            st.sampled_from(["page", "identify", "order", "order", "update", "refund", "cancel", "alias", "product"])
        )
        late = draw(st.sampled_from([0, 0, 0, 5 * 24, 40 * 24, -200 * 24]))  # the last is dated ahead of its arrival
        message: dict[str, Any] = {
            "messageId": f"m{number}",
            "timestamp": (START + timedelta(hours=number - late)).isoformat(),
        }
        if draw(st.booleans()):
            message["userId"] = draw(people)
        if "userId" not in message or draw(st.booleans()):
            message["anonymousId"] = draw(devices)
        order_id = draw(st.sampled_from(["o1", "o2", "o3"]))
        if kind == "page":
            message |= {"type": "page", "name": "Home"}
        elif kind == "identify":
            message |= {
                "type": "identify",
                "traits": {"phone": draw(phones), "city": draw(st.sampled_from(["杭州", "苏州"]))},
            }
        elif kind == "order":
            total = draw(st.integers(0, 50000)) / 100
            message |= {
                "type": "track",
                "event": "Order Completed",
                "properties": {
                    "order_id": order_id, "total": total, "currency": draw(CURRENCIES), "channel": draw(st.sampled_from(["web", "app"])),
                    "coupon": draw(st.sampled_from(["", "c1", "c2"])), "products": draw(PRODUCTS),
                },
            }  # fmt: skip
        elif kind == "update":
            stated: dict[str, Any] = {"order_id": order_id, "currency": draw(CURRENCIES), "products": draw(PRODUCTS)}
            message |= {"type": "track", "event": "Order Updated", "properties": stated}
        elif kind == "alias":
            message |= {"type": "alias", "previousId": draw(st.one_of(devices, people))}
        elif kind == "product":
            seen = {"product_id": draw(st.sampled_from(["p1", "p2"])), "name": draw(st.sampled_from(["茶", "壶"]))}
            message |= {"type": "track", "event": "Product Viewed", "properties": seen}
        elif kind == "refund":
            refund = {
                "order_id": order_id,
                "refund_id": draw(st.sampled_from(["r1", "r2"])),
                "total": draw(st.integers(1, 300)),
                "currency": draw(CURRENCIES),
            }
            for name in draw(st.sets(st.sampled_from(["total", "currency"]))):
                del refund[name]
            message |= {"type": "track", "event": "Order Refunded", "properties": refund}
        else:
            message |= {"type": "track", "event": "Order Cancelled", "properties": {"order_id": order_id}}
        found.append(message)
    return found


def record(messages: list[dict[str, Any]], now: datetime) -> int:
    """Two shops send them in turns; returns how many the log did not have."""
    cuts = [0, len(messages) // 3, 2 * len(messages) // 3, len(messages)]
    parts = [messages[start:end] for start, end in pairwise(cuts)]
    sent = zip(parts, ("shop", "till", "shop"), strict=True)
    return sum(record_events(part, source=source, received_at=now).accepted for part, source in sent)


def one_step(*, limit: int) -> None:
    customers.advance(limit=limit)
    orders.advance(limit=limit)


def run_stages(*, limit: int) -> None:
    while customers.advance(limit=limit) + orders.advance(limit=limit):
        pass


def forget() -> None:
    """Everything that the stages derived; the log stays."""
    for model in (
        CustomerSeen, Customer, CustomerEvent, Identifier, IdentityChange, Order, OrderChange, OrderLine, Product, RefusedOrderEvent,
        NumberCollision,
    ):  # fmt: skip
        model.objects.all().delete()
    from liebian.core.models import Cursor

    Cursor.objects.all().delete()


def digest() -> dict[str, Any]:
    people = Customer.objects.order_by("id").values_list(
        "id", "is_known", "user_id", "merged_into", "city", "first_seen_at", "seen__last_seen_at", "n_orders", "revenue_minor",
        "first_order_at", "last_order_at",
    )  # fmt: skip
    return {
        "people": list(people),
        "identifiers": sorted((bytes(i), c) for i, c in Identifier.objects.values_list("index", "customer_id")),
        "events": sorted(CustomerEvent.objects.values_list("event_id", "customer_id", "at_ms", "received_ms")),
        "changes of identity": list(
            IdentityChange.objects.order_by("id").values_list(
                "event_id", "kind", "customer_id", "other_id", "identifier_kind"
            )
        ),
        "products": sorted(Product.objects.values_list("external_id", "name", "price_minor")),
        "orders": list(
            Order.objects.order_by("id").values_list(
                "id",
                "external_id",
                "customer_id",
                "total_minor",
                "refunded_minor",
                "status",
                "counts",
                "ordered_at",
                "stated_at",
                "currency",
                "channel",
                "lines",
                "refunds",
                "coupons",
            )
        ),
        "revenue": sorted(
            OrderChange.objects.values_list(
                "event_id", "currency", "external_id", "kind", "amount_minor", "n_orders", "coupons"
            )
        ),
        "collisions": sorted(
            NumberCollision.objects.values_list("event_id", "order_id", "source", "first_source", *_PAIR)
        ),
        "refused": sorted(RefusedOrderEvent.objects.values_list("event_id", "code")),
        "lake": {
            "order_facts": _rows(fact_rows(list_order_changes_after(0, MANY))),
            "order_lines": _rows(line_rows(list_line_changes_after(0, MANY))),
        },
    }


MANY = 10_000
_PAIR = ("customer_id", "first_customer_id", "first_event_id")


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    """What the lake is given, in its order, under whoever stands today."""
    rows = table.drop_columns(["position"]).to_pylist()
    finals = find_final_ids({row["customer_id"] for row in rows})
    return [{**row, "customer_id": finals.get(row["customer_id"], row["customer_id"])} for row in rows]


def reset_log() -> None:
    """An empty log that has seen nothing: what it refused as a repeat before is new."""
    forget()
    Event.objects.all().delete()
    EventKey.objects.all().delete()


__all__ = ["cursors", "digest", "forget", "messages", "one_step", "reset_log", "run_stages"]
