from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.datasets.story import day, fact, person
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.lifecycle import LifecycleRules, lifecycle


def test_each_stage_by_its_rule(engine: Engine) -> None:
    people = engine.from_rows("customers", [person(n) for n in range(1, 8)])
    facts = engine.from_rows(
        "order_facts",
        [
            fact(2, 1, 371, 100),
            *(fact(3, 10 + n, on, 100) for n, on in enumerate((300, 340, 380))),
            fact(4, 20, 330, 100),
            fact(5, 30, 300, 100),
            fact(6, 40, 100, 100),
            fact(7, 50, 390, 100),
            fact(7, 50, 391, -100, -1, "refunded"),
        ],
    )
    stages = engine.run(lifecycle(facts, people, as_of=day(401)).order_by("customer_id"))["stage"].to_pylist()
    assert stages == ["potential", "new", "loyal", "active", "at_risk", "lost", "potential"]


def test_customers_not_yet_known_are_left_out_unless_their_orders_are_older(engine: Engine) -> None:
    people = engine.from_rows("customers", [person(1, since=5), person(2, since=9), person(3, since=9)])
    facts = engine.from_rows("order_facts", [fact(3, 1, 2, 100)])
    found = engine.run(lifecycle(facts, people, as_of=day(6)).order_by("customer_id"))
    assert found["customer_id"].to_pylist() == [1, 3]


history = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 400)), max_size=25)


@settings(max_examples=20, deadline=None)
@given(history=history, end=st.integers(2, 420))
def test_table_and_plain_rule_agree(engine: Engine, history: list[tuple[int, int]], end: int) -> None:
    people = engine.from_rows("customers", [person(n) for n in range(1, 8)])
    facts = engine.from_rows("order_facts", [fact(c, n, on, 100) for n, (c, on) in enumerate(history)])
    rules = LifecycleRules(new_days=20, active_days=60, lost_after_days=150, loyal_orders=2)
    rows = engine.run(lifecycle(facts, people, as_of=day(end), rules=rules)).to_pylist()
    assert len(rows) == 7
    for row in rows:
        ages = [end - on for c, on in history if c == row["customer_id"] and on < end]
        expected = rules.stage(
            n_orders=len(ages),
            days_since_first=max(ages, default=None),
            days_since_last=min(ages, default=None),
        )
        assert row["stage"] == expected


def test_limits_that_do_not_ascend_are_refused() -> None:
    with pytest.raises(BadArgument):
        LifecycleRules(active_days=200)
    with pytest.raises(BadArgument):
        LifecycleRules(loyal_orders=1)
