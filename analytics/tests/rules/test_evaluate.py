"""One definition: the columns of one pass and the plain reading of a customer's history give the same people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.datasets.story import day, fact, noon, person
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.rules import Plan, columns_needed, evaluate, frame_from_arrow, parse_rule, windowed_columns
from liebian_analytics.schema import arrow_table

PEOPLE = range(1, 7)
EVENTS = ("Seen", "SEEN", 'Odd "name": 50%')
CITIES = ("上海", "杭州", "suzhou", None)
AGES = (20, 31, 45, None)
LAST = 40

windows = st.one_of(st.none(), st.integers(1, 45))
numbers = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])


def _with_value(op: str, low: int, high: int) -> Any:
    return [min(low, high), max(low, high)] if op == "between" else low


number_conditions = st.builds(
    lambda op, low, high: (op, _with_value(op, low, high)),
    st.one_of(numbers, st.just("between")),
    st.integers(0, 8),
    st.integers(0, 8),
)
order_rules = st.builds(
    lambda metric, condition, window, channel: {
        "kind": "orders",
        "metric": metric[0],
        "op": condition[0],
        "value": [v * metric[1] for v in condition[1]] if condition[0] == "between" else condition[1] * metric[1],
        "window_days": window,
        "channel": channel,
    },
    st.sampled_from(
        [
            ("n_orders", 1),
            ("revenue_minor", 50),
            ("average_order_minor", 25),
            ("days_since_last_order", 4),
            ("days_since_first_order", 4),
        ]
    ),
    number_conditions,
    windows,
    st.sampled_from([None, None, "store", "web"]),
)
event_rules = st.builds(
    lambda name, condition, window: {
        "kind": "events",
        "name": name,
        "op": condition[0],
        "value": condition[1],
        "window_days": window,
    },
    st.sampled_from(EVENTS),
    number_conditions,
    windows,
)
attribute_rules = st.one_of(
    st.builds(
        lambda op, value: {"kind": "attribute", "name": "city", "op": op, "value": value},
        st.sampled_from(["eq", "ne", "lt", "ge"]),
        st.sampled_from(["上海", "suzhou", 31, "other"]),
    ),
    st.builds(
        lambda op, value: {"kind": "attribute", "name": "age", "op": op, "value": value},
        numbers.filter(lambda op: op in {"eq", "ne", "lt", "ge"}),
        st.sampled_from([20, 31.5, "上海"]),
    ),
    st.sampled_from(
        [
            {"kind": "attribute", "name": "city", "op": "is_set"},
            {"kind": "attribute", "name": "age", "op": "not_set"},
            {"kind": "attribute", "name": "city", "op": "contains", "value": "zh"},
            {"kind": "attribute", "name": "city", "op": "in", "value": ["杭州", "suzhou"]},
            {"kind": "attribute", "name": "age", "op": "in", "value": [20, 45]},
            {"kind": "attribute", "name": "age", "op": "between", "value": [21, 45]},
        ]
    ),
)
tier_rules = st.builds(
    lambda cells: {"kind": "tier", "model": "rfm", "cells": cells},
    st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=2),
)
leaves = st.one_of(order_rules, event_rules, attribute_rules, tier_rules)
trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda kind, rules: {"kind": kind, "rules": rules},
        st.sampled_from(["all_of", "any_of", "none_of"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
).filter(lambda tree: _depth(tree) <= 6)
order_histories = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.integers(1, LAST),
        st.integers(1, 9),
        st.sampled_from(["store", "web", None]),
        st.one_of(st.none(), st.integers(0, 10)),
        st.booleans(),
    ),
    max_size=14,
)
event_histories = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.integers(1, LAST), st.sampled_from(EVENTS)), max_size=25
)


def _depth(tree: dict[str, Any]) -> int:
    return 1 + max((_depth(child) for child in tree.get("rules", [])), default=0)


class Person:
    """A customer's history as plain lists, and the meaning of a rule read off them one by one."""

    def __init__(self, number: int, orders: Any, events: Any, end: date) -> None:
        self.attributes = {"city": CITIES[number % 4], "age": AGES[number % 3 + 1]}
        self.cell = {1: "x", 2: "y", 3: "z"}.get(number)
        self.end = end
        self.orders = []
        for who, on, amount, channel, refund_after, whole in orders:
            if who != number or day(on) >= end:
                continue
            left = amount * 25
            refunded = refund_after is not None and day(on + refund_after) < end
            if refunded and whole:
                continue
            self.orders.append((day(on), left - 20 if refunded else left, channel))
        self.events = [(day(on), name) for who, on, name in events if who == number and day(on) < end]

    def holds(self, rule: dict[str, Any]) -> bool:
        kind = rule["kind"]
        if kind == "all_of":
            return all(self.holds(child) for child in rule["rules"])
        if kind == "any_of":
            return any(self.holds(child) for child in rule["rules"])
        if kind == "none_of":
            return not any(self.holds(child) for child in rule["rules"])
        if kind == "tier":
            return self.cell in rule["cells"]
        if kind == "attribute":
            return self._attribute(self.attributes[rule["name"]], rule["op"], rule.get("value"))
        value = self._event_count(rule) if kind == "events" else self._order_value(rule)
        return value is not None and _relation(value, rule["op"], rule["value"])

    def _inside(self, on: date, window: int | None) -> bool:
        return window is None or on >= self.end - timedelta(days=window)

    def _event_count(self, rule: dict[str, Any]) -> int:
        return sum(name == rule["name"] and self._inside(on, rule["window_days"]) for on, name in self.events)

    def _order_value(self, rule: dict[str, Any]) -> float | None:
        orders = [
            (on, amount)
            for on, amount, channel in self.orders
            if self._inside(on, rule["window_days"]) and rule["channel"] in (None, channel)
        ]
        ages = [(self.end - on).days for on, _ in orders]
        total = sum(amount for _, amount in orders)
        return {
            "n_orders": len(orders),
            "revenue_minor": total,
            "average_order_minor": total / len(orders) if orders else None,
            "days_since_last_order": min(ages, default=None),
            "days_since_first_order": max(ages, default=None),
        }[rule["metric"]]

    @staticmethod
    def _attribute(value: Any, op: str, wanted: Any) -> bool:
        if op in ("is_set", "not_set"):
            return (value is not None) == (op == "is_set")
        if value is None:
            return False
        if op == "in":
            return value in wanted
        if op == "contains":
            return isinstance(value, str) and wanted in value
        sample = wanted[0] if op == "between" else wanted
        return isinstance(value, str) == isinstance(sample, str) and _relation(value, op, wanted)


def _relation(value: Any, op: str, wanted: Any) -> bool:
    if op == "between":
        return bool(wanted[0] <= value <= wanted[1])
    return bool(
        {
            "eq": lambda: value == wanted,
            "ne": lambda: value != wanted,
            "lt": lambda: value < wanted,
            "le": lambda: value <= wanted,
            "gt": lambda: value > wanted,
            "ge": lambda: value >= wanted,
        }[op]()
    )


def _facts(orders: Any) -> list[Any]:
    rows = []
    for number, (who, on, amount, channel, refund_after, whole) in enumerate(orders):
        rows.append(fact(who, number, on, amount * 25, channel=channel))
        if refund_after is not None:
            back = (amount * 25, -1) if whole else (20, 0)
            rows.append(fact(who, number, on + refund_after, -back[0], back[1], "refunded", channel))
    return rows


def _population(engine: Engine) -> Any:
    table = arrow_table("customers", [person(n) for n in PEOPLE])
    table = table.append_column("city", pa.array([CITIES[n % 4] for n in PEOPLE]))
    return engine.from_arrow(table.append_column("age", pa.array([AGES[n % 3 + 1] for n in PEOPLE], pa.int32())))


@settings(max_examples=80, deadline=None)
@given(
    rules=st.lists(trees, min_size=1, max_size=4),
    orders=order_histories,
    events=event_histories,
    end=st.integers(2, 50),
)
def test_everybody_at_once_equals_one_by_one(engine: Engine, rules: Any, orders: Any, events: Any, end: int) -> None:
    parsed = [parse_rule(rule) for rule in rules]
    tiers = engine.from_arrow(pa.table({"customer_id": [1, 2, 3], "cell": ["x", "y", "z"]}))
    days = dict.fromkeys(events, 0)
    for key in events:
        days[key] += 1
    table = windowed_columns(
        engine.from_rows("order_facts", _facts(orders)),
        engine.from_rows("event_day_facts", [(who, day(on), name, n) for (who, on, name), n in days.items()]),
        _population(engine),
        columns_needed(*parsed),
        day(end),
        tiers={"rfm": tiers},
    )
    frame = frame_from_arrow(engine.run(table.order_by("customer_id")))
    assert frame["customer_id"].tolist() == list(PEOPLE)
    people = [Person(number, orders, events, day(end)) for number in PEOPLE]
    for rule, source in zip(parsed, rules, strict=True):
        assert evaluate(rule, frame).tolist() == [person.holds(source) for person in people]
    assert Plan(parsed).evaluate(frame).tolist() == [evaluate(rule, frame).tolist() for rule in parsed]


def test_customers_without_facts_are_found_by_what_they_did_not_do(engine: Engine) -> None:
    rule = parse_rule({"kind": "orders", "metric": "n_orders", "op": "eq", "value": 0, "window_days": 30})
    facts = engine.from_rows("order_facts", [fact(1, 1, 10, 100)])
    table = windowed_columns(facts, engine.empty("event_day_facts"), _population(engine), columns_needed(rule), day(20))
    frame = frame_from_arrow(engine.run(table.order_by("customer_id")))
    assert frame["customer_id"][evaluate(rule, frame)].tolist() == [2, 3, 4, 5, 6]


def test_a_rule_without_conditions_is_everybody(engine: Engine) -> None:
    rule = parse_rule({"kind": "all_of"})
    table = windowed_columns(
        engine.empty("order_facts"), engine.empty("event_day_facts"), _population(engine), columns_needed(rule), day(20)
    )
    assert evaluate(rule, frame_from_arrow(engine.run(table))).sum() == 6


def test_what_is_not_there_is_named(engine: Engine) -> None:
    orders, events, people = engine.empty("order_facts"), engine.empty("event_day_facts"), _population(engine)
    attribute = parse_rule({"kind": "attribute", "name": "ctiy", "op": "is_set"})
    tier = parse_rule({"kind": "tier", "model": "rfm", "cells": ["x"]})
    seen = parse_rule({"kind": "events", "name": "Seen"})
    with pytest.raises(SchemaMismatch, match=r"'ctiy'; they have: .*city"):
        windowed_columns(orders, events, people, columns_needed(attribute), day(9))
    with pytest.raises(BadArgument, match="tier model 'rfm'"):
        windowed_columns(orders, events, people, columns_needed(tier), day(9))
    with pytest.raises(BadArgument, match="whole days"):
        windowed_columns(orders, events, people, columns_needed(seen), noon(9))
    with pytest.raises(BadArgument, match="lacks the column"):
        evaluate(seen, {"customer_id": np.array([1])})


def test_dates_compare_with_iso_text() -> None:
    frame = {"joined": np.array(["2026-01-05", "NaT", "2026-02-01"], dtype="datetime64[D]")}
    rule = parse_rule({"kind": "attribute", "name": "joined", "op": "lt", "value": "2026-02-01"})
    assert evaluate(rule, frame).tolist() == [True, False, False]
    nonsense = parse_rule({"kind": "attribute", "name": "joined", "op": "ne", "value": "soon"})
    assert evaluate(nonsense, frame).tolist() == [False, False, False]


def test_many_rules_share_columns() -> None:
    rules = [
        parse_rule({"kind": "orders", "metric": metric, "op": "ge", "value": n, "window_days": 30})
        for metric in ("n_orders", "revenue_minor", "average_order_minor")
        for n in range(20)
    ]
    assert len(columns_needed(*rules)) == 2


def test_a_value_of_another_type_never_matches() -> None:
    mixed = np.empty(6, dtype=object)
    mixed[:] = [1, True, "1", ["1"], None, 2.0]
    frame = {"mark": mixed}

    def matched(op: str, value: Any) -> list[int]:
        rule = parse_rule({"kind": "attribute", "name": "mark", "op": op, "value": value})
        return np.flatnonzero(evaluate(rule, frame)).tolist()

    assert matched("eq", 1) == [0]
    assert matched("eq", True) == [1]
    assert matched("eq", "1") == [2]
    assert matched("ne", 1) == [5]
    assert matched("in", ["1", 2]) == [2, 5]


@pytest.mark.parametrize(("window", "orders", "seen"), [(1, 1, 1), (5, 1, 1), (6, 2, 3), (None, 3, 7)])
def test_a_window_is_whole_days_up_to_the_day_before(
    engine: Engine, window: int | None, orders: int, seen: int
) -> None:
    """As of day 20: the last day is 19, a window of six days begins on day 14, and day 20 itself does not count."""
    days = (3, 14, 19, 20)
    bought = {"kind": "orders", "metric": "n_orders", "op": "eq", "value": orders, "window_days": window}
    viewed = {"kind": "events", "name": "Seen", "op": "eq", "value": seen, "window_days": window}
    rule = parse_rule({"kind": "all_of", "rules": [bought, viewed]})
    table = windowed_columns(
        engine.from_rows("order_facts", [fact(1, on, on, 100) for on in days]),
        engine.from_rows(
            "event_day_facts", [(1, day(on), "Seen", n) for on, n in zip(days, (4, 2, 1, 9), strict=True)]
        ),
        engine.from_rows("customers", [person(1)]),
        columns_needed(rule),
        day(20),
    )
    assert evaluate(rule, frame_from_arrow(engine.run(table))).tolist() == [True]
