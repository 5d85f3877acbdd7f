"""Does the model hold? Against a holdout, week by week, and against other models.

Owns comparisons of predictions with what happened; fits nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from liebian_analytics.arrow import as_arrow
from liebian_analytics.charts.series import Series, chart_option, plot_series
from liebian_analytics.errors import BadArgument
from liebian_analytics.models.base import PurchaseModel
from liebian_analytics.models.findings import ModelWarning
from liebian_analytics.models.histories import Floats, Histories, number_column

if TYPE_CHECKING:
    import pyarrow as pa

LIKE_THE_LAST = 0.5
"""Correlation of a period's error with the one before it, above which errors come in waves."""


@dataclass(frozen=True, slots=True)
class Holdout:
    """Predictions against what happened after the calibration.

    Parameters
    ----------
    actual, predicted
        Purchases of all customers in the holdout.
    mae, rmse
        Mean absolute error and root mean square error per customer.
    correlation
        Of predicted and actual purchases per customer; ``None`` if either does not vary.
    by_frequency
        Rows of (frequency, customers, mean actual, mean predicted); the last row holds that frequency and more.
    """

    actual: float
    predicted: float
    mae: float
    rmse: float
    correlation: float | None
    by_frequency: tuple[tuple[int, float, float, float], ...]

    def table(self) -> pa.Table:
        """``frequency`` int64 (last: and more), ``n_customers``, ``actual``, ``predicted`` float64 (mean purchases)."""
        import pyarrow as pa

        names = ["frequency", "n_customers", "actual", "predicted"]
        return pa.table(dict(zip(names, zip(*self.by_frequency, strict=True), strict=True)))

    def chart(self) -> dict[str, Any]:
        """ECharts option: mean purchases in the holdout by calibration frequency."""
        return chart_option("bar", *self._drawing())

    def plot(self, axes: Any = None) -> Any:
        """The same with matplotlib; returns the axes."""
        return plot_series("bar", *self._drawing(), axes=axes)

    def _drawing(self) -> tuple[str, list[str], str, list[Series]]:
        labels = [str(row[0]) for row in self.by_frequency]
        labels[-1] += "+"
        actual, predicted = ([row[k] for row in self.by_frequency] for k in (2, 3))
        return "frequency", labels, "purchases", [Series("actual", actual), Series("predicted", predicted)]


def check_holdout(model: PurchaseModel, summary: Any, *, last_bucket: int = 7) -> Holdout:
    """Predictions for the holdout against what happened in it.

    Parameters
    ----------
    model
        Fitted on the calibration.
    summary
        As ``purchase_summary(…, holdout_until=…)`` returns it: with ``holdout_frequency`` and ``holdout_duration``.
    last_bucket
        Frequencies from this on share a row.

    Examples
    --------
    >>> from liebian_analytics.models import BgNbd
    >>> model = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> people = {"frequency": [2, 0], "recency": [30.43, 0], "T": [38.86, 38.86],
    ...           "holdout_frequency": [1, 0], "holdout_duration": [39, 39]}
    >>> found = check_holdout(model, people)
    >>> found.actual, round(found.predicted, 3), round(found.mae, 3)
    (1.0, 1.421, 0.211)
    """
    table = as_arrow(summary)
    h = model._read(table)
    actual, duration = number_column(table, "holdout_frequency"), number_column(table, "holdout_duration")
    predicted = np.empty_like(actual)
    for span in np.unique(duration):
        rows = np.flatnonzero(duration == span)
        predicted[rows] = model.expected_purchases(h.take(rows), float(span))
    error, weight = predicted - actual, h.weight / h.n_customers
    bucket = np.minimum(h.frequency, last_bucket).astype(np.int64)
    rows_of = []
    for value in np.unique(bucket):
        inside = bucket == value
        size = float(h.weight[inside].sum())
        share = h.weight[inside] / size
        rows_of.append((int(value), size, float(share @ actual[inside]), float(share @ predicted[inside])))
    varies = actual.std() > 0 and predicted.std() > 0
    return Holdout(
        float(h.weight @ actual),
        float(h.weight @ predicted),
        float(weight @ np.abs(error)),
        math.sqrt(float(weight @ error**2)),
        float(np.corrcoef(actual, predicted)[0, 1]) if varies else None,
        tuple(rows_of),
    )


@dataclass(frozen=True, slots=True)
class Tracking:
    """Purchases per period, expected and actual; ``actual`` is ``None`` after ``n_actual`` periods."""

    expected: tuple[float, ...]
    expected_cumulative: tuple[float, ...]
    actual: tuple[float | None, ...]
    actual_cumulative: tuple[float | None, ...]
    warnings_: tuple[ModelWarning, ...]

    def table(self) -> pa.Table:
        """``period`` int64 (1, 2, …), ``actual``, ``expected``, ``actual_cumulative``, ``expected_cumulative`` float64."""
        import pyarrow as pa

        return pa.table(
            {
                "period": range(1, len(self.expected) + 1),
                "actual": pa.array(self.actual, pa.float64()),
                "expected": self.expected,
                "actual_cumulative": pa.array(self.actual_cumulative, pa.float64()),
                "expected_cumulative": self.expected_cumulative,
            }
        )

    def chart(self, *, cumulative: bool = False) -> dict[str, Any]:
        """ECharts option: actual and expected repeat purchases per period, or added up."""
        return chart_option("line", *self._drawing(cumulative))

    def plot(self, axes: Any = None, *, cumulative: bool = False) -> Any:
        """The same with matplotlib; returns the axes."""
        return plot_series("line", *self._drawing(cumulative), axes=axes)

    def _drawing(self, cumulative: bool) -> tuple[str, list[int], str, list[Series]]:
        actual, expected = (
            (self.actual_cumulative, self.expected_cumulative) if cumulative else (self.actual, self.expected)
        )
        periods = list(range(1, len(expected) + 1))
        return "period", periods, "repeat purchases", [Series("actual", actual), Series("expected", expected)]


def track(
    model: PurchaseModel, summary: Any, per_period: Any, *, n_periods: int, n_actual: int | None = None
) -> Tracking:
    """Repeat purchases of the whole cohort, period by period, as the model expects them and as they were.

    Parameters
    ----------
    model
        A fitted model in continuous time.
    summary
        The customers it was fitted on; the first of them starts period 1, the others when ``T`` says.
    per_period
        As ``purchases_per_period`` returns it: ``period``, ``n_purchases``.
    n_periods
        Periods (time units) to show.
    n_actual
        Periods that are over; ``None`` = up to the last period with a purchase.

    Returns
    -------
    Tracking
        With the warning ``season`` when errors come in waves, which constant rates cannot follow.

    Examples
    --------
    >>> from liebian_analytics.models import BgNbd
    >>> model = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> people = {"frequency": [0], "recency": [0], "T": [9], "n_customers": [100]}
    >>> found = track(model, people, {"period": [1], "n_purchases": [5]}, n_periods=2)
    >>> [round(value, 1) for value in found.expected_cumulative], found.actual
    ([5.3, 10.3], (5.0, None))
    """
    if n_periods < 1:
        raise BadArgument(f"n_periods must be at least 1, got {n_periods}")
    h = model._read(summary)
    flat = Histories(np.zeros_like(h.T), np.zeros_like(h.T), h.T, h.weight, h.covariates).distinct()
    birth = flat.T.max() - flat.T
    params = model._natural(flat)
    cumulative = np.empty(n_periods)
    for k in range(n_periods):
        span = np.maximum(k + 1 - birth, 0.0)
        each = span * params[0] / params[1] if model.nobody_churns_ else model._new(span, *params)
        cumulative[k] = float(flat.weight @ each)
    expected = np.diff(cumulative, prepend=0.0)
    table = as_arrow(per_period)
    period, bought = number_column(table, "period").astype(np.int64), number_column(table, "n_purchases")
    known = int(period.max()) if n_actual is None and len(period) else int(n_actual or 0)
    inside = (period >= 1) & (period <= n_periods)
    actual = np.bincount(period[inside] - 1, weights=bought[inside], minlength=n_periods)[:n_periods].astype(float)
    later = [None] * max(0, n_periods - known)
    return Tracking(
        tuple(map(float, expected)),
        tuple(map(float, cumulative)),
        (*map(float, actual[:known]), *later),
        (*map(float, np.cumsum(actual)[:known]), *later),
        _season(expected[:known], actual[:known]),
    )


def _season(expected: Floats, actual: Floats) -> tuple[ModelWarning, ...]:
    used = expected > 1
    if used.sum() < 12:
        return ()
    error = ((actual - expected) / np.sqrt(np.maximum(expected, 1e-9)))[used]
    error = error - error.mean()
    wave = float(error[1:] @ error[:-1] / (error @ error)) if error.any() else 0.0
    if wave <= LIKE_THE_LAST or error.var() <= 2:
        return ()
    return (
        ModelWarning(
            "season",
            f"Actual purchases swing around the expected ones in waves (correlation with the period before {wave:.2f}):"
            " a season, promotions or growth. The model assumes steady rates; judge it over whole seasons.",
        ),
    )


def compare_models(models: Mapping[str, PurchaseModel], summary: Any = None) -> pa.Table:
    """Models fitted on the same customers, the best BIC first.

    Parameters
    ----------
    models
        Fitted models by name.
    summary
        With holdout columns, to compare predictions as well; ``None`` = likelihood only.

    Returns
    -------
    Arrow table: ``model`` string, ``n_parameters`` int64, ``log_likelihood``, ``aic``, ``bic`` float64; with a holdout
    ``actual``, ``predicted``, ``mae``, ``rmse`` float64.

    Raises
    ------
    BadArgument
        If there is no model, or they were fitted on different numbers of customers.

    Examples
    --------
    >>> from liebian_analytics.models import BgNbd, MbgNbd
    >>> people = {"frequency": [0, 1, 4], "recency": [0, 9, 20], "T": [30, 30, 30], "n_customers": [50, 20, 9]}
    >>> compare_models({"a": BgNbd().fit(people), "b": MbgNbd().fit(people)}).num_rows
    2
    """
    import pyarrow as pa

    if not models:
        raise BadArgument("there is no model to compare")
    if len({round(model.n_customers_, 6) for model in models.values()}) > 1:
        raise BadArgument("the models were fitted on different customers; their likelihoods cannot be compared")
    rows = []
    for name, model in sorted(models.items(), key=lambda item: item[1].bic):
        row: dict[str, Any] = {"model": name, "n_parameters": model.n_free, "log_likelihood": model.log_likelihood_}
        row |= {"aic": model.aic, "bic": model.bic}
        if summary is not None:
            found = check_holdout(model, summary)
            row |= {"actual": found.actual, "predicted": found.predicted, "mae": found.mae, "rmse": found.rmse}
        rows.append(row)
    return pa.Table.from_pylist(rows)
