"""Late, repeated and out of order: in whatever order the statements of an order arrive, the same stands (docs/reference/event-time.md)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.customers.models import Customer
from liebian.events.services import record_events
from liebian.orders.models import Order, OrderChange
from tests.flows import history

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
START = datetime(2026, 3, 1, tzinfo=UTC)
ARRIVAL = datetime(2026, 9, 1, tzinfo=UTC)


@st.composite
def statements(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Of each order one `Order Completed`, later updates, refunds by amount, perhaps a cancellation; each at its own moment."""
    found: list[dict[str, Any]] = []

    def say(user: str, event: str, order: str, **properties: Any) -> None:
        n = len(found)
        found.append({
            "type": "track", "event": event, "userId": user, "messageId": f"m{n}", "timestamp": (START + timedelta(hours=7 * n)).isoformat(),
            "properties": {"order_id": order, "currency": "CNY", **properties},
        })  # fmt: skip

    for number in range(draw(st.integers(1, 4))):
        user, order = draw(st.sampled_from(["u1", "u2"])), f"o{number}"
        say(user, "Order Completed", order, total=draw(st.integers(0, 500)))
        for _ in range(draw(st.integers(0, 2))):
            say(user, "Order Updated", order, total=draw(st.integers(0, 500)))
        for refund in range(draw(st.integers(0, 2))):
            say(user, "Order Refunded", order, refund_id=f"r{refund}", total=draw(st.integers(1, 300)))
        if draw(st.booleans()):
            say(user, "Order Cancelled", order)
    return found


def arrive(messages: list[dict[str, Any]], *, step: int) -> dict[str, Any]:
    """Each message in a delivery of its own, months late, the stages in between."""
    history.reset_log()
    for number, message in enumerate(messages):
        record_events([message], source="shop", received_at=ARRIVAL + timedelta(minutes=number))
        if number % step == 0:
            history.run_stages(limit=step)
    history.run_stages(limit=100)
    orders = Order.objects.order_by("external_id").values_list(
        "external_id", "total_minor", "refunded_minor", "status", "counts", "ordered_at", "stated_at"
    )
    people = Customer.objects.order_by("user_id").values_list(
        "user_id", "first_seen_at", "seen__last_seen_at", "n_orders", "revenue_minor", "first_order_at", "last_order_at"
    )
    return {
        "orders": list(orders),
        "people": list(people),
        "revenue": sum(OrderChange.objects.values_list("amount_minor", flat=True)),
    }


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(statements(), st.randoms(use_true_random=False), st.integers(1, 5))
def test_late_repeated_and_out_of_order_gives_what_in_order_gives(
    messages: list[dict[str, Any]], chance: random.Random, step: int
) -> None:
    in_order = arrive(messages, step=100)
    shuffled = [*messages, *chance.choices(messages, k=3)]
    chance.shuffle(shuffled)
    assert arrive(shuffled, step=step) == in_order
    net = sum(total - refunded for _id, total, refunded, *_rest in in_order["orders"])
    assert in_order["revenue"] == net == sum(person[4] for person in in_order["people"])


def test_an_event_counts_on_the_day_on_which_it_happened_however_late_it_comes() -> None:
    bought = {"type": "track", "event": "Order Completed", "userId": "u1", "messageId": "m1", "timestamp": START.isoformat(),
              "properties": {"order_id": "o1", "total": 10, "currency": "CNY"}}  # fmt: skip
    arrive([bought], step=1)
    assert Order.objects.get().ordered_at == START
    assert Customer.objects.get().first_seen_at == START
