"""RFM cut points and the reason for a score, as plain values. Owns no table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.cells import CELLS, default_high_from

MEASURES: dict[str, str] = {"recency": "recency_days", "frequency": "frequency", "monetary": "monetary_value"}
"""Measure to the column that holds it."""


@dataclass(frozen=True, slots=True)
class RfmCuts:
    """Cut points of the three measures, each ascending, ``bins - 1`` of them.

    A value up to and including a cut lies below it. Frequency and monetary: score = 1 + cuts below the value.
    Recency: score = ``bins`` - cuts below the value, as few days are good. Two equal cuts leave a score unused.

    Parameters
    ----------
    recency, frequency, monetary
        Days, orders, minor units; floats, as a quantile may lie between two values.
    n_customers
        Customers the cuts were drawn from; ``None`` for cuts somebody chose.

    Raises
    ------
    BadArgument
        If a list is empty or descends, or the three differ in length.

    Examples
    --------
    >>> cuts = RfmCuts((10, 30, 60, 90), (1, 2, 3, 6), (100, 200, 400, 900))
    >>> cuts.bins, cuts.score("frequency", 1), cuts.score("frequency", 4), cuts.score("recency", 9)
    (5, 1, 4, 5)
    """

    recency: tuple[float, ...]
    frequency: tuple[float, ...]
    monetary: tuple[float, ...]
    n_customers: int | None = None

    def __post_init__(self) -> None:
        for measure in MEASURES:
            points = self.of(measure)
            if not points or list(points) != sorted(points):
                raise BadArgument(f"cuts of {measure} must be an ascending list of numbers, got {list(points)}")
        if len({len(self.of(measure)) for measure in MEASURES}) > 1:
            raise BadArgument("recency, frequency and monetary need the same number of cuts")

    @classmethod
    def chosen(cls, points: Mapping[str, Sequence[float]]) -> RfmCuts:
        """Cuts that somebody chose: ``{"recency": […], "frequency": […], "monetary": […]}``.

        >>> RfmCuts.chosen({"recency": [30, 90], "frequency": [1, 3], "monetary": [10000, 50000]}).bins
        3
        """
        if set(points) != set(MEASURES):
            raise BadArgument(f"cuts need exactly {', '.join(MEASURES)}; got {', '.join(sorted(points)) or 'none'}")
        recency, frequency, monetary = (tuple(float(point) for point in points[measure]) for measure in MEASURES)
        return cls(recency, frequency, monetary)

    @property
    def bins(self) -> int:
        """Number of scores."""
        return len(self.recency) + 1

    def of(self, measure: str) -> tuple[float, ...]:
        """Cuts of ``recency``, ``frequency`` or ``monetary``."""
        points: tuple[float, ...] = getattr(self, measure)
        return points

    def score(self, measure: str, value: float) -> int:
        """Score 1..``bins`` of one value."""
        below = sum(cut < value for cut in self.of(measure))
        return self.bins - below if measure == "recency" else 1 + below


CutPoints = RfmCuts | Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class MeasureReason:
    """Why one measure has its score.

    Parameters
    ----------
    measure
        ``recency``, ``frequency`` or ``monetary``.
    value
        Days, orders or minor units.
    score, bins
        Score 1..``bins``.
    above, up_to
        The value lies above ``above`` and is at most ``up_to``; ``None`` = no limit on that side.
    high
        Whether the score counts as high for the cell.
    """

    measure: str
    value: int
    score: int
    bins: int
    above: float | None
    up_to: float | None
    high: bool


@dataclass(frozen=True, slots=True)
class RfmExplanation:
    """Why a customer is in a cell: one reason per measure, in the order recency, frequency, monetary."""

    customer_id: int
    cell: str
    reasons: tuple[MeasureReason, MeasureReason, MeasureReason]


def explain_rfm(row: Mapping[str, Any], cuts: RfmCuts, *, high_from: int | None = None) -> RfmExplanation:
    """What a sentence about one customer's scores needs.

    Parameters
    ----------
    row
        One row of ``rfm`` (``customer_id`` and the three values).
    cuts
        The cuts it was scored with.
    high_from
        As for ``rfm``.

    Examples
    --------
    >>> cuts = RfmCuts((10, 30, 60, 90), (1, 2, 3, 6), (100, 200, 400, 900))
    >>> row = {"customer_id": 7, "recency_days": 9, "frequency": 4, "monetary_value": 300}
    >>> why = explain_rfm(row, cuts)
    >>> why.cell, why.reasons[1].above, why.reasons[1].up_to, why.reasons[0].above
    ('general_value', 3, 6, None)
    """
    limit = default_high_from(cuts.bins) if high_from is None else high_from
    recency, frequency, monetary = (_reason(measure, int(row[MEASURES[measure]]), cuts, limit) for measure in MEASURES)
    return RfmExplanation(
        int(row["customer_id"]),
        CELLS[recency.high, frequency.high, monetary.high],
        (recency, frequency, monetary),
    )


def _reason(measure: str, value: int, cuts: RfmCuts, high_from: int) -> MeasureReason:
    points = cuts.of(measure)
    score = cuts.score(measure, value)
    return MeasureReason(
        measure,
        value,
        score,
        cuts.bins,
        above=max((cut for cut in points if cut < value), default=None),
        up_to=min((cut for cut in points if cut >= value), default=None),
        high=score >= high_from,
    )
