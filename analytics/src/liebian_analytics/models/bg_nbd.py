"""BG/NBD and its modified form MBG/NBD: customers buy at their own rate and may leave after any purchase."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.special import betainc, digamma, gammaln

from liebian_analytics.errors import BadArgument
from liebian_analytics.models.base import PurchaseModel
from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.likelihood import Effect
from liebian_analytics.models.special import cumulated, expected_beta_geometric, gamma_ratio


class BgNbd(PurchaseModel):
    """BG/NBD: rates Gamma(r, alpha); after each repeat purchase a customer leaves with probability p ~ Beta(a, b).

    A customer who has never bought again cannot have left, so everybody with frequency 0 counts as alive; ``MbgNbd``
    lets them leave after the first purchase too.

    Parameters
    ----------
    prior
        ``None`` = maximum likelihood; ``"weak"`` = lognormal priors for small data; or ``LogNormal`` by name.
    purchase_covariates
        Columns that act on alpha: alpha = alpha_0 exp(-sum of coefficient * value); a positive coefficient buys more.
    dropout_covariates
        Columns that act on a and on b, each with a coefficient of its own.

    References
    ----------
    Fader, Hardie and Lee (2005), Marketing Science 24(2). Covariates: Fader and Hardie (2007), note 019.

    Examples
    --------
    >>> model = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> one = {"frequency": [2], "recency": [30.43], "T": [38.86]}
    >>> round(model.expected_purchases(one, 39).item(), 3), round(model.probability_alive(one).item(), 3)
    (1.226, 0.727)
    """

    names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    limit_params: ClassVar[dict[str, float]] = {"a": 0.0, "b": 1.0}
    first_chance: ClassVar[int] = 0
    """Chances to leave before the first repeat purchase."""
    r_: float
    alpha_: float
    a_: float
    b_: float

    def purchase_probabilities(self, t: float, n_max: int) -> Floats:
        """Probability that a new customer makes 0, 1, ... ``n_max`` repeat purchases in ``t``; BG/NBD only.

        >>> model = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> round(model.purchase_probabilities(39, 2)[0].item(), 4)
        0.5738
        """
        if self.first_chance:
            raise BadArgument("purchase_probabilities is only known for BG/NBD")
        r, alpha, a, b = (self.params_[name] for name in self.names)
        n = np.arange(n_max + 1.0)
        stays = np.exp(cumulated(np.log((b + n) / (a + b + n))))[:-1]
        bought = np.exp(
            gammaln(r + n) - gammaln(r) - gammaln(n + 1) - r * np.log1p(t / alpha) + n * np.log(t / (alpha + t))
        )
        more = np.concatenate([[0.0], betainc(n[1:], r, t / (alpha + t))])
        leaves = np.concatenate([[0.0], stays[:-1] * a / (a + b + n[:-1])])
        found: Floats = stays * bought + leaves * more
        return found

    def _rows(self, h: Histories, params: list[Floats]) -> tuple[Floats, list[Floats]]:
        r, alpha, a, b = params
        x = h.frequency
        chances = x + self.first_chance
        long, short = alpha + h.T, alpha + h.recency
        silent = np.log1p((h.T - h.recency) / short)
        log_long = np.log1p(h.T / alpha)
        rx = r + x
        bought, by_r = gamma_ratio(r, x)
        stayed, by_a, by_b = _beta_ratio(a, b, chances)
        before = np.maximum(b + chances - 1, 1e-300)
        odds = np.exp(np.minimum(np.log(a / before) + rx * silent, 700.0)) * (chances > 0)
        left = odds / (1 + odds)
        rows = bought - rx * log_long - x * np.log(alpha) + stayed + np.log1p(odds)
        slopes = [
            r * (by_r - log_long + left * silent),
            r - alpha * rx / long * (1 - left * (h.recency - h.T) / short),
            a * by_a + left,
            b * (by_b - left / before),
        ]
        return rows, slopes

    def _alive(self, h: Histories, params: list[Floats]) -> Floats:
        r, alpha, a, b = params
        chances = h.frequency + self.first_chance
        log_gap = np.log1p((h.T - h.recency) / (alpha + h.recency))
        before = np.where(chances > 0, b + chances - 1, 1.0)
        with np.errstate(over="ignore", divide="ignore"):
            odds = np.exp(np.log(a / before) + (r + h.frequency) * log_gap)
        found: Floats = np.where(chances > 0, 1 / (1 + odds), 1.0)
        return found

    def _expected_if_alive(self, h: Histories, t: Any, params: list[Floats]) -> Floats:
        r, alpha, a, b = params
        x = h.frequency
        return expected_beta_geometric(t, r + x, alpha + h.T, a, b + x + self.first_chance)

    def _new(self, t: Floats, *params: Floats) -> Floats:
        r, alpha, a, b = params
        if not self.first_chance:
            return expected_beta_geometric(t, r, alpha, a, b)
        found: Floats = b / (a + b) * expected_beta_geometric(t, r, alpha, a, b + 1)
        return found

    def _draw_if_alive(self, h: Histories, t: float, params: list[Floats], rng: np.random.Generator) -> Floats:
        r, alpha, a, b = params
        shape = np.broadcast_shapes(h.T.shape, np.shape(r))
        rate = rng.gamma(r + h.frequency, size=shape) / (alpha + h.T)
        leave = rng.beta(a, b + h.frequency + self.first_chance, size=shape)
        last = np.floor(np.log(rng.random(shape)) / np.log1p(-np.clip(leave, 1e-300, 1 - 1e-16))) + 1
        found: Floats = np.minimum(rng.poisson(rate * t), last)
        return found

    def _effects(self) -> tuple[Effect, ...]:
        return (
            Effect("alpha", -1, self.purchase_covariates),
            Effect("a", 1, self.dropout_covariates),
            Effect("b", 1, self.dropout_covariates),
        )

    def _starts(self, r: float, alpha: float) -> list[list[float]]:
        return [[r, alpha, 0.5, 2.0], [2 * r, 2 * alpha, 0.05, 1.0]]


class MbgNbd(BgNbd):
    """Modified BG/NBD: customers may also leave right after their first purchase.

    Parameters, learned names and covariates as for ``BgNbd``.

    References
    ----------
    Batislam, Denizel and Filiztekin (2007), International Journal of Research in Marketing 24(3).

    Examples
    --------
    >>> model = MbgNbd.from_params(r=0.525, alpha=6.183, a=0.891, b=1.614)
    >>> bool(model.probability_alive({"frequency": [0], "recency": [0], "T": [38.86]})[0] < 1)
    True
    """

    first_chance: ClassVar[int] = 1


def _beta_ratio(a: Floats, b: Floats, m: Floats) -> tuple[Floats, Floats, Floats]:
    """log B(a, b+m)/B(a, b) and its derivatives by a and b; sums for one a and b, gamma functions for one per row."""
    if a.ndim == 0 and b.ndim == 0:
        counts = np.arange(m.max())
        which = m.astype(np.int64)
        whole = a + b + counts
        by_b = cumulated(a / ((b + counts) * whole))
        return cumulated(np.log1p(-a / whole))[which], cumulated(-1 / whole)[which], by_b[which]
    by_a = digamma(a + b) - digamma(a + b + m)
    value = gammaln(b + m) - gammaln(b) + gammaln(a + b) - gammaln(a + b + m)
    return value, by_a, by_a + digamma(b + m) - digamma(b)
