"""A chart for the table of every metric, by the metric's name.

What the chart shows of a table of customers is how many are where; tables that are small already are shown as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from liebian_analytics.charts.series import Series, chart_option, plot_series
from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import pyarrow as pa

BARS = 20


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines or bars, ready to be drawn either way.

    Examples
    --------
    >>> Chart("bar", "grade", ["A", "C"], "customers", (Series("customers", [1, 2]),)).option()["xAxis"]["data"]
    ['A', 'C']
    """

    kind: str
    x_name: str
    x: Sequence[Any]
    y_name: str
    series: tuple[Series, ...]

    def option(self) -> dict[str, Any]:
        """ECharts option: plain lists and words, ready for JSON."""
        return chart_option(self.kind, self.x_name, self.x, self.y_name, self.series)

    def plot(self, axes: Any = None) -> Any:
        """The same with matplotlib (``pip install 'liebian-analytics[plot]'``); returns the axes."""
        return plot_series(self.kind, self.x_name, self.x, self.y_name, self.series, axes)


def chart(metric: str, table: Any) -> Chart:
    """The chart of a metric's result.

    Parameters
    ----------
    metric
        Name of the function that made it: ``"rfm"``, ``"abc"``, ``"lifecycle"`` and so on (``METRICS``).
    table
        Its result: Arrow, Ibis, pandas, Polars or a mapping of columns.

    Raises
    ------
    BadArgument
        If the metric has no chart, or the table lacks the column that is drawn.

    Examples
    --------
    >>> chart("lifecycle", {"stage": ["new", "lost", "new"]}).option()["series"][0]["data"]
    [1, 2]
    """
    from liebian_analytics.arrow import as_arrow

    if metric not in METRICS:
        raise BadArgument(f"there is no chart of {metric!r}; there are: {', '.join(sorted(METRICS))}")
    draw, columns = METRICS[metric]
    found = as_arrow(table)
    for column in columns:
        if column not in found.column_names:
            raise BadArgument(
                f"a chart of {metric} needs the column {column!r}; there are: {', '.join(found.column_names)}"
            )
    return draw(found, *columns)


def _counted(table: pa.Table, column: str) -> Chart:
    """How many customers have each value; unknown ones last."""
    values = [value for value in table[column].to_pylist() if value is not None]
    found = Counter(values)
    names = sorted(found)
    sizes = [found[name] for name in names]
    if missing := table.num_rows - len(values):
        names, sizes = [*map(str, names), "unknown"], [*sizes, missing]
    return Chart("bar", column, names, "customers", (Series("customers", sizes),))


def _spread(table: pa.Table, column: str) -> Chart:
    """How many customers lie in each of twenty stretches of the values, the highest hundredth in the last."""
    values = np.array([value for value in table[column].to_pylist() if value is not None], float)
    values = values[np.isfinite(values)]
    if not len(values):
        return Chart("bar", column, [], "customers", (Series("customers", []),))
    low, high = float(values.min()), float(np.quantile(values, 0.99))
    edges = np.linspace(low, high if high > low else low + 1, BARS + 1)
    sizes, _ = np.histogram(np.minimum(values, edges[-1]), edges)
    names = [f"{edge:.4g}" for edge in edges[:-1]]
    return Chart("bar", f"{column} from", names, "customers", (Series("customers", sizes.tolist()),))


def _pareto(table: pa.Table, revenue: str) -> Chart:
    """Share of revenue brought by the best customers, in steps of 5 %."""
    values = np.sort(np.array([value or 0 for value in table[revenue].to_pylist()], float))[::-1]
    shares = np.arange(5, 101, 5)
    total = values.sum()
    kept = [values[: int(np.ceil(len(values) * share / 100))].sum() / total if total > 0 else None for share in shares]
    best = Series("share of revenue", [None if one is None else round(float(one), 4) for one in kept])
    return Chart("line", "best customers, %", shares.tolist(), "share of revenue", (best,))


def _over(table: pa.Table, x: str, *columns: str) -> Chart:
    """Values over time or groups, in the order of the table."""
    series = tuple(Series(column, table[column].to_pylist()) for column in columns)
    return Chart("line", x, [str(value) for value in table[x].to_pylist()], "value", series)


def _bars(table: pa.Table, x: str, *columns: str) -> Chart:
    series = tuple(Series(column, table[column].to_pylist()) for column in columns)
    return Chart("bar", x, [str(value) for value in table[x].to_pylist()], "value", series)


def _groups(table: pa.Table, *columns: str) -> Chart:
    """The groups stand in the first column, whatever it is called."""
    return _bars(table, table.column_names[0], *columns)


Draw = Callable[..., Chart]
METRICS: dict[str, tuple[Draw, tuple[str, ...]]] = {
    "rfm": (_counted, ("cell",)),
    "score_customers": (_counted, ("cell",)),
    "rfm_values": (_spread, ("recency_days",)),
    "abc": (_pareto, ("revenue_minor",)),
    "customer_revenue": (_pareto, ("revenue_minor",)),
    "product_revenue": (_pareto, ("revenue_minor",)),
    "lifecycle": (_counted, ("stage",)),
    "stage_customers": (_counted, ("stage",)),
    "hazard_stages": (_counted, ("stage",)),
    "activity": (_spread, ("activity",)),
    "channel_profile": (_counted, ("main_channel",)),
    "loyalty": (_spread, ("score",)),
    "weighted": (_spread, ("score",)),
    "preference_shares": (_counted, ("category",)),
    "quality": (_bars, ("column", "share_null")),
    "group_shares": (_groups, ("share_of_customers", "share_of_revenue")),
    "monthly_revenue": (_over, ("month", "revenue_minor")),
    "daily_orders": (_over, ("day", "n_orders")),
    "purchase_summary": (_spread, ("frequency",)),
    "purchases_per_period": (_over, ("period", "n_purchases")),
    "customer_orders": (_spread, ("n_orders",)),
    "churn_features": (_spread, ("recency_days",)),
    "churn": (_spread, ("churn_probability",)),
    "early_warnings": (_counted, ("warning",)),
    "predict": (_spread, ("expected",)),
    "clv": (_spread, ("clv",)),
    "compare_models": (_bars, ("model", "log_likelihood")),
}
"""By name of the metric: how it is drawn, and from which columns."""
