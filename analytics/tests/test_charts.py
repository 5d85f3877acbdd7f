"""Every result can be drawn: as an ECharts option that is plain JSON, and with matplotlib in a notebook."""

from __future__ import annotations

import json

import pytest
from liebian_analytics.charts.results import METRICS, chart
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument

from .histories import History
from .public_metrics import table_metrics
from .test_spark import QUESTIONS

# These are what other metrics are made from: rows to count, not answers to look at.
STEPS = {
    "standing_orders", "order_facts_of_lines", "customer_orders_of_lines", "known_customers", "event_day_facts",
    "count_histories", "purchase_days", "churn_outcomes",
}  # fmt: skip
ASKED = {question for question in QUESTIONS if question.split()[0] in METRICS}


@pytest.mark.parametrize("question", sorted(ASKED))
def test_a_result_is_drawn_from_its_own_table(engine: Engine, question: str) -> None:
    for history in (History.random(1), History.random(2, customers=0)):
        tables = {name: engine.from_arrow(table) for name, table in history.tables.items()}
        found = engine.run(QUESTIONS[question](tables))
        drawn = chart(question.split()[0], found)
        option = drawn.option()
        assert json.loads(json.dumps(option, allow_nan=False)) == option
        for series in option["series"]:
            assert len(series["data"]) == len(option["xAxis"]["data"])
        if drawn.y_name == "customers":
            assert sum(option["series"][0]["data"]) == found.num_rows
        assert drawn.plot().get_xlabel() == drawn.x_name


def test_every_metric_has_a_chart() -> None:
    assert table_metrics() - STEPS <= set(METRICS), "say in charts/results.py how it is drawn"


def test_the_best_customers_bring_what_they_bring() -> None:
    option = chart("abc", {"revenue_minor": [90, 5, 3, 2, 0, 0, 0, 0, 0, 0]}).option()
    assert dict(zip(option["xAxis"]["data"], option["series"][0]["data"], strict=True))["10"] == 0.9
    assert option["series"][0]["data"][-1] == 1


def test_unknown_values_are_drawn_last_and_outliers_do_not_flatten_the_rest() -> None:
    profile = chart("channel_profile", {"main_channel": ["web", None, "app", "web"]}).option()
    assert profile["xAxis"]["data"] == ["app", "web", "unknown"]
    assert profile["series"][0]["data"] == [1, 2, 1]
    bars = chart("loyalty", {"score": [*range(200), 1e9]}).option()["series"][0]["data"]
    assert sum(bars) == 201 and min(bars[:-1]) > 5


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(BadArgument, match="there is no chart of 'magic'"):
        chart("magic", {"a": [1]})
    with pytest.raises(BadArgument, match="needs the column 'stage'"):
        chart("lifecycle", {"a": [1]})
