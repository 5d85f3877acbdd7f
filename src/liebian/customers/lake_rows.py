"""People and events as columns of the lake: everything but personal fields, which go sealed or not at all."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from liebian.core import days
from liebian.customers.models import Customer, CustomerEvent
from liebian.customers.types import Merge
from liebian.lake.types import SCHEMAS

_COLUMNS = (
    "id", "is_known", "first_seen_at", "known_at", "seen__last_seen_at", "channel", "city", "province", "gender", "occupation",
    "birth_month", "referred_by", "attributes", "merged_into", "seen__changed_by_event",
)  # fmt: skip


def with_owners(log: pa.Table) -> pa.Table:
    """Rows of the log as events of the lake: each with the customer it was found to belong to, or nobody's."""
    if not log.num_rows:
        return SCHEMAS["events"].empty_table()
    ids = log["event_id"].to_numpy()
    owned = list(
        CustomerEvent.objects.filter(event_id__gte=int(ids[0]), event_id__lte=int(ids[-1])).values_list(
            "event_id", "customer_id"
        )
    )
    owners, found = np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    if owned:
        pairs = np.array(owned, dtype=np.int64)
        places = np.searchsorted(ids, pairs[:, 0])
        owners[places], found[places] = pairs[:, 1], True
    return log.append_column("customer_id", pa.array(owners, mask=~found)).select(SCHEMAS["events"].names)


def event_day_rows(found: pa.Table, position: int) -> pa.Table:
    """How often each customer did what on which day, of these events."""
    counted = found.filter(pc.is_valid(found["customer_id"])).group_by(["customer_id", "day", "name"])
    sums = counted.aggregate([([], "count_all")])
    n = sums.num_rows
    columns = {
        "customer_id": sums["customer_id"], "day": sums["day"], "kind": pa.array(["event"] * n, pa.string()),
        "name": sums["name"], "currency": pa.array([""] * n, pa.string()), "count": sums["count_all"],
        "amount_minor": pa.array(np.zeros(n, dtype=np.int64)), "position": pa.array(np.full(n, position, dtype=np.int64)),
    }  # fmt: skip
    return pa.table(columns, schema=SCHEMAS["day_facts"])


def identity_rows(merges: list[Merge]) -> pa.Table:
    rows = [{"loser_id": m.loser_id, "winner_id": m.winner_id, "position": m.position} for m in merges]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["identities"])


def changed_customers(*, after: int, upto: int, limit: int) -> tuple[pa.Table, int]:
    """People whom the events after `after` changed, as they stand now, and the event up to which that is all of them."""
    rows = Customer.objects.filter(seen__changed_by_event__gt=after, seen__changed_by_event__lte=upto)
    found = list(rows.order_by("seen__changed_by_event", "id").values_list(*_COLUMNS)[:limit])
    if len(found) == limit:
        last = found[-1][-1]
        whole = [row for row in found if row[-1] < last]
        if whole:
            found, upto = whole, last - 1
        else:  # one event changed more people than fit: take them all
            found, upto = list(rows.filter(seen__changed_by_event=last).values_list(*_COLUMNS)), last
    return _customer_table(found), upto


def _customer_table(rows: list[tuple[Any, ...]]) -> pa.Table:
    names = [name.removeprefix("seen__") for name in _COLUMNS]
    columns = dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(_COLUMNS), strict=True))
    zone = settings.TIME_ZONE
    columns["customer_id"], columns["position"] = columns["id"], columns["changed_by_event"]
    columns["first_seen_day"] = tuple(days.day_of(at, zone) for at in columns["first_seen_at"])
    columns["known_day"] = tuple(days.day_of(at, zone) if at else None for at in columns["known_at"])
    columns["attributes"] = tuple(msgspec.json.encode(value).decode() for value in columns["attributes"])
    schema = SCHEMAS["customers"]
    return pa.table([pa.array(columns[field.name], field.type) for field in schema], schema=schema)
