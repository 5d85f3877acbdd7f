from __future__ import annotations

from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.datasets.story import day, fact
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.abc import abc, customer_revenue


@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.one_of(st.none(), st.integers(-50, 10**15)), min_size=1, max_size=25))
def test_grades_equal_exact_cumulative_shares(engine: Engine, values: list[int | None]) -> None:
    items = engine.from_arrow(pa.table({"id": pa.array(range(len(values))), "v": pa.array(values, pa.int64())}))
    rows = engine.run(abc(items, key="id", value="v").order_by("id")).to_pylist()
    total, before = sum(v for v in values if v and v > 0), 0
    expected = {}
    for number in sorted(range(len(values)), key=lambda k: (-(values[k] or 0), k)):
        value = values[number] or 0
        share = Fraction(before, total) if value > 0 else Fraction(1)
        expected[number] = "A" if share < Fraction(8, 10) else "B" if share < Fraction(95, 100) else "C"
        before += max(value, 0)
    assert {row["id"]: row["grade"] for row in rows} == expected


def test_ties_are_ranked_by_id_and_items_without_revenue_have_no_rank(engine: Engine) -> None:
    items = engine.from_arrow(pa.table({"id": [3, 1, 2, 9], "v": [5, 5, 5, 0]}))
    rows = engine.run(abc(items, key="id", value="v").order_by("id")).to_pylist()
    assert [(row["id"], row["rank"]) for row in rows] == [(1, 1), (2, 2), (3, 3), (9, None)]


def test_customers_are_graded_by_what_they_kept(engine: Engine) -> None:
    facts = engine.from_rows(
        "order_facts", [fact(1, 1, 1, 900), fact(2, 2, 1, 1000), fact(2, 2, 2, -990, 0, "refunded")]
    )
    graded = abc(customer_revenue(facts, as_of=day(3)), key="customer_id")
    assert engine.run(graded.order_by("customer_id"))["grade"].to_pylist() == ["A", "C"]


@pytest.mark.parametrize("cuts", [(0.95, 0.8), (0.8,), (0, 0.9), (0.5, 1.2)])
def test_cuts_that_mean_nothing_are_refused(engine: Engine, cuts: tuple[float, ...]) -> None:
    with pytest.raises(BadArgument, match="ascending shares"):
        abc(engine.from_arrow(pa.table({"id": [1], "revenue_minor": [1]})), key="id", cuts=cuts)
