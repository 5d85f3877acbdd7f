"""Gradients against finite differences; special functions against mpmath over the whole range."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.models import BgBb, BgNbd, GammaGamma, MbgNbd, ParetoNbd
from liebian_analytics.models import gamma_gamma as spending
from liebian_analytics.models.histories import Histories
from liebian_analytics.models.special import expected_beta_geometric

positive = st.floats(-2.5, 2.5)


def histories(seed: int, n: int = 40) -> Histories:
    rng = np.random.default_rng(seed)
    x = rng.poisson(rng.gamma(0.6, 8, n)).astype(float)
    span = rng.uniform(1, 50, n)
    x[-1] = 400
    covariates = {name: rng.normal(size=n) for name in ("c", "d")}
    return Histories(x, np.where(x > 0, span * rng.beta(3, 1, n), 0), span, rng.integers(1, 4, n) * 1.0, covariates)


def slopes(objective: Any, theta: Any) -> Any:
    step = 1e-5
    return np.array(
        [(objective(theta + e)[0] - objective(theta - e)[0]) / (2 * step) for e in step * np.eye(len(theta))]
    )


@pytest.mark.parametrize("kind", [BgNbd, MbgNbd, ParetoNbd])
@pytest.mark.parametrize(
    "extra", [{}, {"purchase_covariates": ["c"], "dropout_covariates": ["c", "d"], "prior": "weak"}]
)
@settings(max_examples=10)
@given(logs=st.lists(positive, min_size=4, max_size=4), seed=st.integers(0, 50))
def test_gradient_is_the_slope(kind: Any, extra: dict[str, Any], logs: list[float], seed: int) -> None:
    h, model = histories(seed), kind(**extra)
    model._at_limit = False
    objective = model._objective(h, model._priors(h))
    theta = np.array(logs + [0.2] * sum(len(effect.covariates) for effect in model._effects()))
    found = objective(theta)[1]
    assert found == pytest.approx(slopes(objective, theta), rel=1e-6, abs=1e-6 * np.abs(found).max())


@given(logs=st.lists(positive, min_size=4, max_size=4), seed=st.integers(0, 50))
def test_gradient_is_the_slope_for_opportunities(logs: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 12, 30).astype(float)
    last = rng.integers(0, n + 1).astype(float)
    x = np.where(last > 0, rng.integers(1, np.maximum(last, 1) + 1), 0).astype(float)
    model = BgBb()
    model._at_limit = False
    objective = model._objective(Histories(x, last, n, np.ones(30), {}), {})
    found = objective(np.array(logs))[1]
    assert found == pytest.approx(slopes(objective, np.array(logs)), rel=1e-6, abs=1e-6 * np.abs(found).max())


@given(logs=st.lists(positive, min_size=3, max_size=3), seed=st.integers(0, 50))
def test_gradient_is_the_slope_for_spending(logs: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    objective = spending._objective(rng.integers(1, 90, 30) * 1.0, rng.gamma(2, 20, 30), np.ones(30), {})
    found = objective(np.array(logs))[1]
    assert found == pytest.approx(slopes(objective, np.array(logs)), rel=1e-6, abs=1e-6 * np.abs(found).max())


@settings(max_examples=150)
@given(
    r=st.floats(-3, 1.3),
    alpha=st.floats(-2, 2.3),
    a=st.one_of(st.floats(-3, 1), st.just(0.0), st.floats(-1e-6, 1e-6)),
    b=st.floats(-2, 1.7),
    x=st.sampled_from([0, 1, 5, 30, 300, 3000]),
    T=st.sampled_from([0, 5, 39, 400]),
    t=st.sampled_from([0.01, 1, 39, 500, 20000]),
)
def test_expected_purchases_against_forty_digits(
    r: float, alpha: float, a: float, b: float, x: int, T: float, t: float
) -> None:
    """Frequencies to 3,000, parameters from 0.001 to 200, a at and around 1, horizons to 20,000."""
    r, alpha, a, b = 10**r + x, 10**alpha + T, 10**a, 10**b + x
    found = expected_beta_geometric(t, r, alpha, a, b).item()
    with mpmath.workdps(40):
        shift = mpmath.mpf(10) ** -18 if a == 1 else 0
        lift = mpmath.mpf(10) ** -18 if a + b == 1 else 0
        big_a, big_b = mpmath.mpf(a) + shift, mpmath.mpf(b) + lift
        c = big_a + big_b - 1
        exact = c / (big_a - 1) * (1 - mpmath.hyp2f1(r, big_a - 1, c, -mpmath.mpf(t) / alpha))
        assert found == pytest.approx(float(exact), rel=1e-6)


@settings(max_examples=25)
@given(
    logs=st.lists(positive, min_size=4, max_size=4),
    x=st.sampled_from([0, 1, 7, 60, 500]),
    spans=st.sampled_from([(0.2, 40.0), (30.0, 40.0), (39.9, 40.0), (5.0, 700.0)]),
)
def test_pareto_likelihood_against_quadrature_of_thirty_digits(
    logs: list[float], x: int, spans: tuple[float, float]
) -> None:
    t_x, T = (0.0, spans[1]) if x == 0 else spans
    model = ParetoNbd.from_params(**dict(zip(ParetoNbd.names, np.exp(logs).tolist(), strict=True)))
    h = model._read({"frequency": [x], "recency": [t_x], "T": [T]})
    rows, _ = model._rows(h, model._natural(h))
    with mpmath.workdps(30):
        r, alpha, s, beta = (mpmath.mpf(v) for v in np.exp(logs).tolist())
        cuts = [t_x] + [t_x + (T - t_x) * mpmath.mpf(2) ** -k for k in range(14, -1, -1)]
        inner = mpmath.quad(lambda y: (alpha + y) ** -(r + x) * (beta + y) ** -(s + 1), cuts)
        whole = (alpha + T) ** -(r + x) * (beta + T) ** -s + s * inner
        exact = mpmath.loggamma(r + x) - mpmath.loggamma(r) + r * mpmath.log(alpha) + s * mpmath.log(beta)
        assert rows[0] == pytest.approx(float(exact + mpmath.log(whole)), rel=1e-9, abs=1e-9)


def test_gamma_gamma_expectation_is_between_own_and_common_mean() -> None:
    model = GammaGamma.from_params(p=6.25, q=3.74, v=15.44)
    found = model.expected_spend({"frequency": [0, 1, 100], "monetary_value": [None, 100.0, 100.0]})
    assert found[0] == pytest.approx(6.25 * 15.44 / 2.74)
    assert found[0] < found[1] < found[2] < 100


def test_a_frequent_buyer_over_a_long_horizon() -> None:
    """(r, alpha, a, b, t) where a library's hypergeometric function is wrong by 1e19; found by the property above."""
    assert expected_beta_geometric(500, 301, 1, 10, 301).item() == pytest.approx(310 / 9, rel=1e-9)
