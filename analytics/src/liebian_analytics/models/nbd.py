"""The negative binomial limit: rates differ, nobody leaves. What every model with churn has to beat."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.optimise import maximise
from liebian_analytics.models.special import cumulated


@dataclass(frozen=True, slots=True)
class Nbd:
    """Rates Gamma(r, alpha); ``information`` belongs to the logarithms of both."""

    r: float
    alpha: float
    log_likelihood: float
    information: Floats


def fit_nbd(h: Histories) -> Nbd:
    """Maximum likelihood of ``Gamma(r+x)/Gamma(r) alpha^r / (alpha+T)^(r+x)`` (constants in x dropped).

    >>> found = fit_nbd(Histories.read({"frequency": [0, 1, 9], "recency": [0, 5, 9], "T": [10, 10, 10]}))
    >>> round(found.r / found.alpha, 6)
    0.333333
    """
    x = h.frequency.astype(np.int64)
    by_frequency = np.bincount(x, weights=h.weight)
    spans, which = np.unique(h.T, return_inverse=True)
    n, bought = np.bincount(which, weights=h.weight), np.bincount(which, weights=h.weight * h.frequency)
    counts = np.arange(len(by_frequency) - 1.0)

    def value_and_gradient(theta: Floats) -> tuple[float, Floats]:
        r, alpha = np.exp(theta)
        logs, total = np.log1p(spans / alpha), r * n + bought
        value = by_frequency @ cumulated(np.log(r + counts)) - float(total @ logs) - bought.sum() * theta[1]
        by_r = by_frequency @ cumulated(1 / (r + counts)) - float(n @ logs)
        by_alpha = float(total @ (spans / (alpha + spans))) - bought.sum()
        return float(value), np.array([r * by_r, by_alpha])

    start = np.log([1.0, max(float(np.average(h.T, weights=h.weight)), 1e-9)])
    if bought.sum() > 0:
        start[1] = math.log(float(n @ spans) / float(bought.sum()))
    optimum = maximise(value_and_gradient, [start], scale=h.n_customers)
    r, alpha = (float(value) for value in np.exp(optimum.theta))
    return Nbd(r, alpha, optimum.value, optimum.information)
