"""Pareto/NBD: customers buy at their own rate and leave at their own rate, at any moment."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from liebian_analytics.models.base import PurchaseModel
from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.likelihood import Effect
from liebian_analytics.models.special import gamma_ratio, growth, legendre

FOLDS = 40.0
"""The integral over the time of leaving ends where the integrand has fallen by exp(-FOLDS)."""
NODES = (
    (2.0, 1.0, 7),
    (6.0, 2.0, 10),
    (10.0, 2.5, 12),
    (20.0, 4.0, 16),
    (30.0, 4.0, 20),
    (np.inf, 5.0, 28),
    (np.inf, np.inf, 56),
)
"""(folds up to, logarithmic width up to, Gauss-Legendre nodes)."""
BLOCK = 12_000
"""Numbers per array of a pass, so that a pass stays in the processor's cache."""


class ParetoNbd(PurchaseModel):
    """Pareto/NBD: purchase rates Gamma(r, alpha), lifetimes exponential with rates Gamma(s, beta).

    The two-branch hypergeometric form of the likelihood is replaced by the integral it came from, over the moment y of
    leaving: ``L = Gamma(r+x)/Gamma(r) alpha^r beta^s [(alpha+T)^-(r+x) (beta+T)^-s
    + s int_{t_x}^T (alpha+y)^-(r+x) (beta+y)^-(s+1) dy]``, by Gauss-Legendre quadrature in log(min(alpha, beta) + y).
    It cannot overflow, and its gradient is the same sum with other weights.

    Parameters
    ----------
    prior
        ``None`` = maximum likelihood; ``"weak"`` = lognormal priors for small data; or ``LogNormal`` by name.
    purchase_covariates
        Columns that act on alpha: alpha = alpha_0 exp(-sum of coefficient * value); a positive coefficient buys more.
    dropout_covariates
        Columns that act on beta in the same way; a positive coefficient leaves earlier.

    References
    ----------
    Schmittlein, Morrison and Colombo (1987), Management Science 33(1); Fader and Hardie (2005), note 009;
    covariates: Fader and Hardie (2007), note 019.

    Examples
    --------
    >>> model = ParetoNbd.from_params(r=0.5531, alpha=10.578, s=0.6061, beta=11.669)
    >>> one = {"frequency": [26], "recency": [30.857], "T": [31]}
    >>> round(model.probability_alive(one).item(), 4), round(model.expected_purchases(one, 52).item(), 2)
    (0.9979, 25.46)
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    limit_params: ClassVar[dict[str, float]] = {"s": 0.0, "beta": 1.0}
    r_: float
    alpha_: float
    s_: float
    beta_: float

    def _rows(self, h: Histories, params: list[Floats]) -> tuple[Floats, list[Floats]]:
        r, alpha, s, beta = params
        leaving = _Leaving(h, params)
        bought, by_r = gamma_ratio(r, h.frequency)
        rx = r + h.frequency
        rows = bought - rx * np.log1p(h.recency / alpha) - h.frequency * np.log(alpha)
        rows += leaving.log_total - s * np.log1p(h.recency / beta)
        slopes = [
            r * (by_r - leaving.mean_log_alpha - np.log1p(h.recency / alpha)),
            r - alpha * rx * leaving.mean_by_alpha,
            leaving.left - s * (leaving.mean_log_beta + np.log1p(h.recency / beta)),
            s - beta * (s * leaving.alive / (beta + h.T) + (s + 1) * leaving.left_by_beta),
        ]
        return rows, slopes

    def _alive(self, h: Histories, params: list[Floats]) -> Floats:
        if self.nobody_churns_:
            return np.ones_like(h.T)
        alive: Floats = _Leaving(h, params).alive
        return alive

    def _expected_if_alive(self, h: Histories, t: Any, params: list[Floats]) -> Floats:
        r, alpha, s, beta = params
        span = np.log1p(t / (beta + h.T))
        found: Floats = (r + h.frequency) * (beta + h.T) / (alpha + h.T) * growth(s - 1, span)
        return found

    def _new(self, t: Floats, *params: Floats) -> Floats:
        r, alpha, s, beta = params
        found: Floats = r * beta / alpha * growth(s - 1, np.log1p(t / beta))
        return found

    def _draw_if_alive(self, h: Histories, t: float, params: list[Floats], rng: np.random.Generator) -> Floats:
        r, alpha, s, beta = params
        shape = np.broadcast_shapes(h.T.shape, np.shape(r))
        rate = rng.gamma(r + h.frequency, size=shape) / (alpha + h.T)
        leave = rng.gamma(s, size=shape) / (beta + h.T)
        with np.errstate(divide="ignore"):
            stay = np.minimum(t, rng.exponential(size=shape) / leave)
        found: Floats = rng.poisson(rate * stay).astype(float)
        return found

    def _effects(self) -> tuple[Effect, ...]:
        return Effect("alpha", -1, self.purchase_covariates), Effect("beta", -1, self.dropout_covariates)

    def _starts(self, r: float, alpha: float) -> list[list[float]]:
        return [[r, alpha, 0.5, alpha], [2 * r, 2 * alpha, 0.1, 0.2 * alpha], [r, alpha, 2.0, 10 * alpha]]


class _Leaving:
    """The bracket of the likelihood, relative to its size at ``y = t_x``, and the means its derivatives need.

    ``alive`` and ``left`` share 1. Means are over the moment y of leaving (y = T if alive): of log((alpha+y)/(alpha+t_x)),
    1/(alpha+y), log((beta+y)/(beta+t_x)); ``left_by_beta`` is the mean of 1/(beta+y) where the customer left.
    """

    def __init__(self, h: Histories, params: list[Floats]) -> None:
        self.r, self.alpha, self.s, self.beta = params
        n = len(h.T)
        long_alpha = np.log1p((h.T - h.recency) / (self.alpha + h.recency))
        long_beta = np.log1p((h.T - h.recency) / (self.beta + h.recency))
        alive = np.exp(-(self.r + h.frequency) * long_alpha - self.s * long_beta)
        self.sums = np.zeros((5, n))
        self._integrate(h)
        total = alive + self.sums[0]
        self.alive, self.left = alive / total, self.sums[0] / total
        self.log_total = np.log(total)
        self.mean_log_alpha = (alive * long_alpha + self.sums[1]) / total
        self.mean_by_alpha = (alive / (self.alpha + h.T) + self.sums[2]) / total
        self.mean_log_beta = (alive * long_beta + self.sums[3]) / total
        self.left_by_beta = self.sums[4] / total

    def _integrate(self, h: Histories) -> None:
        """Sums of the integrand times 1, log alpha, 1/alpha, log beta, 1/beta."""
        rx = self.r + h.frequency
        with np.errstate(over="ignore"):
            by_rate = (self.alpha + h.recency) * np.expm1(FOLDS / rx)
            by_leaving = (self.beta + h.recency) * np.expm1(np.minimum(FOLDS / self.s, 700.0))
        span = np.minimum(h.T - h.recency, np.minimum(by_rate, by_leaving))
        width = np.log1p(span / (np.minimum(self.alpha, self.beta) + h.recency))
        folds = rx * np.log1p(span / (self.alpha + h.recency)) + self.s * np.log1p(span / (self.beta + h.recency))
        folds = np.maximum(folds, 0) + width
        waiting = span > 0
        for most_folds, widest, nodes in NODES:
            rows = np.flatnonzero(waiting & (folds <= most_folds) & (width <= widest))
            waiting[rows] = False
            size = BLOCK // nodes
            for start in range(0, len(rows), size):
                self._quadrature(h, rows[start : start + size], width, nodes)

    def _quadrature(self, h: Histories, rows: Any, width: Floats, nodes: int) -> None:
        r, alpha, s, beta = (p if p.ndim == 0 else p[rows] for p in (self.r, self.alpha, self.s, self.beta))
        at, weight = legendre(nodes)
        t_x = h.recency[rows]
        low = np.minimum(alpha, beta) + t_x
        spread = at[:, None] * width[rows]
        gone = low * np.expm1(spread)
        by_alpha, by_beta = 1 / (alpha + t_x + gone), 1 / (beta + t_x + gone)
        one_pair = alpha.ndim == 0 and beta.ndim == 0
        log_alpha = spread if one_pair and alpha <= beta else -np.log((alpha + t_x) * by_alpha)
        log_beta = spread if one_pair and beta < alpha else -np.log((beta + t_x) * by_beta)
        density = np.exp(-(r + h.frequency[rows]) * log_alpha - s * log_beta)
        density *= (low + gone) * by_beta * (s * width[rows]) * weight[:, None]
        self.sums[0, rows] = density.sum(axis=0)
        for k, factor in enumerate((log_alpha, by_alpha, log_beta, by_beta), 1):
            self.sums[k, rows] = np.einsum("ij,ij->j", density, factor)
