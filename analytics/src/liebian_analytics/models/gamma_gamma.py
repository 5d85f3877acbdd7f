"""Gamma-Gamma: what a customer spends per purchase, shrunk towards everybody's mean as far as the data say."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import digamma, gammaln

from liebian_analytics.arrow import as_arrow
from liebian_analytics.errors import BadArgument
from liebian_analytics.models.findings import FEW_REPEATERS, LogNormal, ModelWarning, Prior
from liebian_analytics.models.histories import Floats, number_column
from liebian_analytics.models.optimise import covariance, maximise

DEPENDENT = 0.3
"""Correlation of frequency and mean spend above which their independence is no longer a fair assumption."""


class GammaGamma:
    """Spend per purchase is Gamma(p, nu) and nu differs between customers as Gamma(q, v); q > 1, so that a mean exists.

    Fitted on customers with repeat purchases and a mean spend above 0 (``monetary_value``: mean of the repeat purchase
    days). Learned: ``params_`` (p, q, v), ``standard_errors_``, ``log_likelihood_``, ``n_customers_``, ``warnings_``,
    ``covariance_`` (of log p, log(q-1), log v), and ``p_``, ``q_``, ``v_``.

    References
    ----------
    Fader and Hardie (2013), note 025; Fader, Hardie and Lee (2005), Journal of Marketing Research 42(4).

    Examples
    --------
    >>> model = GammaGamma.from_params(p=6.25, q=3.74, v=15.44)
    >>> model.expected_spend({"frequency": [2, 0], "monetary_value": [22.35, None]}).round(2).tolist()
    [24.66, 35.22]
    """

    names: ClassVar[tuple[str, ...]] = ("p", "q", "v")
    params_: dict[str, float]
    standard_errors_: dict[str, float | None]
    covariance_: Floats | None
    log_likelihood_: float
    n_customers_: float
    warnings_: tuple[ModelWarning, ...]
    p_: float
    q_: float
    v_: float

    def __init__(self, *, prior: Prior | str | None = None) -> None:
        if isinstance(prior, str) and prior != "weak":
            raise BadArgument(f"prior must be a mapping, 'weak' or None, got {prior!r}")
        self.prior = prior

    @classmethod
    def from_params(cls, *, p: float, q: float, v: float) -> Self:
        """A model with known parameters; p and v above 0, q above 1."""
        if not (p > 0 and q > 1 and v > 0 and math.isfinite(p + q + v)):
            raise BadArgument(f"p and v must be above 0 and q above 1, got p={p}, q={q}, v={v}")
        model = cls()
        model._learn(np.log([p, q - 1, v]), None)
        model.log_likelihood_, model.n_customers_, model.warnings_ = math.nan, 0.0, ()
        return model

    def fit(self, summary: Any) -> Self:
        """Learn p, q and v from ``frequency`` and ``monetary_value`` (any money unit; null where frequency is 0).

        Raises
        ------
        BadArgument
            If a repeat customer has a negative mean spend (net of returns: decide what a return means first), or
            nobody has both a repeat purchase and a spend above 0.
        """
        x, money, weight = self._columns(summary)
        if (wrong := (x > 0) & (money < 0)).any():
            raise BadArgument(
                f"monetary_value is negative for {int(wrong.sum())} repeat customers; Gamma-Gamma describes spending,"
                " so net returns against their orders or leave these customers out"
            )
        used = (x > 0) & (money > 0)
        if not used.any():
            raise BadArgument("no customer has a repeat purchase with a spend above 0")
        found = [_left_out(x, money, weight, used)] if not used.all() else []
        x, money, weight = x[used], money[used], weight[used]
        middle = float(np.average(money, weights=weight))
        prior = self._priors(middle)
        optimum = maximise(
            _objective(x, money, weight, prior),
            [np.log([4.0, 2.0, middle / 2]), np.log([1.0, 1.0, middle]), np.log([20.0, 3.0, middle / 10])],
            scale=float(weight.sum()),
        )
        self._learn(optimum.theta, covariance(optimum.information))
        self.log_likelihood_ = _objective(x, money, weight, {})(optimum.theta)[0]
        self.n_customers_ = float(weight.sum())
        determined = self.covariance_ is not None and np.sqrt(np.diag(self.covariance_)).max() <= 5
        found += _judge(x, money, weight, self.q_, optimum.converged and determined)
        self.warnings_ = tuple(found)
        return self

    def expected_spend(self, summary: Any) -> Floats:
        """Expected spend per purchase of each customer; with frequency 0 it is everybody's mean p v / (q - 1)."""
        x, money, _ = self._columns(summary)
        return self.expected_at(np.log([self.p_, self.q_ - 1, self.v_]), x, money)

    def expected_at(self, theta: Floats, x: Floats, money: Floats) -> Floats:
        """Expected spend for search parameters ``theta`` = (log p, log(q-1), log v)."""
        p, q1, v = np.exp(theta)
        found: Floats = p * (v + x * np.where(x > 0, money, 0.0)) / (p * x + q1)
        return found

    @property
    def aic(self) -> float:
        """Akaike's criterion; lower is better."""
        return 6 - 2 * self.log_likelihood_

    @property
    def bic(self) -> float:
        """Schwarz's criterion; lower is better."""
        return 3 * math.log(self.n_customers_) - 2 * self.log_likelihood_

    def _columns(self, summary: Any) -> tuple[Floats, Floats, Floats]:
        import pyarrow.compute as pc

        table = as_arrow(summary)
        x = number_column(table, "frequency")
        if "monetary_value" in table.column_names:
            spot = table.column_names.index("monetary_value")
            given = table["monetary_value"]
            if "frequency" in table.column_names and given.null_count and (np.asarray(given.is_null()) & (x > 0)).any():
                raise BadArgument("monetary_value is empty for a customer with repeat purchases")
            table = table.set_column(spot, "monetary_value", pc.fill_null(given.cast("float64"), 0.0))
        weight = number_column(table, "n_customers") if "n_customers" in table.column_names else np.ones(len(x))
        return x, number_column(table, "monetary_value"), weight

    def _learn(self, theta: Floats, matrix: Floats | None) -> None:
        p, q1, v = (float(value) for value in np.exp(theta))
        self.params_, self.covariance_ = {"p": p, "q": 1 + q1, "v": v}, matrix
        self.p_, self.q_, self.v_ = p, 1 + q1, v
        errors = [None] * 3 if matrix is None else [float(np.sqrt(k)) for k in np.diag(matrix)]
        self.standard_errors_ = {
            name: None if error is None else error * size
            for name, error, size in zip(self.names, errors, (p, q1, v), strict=True)
        }

    def _priors(self, middle: float) -> Prior:
        if self.prior == "weak":
            return {"p": LogNormal(4.0, 1.0), "q": LogNormal(2.0, 1.0), "v": LogNormal(middle / 2, 1.5)}
        return {} if self.prior is None or isinstance(self.prior, str) else self.prior


def _objective(x: Floats, money: Floats, weight: Floats, prior: Prior) -> Any:
    centres = [(k, math.log(prior[n].median), prior[n].sigma) for k, n in enumerate(("p", "q", "v")) if n in prior]
    log_money, log_x, total = np.log(money), np.log(x), x * money

    def value_and_gradient(theta: Floats) -> tuple[float, Floats]:
        p, q1, v = np.exp(theta)
        q = 1 + q1
        px = p * x
        logs = np.log(v + total)
        rows = gammaln(px + q) - gammaln(px) - gammaln(q) + q * (theta[2] - logs)
        rows += px * (log_x + log_money - logs) - log_money
        both = digamma(px + q)
        by_p = px * (both - digamma(px) + log_x + log_money - logs)
        by_q = q1 * (both - digamma(q) + theta[2] - logs)
        by_v = q - v * (px + q) / (v + total)
        value = float(weight @ rows)
        slope = np.array([float(weight @ g) for g in (by_p, by_q, by_v)])
        for k, centre, sigma in centres:
            value -= 0.5 * ((theta[k] - centre) / sigma) ** 2
            slope[k] -= (theta[k] - centre) / sigma**2
        return value, slope

    return value_and_gradient


def _left_out(x: Floats, money: Floats, weight: Floats, used: Any) -> ModelWarning:
    once, free = float(weight[x == 0].sum()), float(weight[(x > 0) & (money == 0)].sum())
    return ModelWarning(
        "one_time_buyers_left_out",
        f"{once:.0f} customers without repeat purchase and {free:.0f} with a mean spend of 0 were left out of the fit;"
        " without repeat purchase, a customer is expected to spend what everybody spends on average.",
    )


def _judge(x: Floats, money: Floats, weight: Floats, q: float, sound: bool) -> list[ModelWarning]:
    found = []
    if not sound:
        found.append(ModelWarning("not_determined", "The data do not determine every parameter of spending."))
    if q < 1.05:
        found.append(
            ModelWarning(
                "no_mean_spend", "Spending is so uneven that its mean over customers hardly exists (q near 1)."
            )
        )
    if weight.sum() < FEW_REPEATERS:
        found.append(
            ModelWarning("few_repeats", f"Only {weight.sum():.0f} customers could be used; a prior would help.")
        )
    if len(x) > 2 and x.std() > 0 and money.std() > 0:
        together = float(np.cov(x, money, aweights=weight)[0, 1])
        together /= math.sqrt(np.cov(x, aweights=weight) * np.cov(money, aweights=weight))
        if abs(together) > DEPENDENT:
            found.append(
                ModelWarning(
                    "spend_depends_on_frequency",
                    f"Mean spend and frequency go together (correlation {together:.2f}), but Gamma-Gamma assumes that"
                    " they do not; values of frequent buyers will be off.",
                )
            )
    return found
