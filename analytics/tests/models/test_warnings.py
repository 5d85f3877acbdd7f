"""What limits a model is said in words: seasons, few repeats, equal customers, endless spending, a search that gave up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from liebian_analytics.datasets.simulated import simulate_histories
from liebian_analytics.models import BgNbd, GammaGamma, ParetoNbd, base, track


def codes(model: Any) -> set[str]:
    return {warning.code for warning in model.warnings_}


def people(n: int, seed: int = 1, **params: float) -> Any:
    rng = np.random.default_rng(seed)
    chosen = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5, **params}
    return simulate_histories("bg-nbd", chosen, T=np.full(n, 52.0), horizon=4, rng=rng)


def test_plenty_of_good_data_is_not_warned_about() -> None:
    assert codes(BgNbd().fit(people(3000))) == set()


def test_few_repeats() -> None:
    said = BgNbd().fit(people(25))
    assert "few_repeats" in codes(said)
    assert "customers bought again" in str(next(w for w in said.warnings_ if w.code == "few_repeats"))
    assert "few_repeats" in codes(GammaGamma().fit({"frequency": [1, 2, 3, 1], "monetary_value": [4.0, 9.0, 5.0, 7.0]}))


def test_customers_who_all_buy_at_one_rate() -> None:
    rng = np.random.default_rng(3)
    told = simulate_histories(
        "pareto-nbd", {"r": 1e6, "alpha": 1e7, "s": 0.6, "beta": 11.0}, T=np.full(2000, 50.0), horizon=4, rng=rng
    )
    assert "rates_alike" in codes(ParetoNbd().fit(told))


def test_purchases_that_come_in_waves() -> None:
    model, summary = BgNbd().fit(people(3000)), people(3000)
    plain = track(model, summary, {"period": [1], "n_purchases": [0]}, n_periods=52, n_actual=1).expected
    wave = [max(0.0, each * (1 + 0.6 * np.sin(2 * np.pi * week / 26))) for week, each in enumerate(plain)]
    steady = {"period": list(range(1, 53)), "n_purchases": list(plain)}
    seasonal = {"period": list(range(1, 53)), "n_purchases": wave}
    assert codes_of(track(model, summary, steady, n_periods=52)) == set()
    found = track(model, summary, seasonal, n_periods=52)
    assert codes_of(found) == {"season"}
    drawn = found.chart(cumulative=True)["series"]
    assert drawn[0]["data"][-1] == pytest.approx(sum(wave)) and drawn[1]["data"][-1] == pytest.approx(sum(plain))
    assert found.plot().get_xlabel() == "period"


def codes_of(tracking: Any) -> set[str]:
    return {warning.code for warning in tracking.warnings_}


def test_spending_without_a_mean() -> None:
    rng = np.random.default_rng(5)
    money = rng.gamma(18.0, size=2000) / (rng.gamma(0.7, size=2000) / 15.0) / 3  # q = 0.7: a mean needs q above 1
    assert "no_mean_spend" in codes(GammaGamma().fit({"frequency": np.full(2000, 3), "monetary_value": money}))


def test_a_search_that_stopped_early_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    search = base.maximise
    monkeypatch.setattr(base, "maximise", lambda *told, **more: replace(search(*told, **more), converged=False))
    assert "not_converged" in codes(BgNbd().fit(people(800)))


def test_what_two_covariates_that_say_the_same_do_cannot_be_told_apart() -> None:
    told = people(500)
    vip = np.arange(500) % 2
    told = told.append_column("vip", pa.array(vip.astype(float))).append_column("gold", pa.array(vip * 2.0))
    one = BgNbd(purchase_covariates=["vip"]).fit(told)
    both = BgNbd(purchase_covariates=["vip", "gold"]).fit(told)
    assert codes(one) == set() and codes(both) == {"not_determined"}
    assert both.covariance_ is None and set(both.standard_errors_.values()) == {None}
    assert both.expected_purchases(told, 26) == pytest.approx(one.expected_purchases(told, 26), rel=1e-4)


def test_spending_without_any_difference() -> None:
    alike = {"frequency": [1, 2, 3, 1, 4, 2] * 50, "monetary_value": [10.0] * 300}
    model = GammaGamma().fit(alike)
    assert "not_determined" in codes(model)
    assert model.expected_spend(alike) == pytest.approx(np.full(300, 10.0), rel=1e-3)
