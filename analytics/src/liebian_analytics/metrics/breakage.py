"""Breakage: what of what customers earned will never be redeemed, so far and in the end, by cohort of earning.

Points, gift cards, credits: whatever is earned once, redeemed over time and may lapse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.development import MIN_COHORTS, chain_ladder
from liebian_analytics.results import Interval


@dataclass(frozen=True, slots=True)
class Cohort:
    """What was earned in one period, and what has become of it: earned = redeemed + expired + taken_back + open.

    Parameters
    ----------
    earned
        Units earned in the period.
    redeemed
        Units redeemed by age, 0 for the period of earning itself, up to the last complete period (not cumulative).
    expired
        Units that lapsed so far.
    taken_back
        Units that were taken back, such as those of a refunded order: they were never owed for good.
    open
        Units that can still be redeemed or lapse. Where the four do not add up to ``earned`` the rest was redeemed in the
        period that is not complete yet.

    Raises
    ------
    BadArgument
        If a figure is negative, or more came out than was earned.
    """

    earned: float
    redeemed: Sequence[float]
    expired: float = 0
    taken_back: float = 0
    open: float = 0

    def __post_init__(self) -> None:
        parts = (self.earned, self.expired, self.taken_back, self.open)
        if min(parts) < 0 or not all(math.isfinite(part) for part in (*parts, *self.redeemed)):
            raise BadArgument("what was earned, expired, taken back and open cannot be negative")
        if self.expired + self.taken_back + self.open + sum(self.redeemed) > self.earned * (1 + 1e-9):
            raise BadArgument("more expired, was redeemed, taken back or is open than was earned")

    @property
    def kept(self) -> float:
        """Earned and not taken back: what the rates are shares of."""
        return self.earned - self.taken_back

    @property
    def rate(self) -> float | None:
        """Share of ``kept`` that has lapsed so far; ``None`` where nothing was kept."""
        return self.expired / self.kept if self.kept > 0 else None


@dataclass(frozen=True, slots=True)
class Breakage:
    """Expected in the end, of one cohort or of all together.

    Parameters
    ----------
    units
        What will have lapsed or stayed unredeemed; ``None`` if nothing was redeemed yet, so that nothing can be said.
    interval
        Of ``units``; both ends ``None`` where ``units`` is.
    rate
        ``units`` as a share of what was kept, 0-1; ``None`` where ``units`` is, or nothing was kept.
    """

    units: float | None
    interval: Interval
    rate: float | None


@dataclass(frozen=True, slots=True)
class BreakageForecast:
    """Per cohort in the order given, and together.

    Parameters
    ----------
    verdict
        ``ok``, or ``too_few`` with fewer than three cohorts, or where older ones tell no growth from an age on because nothing
        was redeemed by then; then every estimate is ``None``.
    cohorts, total
        The estimates. ``total`` leaves out cohorts of which nothing can be said.
    n_ages
        Ages (periods since earning) that were seen; redemptions behind the last one are not expected.
    """

    verdict: str
    cohorts: tuple[Breakage, ...]
    total: Breakage
    n_ages: int


def expected_breakage(cohorts: Sequence[Cohort], *, confidence: float = 0.9) -> BreakageForecast:
    """How much of every cohort will never be redeemed.

    Parameters
    ----------
    cohorts
        Oldest first.
    confidence
        Of the intervals, 0-1.

    Returns
    -------
    BreakageForecast

    Raises
    ------
    BadArgument
        If ``confidence`` is not between 0 and 1, or a cohort redeemed less than nothing.

    Notes
    -----
    The ultimate redemption of a cohort comes from the chain ladder over what was redeemed by age; what is still to come is
    at most what is open. Then ``breakage = expired + open - to come``. The interval takes what is to come as lognormal with
    Mack's mean and standard error, as Mack (1993) proposes where the normal would go below zero, and never leaves
    [expired, expired + open].

    Redemption is laddered and not expiry, because nothing expires for months and then everything does: there is no factor
    from 0. A cohort of which nothing was redeemed yet gets no estimate.

    Assumes that young cohorts are redeemed as old ones were at their age. A change of the catalogue, of prices or of the terms
    breaks that; the factors know nothing of it.

    References
    ----------
    Mack (1993), ASTIN Bulletin 23(2), for the ladder and the interval.

    Examples
    --------
    >>> old = Cohort(1000, [200, 300, 100], expired=400)
    >>> found = expected_breakage([old, Cohort(1000, [220, 310], open=470), Cohort(1000, [210], open=790)])
    >>> [round(each.units) for each in found.cohorts], round(found.cohorts[1].rate, 3)
    ([400, 364, 382], 0.364)
    """
    if not 0 < confidence < 1:
        raise BadArgument(f"confidence must lie between 0 and 1, got {confidence}")
    told = [cohort for cohort in cohorts if cohort.redeemed]
    nothing = Breakage(None, Interval(None, None, confidence), None)
    if len(told) < MIN_COHORTS or not _is_grown(told):
        return BreakageForecast("too_few", tuple(nothing for _ in cohorts), nothing, 0)
    found = chain_ladder([_cumulate(cohort.redeemed) for cohort in told])
    places = iter(range(len(told)))
    estimates, at_hand = [], []
    for cohort in cohorts:
        place = next(places) if cohort.redeemed else None
        if place is None or not found.latest[place]:
            estimates.append(nothing)
            continue
        at_hand.append((cohort, float(found.to_come[place])))
        estimates.append(_break(cohort, at_hand[-1][1], float(found.errors[place]), confidence))
    return BreakageForecast(
        "ok", tuple(estimates), _break_all(at_hand, found.total_error, confidence), int(found.factors.size) + 1
    )


def _is_grown(cohorts: Sequence[Cohort]) -> bool:
    """Whether there is something to grow from at every age but the last."""
    ages = range(max(len(cohort.redeemed) for cohort in cohorts) - 1)
    return all(any(sum(c.redeemed[: age + 1]) for c in cohorts if len(c.redeemed) > age + 1) for age in ages)


def _cumulate(values: Sequence[float]) -> list[float]:
    total, sums = 0.0, []
    for value in values:
        total += value
        sums.append(total)
    return sums


def _break(cohort: Cohort, to_come: float, error: float, confidence: float) -> Breakage:
    low, high = _lognormal(to_come, error, confidence)
    units = cohort.expired + cohort.open - min(to_come, cohort.open)
    least, most = (cohort.expired + cohort.open - min(end, cohort.open) for end in (high, low))
    return Breakage(units, Interval(least, most, confidence), units / cohort.kept if cohort.kept > 0 else None)


def _break_all(parts: Sequence[tuple[Cohort, float]], error: float, confidence: float) -> Breakage:
    left = sum(cohort.open for cohort, _ in parts)
    lost = sum(cohort.expired for cohort, _ in parts)
    kept = sum(cohort.kept for cohort, _ in parts)
    to_come = sum(min(coming, cohort.open) for cohort, coming in parts)
    low, high = _lognormal(to_come, error, confidence)
    units = lost + left - to_come
    least, most = (lost + left - min(end, left) for end in (high, low))
    return Breakage(units, Interval(least, most, confidence), units / kept if kept > 0 else None)


def _lognormal(mean: float, error: float, confidence: float) -> tuple[float, float]:
    if mean <= 0 or error <= 0:
        return max(mean, 0.0), max(mean, 0.0)
    square = math.log1p((error / mean) ** 2)
    middle, reach = math.log(mean) - square / 2, NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(square)
    return math.exp(middle - reach), math.exp(middle + reach)
