from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.datasets.story import day, fact, noon
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.rfm import RfmCuts, explain_rfm, rfm, rfm_cuts, rfm_values


def test_an_order_belongs_to_its_day_with_what_refunds_left(engine: Engine) -> None:
    facts = engine.from_rows(
        "order_facts",
        [
            fact(1, 1, 1, 1000),
            fact(1, 2, 5, 400),
            fact(1, 2, 9, -400, -1, "refunded"),
            fact(1, 1, 9, -300, 0, "refunded"),
            fact(2, 3, 2, 500),
            fact(2, 3, 3, -500, -1, "cancelled"),
        ],
    )
    before = engine.run(rfm_values(facts, as_of=day(6)).order_by("customer_id")).to_pylist()
    assert [(p["recency_days"], p["frequency"], p["monetary_value"]) for p in before] == [(1, 2, 1400)]
    after = engine.run(rfm_values(facts, as_of=day(10))).to_pylist()
    assert [(p["recency_days"], p["frequency"], p["monetary_value"]) for p in after] == [(9, 1, 700)]


def test_whoever_returned_everything_is_in_no_cell(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(2, 3, 2, 500), fact(2, 3, 3, -500, -1, "cancelled")])
    assert engine.run(rfm(facts, as_of=day(4))).num_rows == 0
    assert rfm_cuts(facts, as_of=day(4)) is None


def test_window_and_currency_choose_the_orders(engine: Engine) -> None:
    other = (*fact(1, 3, 9, 7)[:7], "USD", "store", 1)
    facts = engine.from_rows("order_facts", [fact(1, 1, 1, 100), fact(1, 2, 8, 50), other])
    people = engine.run(rfm_values(facts, as_of=day(11), window_days=3, currency="CNY")).to_pylist()
    assert [(p["frequency"], p["monetary_value"]) for p in people] == [(1, 50)]


def test_own_cuts_decide_and_are_checked(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(1, 1, 9, 100)])
    own = {"recency": [1, 30], "frequency": [1, 2], "monetary": [99, 500]}
    row = engine.run(rfm(facts, as_of=day(10), cuts=own)).to_pylist()[0]
    assert (row["r"], row["f"], row["m"]) == (3, 1, 2)
    for wrong in ({"recency": [1]}, own | {"frequency": [2, 1]}, own | {"monetary": [1]}, own | {"monetary": []}):
        with pytest.raises(BadArgument):
            rfm(facts, as_of=day(10), cuts=wrong)
    with pytest.raises(BadArgument, match="bins"):
        rfm(facts, as_of=day(10), bins=1)


def test_an_instant_inside_a_day_counts_that_day(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(1, 1, 9, 100)])
    assert engine.run(rfm_values(facts, as_of=noon(9))).num_rows == 0
    later = noon(9).replace(hour=13)
    assert engine.run(rfm_values(facts, as_of=later))["recency_days"].to_pylist() == [1]


orders = st.lists(st.tuples(st.integers(1, 8), st.integers(1, 20), st.integers(1, 500)), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None)
@given(history=orders, bins=st.integers(2, 6))
def test_equal_values_score_equally_and_every_score_can_be_explained(
    engine: Engine, history: list[tuple[int, int, int]], bins: int
) -> None:
    facts = engine.from_rows("order_facts", [fact(c, n, on, amount) for n, (c, on, amount) in enumerate(history)])
    cuts = rfm_cuts(facts, as_of=day(21), bins=bins)
    assert cuts is not None
    people = engine.run(rfm(facts, as_of=day(21), bins=bins)).to_pylist()
    assert {p["customer_id"] for p in people} == {c for c, _, _ in history}
    for person in people:
        why = explain_rfm(person, cuts)
        assert tuple(reason.score for reason in why.reasons) == (person["r"], person["f"], person["m"])
        assert why.cell == person["cell"]
        for reason in why.reasons:
            assert (reason.above is None or reason.above < reason.value) and 1 <= reason.score <= bins
            assert reason.up_to is None or reason.value <= reason.up_to
    by_frequency = {p["frequency"]: p["f"] for p in people}
    assert all(by_frequency[p["frequency"]] == p["f"] for p in people)


def test_more_money_never_scores_less() -> None:
    cuts = RfmCuts((1, 2, 3, 4), (1, 2, 3, 4), (10, 10, 20, 30))
    scores = [cuts.score("monetary", value) for value in range(40)]
    assert scores == sorted(scores)
