"""Maximum likelihood: quasi-Newton on log parameters with the analytic gradient, then Newton to the last digit.

Owns no model. The observed information is the difference of the analytic gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Objective = Callable[[Floats], tuple[float, Floats]]
"""Parameters to (value, gradient); the value is maximised."""
STEP = 1e-6
WELL_DETERMINED = 1e4
"""Variance, times the number of customers, of a logarithm that the data determine."""
GRADIENT_ENOUGH = 1e-6
NEAR, SHORT = 1e-5, 0.01
"""Gradient per customer and step from which Newton reaches the last digit at once."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended. ``information`` is minus the Hessian there; ``converged`` speaks of the gradient."""

    theta: Floats
    value: float
    gradient: Floats
    information: Floats
    converged: bool


def maximise(
    objective: Objective, starts: Sequence[Floats], *, rough: Sequence[Objective] = (), scale: float
) -> Optimum:
    """The best end of the search; a further start is tried only where the one before ended on a ridge or slope.

    Parameters
    ----------
    objective
        The log-likelihood, with log prior if any.
    starts
        Where to begin.
    rough
        Cheaper likenesses of ``objective`` (thinned samples), the cheapest first: the search walks through them.
    scale
        Divides value and gradient, so that the tolerance does not depend on the number of customers.
    """
    levels = [*rough, objective]
    best, curvature = _first_good(levels[0], starts, scale)
    value, gradient = levels[0](best)
    for level in levels[1:]:
        best, value, gradient = _approach(level, best, scale, curvature)
        if level is not objective:
            curvature = _inverse(_information(level, best, gradient) / scale)
    information = _information(objective, best, gradient)
    for _ in range(10):
        if np.abs(gradient).max() / scale < 1e-10:
            break
        inverse = _inverse(information)
        if inverse is None:
            break
        candidate = best + _bounded(inverse @ gradient)
        new_value, new_gradient = objective(candidate)
        if not np.isfinite(new_value) or new_value < value - 1e-9 * abs(value):
            break
        if np.abs(new_gradient).max() >= np.abs(gradient).max():
            break
        best, value, gradient = candidate, new_value, new_gradient
    converged = bool(np.isfinite(value) and np.abs(gradient).max() / scale < GRADIENT_ENOUGH)
    return Optimum(best, value, gradient, information, converged)


def _approach(
    objective: Objective, start: Floats, scale: float, curvature: Floats | None
) -> tuple[Floats, float, Floats]:
    """Quasi-Newton with whole steps, from the curvature of a likeness; climbs with a line search where one leads down."""
    best, (value, gradient) = start, objective(start)
    while curvature is not None and np.isfinite(gradient).all():
        move = _bounded(curvature @ gradient / scale)
        if np.abs(gradient).max() / scale < NEAR and np.abs(move).max() < SHORT:
            return best, value, gradient
        new_value, new_gradient = objective(best + move)
        change = (gradient - new_gradient) / scale
        if not (new_value > value and move @ change > 0):
            break
        curvature = _updated(curvature, move, change)
        best, value, gradient = best + move, new_value, new_gradient
    end = _climb(objective, best, scale, curvature)
    return end, *objective(end)


def _updated(curvature: Floats, move: Floats, change: Floats) -> Floats:
    """The inverse Hessian that explains the last step too (Broyden, Fletcher, Goldfarb, Shanno)."""
    across = np.eye(len(move)) - np.outer(move, change) / (move @ change)
    found: Floats = across @ curvature @ across.T + np.outer(move, move) / (move @ change)
    return found


def _bounded(move: Floats) -> Floats:
    """No logarithm moves by more than 1 in a step."""
    found: Floats = move * min(1.0, 1.0 / max(np.abs(move).max(), 1e-300))
    return found


def _first_good(objective: Objective, starts: Sequence[Floats], scale: float) -> tuple[Floats, Floats | None]:
    ends: list[tuple[float, int, Floats, Floats | None]] = []
    for start in starts:
        end = _climb(objective, start, scale, None)
        value, gradient = objective(end)
        inverse = _inverse(_information(objective, end, gradient) / scale)
        ends.append((value, len(ends), end, inverse))
        if inverse is not None and inverse.max() < WELL_DETERMINED and np.abs(gradient).max() / scale < 1e-5:
            break
    _, _, best, curvature = max(ends, key=lambda found: found[:2])
    return best, curvature


def _climb(objective: Objective, start: Floats, scale: float, curvature: Floats | None) -> Floats:
    from scipy.optimize import minimize

    def down(theta: Floats) -> tuple[float, Floats]:
        if np.abs(theta).max() > 30:
            return np.inf, np.zeros_like(theta)
        value, gradient = objective(theta)
        return (-value / scale, -gradient / scale) if np.isfinite(value) else (np.inf, np.zeros_like(theta))

    options: dict[str, object] = {"gtol": 1e-8, "maxiter": 200}
    if curvature is not None:
        options["hess_inv0"] = (curvature + curvature.T) / 2
    with np.errstate(all="ignore"):
        found = minimize(down, start, jac=True, method="BFGS", options=options)
    end: Floats = found.x
    return end


def _information(objective: Objective, theta: Floats, here: Floats) -> Floats:
    """Minus the Hessian at ``theta``, where the gradient is ``here``."""
    n = len(theta)
    found = np.empty((n, n))
    for k in range(n):
        step = np.zeros(n)
        step[k] = STEP
        found[k] = (here - objective(theta + step)[1]) / STEP
    return (found + found.T) / 2


def _inverse(information: Floats) -> Floats | None:
    """Inverse of a positive definite matrix, else ``None``."""
    if not np.isfinite(information).all():
        return None
    values, vectors = np.linalg.eigh(information)
    if values.min() <= 1e-12 * max(values.max(), 1e-300):
        return None
    inverse: Floats = (vectors / values) @ vectors.T
    return inverse


def covariance(information: Floats) -> Floats | None:
    """Covariance of the estimates, ``None`` where the data do not determine them.

    >>> covariance(np.array([[4.0]])).tolist(), covariance(np.array([[0.0]]))
    ([[0.25]], None)
    """
    return _inverse(information)
