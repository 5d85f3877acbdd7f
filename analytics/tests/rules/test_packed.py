"""Packed day facts give every customer the same columns as the tables do, however the history came in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.engines import connect
from liebian_analytics.errors import BadArgument
from liebian_analytics.rules import (
    Additions,
    EventColumn,
    OrderColumn,
    Packed,
    columns_needed,
    evaluate,
    frame_from_arrow,
    merge_facts,
    pack,
    packed_columns,
    parse_rule,
    unpack,
    windowed_columns,
)

FIRST = date(2026, 1, 1)
AT = datetime(2025, 12, 1, tzinfo=UTC)
CHANNELS = ("store", "mini", None)
NUMBERS = {
    ("orders", "store"): 3,
    ("orders", "mini"): 9,
    ("orders", ""): 1,
    ("events", "Seen"): 2,
    ("events", "SEEN"): 4,
}
people = st.integers(1, 4)
days = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))
orders = st.lists(st.tuples(people, days, st.sampled_from(CHANNELS), st.integers(-500, 500)), max_size=25)
events = st.lists(st.tuples(people, days, st.sampled_from(["Seen", "SEEN"]), st.integers(1, 3)), max_size=25)
windows = st.none() | st.integers(1, 45)
order_rules = st.builds(
    lambda metric, op, value, window, channel: {
        "kind": "orders", "metric": metric, "op": op, "value": value, "window_days": window, "channel": channel,
    },
    st.sampled_from(["n_orders", "revenue_minor", "days_since_last_order", "days_since_first_order", "average_order_minor"]),
    st.sampled_from(["eq", "ne", "lt", "ge"]), st.integers(0, 30), windows, st.sampled_from([None, "store", "mini", "web"]),
)  # fmt: skip
event_rules = st.builds(
    lambda name, value, window: {"kind": "events", "name": name, "op": "ge", "value": value, "window_days": window},
    st.sampled_from(["Seen", "SEEN", "Never"]), st.integers(0, 4), windows,
)  # fmt: skip
trees = st.lists(st.one_of(order_rules, event_rules), min_size=1, max_size=8)


def as_tables(engine, bought, seen):
    """The history as canonical tables: one paid order per row, event counts by day."""
    paid = [
        (person, number, f"A{number}", "paid", AT, day, amount, "CNY", channel, 1)
        for number, (person, day, channel, amount) in enumerate(bought)
    ]
    counted: dict[tuple[int, date, str], int] = {}
    for person, day, name, n in seen:
        counted[person, day, name] = counted.get((person, day, name), 0) + n
    population = [(person, AT, AT.date()) for person in range(1, 6)]  # the fifth did nothing
    return (
        engine.from_rows("order_facts", paid),
        engine.from_rows("event_day_facts", [(*key, n) for key, n in counted.items()]),
        engine.from_rows("customers", population),
    )


def as_rows(bought, seen):
    rows = [(person - 1, day, NUMBERS["orders", channel or ""], 1, amount) for person, day, channel, amount in bought]
    return rows + [(person - 1, day, NUMBERS["events", name], n, 0) for person, day, name, n in seen]


def merged_in_parts(rows, cuts):
    """Five customers, each with two blobs (two ids that are one person), filled in several merges."""
    blobs = [b""] * 10
    for part in range(cuts):
        chosen = rows[part::cuts]
        if chosen:
            places = [2 * row[0] + (index % 2) for index, row in enumerate(chosen)]
            blobs = merge_facts(
                blobs, Additions.of(places, *(list(c) for c in zip(*(r[1:] for r in chosen), strict=True)))
            )
    return Packed.of(blobs, [place // 2 for place in range(10)], 5)


@settings(max_examples=80, deadline=None)
@given(orders, events, trees, days, st.integers(1, 4))
def test_packed_facts_and_tables_give_the_same_columns_and_members(bought, seen, trees, as_of, cuts):
    rules = [parse_rule(tree) for tree in trees]
    needed = columns_needed(*rules)
    with connect() as engine:
        table = windowed_columns(*as_tables(engine, bought, seen), needed, as_of)
        frame = frame_from_arrow(engine.run(table.order_by("customer_id")))
    columns = packed_columns(merged_in_parts(as_rows(bought, seen), cuts), needed, as_of, NUMBERS)
    assert set(columns) == {column.key for column in needed}
    for column in needed:
        there = ~np.ma.getmaskarray(frame[column.key])
        assert (~np.isnan(columns[column.key])).tolist() == there.tolist(), column
        assert columns[column.key][there].tolist() == np.ma.getdata(frame[column.key])[there].tolist(), column
    for rule in rules:
        assert evaluate(rule, columns).tolist() == evaluate(rule, frame).tolist()


@settings(max_examples=100, deadline=None)
@given(orders, events, st.randoms(), st.integers(1, 5))
def test_merging_in_any_order_and_taking_back_leaves_the_same_blob(bought, seen, random, cuts):
    rows = [row[1:] for row in as_rows(bought, seen)]
    whole, shuffled = pack(rows), list(rows)
    random.shuffle(shuffled)
    blob = b""
    for part in range(cuts):
        blob = add(blob, shuffled[part::cuts])
    assert blob == whole
    assert add(blob, [(day, fact, -n, -amount) for day, fact, n, amount in rows]) == b""
    assert pack(unpack(whole)) == whole


def add(blob, rows):
    if not rows:
        return blob
    return merge_facts([blob], Additions.of([0] * len(rows), *(list(c) for c in zip(*rows, strict=True))))[0]


def test_amounts_beyond_floating_point_stay_exact():
    odd = 2**53 + 1
    packed = Packed.of([pack([(FIRST, 3, 1, odd), (FIRST + timedelta(days=1), 3, 1, odd)])])
    columns = packed_columns(packed, [OrderColumn("revenue_minor", 30)], date(2026, 1, 9), NUMBERS)
    assert columns["orders:revenue_minor:30"].tolist() == [2 * odd]


def test_a_customer_without_facts_and_a_batch_without_customers():
    columns = packed_columns(Packed.of([b""]), [EventColumn("Seen"), OrderColumn("days_since_last_order")], FIRST, {})
    assert columns["orders:days_since_last_order:ever"].tolist() != [0]
    assert [values.size for values in packed_columns(Packed.of([]), [EventColumn("Seen")], FIRST, {}).values()] == [0]


def test_what_does_not_fit_is_refused_or_kept_at_the_edge():
    with pytest.raises(BadArgument, match="fact number"):
        pack([(FIRST, 70_000, 1, 0)])
    assert unpack(pack([(date(1, 1, 1), 1, 1, 0), (FIRST, 1, 2**31 - 1, 0), (FIRST, 1, 5, 0)])) == [
        (date(1990, 1, 1), 1, 1, 0), (FIRST, 1, 2**31 - 1, 0),
    ]  # fmt: skip
