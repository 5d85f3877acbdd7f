"""No stage asks the database for each event: ten times the events take hardly more statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from liebian.core.cursors import drain
from liebian.customers import services as customers
from liebian.events import services as events
from liebian.orders import services as orders
from liebian.referrals import services as referrals
from liebian.segments import services as segments

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
FEW, MANY = 50, 500
ALLOWED = (MANY - FEW) // 10  # values of one statement are limited, so large sets take some more
STAGES: dict[str, Callable[..., int]] = {
    "identity": customers.advance, "orders": orders.advance, "segments": segments.advance, "referrals": referrals.advance,
}  # fmt: skip


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    captures = [CaptureQueriesContext(connection) for connection in connections.all()]
    for capture in captures:
        capture.__enter__()
    try:
        yield lambda: sum(len(capture) for capture in captures)
    finally:
        for capture in captures:
            capture.__exit__(None, None, None)


def messages(first: int, n: int) -> list[dict[str, Any]]:
    """As many people as a third of the events, each with a trait, a page and an order."""
    found: list[dict[str, Any]] = []
    for number in range(first, first + n):
        who = {
            "userId": f"u{number // 3}",
            "messageId": f"m{number}",
            "timestamp": (NOW + timedelta(seconds=number)).isoformat(),
        }
        order = {"order_id": f"o{number}", "total": 100 + number, "currency": "CNY"}
        said = [
            {"type": "identify", "traits": {"phone": f"138{number // 3:08d}", "city": "杭州"}},
            {"type": "page", "name": "Home"},
            {"type": "track", "event": "Order Completed", "properties": order},
        ]
        found.append(who | said[number % 3])
    return found


def settle() -> None:
    drain(lambda: sum(stage(limit=2000) for stage in STAGES.values()))


def statements_of(stage: str, first: int, n: int) -> int:
    """What the stage takes to read so many new events, all in one step."""
    events.record_events(messages(first, n), source="tests", received_at=NOW + timedelta(days=1))
    for name, advance in STAGES.items():
        if name == stage:
            with counted() as count:
                assert advance(limit=2000) > 0
            return count()
        drain(lambda advance=advance: advance(limit=2000))
    raise AssertionError(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_ten_times_the_events_take_no_more_statements(stage: str) -> None:
    rule = {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 1, "window_days": 30}
    segments.save_segment(name="bought", rule=rule, now=NOW)
    events.record_events(messages(0, 30), source="tests", received_at=NOW)
    settle()
    few = statements_of(stage, 300, FEW)
    settle()
    many = statements_of(stage, 3000, MANY)
    assert 0 < few <= many <= few + ALLOWED, (few, many)
