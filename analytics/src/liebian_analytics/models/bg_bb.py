"""BG/BB: buying at discrete opportunities (events, yearly appeals), where a customer may leave before each."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.special import betaln, digamma

from liebian_analytics.errors import BadArgument
from liebian_analytics.models.base import PurchaseModel
from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.likelihood import Effect


class BgBb(PurchaseModel):
    """Beta-geometric/beta-Bernoulli: buys with p ~ Beta(alpha, beta), leaves before each opportunity with Beta(gamma, delta).

    In the summary ``T`` is the number of opportunities after the first purchase, ``frequency`` at how many of them the
    customer bought, ``recency`` the number of the last of these (0 if none): whole numbers. Being alive means still
    being there at the next opportunity. Horizons are numbers of opportunities.

    References
    ----------
    Fader, Hardie and Shang (2010), Marketing Science 29(6).

    Examples
    --------
    >>> model = BgBb.from_params(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)
    >>> people = {"frequency": [0, 2, 6], "recency": [0, 4, 6], "T": [6, 6, 6]}
    >>> model.probability_alive(people).round(2).tolist()
    [0.11, 0.59, 0.93]
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta", "gamma", "delta")
    limit_params: ClassVar[dict[str, float]] = {}
    alpha_: float
    beta_: float
    gamma_: float
    delta_: float

    def fit(self, summary: Any) -> BgBb:
        """As ``PurchaseModel.fit``; covariates are not part of this model."""
        if self.purchase_covariates or self.dropout_covariates:
            raise BadArgument("BG/BB takes no covariates")
        h = Histories.read(summary)
        _check_opportunities(h)
        super().fit(summary)
        return self

    def _rows(self, h: Histories, params: list[Floats]) -> tuple[Floats, list[Floats]]:
        alpha, beta, gamma, delta = params
        x = h.frequency[:, None]
        last, n = h.recency[:, None], h.T[:, None]
        end = last + np.arange(float((h.T - h.recency).max()) + 1)
        logs, shares = self._weights(x, end, n, params)
        bought = digamma(alpha + beta) - digamma(alpha + beta + np.minimum(end, n))
        # The customer left after opportunity ``end``; where end = n, is still there.
        stays = end >= n
        lived = digamma(gamma + delta) - digamma(gamma + delta + end + ~stays)
        slopes = [
            digamma(alpha + x) - digamma(alpha) + bought,
            digamma(beta + np.minimum(end, n) - x) - digamma(beta) + bought,
            digamma(gamma + ~stays) - digamma(gamma) + lived,
            digamma(delta + end) - digamma(delta) + lived,
        ]
        return logs, [param * (shares * slope).sum(axis=1) for param, slope in zip(params, slopes, strict=True)]

    def _weights(self, x: Floats, end: Floats, n: Floats, params: list[Floats]) -> tuple[Floats, Floats]:
        """Log-likelihood and, per history, the probability of having left after each opportunity (last: still there)."""
        alpha, beta, gamma, delta = params
        inside = np.minimum(end, n)
        stays = end >= n
        logs = betaln(alpha + x, beta + inside - x) - betaln(alpha, beta)
        logs = logs + betaln(gamma + ~stays, delta + inside) - betaln(gamma, delta)
        logs = np.where(end <= n, logs, -np.inf)
        top = logs.max(axis=1, keepdims=True)
        shares = np.exp(logs - top)
        total = shares.sum(axis=1, keepdims=True)
        return (top + np.log(total))[:, 0], shares / total

    def _alive(self, h: Histories, params: list[Floats]) -> Floats:
        gamma, delta = params[2], params[3]
        x, n = h.frequency[:, None], h.T[:, None]
        end = h.recency[:, None] + np.arange(float((h.T - h.recency).max()) + 1)
        _, shares = self._weights(x, end, n, params)
        found: Floats = np.where(end == n, shares, 0.0).sum(axis=1) * (delta + h.T) / (gamma + delta + h.T)
        return found

    def _expected_if_alive(self, h: Histories, t: Any, params: list[Floats]) -> Floats:
        alpha, beta, gamma, delta = params
        each = (alpha + h.frequency) / (alpha + beta + h.T)
        found: Floats = each * _opportunities_alive(gamma, delta + h.T + 1, _whole(t))
        return found

    def _new(self, t: Floats, *params: Floats) -> Floats:
        alpha, beta, gamma, delta = params
        stays = delta / (gamma + delta)
        each = [stays * _opportunities_alive(gamma, delta + 1, _whole(float(one))) for one in np.ravel(t)]
        found: Floats = (alpha / (alpha + beta) * np.array(each)).reshape(t.shape)
        return found

    def _draw_if_alive(self, h: Histories, t: float, params: list[Floats], rng: np.random.Generator) -> Floats:
        alpha, beta, gamma, delta = params
        shape = np.broadcast_shapes(h.T.shape, np.shape(alpha))
        buys = rng.beta(alpha + h.frequency, beta + h.T - h.frequency, size=shape)
        leave = rng.beta(gamma, delta + h.T + 1, size=shape)
        there = np.floor(np.log(rng.random(shape)) / np.log1p(-np.clip(leave, 1e-300, 1 - 1e-16))) + 1
        found: Floats = rng.binomial(np.minimum(there, _whole(t)).astype(np.int64), buys).astype(float)
        return found

    def _effects(self) -> tuple[Effect, ...]:
        return ()

    def _starts(self, r: float, alpha: float) -> list[list[float]]:
        return [[1.0, 1.0, 0.5, 2.0], [0.5, 1.5, 1.0, 10.0]]


def _opportunities_alive(gamma: Floats, delta: Floats, n: int) -> Floats:
    """Expected number of the next ``n`` opportunities at which a customer who is there at the first is there."""
    stays = np.ones(np.broadcast_shapes(np.shape(gamma), np.shape(delta)))
    total = np.zeros_like(stays)
    for k in range(n):
        total += stays
        stays = stays * (delta + k) / (gamma + delta + k)
    return total


def _whole(t: float) -> int:
    if t != int(t):
        raise BadArgument(f"BG/BB counts opportunities: the horizon must be a whole number, got {t}")
    return int(t)


def _check_opportunities(h: Histories) -> None:
    if (np.floor(h.T) != h.T).any() or (h.recency != np.floor(h.recency)).any():
        raise BadArgument("BG/BB counts opportunities: recency and T must be whole numbers")
    if (h.frequency > h.recency).any():
        raise BadArgument("a customer cannot buy at more opportunities than there were up to the last purchase")
