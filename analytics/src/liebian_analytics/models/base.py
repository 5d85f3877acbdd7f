"""What all purchase models share: fitting, learned names, expectation and probability of being alive.

Owns the life of a model; each model owns its likelihood. Prediction tables with intervals are in ``predictions``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from liebian_analytics.errors import BadArgument
from liebian_analytics.models.findings import FEW_REPEATERS, LogNormal, ModelWarning, Prior
from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.likelihood import Effect, build_objective, check_horizon
from liebian_analytics.models.nbd import Nbd, fit_nbd
from liebian_analytics.models.optimise import Objective, Optimum, covariance, maximise

ROUGH_SIZE = 1000
"""Distinct histories on which starts are tried."""
ALIKE = 1e3
"""A shape above this means that all customers have practically the same rate."""
MIDDLE_FROM = 20_000
"""From so many distinct histories, the search passes through a tenth of them."""
CLEAR_GAIN = 10.0
"""A gain over the limit, in the thinned sample alone, that leaves no doubt that customers leave."""
LIMIT_GAIN = 1e-3
"""A gain in log-likelihood over the limit without churn that is too small to mean anything."""


class PurchaseModel(ABC):
    """A model of when customers buy and when they stop.

    Learned by ``fit``: ``params_`` (by name; covariate coefficients as ``"alpha:covariate"``), ``standard_errors_``
    (``None`` where the data do not determine one), ``covariance_`` (of the search parameters: logarithms, and
    coefficients as they are; ``None`` if not determined), ``log_likelihood_``, ``n_customers_``, ``warnings_``,
    ``nobody_churns_``; and each base parameter under its own name with ``_``.
    """

    names: ClassVar[tuple[str, ...]]
    limit_params: ClassVar[dict[str, float]]
    """Values of the parameters of leaving when nobody leaves; empty for a model without that limit."""
    params_: dict[str, float]
    standard_errors_: dict[str, float | None]
    covariance_: Floats | None
    log_likelihood_: float
    n_customers_: float
    warnings_: tuple[ModelWarning, ...]
    nobody_churns_: bool
    _limit: Nbd | None
    _theta: Floats
    _at_limit: bool

    def __init__(
        self,
        *,
        prior: Prior | str | None = None,
        purchase_covariates: Sequence[str] = (),
        dropout_covariates: Sequence[str] = (),
    ) -> None:
        if isinstance(prior, str) and prior != "weak":
            raise BadArgument(f"prior must be a mapping, 'weak' or None, got {prior!r}")
        if prior is not None and not isinstance(prior, str) and not set(prior) <= set(self.names):
            raise BadArgument(f"priors are for {', '.join(self.names)}; got {', '.join(prior)}")
        self.prior = prior
        self.purchase_covariates = tuple(purchase_covariates)
        self.dropout_covariates = tuple(dropout_covariates)

    @classmethod
    def from_params(cls, **params: float) -> Self:
        """A model with known parameters, as if it had been fitted; without standard errors.

        Raises
        ------
        BadArgument
            If a parameter is missing, unknown or not above 0.
        """
        model = cls()
        if set(params) != set(cls.names):
            raise BadArgument(f"{cls.__name__} has the parameters {', '.join(cls.names)}; got {', '.join(params)}")
        if not all(value > 0 and math.isfinite(value) for value in params.values()):
            raise BadArgument("parameters must be finite and above 0")
        model._learn({name: float(params[name]) for name in cls.names}, None)
        model.log_likelihood_, model.n_customers_ = math.nan, 0.0
        model.warnings_, model.nobody_churns_ = (), False
        return model

    def fit(self, summary: Any) -> Self:
        """Learn the parameters by maximum likelihood, or by maximum posterior if the model has a prior.

        Parameters
        ----------
        summary
            One row per customer with ``frequency``, ``recency``, ``T`` (one time unit) and the covariates; or one row
            per distinct history with ``n_customers`` as well. Arrow, Ibis, pandas, Polars or a mapping.

        Raises
        ------
        SchemaMismatch, BadArgument
            If the table cannot be read, or nobody bought twice and there is no prior.
        """
        columns = dict.fromkeys([*self.purchase_covariates, *self.dropout_covariates])
        given = Histories.read(summary, tuple(columns))
        histories = given.distinct()
        repeaters = float(histories.weight[histories.frequency > 0].sum())
        if repeaters == 0 and self.prior is None:
            raise BadArgument("nobody bought a second time, so there is no rhythm to learn; give a prior or more time")
        if not (histories.T > 0).any():
            raise BadArgument("every T is 0: nobody has been observed for any time")
        prior = self._priors(histories)
        optimum = self._search(histories, prior)
        self._conclude(histories, optimum, prior, repeaters)
        return self

    def probability_alive(self, summary: Any) -> Floats:
        """Probability that each customer will still buy, given the history; one number per row."""
        histories = self._read(summary)
        return self._alive(histories, self._natural(histories))

    def expected_purchases(self, summary: Any, t: float) -> Floats:
        """Purchases each customer is expected to make in the next ``t`` time units, given the history."""
        histories = self._read(summary)
        return self._expected(histories, check_horizon(t), self._theta)

    def expected_new(self, t: Any) -> Floats:
        """Repeat purchases a new customer is expected to make in the first ``t`` time units (covariates at 0)."""
        span = np.asarray(t, float)
        if not np.isfinite(span).all() or (span < 0).any():
            raise BadArgument("t must be finite and not negative")
        if self.nobody_churns_:
            rate: Floats = span * self.params_["r"] / self.params_["alpha"]
            return rate
        return self._new(span, *(np.asarray(self.params_[name]) for name in self.names))

    @property
    def aic(self) -> float:
        """Akaike's criterion: 2 k - 2 log L; lower is better."""
        return 2 * self.n_free - 2 * self.log_likelihood_

    @property
    def bic(self) -> float:
        """Schwarz's criterion: k log(n) - 2 log L; lower is better."""
        return self.n_free * math.log(self.n_customers_) - 2 * self.log_likelihood_

    @property
    def n_free(self) -> int:
        """Parameters that were estimated (2 at the limit without churn)."""
        return 2 if self.nobody_churns_ else len(self._theta)

    # What a model has to say.
    @abstractmethod
    def _rows(self, h: Histories, params: list[Floats]) -> tuple[Floats, list[Floats]]:
        """Log-likelihood per history, and its derivatives by the logarithm of each parameter."""

    @abstractmethod
    def _alive(self, h: Histories, params: list[Floats]) -> Floats: ...

    @abstractmethod
    def _expected_if_alive(self, h: Histories, t: Any, params: list[Floats]) -> Floats: ...

    @abstractmethod
    def _new(self, t: Floats, *params: Floats) -> Floats: ...

    @abstractmethod
    def _draw_if_alive(self, h: Histories, t: float, params: list[Floats], rng: np.random.Generator) -> Floats: ...

    @abstractmethod
    def _effects(self) -> tuple[Effect, ...]: ...

    @abstractmethod
    def _starts(self, r: float, alpha: float) -> list[list[float]]: ...

    # Shared machinery.
    def _read(self, summary: Any) -> Histories:
        if not hasattr(self, "params_"):
            raise BadArgument(f"fit {type(self).__name__} before asking it")
        if isinstance(summary, Histories):
            return summary
        return Histories.read(summary, tuple(dict.fromkeys([*self.purchase_covariates, *self.dropout_covariates])))

    def _expected(self, h: Histories, t: Any, theta: Floats) -> Floats:
        params = self._natural(h, theta)
        if self.nobody_churns_:
            rate: Floats = (params[0] + h.frequency) / (params[1] + h.T) * t
            return rate
        return self._alive(h, params) * self._expected_if_alive(h, t, params)

    def _natural(self, h: Histories, theta: Floats | None = None) -> list[Floats]:
        """Parameters per history (or one for all) at ``theta``, which holds logarithms and then coefficients."""
        theta = self._theta if theta is None else theta
        with np.errstate(over="ignore"):
            params = list(np.exp(theta[: len(self.names)]))
            position = len(self.names)
            for effect in self._effects():
                for covariate in effect.covariates:
                    k = self.names.index(effect.parameter)
                    params[k] = params[k] * np.exp(effect.sign * theta[position] * h.covariates[covariate])
                    position += 1
        if self._at_limit:
            for k, name in enumerate(self.names):
                params[k] = self.limit_params.get(name, params[k])
        return [np.asarray(param, float) for param in params]

    def _objective(self, h: Histories, prior: Prior) -> Objective:
        return build_objective(self, h, prior)

    def _search(self, h: Histories, prior: Prior) -> Optimum:
        self._at_limit, self._limit = False, None
        sample = h.thinned(ROUGH_SIZE)
        rough = fit_nbd(sample)
        zeros = [0.0] * sum(len(e.covariates) for e in self._effects())
        starts = [np.array([*np.log(start), *zeros]) for start in self._starts(rough.r, rough.alpha)]
        objective, small = self._objective(h, prior), self._objective(sample, prior)
        levels = [] if sample is h else [small]
        if len(h.T) > MIDDLE_FROM:
            levels.append(self._objective(h.thinned(len(h.T) // 10), prior))
        optimum = maximise(objective, starts, rough=levels, scale=h.n_customers)
        churn = (small(optimum.theta)[0] - rough.log_likelihood) * len(sample.T) / h.n_customers
        if self.limit_params and not prior and not zeros and not churn > CLEAR_GAIN:
            self._limit = fit_nbd(h)
            if not optimum.value > self._limit.log_likelihood + LIMIT_GAIN:
                again = maximise(objective, starts, scale=h.n_customers)
                optimum = max(optimum, again, key=lambda end: end.value)
        return optimum

    def _conclude(self, h: Histories, optimum: Optimum, prior: Prior, repeaters: float) -> None:
        self.n_customers_ = h.n_customers
        found: list[ModelWarning] = []
        limit = self._limit
        self.nobody_churns_ = limit is not None and not optimum.value > limit.log_likelihood + LIMIT_GAIN
        if limit is not None and self.nobody_churns_:
            found.append(self._settle_at_limit(limit))
        else:
            self._at_limit = False
            self._theta = optimum.theta
            self.log_likelihood_ = optimum.value if not prior else self._objective(h, {})(optimum.theta)[0]
            k = len(self.names)
            labels = [f"{e.parameter}:{c}" for e in self._effects() for c in e.covariates]
            values = [*np.exp(optimum.theta[:k]), *optimum.theta[k:]]
            self._learn(
                dict(zip([*self.names, *labels], map(float, values), strict=True)), covariance(optimum.information)
            )
            if not optimum.converged:
                found.append(
                    ModelWarning("not_converged", "The search stopped before the likelihood was flat; do not trust it.")
                )
            elif self.covariance_ is None or np.sqrt(np.diag(self.covariance_)).max() > 5:
                found.append(
                    ModelWarning(
                        "not_determined", "The data do not determine every parameter; predictions may still hold."
                    )
                )
        alike = [name for name in self.names if name in {"r", "s"} and self.params_[name] > ALIKE]
        if alike:
            found.append(
                ModelWarning(
                    "rates_alike", f"No difference between customers can be seen in {' and '.join(alike)}: very large."
                )
            )
        if repeaters < FEW_REPEATERS:
            found.append(
                ModelWarning(
                    "few_repeats", f"Only {repeaters:.0f} customers bought again; a prior would steady the fit."
                )
            )
        self.warnings_ = tuple(found)

    def _settle_at_limit(self, limit: Nbd) -> ModelWarning:
        r, alpha, self.log_likelihood_ = limit.r, limit.alpha, limit.log_likelihood
        values = {"r": r, "alpha": alpha, **self.limit_params}
        self._theta = np.log(np.array([r, alpha, 1.0, 1.0]))
        self._at_limit = True
        self._learn({name: values[name] for name in self.names}, None)
        small = covariance(limit.information)
        if small is not None:
            self.covariance_ = np.zeros((4, 4))
            self.covariance_[:2, :2] = small
            for k, name in enumerate(("r", "alpha")):
                self.standard_errors_[name] = float(values[name] * np.sqrt(small[k, k]))
        return ModelWarning(
            "nobody_churns",
            "No churn can be seen in this window: the likelihood is highest where nobody leaves. Every customer counts"
            " as alive, and predictions are those of steady buyers; a longer window may show who leaves.",
        )

    def _learn(self, params: dict[str, float], matrix: Floats | None) -> None:
        self.params_, self.covariance_ = params, matrix
        k = len(self.names)
        if not getattr(self, "_at_limit", False):
            self._at_limit = False
            self._theta = np.array([*(math.log(params[name]) for name in self.names), *list(params.values())[k:]])
        errors = [None] * len(params) if matrix is None else [float(np.sqrt(v)) for v in np.diag(matrix)]
        self.standard_errors_ = {
            name: None if error is None else error * (value if number < k else 1.0)
            for number, ((name, value), error) in enumerate(zip(params.items(), errors, strict=True))
        }
        for name in self.names:
            setattr(self, f"{name}_", params[name])

    def _priors(self, h: Histories) -> Prior:
        if self.prior == "weak":
            middle = float(np.average(h.T, weights=h.weight)) or 1.0
            return {name: LogNormal(middle if name in {"alpha", "beta"} else 1.0, 1.5) for name in self.names}
        return {} if self.prior is None or isinstance(self.prior, str) else self.prior
