"""How the models behave: bad input, limits, equal histories, priors, covariates, intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.datasets.simulated import simulate_histories
from liebian_analytics.errors import BadArgument, SchemaMismatch
from liebian_analytics.models import (
    BgNbd,
    GammaGamma,
    LogNormal,
    MbgNbd,
    ParetoNbd,
    clv,
    compare_models,
    predict,
    predict_total,
)

TRUE = {
    "bg-nbd": (BgNbd, {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}),
    "mbg-nbd": (MbgNbd, {"r": 0.9, "alpha": 6.0, "a": 0.7, "b": 2.0}),
    "pareto-nbd": (ParetoNbd, {"r": 0.9, "alpha": 8.0, "s": 0.7, "beta": 12.0}),
}


def people(kind: str, n: int, seed: int, params: dict[str, Any] | None = None) -> pa.Table:
    rng = np.random.default_rng(seed)
    span = np.round(rng.uniform(26, 52, n), 1)
    return simulate_histories(kind, params or TRUE[kind][1], T=span, horizon=26, rng=rng)


@pytest.mark.parametrize("kind", TRUE)
def test_simulated_parameters_are_found_again(kind: str) -> None:
    model_type, params = TRUE[kind]
    model = model_type().fit(people(kind, 20_000, 1))
    for name, true in params.items():
        error = model.standard_errors_[name]
        assert error is not None
        assert abs(model.params_[name] - true) < 4 * error


@pytest.mark.parametrize("kind", TRUE)
def test_equal_histories_may_be_counted_once(kind: str) -> None:
    table = people(kind, 800, 2).set_column(2, "recency", pa.array(np.zeros(800)))
    x = np.minimum(table["frequency"].to_numpy(), 3)
    rounded = pa.table(
        {"frequency": x, "recency": np.where(x > 0, 20.0, 0.0), "T": np.round(table["T"].to_numpy(), -1) + 10}
    )
    counted = rounded.group_by(["frequency", "recency", "T"]).aggregate([("T", "count")])
    counted = counted.rename_columns(["frequency", "recency", "T", "n_customers"])
    whole, few = TRUE[kind][0](prior="weak").fit(rounded), TRUE[kind][0](prior="weak").fit(counted)
    assert list(whole.params_.values()) == pytest.approx(list(few.params_.values()), rel=1e-6)
    assert whole.log_likelihood_ == pytest.approx(few.log_likelihood_, rel=1e-12)
    assert few.n_customers_ == 800


@pytest.mark.parametrize("kind", TRUE)
def test_the_unit_of_time_does_not_matter(kind: str) -> None:
    table = people(kind, 3000, 3)
    days = table.set_column(2, "recency", pa.array(table["recency"].to_numpy() * 7))
    days = days.set_column(3, "T", pa.array(table["T"].to_numpy() * 7))
    weeks, in_days = TRUE[kind][0]().fit(table), TRUE[kind][0]().fit(days)
    assert weeks.expected_purchases(table, 10) == pytest.approx(in_days.expected_purchases(days, 70), rel=1e-5)
    assert weeks.probability_alive(table) == pytest.approx(in_days.probability_alive(days), abs=1e-6)


@settings(max_examples=30)
@given(x=st.integers(0, 60), share=st.floats(0, 1), T=st.floats(0.1, 500), t=st.floats(0, 200))
@pytest.mark.parametrize("kind", TRUE)
def test_predictions_are_sane(kind: str, x: int, share: float, T: float, t: float) -> None:
    model = TRUE[kind][0].from_params(**TRUE[kind][1])
    one = {"frequency": [x], "recency": [share * T if x else 0.0], "T": [T]}
    alive, expected = model.probability_alive(one)[0], model.expected_purchases(one, t)[0]
    assert 0 <= alive <= 1
    assert 0 <= expected <= model.expected_purchases(one, 2 * t + 1)[0] + 1e-12
    longer = {**one, "T": [T * 1.5]}
    assert model.probability_alive(longer)[0] <= alive + 1e-9


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        ({"frequncy": [1], "recency": [1], "T": [2]}, SchemaMismatch, "did you mean 'frequncy'"),
        ({"frequency": [1.5], "recency": [1], "T": [2]}, BadArgument, "whole number"),
        ({"frequency": [-1], "recency": [1], "T": [2]}, BadArgument, "row 0 has -1"),
        ({"frequency": [1], "recency": [3], "T": [2]}, BadArgument, "later than T"),
        ({"frequency": [0], "recency": [3], "T": [4]}, BadArgument, "recency is 0"),
        ({"frequency": [1], "recency": [float("nan")], "T": [4]}, BadArgument, "finite"),
        ({"frequency": [1], "recency": [None], "T": [4]}, SchemaMismatch, "numeric"),
        ({"frequency": [10**9], "recency": [1], "T": [4]}, BadArgument, "cannot be above"),
        ({"frequency": [], "recency": [], "T": []}, SchemaMismatch, "numeric"),
        ({"frequency": [0], "recency": [0], "T": [4]}, BadArgument, "nobody bought a second time"),
        ({"frequency": [1], "recency": [0], "T": [0]}, BadArgument, "every T is 0"),
    ],
)
def test_bad_tables_are_refused_with_a_reason(columns: dict[str, Any], error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        BgNbd().fit(columns)


def test_asking_before_fitting_is_refused() -> None:
    with pytest.raises(BadArgument, match="fit BgNbd before"):
        BgNbd().probability_alive({"frequency": [0], "recency": [0], "T": [1]})


@pytest.mark.parametrize("kind", TRUE)
def test_one_customer_and_equal_customers_give_numbers_and_a_warning(kind: str) -> None:
    for n in (1, 50):
        table = {"frequency": [3] * n, "recency": [20.0] * n, "T": [30.0] * n}
        model = TRUE[kind][0]().fit(table)
        assert np.isfinite(list(model.params_.values())).all()
        assert np.isfinite(model.expected_purchases(table, 10)).all()
        assert model.warnings_
        assert np.isfinite(predict(model, table, 10)["expected"].to_numpy()).all()


def test_a_prior_steadies_few_customers_and_fades_with_many() -> None:
    few = people("bg-nbd", 40, 5)
    steady = BgNbd(prior="weak").fit(few)
    assert not steady.nobody_churns_
    assert steady.covariance_ is not None
    firm = BgNbd(prior={"a": LogNormal(0.9, 0.01)}).fit(few)
    assert firm.a_ == pytest.approx(0.9, rel=0.03)
    many = people("bg-nbd", 20_000, 6)
    free, held = BgNbd().fit(many), BgNbd(prior="weak").fit(many)
    assert list(free.params_.values()) == pytest.approx(list(held.params_.values()), rel=0.02)
    with pytest.raises(BadArgument, match="priors are for"):
        BgNbd(prior={"beta": LogNormal(1, 1)})


@pytest.mark.parametrize("kind", ["bg-nbd", "pareto-nbd"])
def test_covariates_are_found_again(kind: str) -> None:
    rng = np.random.default_rng(7)
    n = 20_000
    z = rng.integers(0, 2, n).astype(float)
    params = dict(TRUE[kind][1])
    params["alpha"] = params["alpha"] * np.exp(-0.5 * z)
    if kind == "pareto-nbd":
        params["beta"] = params["beta"] * np.exp(-0.8 * z)
    table = simulate_histories(kind, params, T=np.full(n, 52.0), horizon=26, rng=rng).append_column("z", pa.array(z))
    model = TRUE[kind][0](purchase_covariates=["z"], dropout_covariates=["z"]).fit(table)
    for name, true in {
        "alpha:z": 0.5,
        **({"beta:z": 0.8} if kind == "pareto-nbd" else {"a:z": 0.0, "b:z": 0.0}),
    }.items():
        error = model.standard_errors_[name]
        assert error is not None
        assert abs(model.params_[name] - true) < 4 * error
    plain = TRUE[kind][0]().fit(table)
    best = compare_models({"plain": plain, "with z": model})["model"][0].as_py()
    assert best == "with z"
    total = predict_total(model, table, 26, confidence=0.999)
    assert total.of_outcome.contains(float(table["future"].to_numpy().sum()))


@pytest.mark.parametrize("kind", TRUE)
def test_intervals_hold_what_they_promise(kind: str) -> None:
    """Small version of the study in bench/bench_models.py --coverage: fresh data, fitted anew, 20 times."""
    model_type, params = TRUE[kind]
    true = model_type.from_params(**params)
    expectation, outcome, totals = [], [], []
    for seed in range(20):
        table = people(kind, 600, 100 + seed)
        model = model_type().fit(table)
        found = predict(model, table, 26, seed=seed)
        low, high = found["expected_low"].to_numpy(), found["expected_high"].to_numpy()
        middle = true.expected_purchases(table, 26)
        expectation.append(((low <= middle) & (middle <= high)).mean())
        future = table["future"].to_numpy()
        outcome.append(
            ((found["outcome_low"].to_numpy() <= future) & (future <= found["outcome_high"].to_numpy())).mean()
        )
        totals.append(predict_total(model, table, 26).of_outcome.contains(float(future.sum())))
    assert 0.85 <= np.mean(expectation) <= 1
    assert 0.94 <= np.mean(outcome) <= 0.995, "whole numbers: at least the promised share"
    assert np.mean(totals) >= 0.75


def test_value_without_end_is_the_limit_of_long_horizons() -> None:
    spend = GammaGamma.from_params(p=6.25, q=3.74, v=15.44)
    table = {
        "frequency": [2, 0, 30],
        "recency": [30.43, 0, 38],
        "T": [38.86] * 3,
        "monetary_value": [22.35, None, 50.0],
    }
    for kind, params in TRUE.values():
        model = kind.from_params(**params)
        ever = clv(model, spend, table, horizon=None, discount_rate=0.15, period=52)["clv"].to_numpy()
        long = clv(model, spend, table, horizon=5200, discount_rate=0.15, period=52)["clv"].to_numpy()
        assert ever == pytest.approx(long, rel=1e-5)
        flat = clv(model, spend, table, horizon=39, discount_rate=0)["expected_purchases"].to_numpy()
        assert flat == pytest.approx(model.expected_purchases(table, 39), rel=1e-12)
        fine = clv(model, spend, table, horizon=39, discount_rate=0.001, period=0.05, timing="period_end")
        smooth = clv(model, spend, table, horizon=39, discount_rate=0.001, period=0.05)
        assert fine["clv"].to_numpy() == pytest.approx(smooth["clv"].to_numpy(), rel=2e-3)
    for wrong in (
        {"horizon": None, "discount_rate": 0},
        {"horizon": -1, "discount_rate": 0.1},
        {"horizon": 5, "discount_rate": -1},
    ):
        with pytest.raises(BadArgument):
            clv(model, spend, table, **wrong)


def test_spending_refuses_and_warns() -> None:
    with pytest.raises(BadArgument, match="negative for 1"):
        GammaGamma().fit({"frequency": [1, 2], "monetary_value": [-5.0, 3.0]})
    with pytest.raises(BadArgument, match="no customer has a repeat"):
        GammaGamma().fit({"frequency": [0, 0], "monetary_value": [0.0, 0.0]})
    with pytest.raises(BadArgument, match="empty for a customer"):
        GammaGamma().fit({"frequency": [3], "monetary_value": pa.array([None], pa.float64())})
    rng = np.random.default_rng(0)
    x = rng.integers(1, 20, 400)
    model = GammaGamma().fit({"frequency": x, "monetary_value": x * rng.gamma(20, 1, 400)})
    assert "spend_depends_on_frequency" in [warning.code for warning in model.warnings_]


def test_equal_seeds_give_equal_intervals() -> None:
    table = people("bg-nbd", 300, 9)
    model = BgNbd().fit(table)
    assert predict(model, table, 13, seed=1).equals(predict(model, table, 13, seed=1))
