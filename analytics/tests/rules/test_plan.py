"""Many rules together say what each of them says alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.errors import BadArgument
from liebian_analytics.rules import Packed, Plan, columns_needed, evaluate, pack, packed_columns, parse_rule

DAY = date(2026, 3, 1)
NUMBERS = {("orders", ""): 1, ("orders", "store"): 2, ("events", "Seen"): 3}
ops = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
conditions = st.one_of(
    st.builds(
        lambda op, value, window: {"kind": "events", "name": "Seen", "op": op, "value": value, "window_days": window},
        ops, st.integers(0, 4), st.sampled_from([None, 7, 30]),
    ),
    st.builds(
        lambda low, high: {"kind": "events", "name": "Never", "op": "between", "value": [low, low + high]},
        st.integers(0, 2), st.integers(0, 2),
    ),
    st.builds(
        lambda metric, op, value, channel: {"kind": "orders", "metric": metric, "op": op, "value": value, "channel": channel},
        st.sampled_from(["n_orders", "revenue_minor", "days_since_last_order", "average_order_minor"]),
        ops, st.integers(0, 40), st.sampled_from([None, "store"]),
    ),
    st.builds(
        lambda op, value: {"kind": "attribute", "name": "level", "op": op, "value": value},
        st.sampled_from(["eq", "ne", "ge"]), st.sampled_from([1, 2, "1"]),
    ),
    st.builds(lambda value: {"kind": "attribute", "name": "level", "op": "eq", "value": value}, st.booleans()),
)  # fmt: skip
trees = st.recursive(
    conditions,
    lambda below: st.builds(
        lambda kind, rules: {"kind": kind, "rules": rules},
        st.sampled_from(["all_of", "any_of", "none_of"]),
        st.lists(below, min_size=1, max_size=4),
    ),
    max_leaves=8,
)
histories = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([1, 2, 3]), st.integers(1, 3), st.integers(-50, 50)), max_size=8
)
LEVELS = [1, True, "1", None, 2.0]


def frame_of(people: list[Any], rules: list[Any]) -> dict[str, Any]:
    blobs = [
        pack(
            [
                (date.fromordinal(DAY.toordinal() - 1 - ago), fact, n, amount)
                for ago, fact, n, amount in sorted(set(each))
            ]
        )
        for each in people
    ]
    levels = np.empty(len(people), object)
    levels[:] = [LEVELS[place % len(LEVELS)] for place in range(len(people))]
    columns = packed_columns(Packed.of(blobs), columns_needed(*rules), DAY, NUMBERS)
    return {"customer_id": np.arange(len(people)), "level": levels, **columns}


@settings(max_examples=200, deadline=None)
@given(st.lists(trees, max_size=6), st.lists(histories, min_size=1, max_size=7))
def test_together_as_alone(sources: list[Any], people: list[Any]) -> None:
    rules = [parse_rule(source) for source in sources]
    frame = frame_of(people, rules)
    found = Plan(rules).evaluate(frame)
    assert found.shape == (len(rules), len(people))
    assert found.tolist() == [evaluate(rule, frame).tolist() for rule in rules]


def test_one_and_true_are_two_conditions() -> None:
    levels = np.array([1, True], object)
    rules = [parse_rule({"kind": "attribute", "name": "level", "op": "eq", "value": value}) for value in (1, True)]
    assert Plan(rules).evaluate({"level": levels}).tolist() == [[True, False], [False, True]]


def test_a_rule_without_conditions_is_everybody_and_a_missing_column_is_named() -> None:
    everybody = parse_rule({"kind": "all_of"})
    assert Plan([everybody, everybody]).evaluate({"customer_id": np.arange(3)}).all()
    with pytest.raises(BadArgument, match="lacks the column"):
        Plan([parse_rule({"kind": "events", "name": "Seen"})]).evaluate({"customer_id": np.arange(3)})
