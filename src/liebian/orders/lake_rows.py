"""Order changes and their lines as columns of the lake."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from django.conf import settings

from liebian.core import days
from liebian.lake.types import SCHEMAS
from liebian.orders.types import LineChange, OrderChange

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


def line_rows(changes: list[LineChange]) -> pa.Table:
    """One row per kind of line that an event added to its order or took from it."""
    same = ("customer_id", "order_id", "at", "currency")
    columns: dict[str, list[Any]] = {name: [getattr(change, name) for change in changes] for name in same}
    for target, source in _LINE_COLUMNS.items():
        columns[target] = [getattr(change.line, source) for change in changes]
    columns["amount_minor"] = [change.line.quantity * change.line.unit_minor for change in changes]
    columns["day"] = [days.day_of(change.at, settings.TIME_ZONE) for change in changes]
    columns["position"] = [change.id for change in changes]
    return _table("order_lines", columns)


def _table(name: str, columns: dict[str, list[Any]]) -> pa.Table:
    schema = SCHEMAS[name]
    return pa.table({field.name: pa.array(columns[field.name], field.type) for field in schema}, schema=schema)
