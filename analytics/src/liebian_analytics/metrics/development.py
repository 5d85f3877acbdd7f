"""Development of cohorts: what a quantity that grows with age comes to in the end, by the chain ladder, with its error.

Owns the triangle and nothing of what it is about: points redeemed, claims paid, coupons used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from liebian_analytics.errors import BadArgument

Floats = npt.NDArray[np.float64]
MIN_COHORTS = 3
"""Fewest cohorts from which factors and their spread can be told."""


@dataclass(frozen=True, slots=True, eq=False)
class Development:
    """What cohorts come to. Everything is in the unit of the triangle.

    Parameters
    ----------
    latest, ultimate, errors
        Per cohort, in the order given: the last known value, the expected one in the end, the standard error of what
        is still to come (float64).
    factors, sigmas
        Per age but the last: the growth to the next age, and Mack's sigma (float64).
    total_error
        Standard error of what is still to come of all cohorts together; larger than the errors alone would make it,
        because all share the factors.
    """

    latest: Floats
    ultimate: Floats
    errors: Floats
    factors: Floats
    sigmas: Floats
    total_error: float

    @property
    def to_come(self) -> Floats:
        """Expected growth of each cohort from now on."""
        return self.ultimate - self.latest


def chain_ladder(cohorts: Sequence[Sequence[float]]) -> Development:
    """Where cohorts end that have grown so far, if the young ones grow as the old ones did.

    Parameters
    ----------
    cohorts
        Per cohort the cumulative values by age, from age 0 to the last known one, each >= 0. At least three cohorts; the
        longest one says how long cohorts grow, nothing is added behind its last age.

    Returns
    -------
    Development

    Raises
    ------
    BadArgument
        With fewer than three cohorts, an empty one, a negative or not finite value, or an age at which no cohort has
        anything to grow from.

    Notes
    -----
    With ``C[i,k]`` of cohort i at age k and sums over the cohorts of which age k + 1 is known::

        f_k = sum C[i,k+1] / sum C[i,k]
        sigma_k^2 = 1/(n_k - 1) sum C[i,k] (C[i,k+1]/C[i,k] - f_k)^2
        mse_i = U_i^2 sum_k sigma_k^2/f_k^2 (1/C^[i,k] + 1/sum_j C[j,k])

    over the ages still to come, ``U`` the ultimate and ``C^`` the expected values. Where one cohort alone knows an age,
    ``sigma^2 = min(a^2/b, a, b)`` of the two ages before (a the nearer one). Cohorts that hold 0 at an age say nothing
    about the spread there.

    Assumes that cohorts are independent, that growth depends on age and not on the calendar, and that it is
    proportional to what is there. A change of terms or of prices breaks the second.

    References
    ----------
    Mack (1993), Distribution-free calculation of the standard error of chain ladder reserve estimates, ASTIN Bulletin
    23(2). The triangle of Taylor and Ashe (1983) with the reserves and errors printed there is a test.

    Examples
    --------
    >>> found = chain_ladder([[100, 150, 165], [110, 160], [120]])
    >>> [round(value) for value in found.ultimate], [round(float(factor), 3) for factor in found.factors]
    ([165, 176, 195], [1.476, 1.1])
    """
    rows = [_checked(values) for values in cohorts]
    if len(rows) < MIN_COHORTS:
        raise BadArgument(f"development needs at least {MIN_COHORTS} cohorts, got {len(rows)}")
    n_ages = max(row.size for row in rows)
    factors, squares, bases = _estimate(rows, n_ages)
    latest = np.array([row[-1] for row in rows])
    values = latest.copy()
    process, shared = np.zeros(len(rows)), np.zeros(len(rows))
    together = 0.0
    last = np.array([row.size - 1 for row in rows])
    for age in range(n_ages - 1):
        grows = last <= age
        factor, square, base = factors[age], squares[age], bases[age]
        process[grows] = factor**2 * process[grows] + square * values[grows]
        shared[grows] = factor**2 * shared[grows] + values[grows] ** 2 * square / base
        together = factor**2 * together + values[grows].sum() ** 2 * square / base
        values[grows] *= factor
    total = float(np.sqrt(process.sum() + together))
    return Development(latest, values, np.sqrt(process + shared), factors, np.sqrt(squares), total)


def _checked(values: Sequence[float]) -> Floats:
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1 or not row.size or not np.isfinite(row).all() or row.min() < 0:
        raise BadArgument("a cohort is a list of cumulative values by age, none of them negative")
    return row


def _estimate(rows: Sequence[Floats], n_ages: int) -> tuple[Floats, Floats, Floats]:
    factors, squares, bases = (np.zeros(n_ages - 1) for _ in range(3))
    for age in range(n_ages - 1):
        pairs = np.array([row[age : age + 2] for row in rows if row.size > age + 1])
        before, after = pairs[:, 0], pairs[:, 1]
        bases[age] = before.sum()
        if bases[age] == 0:
            raise BadArgument(f"no cohort has anything at age {age} to grow from")
        factors[age] = after.sum() / bases[age]
        told = before > 0
        if told.sum() > 1:
            off = (after[told] - factors[age] * before[told]) ** 2 / before[told]
            squares[age] = off.sum() / (told.sum() - 1)
        else:
            squares[age] = _extrapolate(squares[:age])
    return factors, squares, bases


def _extrapolate(known: Floats) -> float:
    if known.size < 2:
        return float(known[-1]) if known.size else 0.0
    near, far = float(known[-1]), float(known[-2])
    return min(near**2 / far, near, far) if far > 0 else 0.0
