"""Churn: nothing later is looked at, chances hold on real data, and what cannot be learned is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.churn import churn_features, churn_outcomes
from liebian_analytics.metrics.early_warning import early_warnings
from liebian_analytics.models import BoostedChurn, HazardChurn, HazardStages, RecencyRule, backtest_churn, hazard_stages
from liebian_analytics.models.churn.base import ChurnModel

START, END = date(2025, 1, 1), date(2026, 1, 1)
MODELS: list[Callable[..., ChurnModel]] = [BoostedChurn, HazardChurn, RecencyRule]


def table_of(rows: list[tuple[int, date]]) -> pa.Table:
    who, days = zip(*rows, strict=True) if rows else ((), ())
    return pa.table({"customer_id": pa.array(who, pa.int64()), "day": pa.array(days, pa.date32())})


def shop(seed: int, customers: int = 400, until: date = END) -> list[tuple[int, date]]:
    """People with a rhythm of their own, of whom some stop one day."""
    chance = np.random.default_rng(seed)
    rows = []
    for person in range(customers):
        rhythm, day = chance.uniform(5, 60), START + timedelta(days=int(chance.integers(0, 200)))
        stops = day + timedelta(days=int(chance.exponential(200)))
        while day < min(until, stops):
            rows.append((person, day))
            day += timedelta(days=1 + int(chance.gamma(3, rhythm / 3)))
    return rows


@pytest.fixture(scope="module")
def purchases(engine: Engine) -> ir.Table:
    return engine.keep(engine.from_arrow(table_of(shop(1))))


days = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 400)), max_size=40)


@settings(max_examples=40, deadline=None)
@given(before=days, after=days)
def test_what_comes_later_changes_no_feature(engine: Engine, before: Any, after: Any) -> None:
    as_of = START + timedelta(days=200)
    early = [(who, START + timedelta(days=day)) for who, day in before if day < 200]
    late = [(who, as_of + timedelta(days=day)) for who, day in after]
    alone, together = (
        engine.run(churn_features(engine.from_arrow(table_of(rows)), as_of=as_of).order_by("customer_id"))
        for rows in (early, early + late)
    )
    assert alone.equals(together)
    assert alone["customer_id"].to_pylist() == sorted({who for who, _ in early})


@settings(max_examples=40, deadline=None)
@given(told=days, horizon=st.integers(1, 200))
def test_features_and_outcomes_as_pandas_says_them(engine: Engine, told: Any, horizon: int) -> None:
    as_of = START + timedelta(days=200)
    rows = [(who, START + timedelta(days=day)) for who, day in told]
    table = engine.from_arrow(table_of(rows))
    found = engine.run(
        churn_features(table, as_of=as_of).join(churn_outcomes(table, as_of=as_of, horizon_days=horizon), "customer_id")
    ).to_pandas()
    frame = pd.DataFrame(rows, columns=["who", "day"]).drop_duplicates().sort_values(["who", "day"])
    expected = {}
    for who, person in frame.groupby("who"):
        bought = [day for day in person.day if day < as_of]
        if bought:
            gaps = np.diff([day.toordinal() for day in bought])
            expected[who] = (
                (as_of - bought[-1]).days,
                len(bought),
                gaps.mean() if len(gaps) else None,
                gaps[-1] if len(gaps) else None,
                gaps.std() / gaps.mean() if len(gaps) > 1 else None,
                sum((as_of - day).days <= 90 for day in bought),
                not any(as_of <= day < as_of + timedelta(days=horizon) for day in person.day),
            )
    assert set(found.customer_id) == set(expected)
    names = ["recency_days", "n_purchases", "mean_gap_days", "last_gap_days", "gap_spread", "n_last_90_days", "churned"]
    for row in found.to_dict("records"):
        for name, value in zip(names, expected[row["customer_id"]], strict=True):
            assert pd.isna(row[name]) if value is None else row[name] == pytest.approx(value, rel=1e-6, abs=1e-6), name


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_never_reads_what_comes_after_its_day(engine: Engine, purchases: ir.Table, kind: Any) -> None:
    as_of = date(2025, 11, 1)
    known = engine.keep(purchases.filter(purchases.day < as_of))
    one, other = (kind(horizon_days=30).fit(rows, as_of=as_of) for rows in (purchases, known))
    assert one.predict(purchases, as_of=as_of).equals(other.predict(known, as_of=as_of))
    assert (one.churn_rate_, one.n_customers_) == (other.churn_rate_, other.n_customers_)
    outcomes = churn_outcomes(purchases, as_of=as_of - timedelta(days=30), horizon_days=30)
    stayed_away = engine.run(outcomes)["churned"].to_pylist()
    assert one.churn_rate_ == sum(stayed_away) / len(stayed_away), "of the horizon, whatever the model learns from"


@pytest.mark.data
@pytest.mark.parametrize("name", ["online_retail_2010_2011", "grocery_elog"])
def test_calibrated_and_better_than_the_recency_rule_on_real_shops(
    engine: Engine, shared_data: Path, name: str
) -> None:
    raw = engine.read_parquet([shared_data / f"{name}.parquet"])
    if name == "grocery_elog":
        rows = raw.select(customer_id=raw.cust, day=raw.date)
    else:
        sold = raw.filter(raw.CustomerID.notnull() & (raw.Quantity > 0) & (raw.UnitPrice > 0))
        rows = sold.select(customer_id=sold.CustomerID.cast("int64"), day=sold.InvoiceDate.date())
    rows = engine.keep(rows.distinct())
    last = engine.run(rows.aggregate(last=rows.day.max()))["last"][0].as_py()
    origins = [last - timedelta(days=59 + 14 * place) for place in range(6)]
    judged = backtest_churn(lambda: BoostedChurn(horizon_days=60), rows, as_ofs=origins)
    assert 0.9 <= judged.model.calibration_slope <= 1.1
    for origin in judged.origins:
        assert origin.model.log_loss < origin.rule.log_loss, origin.as_of
        assert origin.model.auc is not None and origin.rule.auc is not None and origin.model.auc > origin.rule.auc
    assert judged.table().num_rows == 6
    assert len(judged.chart()["series"]) == 2


def test_the_hazard_of_people_without_a_memory_is_found(engine: Engine) -> None:
    """Who buys in any week with the same chance stays away for eight weeks with its complement's eighth power."""
    chance, weekly = np.random.default_rng(4), 0.2
    rows = [
        (person, START + timedelta(days=7 * week + 3))
        for person in range(600)
        for week in range(52)
        if week == 0 or chance.random() < weekly
    ]
    table = engine.keep(engine.from_arrow(table_of(rows)))
    model = HazardChurn(horizon_days=56).fit(table, as_of=START + timedelta(days=364))
    said = model.predict(table, as_of=START + timedelta(days=364))["churn_probability"].to_numpy()
    assert said.mean() == pytest.approx((1 - weekly) ** 8, abs=0.02)
    assert np.quantile(said, 0.9) - np.quantile(said, 0.1) < 0.15
    away = model.table()["stays_away"].to_numpy()
    assert away[0] == 1 and (np.diff(away) < 0).all()
    assert model.chart()["series"][0]["data"] == model.table()["hazard"].to_pylist()


def test_the_silent_are_driven_by_silence(engine: Engine, purchases: ir.Table) -> None:
    model = BoostedChurn(horizon_days=45).fit(purchases, as_of=END)
    people = model.predict(purchases, as_of=END).to_pandas()
    assert people.churn_probability.is_monotonic_decreasing
    top, bottom = people.head(60), people.tail(60)
    assert top.recency_days.median() > bottom.recency_days.median()
    assert top.effect_silence.mean() > 0 > bottom.effect_silence.mean()
    assert (top.driver == "silence").mean() > 0.5
    assert "effect_spend" not in people


def test_amounts_are_a_feature_where_they_are_known(engine: Engine) -> None:
    rows = table_of(shop(2))
    paid = rows.append_column("paid", pa.array(np.arange(rows.num_rows) % 50, pa.int64()))
    table = engine.keep(engine.from_arrow(paid))
    people = BoostedChurn(horizon_days=30).fit(table, as_of=END, amount="paid").predict(table, as_of=END)
    assert {"effect_spend", "mean_amount", "last_amount"} <= set(people.column_names)


@pytest.mark.parametrize("kind", MODELS)
def test_what_cannot_be_learned_is_said(engine: Engine, kind: Any) -> None:
    def fit(rows: list[tuple[int, date]], horizon: int = 30) -> Any:
        return kind(horizon_days=horizon).fit(engine.from_arrow(table_of(rows)), as_of=END)

    with pytest.raises(BadArgument, match="no purchase before"):
        fit([])
    with pytest.raises(BadArgument, match="take a shorter horizon"):
        fit(shop(3), horizon=400)
    with pytest.raises(BadArgument, match="stayed away"):
        fit([(who, START) for who in range(20)])
    with pytest.raises(BadArgument, match="at least 1"):
        kind(horizon_days=0)


def test_a_file_that_ends_early_and_a_small_one_are_warned_about(engine: Engine) -> None:
    table = engine.from_arrow(table_of(shop(5, customers=60, until=date(2025, 11, 20))))
    model = RecencyRule(horizon_days=60).fit(table, as_of=END)
    assert {warning.code for warning in model.warnings_} == {"few_outcomes", "silent_end"}


def test_an_origin_that_cannot_be_judged_is_refused(purchases: ir.Table) -> None:
    for as_ofs, capacity, sentence in (
        ([END], 10, "the last origin whose 30 days can be judged"),
        ([], 10, "at least one origin"),
        ([date(2025, 10, 1)], 0, "weekly capacity"),
    ):
        with pytest.raises(BadArgument, match=sentence):
            backtest_churn(lambda: RecencyRule(horizon_days=30), purchases, as_ofs=as_ofs, weekly_capacity=capacity)


def test_a_backtest_counts_only_who_is_not_given_up_yet(purchases: ir.Table) -> None:
    judged = backtest_churn(
        lambda: BoostedChurn(horizon_days=45),
        purchases,
        as_ofs=[date(2025, 10, 1), date(2025, 10, 15)],
        weekly_capacity=20,
    )
    for origin in judged.origins:
        assert origin.precision_at_capacity is not None and origin.precision_at_capacity > origin.model.churn_rate / 2
        assert origin.lead_days is not None and 1 <= origin.lead_days <= 45
    assert judged.model.n_customers == sum(origin.model.n_customers for origin in judged.origins)


def test_stages_by_hazard() -> None:
    told = {"customer_id": [1, 2, 3, 4, 5], "churn_probability": [0.95, 0.7, 0.1, 0.1, 0.1],
            "age_days": [300, 300, 5, 300, 300], "n_purchases": [1, 9, 1, 3, 2]}  # fmt: skip
    assert hazard_stages(told)["stage"].to_pylist() == ["lost", "at_risk", "new", "loyal", "active"]
    strict = HazardStages(at_risk=0.05, lost=0.5)
    assert hazard_stages(told, limits=strict)["stage"].to_pylist() == ["lost", "lost", "at_risk", "at_risk", "at_risk"]
    with pytest.raises(BadArgument):
        HazardStages(at_risk=0.9, lost=0.5)


def test_warnings_compare_people_with_themselves(engine: Engine) -> None:
    def at(*days: int) -> list[date]:
        return [START + timedelta(days=day) for day in days]

    people = {
        1: at(0, 7, 14, 21, 28, 35),  # weekly, now silent
        2: at(0, 30, 60, 90),  # monthly: the same silence is nothing
        3: at(0, 7, 14, 21, 40, 58),  # weekly, now slower
        4: at(0, 7, 60),  # no rhythm yet
    }
    table = engine.from_arrow(table_of([(who, day) for who, days in people.items() for day in days]))
    found = engine.run(early_warnings(table, as_of=START + timedelta(days=61)).order_by("customer_id")).to_pylist()
    assert [(row["customer_id"], row["warning"]) for row in found] == [(1, "silent"), (3, "slowing")]
    later = engine.run(early_warnings(table, as_of=START + timedelta(days=100)).order_by("customer_id")).to_pylist()
    assert [(row["customer_id"], row["warning"]) for row in later] == [(1, "silent"), (2, "none"), (3, "silent")]
    assert later[0]["usual_gap_days"] == 7 and later[0]["overdue_days"] == pytest.approx(65 - 7 * 1.5)
    for wrong in ({"min_purchases": 3}, {"silent_spreads": -1}, {"slow_factor": 1}):
        with pytest.raises(BadArgument):
            early_warnings(table, as_of=END, **wrong)  # type: ignore[arg-type]
    assert isinstance(early_warnings(table, as_of=END), ibis.expr.types.Table)
