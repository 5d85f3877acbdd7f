from __future__ import annotations

import pytest
from liebian_analytics.datasets.story import day, fact
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.rfm import rfm
from liebian_analytics.metrics.summary import compare_periods, daily_orders, group_shares, monthly_revenue


def test_shares_add_up_to_one(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(n, n, n, n * 100) for n in range(1, 11)])
    groups = engine.run(group_shares(rfm(facts, as_of=day(20)), by="cell")).to_pylist()
    assert sum(group["n_customers"] for group in groups) == 10
    assert sum(group["share_of_revenue"] for group in groups) == pytest.approx(1)
    assert sum(group["share_of_customers"] for group in groups) == pytest.approx(1)


def test_money_counts_in_the_month_in_which_it_moved(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(1, 1, 31, 900), fact(1, 1, 32, -900, -1, "refunded")])
    months = engine.run(monthly_revenue(facts, as_of=day(40))).to_pylist()
    assert [(m["revenue_minor"], m["n_orders"], m["n_customers"], m["is_complete"]) for m in months] == [
        (900, 1, 1, True),
        (-900, -1, 0, False),
    ]


def test_days_without_orders_are_there(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(1, 1, 3, 900), fact(1, 2, 3, 100), fact(1, 3, 9, 1)])
    rows = engine.run(daily_orders(facts, as_of=day(6), days=4)).to_pylist()
    assert [(r["day"], r["n_orders"], r["revenue_minor"]) for r in rows] == [
        (day(2), 0, 0),
        (day(3), 2, 1000),
        (day(4), 0, 0),
        (day(5), 0, 0),
    ]
    with pytest.raises(BadArgument):
        daily_orders(facts, as_of=day(6), days=0)


def test_a_change_from_nothing_is_not_a_percentage(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(1, 1, 5, 900)])
    found = compare_periods(facts, as_of=day(6), days=2)
    assert (found.n_orders, found.n_orders_before, found.orders_change) == (1, 0, None)
    nothing = compare_periods(engine.empty("order_facts"), as_of=day(6))
    assert (nothing.n_orders, nothing.revenue_minor, nothing.revenue_change) == (0, 0, None)
