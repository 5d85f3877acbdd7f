"""Order changes and their lines as columns of the lake."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from django.conf import settings

from liebian.core import days
from liebian.lake.types import SCHEMAS
from liebian.orders.models import Order
from liebian.orders.types import OrderChange

_LINE_COLUMNS = {
    "product_id": "product_id",
    "product_name": "name",
    "category": "category",
    "quantity": "quantity",
    "unit_minor": "unit_minor",
}


def fact_rows(changes: list[OrderChange]) -> pa.Table:
    """One row per change."""
    same = ("customer_id", "order_id", "external_id", "kind", "at", "amount_minor", "n_orders", "currency", "channel")
    columns: dict[str, list[Any]] = {name: [getattr(change, name) for change in changes] for name in same}
    columns["day"] = [days.day_of(change.at, settings.TIME_ZONE) for change in changes]
    columns["position"] = [change.id for change in changes]
    return _table("order_facts", columns)


def day_rows(changes: list[OrderChange]) -> pa.Table:
    """What the changes come to per customer, day, kind and currency."""
    sums = (
        fact_rows(changes)
        .group_by(["customer_id", "day", "kind", "currency"])
        .aggregate([("n_orders", "sum"), ("amount_minor", "sum"), ("position", "max")])
    )
    n = sums.num_rows
    columns = {
        "customer_id": sums["customer_id"], "day": sums["day"], "kind": pa.array(["order"] * n, pa.string()),
        "name": sums["kind"], "currency": sums["currency"], "count": sums["n_orders_sum"],
        "amount_minor": sums["amount_minor_sum"], "position": sums["position_max"],
    }  # fmt: skip
    return pa.table(columns, schema=SCHEMAS["day_facts"])


def line_rows(changes: list[OrderChange]) -> pa.Table:
    """One row per line of the orders that were placed; corrections state money, not lines."""
    placed = [change for change in changes if change.kind == "paid"]
    lines_of = dict(Order.objects.filter(pk__in=[c.order_id for c in placed]).values_list("id", "lines"))
    owners = [(c, days.day_of(c.at, settings.TIME_ZONE), lines_of[c.order_id]) for c in placed]
    lines = [line for _, _, lines in owners for line in lines]
    columns = {target: [line[source] for line in lines] for target, source in _LINE_COLUMNS.items()}
    columns["amount_minor"] = [line["quantity"] * line["unit_minor"] for line in lines]
    for name in ("customer_id", "order_id", "at", "currency"):
        columns[name] = [value for c, _, lines in owners for value in [getattr(c, name)] * len(lines)]
    columns["day"] = [day for _, day, lines in owners for _ in lines]
    columns["position"] = [c.id for c, _, lines in owners for _ in lines]
    return _table("order_lines", columns)


def _table(name: str, columns: dict[str, list[Any]]) -> pa.Table:
    schema = SCHEMAS[name]
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in schema}, schema=schema)
