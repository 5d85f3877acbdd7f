"""Holdout: what a programme brought beyond what would have come anyway, with the interval that says how sure we are.

Intention to treat: everybody drawn into the treated arm counts, whether they took part or not, and so does everything
they brought, attributed or not. The unit is whatever was drawn at random; if households were drawn, pass one outcome per
household.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liebian_analytics.errors import BadArgument
from liebian_analytics.results import Interval

MIN_ARM = 30
"""Fewest units per arm for which the interval of a mean is trusted."""
POWER = 0.8
"""Chance to see the current difference, if it is true, with the participants that ``needed`` asks for."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Outcomes of one arm as sums, which is all the comparison needs.

    Parameters
    ----------
    n
        Units drawn into the arm.
    total, total_squares
        Sum and sum of squares of their outcomes (units without an outcome count 0).

    Raises
    ------
    BadArgument
        If the three cannot come from real outcomes.

    Examples
    --------
    >>> Arm.of([0, 1, 3]), Arm.of([0, 1, 3]).mean
    (Arm(n=3, total=4.0, total_squares=10.0), 1.3333333333333333)
    """

    n: int
    total: float
    total_squares: float

    def __post_init__(self) -> None:
        if self.n < 0 or self.total_squares * self.n < self.total**2 * (1 - 1e-9):
            raise BadArgument(f"n={self.n}, sum={self.total}, sum of squares={self.total_squares} fit no outcomes")

    @classmethod
    def of(cls, outcomes: Outcomes) -> Arm:
        """From an array with one outcome per unit, or from the three sums as a tuple or Arm."""
        if isinstance(outcomes, Arm):
            return outcomes
        if isinstance(outcomes, tuple):
            n, total, squares = outcomes
            return cls(int(n), float(total), float(squares))
        values = np.asarray(outcomes, dtype=np.float64)
        if values.ndim != 1 or not np.isfinite(values).all():
            raise BadArgument("outcomes must be a list of numbers, one per unit; use 0 for units without an outcome")
        return cls(int(values.size), float(values.sum()), float((values**2).sum()))

    @property
    def mean(self) -> float | None:
        """Mean outcome; ``None`` for an empty arm."""
        return self.total / self.n if self.n else None

    @property
    def variance(self) -> float:
        """Sample variance (n - 1); 0 with fewer than two units."""
        if self.n < 2:
            return 0.0
        return max(0.0, (self.total_squares - self.total**2 / self.n) / (self.n - 1))


Outcomes = Arm | tuple[int, float, float] | Sequence[float] | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class CostPerIncremental:
    """Money spent per unit of outcome that would not have come anyway, in minor units.

    Parameters
    ----------
    cost
        ``None`` if the estimate shows no gain.
    interval
        ``high`` is ``None`` where the gain may be nil (no upper limit); both are ``None`` where even the upper end of
        the gain is not above 0.
    """

    cost: float | None
    interval: Interval


@dataclass(frozen=True, slots=True)
class Incremental:
    """Treated against control.

    Parameters
    ----------
    treated, control
        The arms.
    difference
        Mean of treated minus mean of control, per unit; ``None`` if an arm is empty.
    interval
        Welch interval of the difference; both ends ``None`` with fewer than two units in an arm.
    total
        ``difference`` times the units treated: what the programme brought.
    total_interval
        The same for the interval.
    verdict
        ``more`` or ``less`` (the interval excludes 0), ``cannot_tell`` (it does not), ``too_few`` (an arm has fewer
        than ``MIN_ARM`` units, or no outcome has varied yet).
    needed
        Further units, split as now, after which a difference as large as the current one would be seen four times in
        five; 0 if it is already seen, ``None`` if that cannot be said (no difference, or too few to know the spread).
    """

    treated: Arm
    control: Arm
    difference: float | None
    interval: Interval
    total: float | None
    total_interval: Interval
    verdict: str
    needed: int | None

    def cost_per_incremental(self, spend_minor: int) -> CostPerIncremental:
        """What each incremental unit of outcome cost.

        Parameters
        ----------
        spend_minor
            All that was spent on the treated arm, in minor units, >= 0.

        Examples
        --------
        >>> found = incremental((1000, 300, 300), (1000, 200, 200))
        >>> price = found.cost_per_incremental(500_000)
        >>> round(price.cost), round(price.interval.low), round(price.interval.high)
        (5000, 3630, 8031)
        """
        if spend_minor < 0:
            raise BadArgument(f"spend_minor cannot be negative, got {spend_minor}")
        low, high = self.total_interval.low, self.total_interval.high
        cost = spend_minor / self.total if self.total is not None and self.total > 0 else None
        cheapest = spend_minor / high if high is not None and high > 0 else None
        dearest = spend_minor / low if low is not None and low > 0 else None
        return CostPerIncremental(cost, Interval(cheapest, dearest, self.interval.confidence))


def incremental(treated: Outcomes, control: Outcomes, *, confidence: float = 0.95) -> Incremental:
    """What the treated units did beyond what the holdout did without us.

    Parameters
    ----------
    treated, control
        Outcomes of all units drawn into the arm (zeros included): an array with one number per unit, or
        ``(n, sum, sum of squares)``.
    confidence
        Of the intervals, 0-1.

    Returns
    -------
    Incremental

    Raises
    ------
    BadArgument
        If outcomes are not finite numbers, or ``confidence`` is not between 0 and 1.

    Notes
    -----
    Difference of means with unequal variances: ``d ± t(df) sqrt(s1²/n1 + s2²/n2)``, degrees of freedom after
    Welch-Satterthwaite. An arm in which no outcome varied (typically a small control without a single sale) is given
    the variance of both arms together, as its own 0 would pretend certainty. The interval is for one look at a stated
    time; looking every day and stopping at the first "more" errs more often than ``1 - confidence``.

    References
    ----------
    Welch (1947), Biometrika 34.

    Examples
    --------
    >>> found = incremental((1000, 300, 300), (1000, 200, 200))
    >>> found.verdict, round(found.difference, 3), round(found.interval.low, 3), round(found.interval.high, 3)
    ('more', 0.1, 0.062, 0.138)
    >>> incremental([1, 0, 2], [0, 0, 1]).verdict
    'too_few'
    """
    if not 0 < confidence < 1:
        raise BadArgument(f"confidence must lie between 0 and 1, got {confidence}")
    one, two = Arm.of(treated), Arm.of(control)
    difference = one.mean - two.mean if one.mean is not None and two.mean is not None else None
    unknown = Interval(None, None, confidence)
    if difference is None or min(one.n, two.n) < 2:
        total = difference * one.n if difference is not None else None
        return Incremental(one, two, difference, unknown, total, unknown, "too_few", None)
    error, df = _standard_error(one, two)
    half = _t_quantile((1 + confidence) / 2, df) * error
    interval = Interval(difference - half, difference + half, confidence)
    verdict = _verdict(one, two, interval, error)
    return Incremental(
        one,
        two,
        difference,
        interval,
        difference * one.n,
        interval.scaled(one.n),
        verdict,
        _needed(one, two, difference, error, confidence, verdict),
    )


def _standard_error(one: Arm, two: Arm) -> tuple[float, float]:
    both = Arm(one.n + two.n, one.total + two.total, one.total_squares + two.total_squares).variance
    shares = [(arm.variance or both) / arm.n for arm in (one, two)]
    squared = sum(shares)
    if squared == 0:
        return 0.0, float(one.n + two.n - 2)
    df = squared**2 / sum(share**2 / (arm.n - 1) for share, arm in zip(shares, (one, two), strict=True))
    return math.sqrt(squared), df


def _verdict(one: Arm, two: Arm, interval: Interval, error: float) -> str:
    if min(one.n, two.n) < MIN_ARM or error == 0:
        return "too_few"
    if interval.contains(0):
        return "cannot_tell"
    return "more" if (interval.low or 0) > 0 else "less"


def _needed(one: Arm, two: Arm, difference: float, error: float, confidence: float, verdict: str) -> int | None:
    if verdict in {"more", "less"}:
        return 0
    if difference == 0 or error == 0:
        return None
    from statistics import NormalDist

    reach = NormalDist().inv_cdf((1 + confidence) / 2) + NormalDist().inv_cdf(POWER)
    growth = (reach * error / difference) ** 2
    return max(1, math.ceil((growth - 1) * (one.n + two.n)))


def _t_quantile(probability: float, df: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))
