"""What customers will do, with intervals: of the expectation, of the outcome, and of totals.

Two different uncertainties. The *expectation* is what customers with this history do on average; its interval (delta
method on the logarithm, from the covariance of the parameters) is about what we do not know of the parameters. The
*outcome* is what this one customer will do; its interval comes from draws of the predictive distribution, each with
parameters of its own, and is mostly about chance. Owns no likelihood.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liebian_analytics.arrow import as_arrow
from liebian_analytics.errors import BadArgument
from liebian_analytics.models.base import PurchaseModel
from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.likelihood import check_horizon
from liebian_analytics.results import Interval

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 8192
T_BINS = 24
DRAWS = 4_000
ALL_DRAWS = 4_000_000
"""Draws over all groups of customers that share a frequency, a bin of T and covariates."""
STEP = 1e-5


def predict(
    model: PurchaseModel,
    summary: Any,
    t: float,
    *,
    confidence: float = 0.95,
    intervals: bool = True,
    seed: int = 0,
) -> pa.Table:
    """Per customer: probability of being alive, expected purchases in the next ``t`` time units, and intervals.

    Parameters
    ----------
    model
        A fitted ``BgNbd``, ``MbgNbd`` or ``ParetoNbd``.
    summary
        One row per customer: ``frequency``, ``recency``, ``T``, covariates of the model; ``customer_id`` is kept.
    t
        Time units ahead.
    confidence
        Of the intervals, 0-1.
    intervals
        Whether to compute them.
    seed
        Of the draws; equal seeds give equal intervals.

    Returns
    -------
    Arrow table, one row per row of ``summary``, in its order: ``customer_id`` (if given), ``probability_alive``
    float64, ``expected`` float64 (purchases); with ``intervals`` ``expected_low`` and ``expected_high`` float64 (of the
    expectation; null for a model without covariance), ``outcome_low`` and ``outcome_high`` int64 (the customer's own
    purchases lie between them, ends included, with at least the given confidence).

    Notes
    -----
    Alive customers with the same frequency, nearly the same T and equal covariates share draws (T in at most 24 bins);
    each customer's own probability of being alive is then mixed in exactly.

    Examples
    --------
    >>> from liebian_analytics.models import BgNbd
    >>> model = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> predict(model, {"frequency": [2], "recency": [30.43], "T": [38.86]}, 39).select(
    ...     ["outcome_low", "outcome_high", "expected_low"]).to_pylist()
    [{'outcome_low': 0, 'outcome_high': 5, 'expected_low': None}]
    """
    import pyarrow as pa

    check_confidence(confidence)
    check_horizon(t)
    table = as_arrow(summary)
    h = model._read(table)
    alive, expected = np.empty_like(h.T), np.empty_like(h.T)
    low, high = np.full_like(h.T, np.nan), np.full_like(h.T, np.nan)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    error_known = intervals and model.covariance_ is not None

    def work(rows: slice) -> None:
        part = h.take(rows)
        alive[rows] = model._alive(part, model._natural(part))
        expected[rows] = model._expected(part, t, model._theta)
        if error_known:
            half = z * _log_error(model, part, t, expected[rows])
            low[rows], high[rows] = expected[rows] * np.exp(-half), expected[rows] * np.exp(half)

    in_chunks(work, len(h.T))
    columns: dict[str, Any] = {"customer_id": table["customer_id"]} if "customer_id" in table.column_names else {}
    columns |= {"probability_alive": alive, "expected": expected}
    if intervals:
        outcome_low, outcome_high, _ = _outcomes(model, h, t, alive, confidence, np.random.default_rng(seed))
        columns |= {
            "expected_low": pa.array(low, from_pandas=True),
            "expected_high": pa.array(high, from_pandas=True),
            "outcome_low": outcome_low,
            "outcome_high": outcome_high,
        }
    return pa.table(columns)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over customers. ``expected``; ``of_expectation``: interval of what such customers do on average;
    ``of_outcome``: interval of what these customers will do."""

    expected: float
    of_expectation: Interval
    of_outcome: Interval


def predict_total(model: PurchaseModel, summary: Any, t: float, *, confidence: float = 0.95, seed: int = 0) -> Total:
    """Purchases of all customers together in the next ``t`` time units.

    Parameters
    ----------
    model, summary, t, confidence, seed
        As for ``predict``; with ``n_customers`` a row stands for so many customers.

    Returns
    -------
    Total
        The outcome's variance is that of the customers' own chance (from draws) plus that of the expectation (delta
        method); both intervals are log-normal, so they stay above 0.

    Examples
    --------
    >>> from liebian_analytics.models import BgNbd
    >>> model = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> history = {"frequency": [2], "recency": [30.43], "T": [38.86], "n_customers": [1000]}
    >>> found = predict_total(model, history, 39)
    >>> round(found.expected), 90 < (found.of_outcome.high - found.of_outcome.low) / 2 < 140
    (1226, True)
    """
    check_confidence(confidence)
    check_horizon(t)
    h = model._read(summary).distinct()
    params = model._natural(h)
    alive = model._alive(h, params)
    expected = float(h.weight @ model._expected(h, t, model._theta))
    _, _, second = _outcomes(model, h, t, alive, confidence, np.random.default_rng(seed))
    mean = model._expected(h, t, model._theta)
    chance = float(h.weight @ np.maximum(alive * second - mean**2, 0.0))

    def whole(theta: Floats) -> float:
        return float(h.weight @ model._expected(h, t, theta))

    doubt = delta_variance(whole, model)
    return Total(expected, _around(expected, doubt, confidence), _around(expected, chance + (doubt or 0.0), confidence))


def delta_variance(quantity: Callable[[Floats], float], model: PurchaseModel) -> float | None:
    """Variance of a function of the search parameters; ``None`` without covariance."""
    if model.covariance_ is None:
        return None
    slopes = np.zeros(len(model._theta))
    for k in range(len(slopes)):
        step = np.zeros(len(slopes))
        step[k] = 1e-4
        slopes[k] = (quantity(model._theta + step) - quantity(model._theta - step)) / 2e-4
    return float(slopes @ model.covariance_ @ slopes)


def check_confidence(confidence: float) -> None:
    """Refuse a confidence outside 0-1."""
    if not 0 < confidence < 1:
        raise BadArgument(f"confidence must lie between 0 and 1, got {confidence}")


def in_chunks(work: Callable[[slice], None], n: int) -> None:
    """Run ``work`` on slices of 0..n on all cores (NumPy lets go of the interpreter lock)."""
    slices = [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
    if len(slices) == 1:
        work(slices[0])
        return
    with ThreadPoolExecutor() as pool:
        list(pool.map(work, slices))


def draw_theta(model: PurchaseModel, n: int, rng: np.random.Generator) -> Floats:
    """``n`` sets of search parameters from their asymptotic normal distribution; the estimate itself without one."""
    if model.covariance_ is None:
        return np.broadcast_to(model._theta, (n, len(model._theta)))
    values, vectors = np.linalg.eigh(model.covariance_)
    spread = vectors * np.sqrt(np.clip(values, 0, 9.0))
    found: Floats = model._theta + rng.standard_normal((n, len(model._theta))) @ spread.T
    return found


def _around(expected: float, variance: float | None, confidence: float) -> Interval:
    if variance is None or expected <= 0:
        return Interval(None, None, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    spread = math.sqrt(math.log1p(variance / expected**2))
    middle = math.log(expected) - spread**2 / 2
    return Interval(math.exp(middle - z * spread), math.exp(middle + z * spread), confidence)


def _log_error(model: PurchaseModel, h: Histories, t: float, expected: Floats) -> Floats:
    """Standard error of log(expected) by forward differences."""
    n = len(model._theta)
    slopes = np.empty((n, len(h.T)))
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in range(n):
            step = np.zeros(n)
            step[k] = STEP
            slopes[k] = np.nan_to_num((model._expected(h, t, model._theta + step) / expected - 1) / STEP)
    assert model.covariance_ is not None
    found: Floats = np.sqrt(np.maximum(((model.covariance_ @ slopes) * slopes).sum(axis=0), 0.0))
    return found


def _outcomes(
    model: PurchaseModel, h: Histories, t: float, alive: Floats, confidence: float, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Ends of the interval of the customers' own purchases, and the mean square of purchases if alive."""
    groups, of_row = _groups(h)
    n_draws = max(400, min(DRAWS, ALL_DRAWS // len(groups.T)))
    low, high = np.empty(len(h.T), np.int64), np.empty(len(h.T), np.int64)
    second = np.empty(len(h.T))
    order = np.argsort(of_row, kind="stable")
    ends = np.searchsorted(of_row[order], np.arange(len(groups.T) + 1))
    block = max(1, 1_000_000 // n_draws)
    for start in range(0, len(groups.T), block):
        several = groups.take(slice(start, start + block))
        counts = np.sort(_draws(model, several, t, n_draws, rng), axis=1)
        for k in range(len(several.T)):
            rows = order[ends[start + k] : ends[start + k + 1]]
            second[rows] = float(np.mean(counts[k] ** 2))
            low[rows] = _quantile(counts[k], (1 - confidence) / 2, alive[rows])
            high[rows] = _quantile(counts[k], (1 + confidence) / 2, alive[rows])
    return low, high, second


def _draws(model: PurchaseModel, h: Histories, t: float, n_draws: int, rng: np.random.Generator) -> Floats:
    """Purchases if alive: a row per history, a column per draw of parameters."""
    column = replace(
        h,
        frequency=h.frequency[:, None],
        recency=h.recency[:, None],
        T=h.T[:, None],
        covariates={name: values[:, None] for name, values in h.covariates.items()},
    )
    thetas = draw_theta(model, n_draws, rng)
    if model.nobody_churns_:
        r, alpha = np.exp(thetas[:, :2].T)
        found: Floats = rng.poisson(rng.gamma(r + column.frequency) / (alpha + column.T) * t).astype(float)
        return found
    return model._draw_if_alive(column, t, model._natural(column, thetas.T), rng)


def _quantile(counts: Floats, level: float, alive: Floats) -> npt.NDArray[np.int64]:
    """Smallest count whose cumulative probability, 0 for the dead mixed in, reaches ``level``."""
    with np.errstate(divide="ignore"):
        among_alive = 1 - (1 - level) / alive
    spot = np.ceil(np.maximum(among_alive, 0.0) * len(counts)).astype(np.int64) - 1
    return np.where(among_alive <= 0, 0, counts[np.clip(spot, 0, len(counts) - 1)]).astype(np.int64)


def _groups(h: Histories) -> tuple[Histories, npt.NDArray[np.int64]]:
    """One typical history per (frequency, bin of T, covariates), and which of them each row belongs to."""
    spans = np.unique(h.T)
    if len(spans) > T_BINS:
        edges = np.quantile(h.T, np.linspace(0, 1, T_BINS + 1)[1:-1])
        bins = np.searchsorted(edges, h.T)
    else:
        bins = np.searchsorted(spans, h.T)
    key = bins.astype(np.int64)
    for column in (h.frequency, *h.covariates.values()):
        values, codes = np.unique(column, return_inverse=True)
        key = key * len(values) + codes
    _, of_row = np.unique(key, return_inverse=True)
    sizes = np.bincount(of_row)

    def mean(column: Floats) -> Floats:
        found: Floats = np.bincount(of_row, weights=column) / sizes
        return found

    frequency = np.rint(mean(h.frequency))
    covariates = {name: mean(values) for name, values in h.covariates.items()}
    return Histories(frequency, mean(h.recency), mean(h.T), sizes.astype(float), covariates), of_row
