"""Churn as a hazard: how likely is a purchase in the next week, given the silence so far, and in all weeks of the horizon?"""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from liebian_analytics.charts.series import Series, chart_option, plot_series
from liebian_analytics.errors import BadArgument
from liebian_analytics.models.churn.base import ChurnModel, Examples
from liebian_analytics.models.histories import Floats

if TYPE_CHECKING:
    import pyarrow as pa

WEEK = 7
TERMS = (
    "constant", "log_silence", "log_silence_squared", "log_purchases", "is_one_time", "log_silence_ratio",
    "log_silence_ratio_squared", "log_mean_gap",
)  # fmt: skip


class HazardChurn(ChurnModel):
    """A weekly hazard of buying again, by logistic regression on silence, number of purchases and own rhythm.

    Every customer is followed week by week before ``as_of``; the outcome of a week is a purchase in it. The chance of staying
    away for the horizon is the product of (1 - hazard) over its weeks, in which the silence grows. Nothing but the shape is
    assumed; seasons are not in it. Learned: ``coefficients_`` (by name of the term), ``weeks_`` (how many were followed).

    Parameters
    ----------
    n_weeks
        At most so many weeks before ``as_of`` from which to learn.

    References
    ----------
    Singer and Willett (1993), "It's About Time: Using Discrete-Time Survival Analysis", Journal of Educational
    Statistics 18(2).

    Examples
    --------
    >>> HazardChurn(horizon_days=30).n_weeks
    26
    """

    coefficients_: dict[str, float]
    weeks_: int

    def __init__(self, *, horizon_days: int = 60, n_weeks: int = 26) -> None:
        super().__init__(horizon_days=horizon_days, n_origins=max(2, n_weeks), step_days=WEEK)
        self.n_weeks = n_weeks

    def _origins(self, first: date, end: date) -> tuple[date, ...]:
        """Weeks, not horizons, have to be over: the newest begins a week before the end."""
        super()._origins(first, end)
        weeks = [end - timedelta(days=WEEK * number) for number in range(1, self.n_weeks + 1)]
        return tuple(day for day in weeks if (day - first).days >= self.min_history_days)

    @property
    def _outcome_days(self) -> int:
        return WEEK

    def _learn(self, examples: list[Examples]) -> None:
        from sklearn.linear_model import LogisticRegression

        design = np.vstack([self._terms(one.features, 0.0) for one in examples])
        bought = 1 - np.concatenate([one.churned for one in examples])
        if bought.min() == bought.max():
            raise BadArgument(
                f"nobody's purchases tell the last {len(examples)} weeks apart; follow more weeks (n_weeks)"
            )
        centre, scale = design.mean(axis=0), design.std(axis=0)
        scale[scale == 0] = 1.0
        centre[0], scale[0] = 0.0, 1.0
        fitted = LogisticRegression(fit_intercept=False, C=100.0, max_iter=500).fit((design - centre) / scale, bought)
        slopes = fitted.coef_[0] / scale
        slopes[0] -= float(slopes[1:] @ centre[1:])
        self.coefficients_ = dict(zip(TERMS, map(float, slopes), strict=True))
        self.weeks_ = len(examples)

    def _terms(self, features: Floats, days_ahead: float) -> Floats:
        silence = features[:, self._place("recency_days")] + days_ahead
        purchases, gap = (features[:, self._place(name)] for name in ("n_purchases", "mean_gap_days"))
        once = np.isnan(gap)
        rhythm = np.where(once, 1.0, gap)
        log_silence, log_ratio = np.log(silence), np.where(once, 0.0, np.log(silence / rhythm))
        return np.column_stack(
            [
                np.ones(len(silence)), log_silence, log_silence**2, np.log(purchases), once.astype(np.float64), log_ratio,
                log_ratio**2, np.log(rhythm),
            ]
        )  # fmt: skip

    def hazards(self, features: Floats, days_ahead: float) -> Floats:
        """Chance of a purchase in the week that begins ``days_ahead`` days after the features were taken, 0-1, per row."""
        odds = self._terms(features, days_ahead) @ np.array(list(self.coefficients_.values()))
        found: Floats = 1 / (1 + np.exp(-np.clip(odds, -35, 35)))
        return found

    def _probabilities(self, features: Floats) -> Floats:
        return self._away(features, self.horizon_days)

    def _away(self, features: Floats, days: int) -> Floats:
        stayed = np.ones(len(features))
        for week in range(math.ceil(days / WEEK)):
            part = min(1.0, days / WEEK - week)
            stayed *= (1 - self.hazards(features, WEEK * week)) ** part
        return stayed

    def table(self) -> pa.Table:
        """Hazard by silence of somebody with five purchases a month apart: ``silence_days`` int64, ``hazard`` and
        ``stays_away`` float64 (chance of no purchase from the last one until then)."""
        import pyarrow as pa

        days = np.arange(1, 366, WEEK)
        hazards = self.hazards(self._somebody(days), 0.0)
        away = np.concatenate([[1.0], np.cumprod(1 - hazards)[:-1]])
        return pa.table({"silence_days": days, "hazard": hazards, "stays_away": away})

    def _somebody(self, silence: Any) -> Floats:
        features = np.full((len(silence), len(self._columns.features)), np.nan)
        for name, value in (("n_purchases", 5.0), ("mean_gap_days", 30.0), ("recency_days", silence)):
            features[:, self._place(name)] = value
        return features

    def chart(self) -> dict[str, Any]:
        """ECharts option of ``table``."""
        return chart_option("line", *self._drawing())

    def plot(self, axes: Any = None) -> Any:
        """The same with matplotlib; returns the axes."""
        return plot_series("line", *self._drawing(), axes=axes)

    def _drawing(self) -> tuple[str, list[Any], str, list[Series]]:
        table = self.table()
        lines = [Series(name, table[name].to_pylist()) for name in ("hazard", "stays_away")]
        return "silence_days", table["silence_days"].to_pylist(), "chance", lines
