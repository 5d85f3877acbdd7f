"""Random histories over several business days, the stages that read them, and who should be in which rule afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from hypothesis import strategies as st
from liebian_analytics.engines import connect
from liebian_analytics.rules import columns_needed, evaluate, frame_from_arrow, parse_rule, windowed_columns

from liebian.access.models import Organisation
from liebian.core.days import day_of
from liebian.core.models import Cursor
from liebian.customers import queries as people
from liebian.customers import services as customers
from liebian.customers.models import Customer, CustomerEvent, Identifier, IdentityChange
from liebian.events.models import Event, EventKey
from liebian.events.services import record_day, record_events
from liebian.orders import services as orders
from liebian.orders.models import Order, OrderChange
from liebian.segments import services
from liebian.segments.models import DueOrder, Fact, Membership, Past, Progress, Segment, State

START = date(2026, 3, 1)
HISTORY = (
    Customer, CustomerEvent, Identifier, IdentityChange, Order, OrderChange, Event, EventKey, Cursor, DueOrder, Fact,
    Membership, Past, Progress, Segment, State, Organisation,
)  # fmt: skip
RULES: dict[str, dict[str, Any]] = {
    "bought lately": {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 1, "window_days": 2},
    "spent": {"kind": "orders", "metric": "revenue_minor", "op": "ge", "value": 1000, "window_days": 30},
    "ever bought": {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 1},
    "quiet": {"kind": "orders", "metric": "days_since_last_order", "op": "gt", "value": 2},
    "first long ago": {"kind": "orders", "metric": "days_since_first_order", "op": "ge", "value": 20},
    "by phone": {"kind": "orders", "metric": "average_order_minor", "op": "ge", "value": 700, "channel": "mini"},
    "saw today": {"kind": "events", "name": "Home", "op": "ge", "value": 1, "window_days": 1},
    "never saw": {"kind": "events", "name": "Home", "op": "eq", "value": 0},
    "from 杭州": {"kind": "attribute", "name": "city", "op": "eq", "value": "杭州"},
    "everybody": {"kind": "all_of", "rules": []},
}
RULES["not both"] = {"kind": "none_of", "rules": [RULES["bought lately"], RULES["from 杭州"]]}


def moment(day: date, hour: float) -> datetime:
    """An hour of a business day in Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8)


@st.composite
def messages(draw: st.DrawFn, number: int, day: date) -> dict[str, Any]:
    kind = draw(st.sampled_from(["page", "page", "identify", "order", "order", "refund", "cancel"]))
    shift = draw(st.sampled_from([0, 0, 0, 0, -1, -25, 1, 3]))  # days late or early
    at = moment(day + timedelta(days=shift), draw(st.sampled_from([0.5, 12, 23.9])))
    message: dict[str, Any] = {"messageId": f"m{number}", "timestamp": at.isoformat()}
    if draw(st.booleans()):
        message["userId"] = draw(st.sampled_from(["u1", "u2", "u3"]))
    if "userId" not in message or draw(st.booleans()):
        message["anonymousId"] = draw(st.sampled_from(["a1", "a2", "a3"]))
    order = {"order_id": draw(st.sampled_from(["o1", "o2", "o3", "o4"]))}
    if kind == "page":
        return message | {"type": "page", "name": draw(st.sampled_from(["Home", "Other"]))}
    if kind == "identify":
        traits = {
            "phone": draw(st.sampled_from(["13800138000", "13900139000"])),
            "city": draw(st.sampled_from(["杭州", "苏州"])),
        }
        return message | {"type": "identify", "traits": traits}
    if kind == "order":
        order |= {
            "total": draw(st.integers(0, 30)),
            "channel": draw(st.sampled_from(["store", "mini"])),
            "currency": "CNY",
        }
        return message | {"type": "track", "event": "Order Completed", "properties": order}
    if kind == "refund":
        order |= {"refund_id": draw(st.sampled_from(["r1", "r2"])), "total": draw(st.integers(1, 9))}
        return message | {"type": "track", "event": "Order Refunded", "properties": order}
    return message | {"type": "track", "event": "Order Cancelled", "properties": order}


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[date, list[dict[str, Any]]]]:
    """Some days in a row, each with the messages that arrive on it."""
    found, number, day = [], 0, START
    for _ in range(draw(st.integers(1, 4))):
        arriving = []
        for _ in range(draw(st.integers(0, 9))):
            arriving.append(draw(messages(number, day)))
            number += 1
        found.append((day, arriving))
        day += timedelta(days=draw(st.sampled_from([1, 1, 2])))
    return found


def begin(rules: Mapping[str, dict[str, Any]] = RULES) -> dict[str, int]:
    """An empty installation with these segments; their ids by name."""
    for model in HISTORY:
        model.objects.all().delete()
    now = moment(START, 0)
    return {name: services.save_segment(name=name, rule=rule, now=now).id for name, rule in rules.items()}


def arrive(day: date, arriving: list[dict[str, Any]], *, ahead: int = 0) -> None:
    """The row that starts the day, then messages; `ahead` days early they are ahead of the days of the log."""
    record_day(day=day, now=moment(day, 0))
    if arriving:
        record_events(arriving, source="tests", received_at=moment(day + timedelta(days=ahead), 13))


def drain(*, limit: int = 2000, shards: int = 1) -> None:
    """Everything up to the end of the log, in batches of `limit`."""
    while customers.advance(limit=limit) + orders.advance(limit=limit):
        pass
    while sum(services.advance(limit=limit, shard=shard, shards=shards) for shard in range(shards)):
        pass


def live_members() -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for segment_id, customer_id in Membership.objects.filter(left_at=None).values_list("segment_id", "customer_id"):
        found.setdefault(segment_id, set()).add(customer_id)
    return found


def expected_members(ids: Mapping[str, int], today: date) -> dict[int, set[int]]:
    """Who is in which segment by the table functions of the library, over the people and orders as they stand."""
    rules = {ids[name]: parse_rule(rule) for name, rule in RULES.items() if name in ids}
    needed = [column for column in columns_needed(*rules.values()) if column.key != "city"]
    final = people.find_final_ids(Customer.objects.values_list("id", flat=True))
    rows = Customer.objects.filter(is_known=True, merged_into=None).order_by("id")
    zone = settings.TIME_ZONE
    counted = Counter(
        (final.get(owner, owner), day_of(datetime.fromtimestamp(at / 1000, UTC), zone), name)
        for owner, name, at in CustomerEvent.objects.values_list("customer_id", "name", "at_ms")
    )
    bought = [
        (final.get(c.customer_id, c.customer_id), c.order_id, c.external_id, c.kind, c.at, day_of(c.at, zone), c.amount_minor, c.currency, c.channel, c.n_orders)
        for c in OrderChange.objects.order_by("id")
    ]  # fmt: skip
    with connect() as engine:
        population = [(row.pk, row.known_at, day_of(row.known_at, zone)) for row in rows]
        table = windowed_columns(
            engine.from_rows("order_facts", bought) if bought else engine.empty("order_facts"),
            engine.from_rows("event_day_facts", [(*key, n) for key, n in counted.items()]) if counted else engine.empty("event_day_facts"),
            engine.from_rows("customers", population) if population else engine.empty("customers"),
            needed, today + timedelta(days=1),
        )  # fmt: skip
        frame = frame_from_arrow(engine.run(table.order_by("customer_id")))
    cities = {row.pk: row.city or None for row in rows}
    frame["city"] = np.array([cities[key] for key in frame["customer_id"].tolist()], dtype=object)
    found = {key: set(frame["customer_id"][evaluate(rule, frame)].tolist()) for key, rule in rules.items()}
    return {key: members for key, members in found.items() if members}
