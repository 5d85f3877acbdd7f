"""From the likelihood of one history to the sum over all, on all cores, with priors and covariates.

Owns no model: a model says its likelihood per history and which covariates act on which parameter.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from liebian_analytics.errors import BadArgument
from liebian_analytics.models.findings import Prior
from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.optimise import Objective

BLOCK = 8192
"""Histories per pass: small enough for the processor's cache, and passes run on all cores."""
WORTH_THREADS = 4
"""Passes from which threads pay."""


@dataclass(frozen=True, slots=True)
class Effect:
    """Covariates act on a parameter: parameter = base * exp(sign * sum of coefficient * covariate)."""

    parameter: str
    sign: int
    covariates: tuple[str, ...]


class Likelihood(Protocol):
    """What the sum needs of a model."""

    names: ClassVar[tuple[str, ...]]

    def _rows(self, h: Histories, params: list[Floats]) -> tuple[Floats, list[Floats]]: ...

    def _natural(self, h: Histories, theta: Floats | None = None) -> list[Floats]: ...

    def _effects(self) -> tuple[Effect, ...]: ...


def build_objective(model: Likelihood, h: Histories, prior: Prior) -> Objective:
    """Log-likelihood plus log prior of the search parameters (logarithms, then coefficients), with its gradient."""
    signs = [(model.names.index(e.parameter), e.sign * h.covariates[c]) for e in model._effects() for c in e.covariates]
    centres = [
        (k, math.log(prior[name].median), prior[name].sigma) for k, name in enumerate(model.names) if name in prior
    ]

    parts = [(slice(0, len(h.T)), h)]
    if len(h.T) > BLOCK:
        parts = [(rows := slice(k, k + BLOCK), h.take(rows)) for k in range(0, len(h.T), BLOCK)]

    def part_sums(theta: Floats, rows: slice, part: Histories) -> Floats:
        values, slopes = model._rows(part, model._natural(part, theta))
        sums = [part.weight @ values, *(part.weight @ slope for slope in slopes)]
        return np.array([*sums, *((part.weight * z[rows]) @ slopes[k] for k, z in signs)], float)

    def value_and_gradient(theta: Floats) -> tuple[float, Floats]:
        if len(parts) < WORTH_THREADS:
            sums = np.sum([part_sums(theta, *part) for part in parts], axis=0)
        else:
            with ThreadPoolExecutor() as pool:
                sums = np.sum(list(pool.map(lambda part: part_sums(theta, *part), parts)), axis=0)
        value, slope = float(sums[0]), sums[1:]
        for k, centre, sigma in centres:
            value -= 0.5 * ((theta[k] - centre) / sigma) ** 2
            slope[k] -= (theta[k] - centre) / sigma**2
        return value, slope

    return value_and_gradient


def check_horizon(t: float) -> float:
    """``t`` if it can be a stretch of time.

    >>> check_horizon(-1)
    Traceback (most recent call last):
        ...
    liebian_analytics.errors.BadArgument: the horizon must be finite and not negative, got -1
    """
    if not math.isfinite(t) or t < 0:
        raise BadArgument(f"the horizon must be finite and not negative, got {t}")
    return float(t)
