"""Special functions that stay accurate where the textbook forms overflow or cancel. Owns mathematics only."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, hyp2f1

Floats = npt.NDArray[np.float64]
SERIES_UP_TO = 0.98
"""Largest argument for which the power series is summed; beyond, scipy's transformations take over."""
FALLS = 40
"""From this r - a the terms fall like n**-(r-a), so that the series ends at any z; scipy's are wrong by 1e19 there."""
SMALLEST = 1e-3
"""Where a or b of the beta distribution is smaller than this, the integral takes this: everybody leaves or nobody."""


def growth(rate: Any, span: Any) -> Floats:
    """(1 - exp(-rate * span)) / rate, with its limit ``span`` at rate 0.

    >>> growth(0.0, 3.0).item(), round(growth(2.0, 3.0).item(), 6)
    (3.0, 0.498761)
    """
    rate, span = np.broadcast_arrays(np.asarray(rate, float), np.asarray(span, float))
    safe = np.where(rate == 0, 1.0, rate)
    found: Floats = np.where(rate == 0, span, -np.expm1(-safe * span) / safe)
    return found


def expected_beta_geometric(t: Any, r: Any, alpha: Any, a: Any, b: Any) -> Floats:
    """Expected purchases in a time ``t`` of a customer with rate Gamma(r, alpha) who leaves after each with Beta(a, b).

    Notes
    -----
    Per rate and probability p: (1 - exp(-lambda p t)) / p. Its mean is the classical
    ``(a+b-1)/(a-1) [1 - (alpha/(alpha+t))^r 2F1(r, b; a+b-1; t/(alpha+t))]`` (Fader, Hardie and Lee 2005, eq. 9),
    which divides by 0 at a = 1 and overflows for large r and b. Euler's transformation with the first term of the
    series split off has neither fault: with c = a+b-1, z = t/(alpha+t), A = c-r,

    ``E = c (1 - (1-z)^(a-1)) / (a-1) - (1-z)^(a-1) sum_{n>=1} (A)_n (a)_(n-1) / ((c+1)_(n-1) n!) z^n``.

    Posterior r and b both grow with the frequency, so A does not, and more purchases mean fewer terms.

    >>> round(expected_beta_geometric(52, 0.2425967, 4.413659, 0.7929869, 2.426164).item(), 6)
    1.444004
    """
    t, r, alpha, a, b = (
        np.ascontiguousarray(v) for v in np.broadcast_arrays(*(np.asarray(v, float) for v in (t, r, alpha, a, b)))
    )
    shape = t.shape
    t, r, alpha, a, b = (v.ravel() for v in (t, r, alpha, a, b))
    w = t / alpha
    z = w / (1 + w)
    c = a + b - 1
    outer = c - r
    tail = np.zeros_like(z)
    hard = (outer * z < -6) | (r > 1e4 * (c + 1))
    small = ((z <= SERIES_UP_TO) | (r - a > FALLS)) & ~hard
    far = ~small & ~hard & (np.abs(a - 1) > 0.02) & (np.abs(c) > 1e-3)
    _each(small, lambda rows: _tail_series(*_rows((outer, a, c, z), rows)), tail)
    _each(far, lambda rows: _tail_scipy(*_rows((outer, a, c, z), rows)), tail)
    log_rest = -np.log1p(w)
    found = c * growth(a - 1, -log_rest) - np.exp((a - 1) * log_rest) * tail
    doubtful = ~(small | far) | ~np.isfinite(found) | (found < 0) | (found > r * w * (1 + 1e-9))
    _each(doubtful, lambda rows: _expected_by_quadrature(*_rows((w, r, a, b), rows)), found)
    whole: Floats = found.reshape(shape)
    return whole


def _tail_series(outer: Floats, a: Floats, c: Floats, z: Floats) -> Floats:
    term = outer * z
    total = term.copy()
    for n in range(1, 4000):
        term *= (outer + n) * (a + n - 1) / ((c + n) * (n + 1)) * z
        total += term
        if n % 4 == 0 and np.all(np.abs(term) <= 1e-17 * np.abs(total) + 1e-300):
            break
    return total


def _tail_scipy(outer: Floats, a: Floats, c: Floats, z: Floats) -> Floats:
    found: Floats = (hyp2f1(outer, a - 1, c, z) - 1) / (a - 1) * c
    return found


def _expected_by_quadrature(w: Floats, r: Floats, a: Floats, b: Floats) -> Floats:
    """r w minus what leaving costs, as an integral over the logit of p by the trapezoidal rule."""
    step = 0.25
    a, b = np.maximum(a, SMALLEST), np.maximum(b, SMALLEST)
    low = -38.0 / (a + 1) - np.log1p(b + r * w)
    reach = 38.0 / b
    high = np.where(reach > 30, reach, np.log(np.expm1(np.minimum(reach, 30)))) + 1
    n = max(2, int(np.ceil((high - low).max() / step)))
    found = np.empty_like(w)
    block = max(1, 2_000_000 // n)
    for start in range(0, len(w), block):
        rows = slice(start, start + block)
        v = low[rows, None] + step * np.arange(n + 1)
        p = 1 / (1 + np.exp(-v))
        log_weight = a[rows, None] * -np.logaddexp(0, -v) + b[rows, None] * -np.logaddexp(0, v)
        log_weight -= betaln(a[rows], b[rows])[:, None]
        rw, shape = (r * w)[rows, None], r[rows, None]
        stay = -np.expm1(-shape * np.log1p(p * w[rows, None])) / p
        found[rows] = rw[:, 0] - step * (np.exp(log_weight) * (rw - stay)).sum(axis=1)
    return np.maximum(found, 0.0)


def _rows(columns: tuple[Floats, ...], rows: npt.NDArray[np.bool_] | slice) -> tuple[Floats, ...]:
    return tuple(column[rows] for column in columns)


def _each(chosen: npt.NDArray[np.bool_], compute: Any, into: Floats) -> None:
    """Write ``compute(rows)`` into the chosen rows, without copies where all are chosen."""
    if chosen.all():
        into[:] = compute(slice(None))
    elif chosen.any():
        into[chosen] = compute(chosen)


@cache
def legendre(n: int) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss-Legendre quadrature on 0..1."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2


def cumulated(values: Floats) -> Floats:
    """Sums of the first 0, 1, 2, ... values.

    >>> cumulated(np.array([1.0, 2.0])).tolist()
    [0.0, 1.0, 3.0]
    """
    return np.concatenate([[0.0], np.cumsum(values)])


def gamma_ratio(r: Floats, x: Floats) -> tuple[Floats, Floats]:
    """log Gamma(r+x)/Gamma(r) and its derivative by r, from sums over 0..x-1 that cannot cancel.

    >>> value, slope = gamma_ratio(np.array(0.5), np.array([0.0, 2.0]))
    >>> np.exp(value).round(3).tolist(), slope.round(3).tolist()
    ([1.0, 0.75], [0.0, 2.667])
    """
    counts = np.arange(x.max())
    which = x.astype(np.int64)
    return cumulated(np.log(r + counts))[which], cumulated(1 / (r + counts))[which]
