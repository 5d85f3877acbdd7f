"""Shapes of small results that are values, not tables. Owns no computation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A range of plausible values; a missing end means that the data set no limit there.

    Parameters
    ----------
    low, high
        Ends of the interval in the unit of the estimate; ``None`` = no limit can be given.
    confidence
        Share of such intervals that would hold the true value, 0-1.

    Examples
    --------
    >>> Interval(-1.0, 3.0, 0.95).contains(0)
    True
    >>> Interval(2.0, None, 0.95).contains(1.5)
    False
    """

    low: float | None
    high: float | None
    confidence: float

    def contains(self, value: float) -> bool:
        """Whether ``value`` lies inside; an end without limit holds everything on its side."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def scaled(self, factor: float) -> Interval:
        """The interval of ``factor`` times the estimate, for a factor of at least 0.

        >>> Interval(0.1, 0.2, 0.95).scaled(1000)
        Interval(low=100.0, high=200.0, confidence=0.95)
        """
        low = None if self.low is None else self.low * factor
        high = None if self.high is None else self.high * factor
        return Interval(low, high, self.confidence)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the data that changes what a result means; it travels with the result.

    Parameters
    ----------
    code
        Stable word, such as ``not_positive``.
    message
        One sentence for people.
    n_rows
        Rows concerned; ``None`` = it concerns the whole.

    Examples
    --------
    >>> Notice("future", "2 rows lie at or after 2026-01-01 and do not count.", 2).n_rows
    2
    """

    code: str
    message: str
    n_rows: int | None = None
