"""One battery for both engines: every metric gives the same table on DuckDB and on a Spark cluster."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from liebian_analytics.cli.main import app
from liebian_analytics.datasets.story import day
from liebian_analytics.engines import Engine, connect
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.abc import abc, customer_revenue, product_revenue
from liebian_analytics.metrics.activity import activity
from liebian_analytics.metrics.channels import channel_profile
from liebian_analytics.metrics.churn import churn_features, churn_outcomes
from liebian_analytics.metrics.early_warning import early_warnings
from liebian_analytics.metrics.events import event_day_facts
from liebian_analytics.metrics.lifecycle import lifecycle, stage_customers
from liebian_analytics.metrics.loyalty import loyalty
from liebian_analytics.metrics.orders import (
    customer_orders,
    customer_orders_of_lines,
    known_customers,
    order_facts_of_lines,
    standing_orders,
)
from liebian_analytics.metrics.preferences import preference_clusters, preference_shares
from liebian_analytics.metrics.purchases import count_histories, purchase_days, purchase_summary, purchases_per_period
from liebian_analytics.metrics.quality import quality
from liebian_analytics.metrics.rfm import RfmCuts, rfm, rfm_cuts, rfm_values, score_customers
from liebian_analytics.metrics.rfm_kmeans import kmeans_cuts
from liebian_analytics.metrics.summary import compare_periods, daily_orders, group_shares, monthly_revenue
from liebian_analytics.metrics.weighted import weighted
from liebian_analytics.models import BgNbd, HazardChurn
from liebian_analytics.rules.columns import AttributeColumn, EventColumn, OrderColumn
from liebian_analytics.rules.windowed import windowed_columns

from .histories import EVENTS, History
from .metrics.retail import retail_lines
from .public_metrics import table_metrics

Tables = dict[str, ir.Table]
END = day(150)
NOON = datetime(2026, 5, 29, 12, 30, tzinfo=timezone(timedelta(hours=8)))
OWN_CUTS = RfmCuts((10, 30, 60), (1, 2, 4), (500, 5000, 60_000))

QUESTIONS: dict[str, Callable[[Tables], ir.Table]] = {
    "standing_orders": lambda t: standing_orders(t["order_facts"], as_of=END, window_days=90, currency="CNY"),
    "standing_orders as of an instant": lambda t: standing_orders(t["order_facts"], as_of=NOON),
    "order_facts_of_lines": lambda t: order_facts_of_lines(t["order_lines"]),
    "customer_orders_of_lines": lambda t: customer_orders_of_lines(t["order_lines"], as_of=END, window_days=90),
    "score_customers": lambda t: score_customers(customer_orders_of_lines(t["order_lines"], as_of=END), as_of=END),
    "stage_customers": lambda t: stage_customers(customer_orders_of_lines(t["order_lines"], as_of=END), as_of=END),
    "purchase_summary": lambda t: purchase_summary(
        standing_orders(t["order_facts"], as_of=END), as_of=day(60), holdout_until=END, amount="amount_minor"
    ),
    "count_histories": lambda t: count_histories(
        purchase_summary(standing_orders(t["order_facts"], as_of=END), as_of=END, time_unit="day")
    ),
    "purchases_per_period": lambda t: purchases_per_period(
        standing_orders(t["order_facts"], as_of=END), as_of=day(60), until=END
    ),
    "purchase_days": lambda t: purchase_days(standing_orders(t["order_facts"], as_of=END), "customer_id", "day", None),
    "churn_features": lambda t: churn_features(
        standing_orders(t["order_facts"], as_of=END), as_of=day(100), amount="amount_minor"
    ),
    "churn_outcomes": lambda t: churn_outcomes(
        standing_orders(t["order_facts"], as_of=END), as_of=day(100), horizon_days=30
    ),
    "early_warnings": lambda t: early_warnings(standing_orders(t["order_facts"], as_of=END), as_of=END),
    "customer_orders": lambda t: customer_orders(t["order_facts"], as_of=END),
    "known_customers": lambda t: known_customers(t["customers"], t["order_facts"], as_of=day(30)),
    "rfm_values": lambda t: rfm_values(t["order_facts"], as_of=END),
    "rfm": lambda t: rfm(t["order_facts"], as_of=END),
    "rfm in ten bins": lambda t: rfm(t["order_facts"], as_of=NOON, bins=10, currency="CNY"),
    "rfm with own cuts": lambda t: rfm(t["order_facts"], as_of=END, cuts=OWN_CUTS),
    "customer_revenue": lambda t: customer_revenue(t["order_facts"], as_of=END, window_days=60),
    "product_revenue": lambda t: product_revenue(t["order_lines"], as_of=END),
    "abc": lambda t: abc(customer_revenue(t["order_facts"], as_of=END), key="customer_id"),
    "abc of products": lambda t: abc(product_revenue(t["order_lines"], as_of=END), key="product_id", cuts=(0.7, 0.9)),
    "lifecycle": lambda t: lifecycle(t["order_facts"], t["customers"], as_of=END),
    "group_shares": lambda t: group_shares(rfm(t["order_facts"], as_of=END), by="cell"),
    "monthly_revenue": lambda t: monthly_revenue(t["order_facts"], as_of=END, currency="CNY"),
    "daily_orders": lambda t: daily_orders(t["order_facts"], as_of=END, days=40),
    "event_day_facts": lambda t: event_day_facts(t["events"]),
    "activity": lambda t: activity(event_day_facts(t["events"]), as_of=END, weights={EVENTS[0]: 2, EVENTS[1]: 0.5}),
    "channel_profile": lambda t: channel_profile(t["order_facts"], as_of=END),
    "loyalty": lambda t: loyalty(t["order_facts"], as_of=END),
    "preference_shares": lambda t: preference_shares(t["order_lines"], as_of=END),
    "quality": lambda t: quality(t["order_facts"]),
    **{
        f"weighted by {how}": lambda t, how=how: weighted(
            rfm_values(t["order_facts"], as_of=END),
            key="customer_id",
            weights={"frequency": 2, "recency_days": -1, "monetary_value": 1},
            normalise=how,
        )
        for how in ("minmax", "zscore", "rank")
    },
    "windowed_columns": lambda t: windowed_columns(
        t["order_facts"],
        event_day_facts(t["events"]),
        t["customers"],
        [
            AttributeColumn("first_seen_day"),
            EventColumn("Product Viewed", 30),
            EventColumn("Signed In", None),
            OrderColumn("n_orders", 90),
            OrderColumn("revenue_minor", 30, "web"),
            OrderColumn("days_since_last_order", None),
        ],
        END,
    ),
}


@pytest.fixture(scope="module")
def histories(engine: Engine, spark: Engine) -> list[tuple[Tables, Tables]]:
    """A long history and an empty one, each as tables of DuckDB and of Spark."""
    told = [History.random(1), History.random(2, customers=0)]
    return [(load(engine, history), load(spark, history)) for history in told]


def load(running: Engine, history: History) -> Tables:
    return {name: running.from_arrow(table) for name, table in history.tables.items()}


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_engines_answer_alike(
    question: str, engine: Engine, spark: Engine, histories: list[tuple[Tables, Tables]]
) -> None:
    for here, there in histories:
        assert_same(engine.run(QUESTIONS[question](here)), spark.run(QUESTIONS[question](there)))


def test_values_drawn_at_once_are_alike(histories: list[tuple[Tables, Tables]]) -> None:
    for here, there in histories:
        for ask in (rfm_cuts, kmeans_cuts, compare_periods):
            assert ask(here["order_facts"], as_of=END) == ask(there["order_facts"], as_of=END)


def test_clusters_drawn_from_either_engine_are_alike(histories: list[tuple[Tables, Tables]]) -> None:
    one, other = (
        preference_clusters(preference_shares(t["order_lines"], as_of=END), n_clusters=3, n_resamples=3)
        for t in histories[0]
    )
    assert one.members.equals(other.members)
    assert one.stability == other.stability


def test_models_fitted_on_what_either_engine_reduced_are_alike(histories: list[tuple[Tables, Tables]]) -> None:
    """The aggregate is all that fitting needs; its rows come in any order."""
    models = []
    for tables in histories[0]:
        orders = standing_orders(tables["order_facts"], as_of=END)
        counted = count_histories(purchase_summary(orders, as_of=END, time_unit="day"))
        models.append(
            (BgNbd(prior="weak").fit(counted), HazardChurn(horizon_days=20, n_weeks=6).fit(orders, as_of=END))
        )
    (buys, stays), (buys_there, stays_there) = models
    assert buys.n_customers_ == buys_there.n_customers_
    assert buys.params_ == pytest.approx(buys_there.params_, rel=1e-6)
    assert buys.log_likelihood_ == pytest.approx(buys_there.log_likelihood_, rel=1e-10)
    assert stays.coefficients_ == pytest.approx(stays_there.coefficients_, rel=1e-4)


def test_a_result_can_be_kept_and_asked_again(spark: Engine, histories: list[tuple[Tables, Tables]]) -> None:
    kept = spark.keep(customer_orders(histories[0][1]["order_facts"], as_of=END))
    assert spark.run(kept.aggregate(n=kept.n_orders.sum()))["n"][0].as_py() > 60


def test_the_command_line_computes_on_the_cluster(
    spark: Engine, spark_address: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "o.csv").write_text("who,on,paid\nann,2026-01-01,5\nbob,2026-01-03,9.5\nann,2026-01-02,1\n")
    columns = ["--customer", "who", "--time", "on", "--amount", "paid", "--as-of", "2026-02-01"]
    for name, address in (("here", "duckdb"), ("there", spark_address[0])):
        out = str(tmp_path / f"{name}.csv")
        app(["rfm", str(tmp_path / "o.csv"), *columns, "--engine", address, "--out", out], exit_on_error=False)
    assert (tmp_path / "here.csv").read_text() == (tmp_path / "there.csv").read_text()
    assert "ann" in (tmp_path / "here.csv").read_text()
    for words in (["quality"], ["weighted", "--key", "on", "--weights", "paid=1"]):
        for name, address in (("here", "duckdb"), ("there", spark_address[0])):
            out = str(tmp_path / f"{name}-{words[0]}.csv")
            app([words[0], str(tmp_path / "o.csv"), *words[1:], "--engine", address, "--out", out], exit_on_error=False)
        assert (tmp_path / f"here-{words[0]}.csv").read_text() == (tmp_path / f"there-{words[0]}.csv").read_text()


def test_no_metric_is_left_out() -> None:
    """Whatever in `metrics` returns a table has a question above."""
    found = table_metrics()
    assert found == found & {question.split()[0] for question in QUESTIONS}, "write a question for it"


@pytest.mark.data
def test_real_orders_are_scored_alike(engine: Engine, spark: Engine, shared_data: Path) -> None:
    """UCI Online Retail, read by each engine from the same file."""
    as_of = date(2011, 12, 10)
    answers = []
    for running in (engine, spark):
        facts = order_facts_of_lines(
            retail_lines(running.read_parquet([shared_data / "online_retail_2010_2011.parquet"]))
        )
        graded = abc(customer_revenue(facts, as_of=as_of), key="customer_id")
        answers.append((running.run(rfm(facts, as_of=as_of)), running.run(graded)))
    assert answers[0][0].num_rows == 4338
    for here, there in zip(*answers, strict=True):
        assert_same(here, there)


def test_spark_gives_back_the_declared_types(spark: Engine, tmp_path: Path) -> None:
    at = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
    table = spark.from_rows("customers", [(1, at, at.date())])
    found = spark.run(table)
    assert found.schema.field("first_seen_at").type == pa.timestamp("us", "UTC")
    assert found.to_pylist() == [{"customer_id": 1, "first_seen_at": at, "first_seen_day": at.date()}]
    numbers = spark.from_arrow(pa.table({"n": pa.array([1, None, 2**60 + 1], pa.int64())}))
    assert sorted(spark.run(numbers)["n"].to_pylist(), key=str) == sorted([1, None, 2**60 + 1], key=str)
    for part in range(2):
        pq.write_table(pa.table({"n": [part]}), tmp_path / f"{part}.parquet")
    files = spark.read_parquet(sorted(tmp_path.glob("*.parquet")))
    assert spark.run(files.order_by("n"))["n"].to_pylist() == [0, 1]


def test_an_address_that_names_no_engine_is_refused() -> None:
    with pytest.raises(BadArgument, match="spark://host:port"):
        connect("mysql://here")


def assert_same(here: pa.Table, there: pa.Table) -> None:
    """Same columns, types and rows; floats to 1e-12, as engines may add in another order."""
    assert here.schema.remove_metadata() == there.schema.remove_metadata()
    left, right = (sorted(table.to_pylist(), key=_order) for table in (here, there))
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            assert _alike(value, other[name]), f"{name}: {value!r} and {other[name]!r} in {one}"


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return type(one) is type(other) and one == other


def _order(row: dict[str, Any]) -> str:
    return repr([round(value, 6) if isinstance(value, float) else value for value in row.values()])
